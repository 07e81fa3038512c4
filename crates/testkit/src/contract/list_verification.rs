/// The cases of verification; [`contract_tests!`](crate::contract_tests) runs them with the others.
#[doc(hidden)]
#[macro_export]
macro_rules! contract_tests_of_verification {
    ($make:ident $port:ident) => {
        $crate::contract_tests! { @cases $make $port
            verification {
                there_is_no_challenge_before_the_first;
                an_opened_challenge_is_found_as_it_was_given;
                a_challenge_is_opened_at_the_resend_after_of_the_one_before_it;
                a_challenge_is_refused_before_the_resend_after_of_the_one_before_it;
                how_a_challenge_ended_does_not_shorten_the_wait_for_the_next;
                no_challenge_is_opened_for_a_device_that_is_not_the_persons_any_more;
                no_challenge_is_opened_for_somebody_who_is_not_active;
                a_sign_out_and_many_codes_at_once_leave_no_code_that_works;
                a_new_challenge_starts_without_the_attempts_and_the_closure_of_the_one_before_it;
                challenges_of_other_people_and_methods_do_not_count;
                of_many_challenges_at_once_exactly_one_is_opened;
                a_delivery_is_noted_and_recorded_and_changes_nothing_else;
                a_delivery_of_a_replaced_challenge_is_recorded_all_the_same;
                a_wrong_code_is_counted_and_recorded;
                no_wrong_code_is_counted_past_the_limit;
                no_wrong_code_is_counted_at_or_after_the_expiry;
                no_wrong_code_is_counted_against_a_closed_challenge;
                no_wrong_code_is_counted_against_an_unknown_challenge;
                however_many_wrong_codes_come_at_once_none_gets_past_the_limit;
            }
            verification_proofs {
                the_right_code_closes_the_challenge_and_proves_the_destination;
                a_push_proof_is_put_on_the_challenges_device;
                a_proof_replaces_an_earlier_one_of_that_person_and_method;
                no_challenge_is_completed_twice;
                no_challenge_is_completed_at_or_after_its_expiry;
                no_challenge_is_completed_after_the_last_attempt;
                the_last_attempt_may_be_the_right_one;
                no_unknown_challenge_is_completed;
                no_challenge_is_completed_whose_fingerprint_is_no_longer_the_persons;
                no_challenge_is_completed_for_a_destination_that_the_person_never_had;
                no_challenge_is_completed_whose_device_is_gone;
                no_challenge_is_completed_whose_device_is_another_persons_now;
                of_many_completions_at_once_exactly_one_is_true;
                a_completion_among_many_wrong_codes_is_all_or_nothing;
            }
            verification_quotas {
                a_challenge_is_counted_against_every_quota;
                as_many_challenges_are_opened_as_a_quota_allows;
                a_challenge_that_is_over_a_quota_counts_against_no_other;
                a_challenge_that_is_too_soon_counts_against_no_quota;
                too_soon_is_told_whatever_the_quotas;
                of_several_used_up_quotas_the_first_in_the_order_given_is_told;
                a_count_is_kept_for_each_scope_and_window;
                a_window_begins_with_the_first_that_it_counts_and_again_its_length_after_that;
                under_a_quota_of_none_nothing_is_opened;
                a_quota_that_was_lowered_below_its_count_is_used_up;
                however_many_challenges_are_opened_at_once_no_count_passes_its_max;
                counts_are_of_what_was_opened_whatever_else_goes_on_at_once;
            }
            verification_refusals {
                the_first_refusal_of_a_person_is_recorded;
                a_refusal_is_recorded_when_the_last_record_is_from_the_cutoff_or_before;
                a_refusal_that_is_not_recorded_does_not_put_off_the_next_record;
                refusals_of_other_people_methods_and_reasons_are_recorded_apart;
                of_many_refusals_at_once_exactly_one_is_recorded;
            }
        }
    };
}
