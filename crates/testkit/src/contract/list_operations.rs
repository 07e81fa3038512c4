/// The cases of what an operator relies on; [`contract_tests!`](crate::contract_tests) runs them with the others.
#[doc(hidden)]
#[macro_export]
macro_rules! contract_tests_of_operations {
    ($make:ident $port:ident) => {
        $crate::contract_tests! { @cases $make $port
            audit_chain {
                a_chain_of_nothing_has_neither_start_nor_end;
                records_wait_for_their_seals_those_first_that_happened_first;
                a_record_that_ends_late_is_found_all_the_same;
                sealed_records_take_the_places_after_the_end_which_moves;
                a_sealed_record_says_what_was_written;
                nothing_is_sealed_after_an_end_that_is_not_the_chains;
                nothing_is_sealed_when_a_record_is_gone_or_sealed_already;
                sealed_records_are_read_after_a_place_up_to_the_limit;
                the_oldest_records_go_up_to_the_new_start;
                the_chain_goes_on_when_all_of_it_was_forgotten;
                what_is_not_sealed_is_not_forgotten;
                nothing_is_forgotten_when_the_chain_does_not_start_there_any_more;
            }
            audit_chain_races {
                of_many_servers_that_seal_at_once_after_one_end_exactly_one_is_true;
                no_record_is_sealed_twice_or_passed_over_while_many_seal_and_write;
                of_many_servers_that_forget_at_once_exactly_one_does;
                records_are_forgotten_while_others_are_sealed;
            }
            census {
                among_nobody_nobody_is_ready_or_lacks_anything;
                active_people_of_the_directory_are_counted_and_no_others;
                those_channels_alone_are_missing_that_are_on;
                who_is_ready_follows_the_same_rule_as_a_persons_status;
                a_census_is_of_one_moment;
            }
            housekeeping {
                only_what_is_older_is_removed;
                no_more_than_the_limit_is_removed_and_told_how_many;
                a_walk_removes_all_that_has_served_its_time_and_ends;
                what_is_removed_of_one_kind_leaves_the_others;
                a_removal_is_not_recorded;
                challenges_go_by_the_later_of_their_expiry_and_the_end_of_the_wait;
                a_persons_next_code_makes_their_challenge_again;
                a_session_goes_by_its_end_with_all_its_tokens;
                superseded_tokens_go_while_their_session_goes_on;
                a_count_of_codes_that_went_begins_anew;
                a_refusal_whose_note_went_is_recorded_again;
                a_count_of_sign_ins_that_went_begins_anew;
                refused_deactivations_stay_while_the_brake_holds;
            }
            housekeeping_devices {
                devices_are_old_that_were_last_seen_before_the_time_for_their_kind;
                a_device_that_is_registered_again_is_not_old;
                those_come_first_that_were_seen_longest_ago_and_no_more_than_the_limit;
                a_device_with_a_live_session_is_not_old;
                an_expired_device_goes_as_one_that_is_removed;
                no_device_is_expired_that_is_gone_or_was_seen_since;
                of_many_servers_that_expire_a_device_at_once_exactly_one_does;
                a_device_that_is_seen_meanwhile_stays_with_its_person;
            }
            identities {
                a_subject_that_is_bound_finds_its_person_for_its_issuer_alone;
                a_binding_is_found_of_who_is_deactivated_or_removed;
                a_binding_is_written_with_its_records;
                nothing_is_bound_to_who_is_not_active_or_lost_what_spoke_for_them;
                a_bound_subject_moves_only_from_the_person_that_it_is_bound_to;
                a_name_that_another_had_speaks_in_tokens_of_after_that_alone;
                who_signs_in_is_admitted_with_a_binding_and_all_names;
                nobody_is_admitted_by_what_another_has;
                nobody_is_admitted_by_what_another_had;
            }
            identities_merged {
                a_duplicate_goes_away_with_the_change_that_takes_its_name;
                a_duplicate_goes_away_with_the_binding_that_takes_its_subject;
                nothing_changes_when_a_duplicate_changed_meanwhile;
                the_subjects_of_who_was_removed_follow_their_external_id_alone;
                who_signed_in_first_is_found_by_what_their_token_said_until_they_are_delivered;
            }
            identities_races {
                of_many_bindings_of_one_subject_at_once_exactly_one_is_made;
                of_many_admissions_of_one_subject_at_once_exactly_one_is_made;
                of_many_admissions_of_one_name_at_once_exactly_one_is_made;
                no_leaver_is_admitted_while_they_are_renamed;
                an_admission_and_a_delivery_of_one_name_at_once_make_one_person;
                two_renames_that_swap_names_at_once_change_nothing;
                a_merge_and_a_binding_at_once_leave_no_subject_to_the_duplicate;
            }
            housekeeping_races {
                however_many_remove_at_once_nothing_is_removed_twice;
                a_code_that_is_sent_meanwhile_stays;
                a_session_that_is_refreshed_meanwhile_goes_on;
                what_is_counted_meanwhile_stays_counted;
            }
            session_endings {
                a_session_that_ends_takes_the_device_that_it_names;
                a_session_that_ends_takes_the_devices_that_were_registered_with_its_credential;
                a_device_stays_while_another_live_session_is_on_it;
                a_session_that_expires_takes_no_device;
                the_sessions_on_a_device_end_when_its_owner_removes_it;
                no_device_is_registered_with_the_credential_of_a_session_that_is_over;
                a_revocation_and_many_registrations_at_once_leave_no_device;
                who_is_deactivated_loses_the_devices_that_their_sessions_are_on;
                revocations_of_all_sessions_on_a_device_at_once_remove_it_once;
            }
            session_limits {
                no_session_is_opened_with_the_credential_of_a_session_that_is_over;
                a_revocation_and_many_openings_by_its_credential_at_once_leave_none_opened_after_it;
                one_session_more_than_the_most_ends_the_one_that_was_used_longest_ago;
                a_device_stays_that_the_new_session_is_on;
                however_many_sessions_are_opened_at_once_no_person_has_more_than_the_most;
            }
            sign_in_attempts {
                as_many_attempts_are_counted_as_a_limit_allows;
                a_count_is_kept_for_each_address;
                a_window_begins_with_the_first_that_it_counts_and_again_its_length_after_that;
                a_limit_that_was_lowered_below_its_count_is_used_up;
                however_many_attempts_are_made_at_once_no_count_passes_its_max;
            }
            sign_in_refusals {
                refusals_are_recorded_one_by_one_until_they_are_a_flood;
                refusals_are_counted_for_each_account_and_for_what_is_none_in_windows;
                of_many_refusals_at_once_each_has_a_number_of_its_own;
            }
            key_rotation {
                fingerprints_that_name_none_of_the_keys_are_read_in_the_order_of_their_holders;
                a_moved_fingerprint_takes_its_proof_along;
                a_key_that_is_only_recorded_changes_nothing_else;
                a_holder_who_has_another_fingerprint_by_now_is_passed_over;
                a_change_of_a_person_that_was_read_before_a_move_is_stale;
                the_key_of_a_successor_is_recorded_once_and_only_where_it_may_be_needed;
                rows_are_counted_by_kind_and_key;
                of_many_servers_that_move_one_fingerprint_at_once_one_does;
                what_is_proven_at_once_with_a_move_counts_under_the_key_that_it_is_moved_to;
            }
        }
    };
}
