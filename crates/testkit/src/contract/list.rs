/// Runs the whole contract suite, each case as a test of its own.
///
/// It takes the name of an `async fn` without arguments that gives a fresh, empty store as [`Stores`](crate::Stores),
/// which also keep alive what must outlive them:
///
/// ```
/// use muster_testkit::{MemoryStore, Stores};
///
/// async fn memory() -> Stores {
///     Stores::new(MemoryStore::new()).keeping("a temporary folder, for one")
/// }
///
/// muster_testkit::contract_tests!(memory);
/// # fn main() {}
/// ```
///
/// With the names of ports, which are the fields of [`Stores`](crate::Stores), it runs the cases of these ports alone. That
/// is for an adapter of few ports: the others may be a [`MemoryStore`](crate::MemoryStore)'s over the same data.
///
/// ```
/// # use muster_testkit::{MemoryStore, Stores};
/// # async fn memory() -> Stores { Stores::new(MemoryStore::new()) }
/// muster_testkit::contract_tests!(memory, preferences, notices);
/// # fn main() {}
/// ```
///
/// What is no port with cases of its own does not compile:
///
/// ```compile_fail
/// # use muster_testkit::{MemoryStore, Stores};
/// # async fn memory() -> Stores { Stores::new(MemoryStore::new()) }
/// muster_testkit::contract_tests!(memory, preference);
/// # fn main() {}
/// ```
///
/// The tests are in a module `contract`: to run the suite on two stores in one file, put each line into a module.
#[macro_export]
macro_rules! contract_tests {
    ($make:ident) => {
        mod contract {
            $crate::contract_tests! { @of $make all }
        }
    };
    ($make:ident, $($port:ident),+ $(,)?) => {
        mod contract {
            $($crate::contract_tests! { @of $make $port })+
        }
    };
    (@of $make:ident $port:ident) => {
            $crate::contract_area! { @known $port }
            $crate::contract_tests! { @cases $make $port
                api_keys {
                    a_key_reads_back_as_it_was_inserted;
                    every_key_is_listed_whether_it_works_or_not;
                    keys_are_listed_newest_first;
                    a_key_is_found_by_its_hash_whether_it_works_or_not;
                    a_found_key_is_never_a_stale_answer;
                    a_use_is_noted_and_nothing_else;
                    a_use_does_not_undo_a_later_one;
                    however_many_uses_are_noted_at_once_the_latest_stays;
                    a_key_that_is_not_revoked_is_revoked_with_its_record;
                    nothing_is_revoked_that_is_no_key_or_revoked_already;
                    of_many_revocations_at_once_exactly_one_is_true;
                    a_rotation_adds_a_key_with_the_name_and_the_scopes_of_the_old_one;
                    a_rotated_key_works_until_then_or_its_own_earlier_end;
                    nothing_is_rotated_that_does_not_work_at_the_time;
                    of_many_rotations_at_once_that_end_the_old_key_exactly_one_is_made;
                    rotations_and_a_revocation_at_once_are_each_all_or_nothing;
                }
                audit {
                    a_fresh_store_can_serve;
                    there_is_no_record_of_what_did_not_happen;
                    a_record_reads_back_as_it_was_written;
                    records_are_listed_newest_first_by_time_then_by_id;
                    a_list_returns_up_to_one_more_than_the_limit;
                    all_pages_together_are_every_record_once;
                    every_filter_that_is_given_must_hold;
                    an_area_leaves_the_records_of_its_actions;
                }
                brakes {
                    as_many_are_let_through_as_are_free;
                    a_share_of_those_who_were_active_is_let_through;
                    the_larger_of_the_share_and_what_is_free_is_let_through;
                    only_the_directorys_active_people_count_for_the_share;
                    who_came_within_the_time_adds_nothing_to_the_share;
                    removals_count_like_deactivations;
                    each_person_counts_once;
                    what_was_done_by_then_or_before_does_not_count;
                    an_engaged_brake_holds_until_it_is_released;
                    a_release_is_recorded_and_begins_the_count_anew;
                    nothing_is_released_that_is_not_engaged;
                    a_brake_that_engages_is_recorded_once_and_each_refused_person_once;
                    the_records_of_a_brake_are_as_they_were_given;
                    each_client_has_a_brake_of_its_own;
                    what_is_held_to_nothing_passes_and_does_not_count;
                    only_who_is_active_is_held;
                    a_deactivation_that_is_stale_neither_counts_nor_is_recorded;
                    however_many_are_deactivated_at_once_no_more_than_allowed_get_through;
                    however_often_one_person_is_refused_at_once_one_record_is_written;
                    of_many_releases_at_once_exactly_one_is_true;
                }
                break_glass {
                    an_account_is_inserted_with_its_admin_and_its_record;
                    no_account_is_inserted_whose_name_is_taken_without_regard_to_case;
                    a_name_whose_account_is_revoked_is_free;
                    of_many_accounts_of_one_name_at_once_exactly_one_is_inserted;
                    accounts_are_listed_by_folded_name_then_the_newest_first;
                    an_account_is_seen_nowhere_else;
                    the_directory_may_have_somebody_of_the_name_of_an_account;
                    an_account_is_no_admin_of_the_directorys;
                    a_revoked_account_works_no_more_and_its_person_is_deactivated;
                    nothing_is_revoked_that_is_no_account_that_works;
                    of_many_revocations_at_once_exactly_one_is_true;
                    the_directorys_active_admins_who_have_an_address_are_told;
                    a_use_is_noted_with_its_notices_and_its_record;
                    no_use_is_noted_of_an_account_that_does_not_work;
                    uses_and_a_revocation_at_once_are_each_all_or_nothing;
                }
                devices {
                    a_device_that_nobody_has_is_created_as_it_was_given;
                    a_device_that_the_person_has_is_updated_and_keeps_id_proof_and_creation;
                    a_device_that_another_person_has_moves_without_its_proof;
                    a_person_who_has_the_most_devices_gets_no_new_one;
                    a_device_of_nobody_is_refused;
                    devices_are_listed_oldest_first;
                    a_removed_device_goes_with_its_proof_and_its_challenge_is_cancelled;
                    a_removal_leaves_the_challenges_of_other_devices_and_methods;
                    nothing_is_removed_that_is_not_the_persons;
                    a_device_that_was_registered_again_is_not_removed_for_what_was_before;
                    of_many_removals_at_once_exactly_one_is_true;
                    a_device_is_the_same_whatever_key_its_fingerprint_was_made_with;
                    however_many_people_register_a_token_at_once_one_has_it;
                    however_many_register_a_token_under_two_keys_at_once_one_has_it;
                    however_many_devices_register_at_once_no_person_has_more_than_the_most;
                }
                directory {
                    people_are_counted_active_or_not;
                    a_person_reads_back_as_they_were_inserted;
                    a_person_is_found_by_external_id_else_by_user_name;
                    nobody_is_inserted_whose_user_name_or_external_id_is_taken;
                    of_many_inserts_of_one_user_name_at_once_exactly_one_is_inserted;
                    an_updated_person_reads_back_as_they_were_given;
                    an_update_may_change_only_the_case_of_the_persons_own_name;
                    an_update_does_not_write_the_platform_role;
                    an_update_of_a_person_who_changed_meanwhile_is_stale;
                    an_update_to_a_taken_user_name_or_external_id_writes_nothing;
                    an_update_removes_the_lost_proofs_and_cancels_their_challenges;
                    an_update_ends_the_live_sessions_when_asked_to;
                    of_many_updates_at_once_from_one_version_exactly_one_is_written;
                    a_deactivation_and_many_new_sessions_at_once_leave_none_alive;
                    a_team_is_inserted_with_its_members_and_its_record;
                    no_team_is_inserted_whose_name_is_taken_without_regard_to_case;
                    a_team_with_a_member_who_is_not_on_record_is_refused;
                    of_many_teams_of_one_name_at_once_exactly_one_is_inserted;
                }
                directory_conditions {
                    a_text_compares_byte_by_byte_and_means_nothing_but_itself;
                    a_user_name_compares_without_case;
                    an_email_address_compares_without_case;
                    an_id_is_equal_to_its_lower_case_hyphenated_text_alone;
                    what_is_true_or_false_is_equal_to_itself;
                    a_time_compares_to_the_microsecond;
                    a_time_between_two_microseconds_is_neither;
                    an_absent_attribute_compares_as_false;
                    an_attribute_is_present_when_it_has_a_value;
                    not_is_the_exact_opposite;
                    all_of_none_holds_and_any_of_none_does_not;
                    all_holds_when_each_does_and_any_when_one_does;
                }
                directory_group_reads {
                    a_new_group_reads_back_as_it_was_inserted;
                    no_team_is_a_group_that_is_not_the_directorys_or_not_active;
                    a_groups_name_compares_without_case;
                    a_groups_external_id_compares_byte_by_byte;
                    a_groups_id_and_times_compare;
                    a_group_is_found_by_each_of_its_members;
                    groups_are_sorted_by_an_attribute_and_then_by_id;
                    a_page_of_groups_has_the_total_and_the_members_of_its_groups;
                    of_some_people_those_are_told_who_are_in_the_group;
                    a_group_and_its_members_are_of_one_moment;
                    what_is_read_of_a_group_is_never_a_stale_answer;
                }
                directory_groups {
                    a_group_is_inserted_with_every_record;
                    no_group_is_inserted_whose_external_id_is_taken;
                    of_many_groups_of_one_external_id_at_once_exactly_one_is_inserted;
                    an_updated_group_reads_back_as_it_was_given_one_version_up;
                    members_who_stay_keep_the_roles_that_they_have;
                    who_comes_back_has_the_role_that_they_come_with;
                    an_update_of_a_group_that_changed_meanwhile_is_stale;
                    an_update_to_a_taken_name_or_external_id_of_a_group_writes_nothing;
                    nobody_comes_into_a_group_who_is_not_on_record;
                    of_many_updates_at_once_from_one_version_of_a_group_exactly_one_is_written;
                    of_many_at_once_who_come_into_or_leave_a_group_each_is_written;
                    who_is_in_a_group_does_not_come_into_it_again;
                    a_removed_group_is_shown_nowhere;
                    a_removed_groups_name_and_external_id_are_free;
                    a_removal_of_a_group_that_changed_meanwhile_is_stale;
                    of_many_removals_and_updates_at_once_exactly_one_is_written;
                }
                directory_order {
                    people_are_in_the_order_of_their_ids_when_nothing_is_said;
                    people_are_sorted_by_an_attribute_and_then_by_id_and_who_has_none_comes_last;
                    descending_is_the_exact_reverse;
                    a_page_leaves_out_what_is_skipped_and_holds_no_more_than_its_count;
                    with_a_count_of_none_only_the_total_is_told;
                    the_total_is_of_those_who_match;
                    the_total_and_the_page_are_of_one_moment;
                }
                directory_positions {
                    pages_after_positions_are_the_whole_in_its_order;
                    pages_before_positions_are_the_whole_the_nearest_first;
                    a_page_beside_a_position_is_of_those_who_match_and_tells_no_total;
                    a_position_holds_when_the_one_that_stood_there_is_gone;
                    pages_of_groups_beside_positions_are_the_whole_with_its_members;
                    what_is_no_id_is_neither_before_nor_after_one;
                }
                directory_reader {
                    a_person_is_read_as_the_directory_delivered_them_active_or_not;
                    nobody_is_read_who_is_not_on_record;
                    no_local_account_is_read;
                    nobody_whom_the_directory_removed_is_read;
                    of_some_people_those_are_known_who_are_on_record;
                    what_is_read_is_never_a_stale_answer;
                }
                directory_removal {
                    who_is_removed_loses_all_that_proves_and_reaches_them;
                    who_is_removed_loses_contacts_and_preferences_and_keeps_the_names;
                    who_is_removed_is_still_read_by_id_deactivated_and_no_admin;
                    who_is_removed_is_hidden_from_lists_sign_in_and_the_directory;
                    the_names_of_who_is_removed_are_free_for_others;
                    a_removal_of_somebody_who_changed_meanwhile_is_stale;
                    of_many_removals_at_once_exactly_one_is_made;
                    a_removal_and_many_new_sessions_at_once_leave_none_alive;
                    a_session_of_who_is_removed_is_not_renewed;
                    who_is_removed_gets_no_role_and_counts_for_no_admin;
                    the_groups_of_who_is_removed_have_changed;
                    nobody_is_in_a_group_who_is_removed_while_they_come_into_it;
                }
                notices {
                    a_notice_is_claimed_as_it_was_written_with_one_more_attempt;
                    a_notice_comes_with_the_change_that_it_tells_of_or_not_at_all;
                    a_notice_is_due_from_when_it_was_made;
                    the_longest_due_are_taken_first_and_no_more_than_the_limit;
                    a_claimed_notice_is_due_again_when_its_lease_ends;
                    a_finished_notice_is_forgotten_with_its_records;
                    a_notice_that_is_gone_writes_nothing;
                    a_postponed_notice_is_due_at_that_time;
                    of_any_number_of_claims_at_once_no_two_take_the_same;
                    of_many_servers_that_finish_one_notice_at_once_one_writes;
                    a_lease_that_is_taken_over_at_once_is_taken_by_one;
                }
                preferences {
                    preferences_are_none_while_a_person_chose_nothing;
                    preferences_read_back_as_they_were_stored;
                    each_replacement_is_of_the_whole_document_and_one_version_up;
                    nothing_is_replaced_that_is_not_at_the_expected_version;
                    preferences_of_nobody_are_refused;
                    of_many_replacements_at_once_with_one_expected_version_exactly_one_is_true;
                }
                profiles {
                    there_is_no_profile_of_nobody;
                    a_profile_is_read_active_or_not;
                    a_profile_is_never_a_stale_answer;
                    a_profile_shows_active_teams_by_folded_name;
                    a_profile_shows_every_proof_on_record;
                    a_profile_shows_the_latest_challenge_of_each_method;
                    a_profile_shows_the_stored_preferences;
                    a_profile_is_read_as_one_consistent_whole;
                }
                sessions {
                    an_issued_session_reads_back_as_it_was_given;
                    no_session_is_issued_unless_its_owner_is_active;
                    no_session_is_issued_unless_its_device_is_the_owners;
                    an_unknown_token_has_no_candidate_and_no_family;
                    a_candidate_shows_what_was_committed_last;
                    a_live_session_of_that_person_is_revoked;
                    no_session_is_revoked_that_is_not_live_and_that_persons;
                    of_many_revocations_at_once_exactly_one_is_true;
                    the_family_of_a_token_is_found_dead_or_alive;
                    live_sessions_are_listed_the_one_used_last_first;
                    only_live_sessions_are_listed;
                }
                sessions_rotation {
                    the_first_rotation_stores_the_successor_and_supersedes_nothing;
                    the_successors_first_use_supersedes_the_parent;
                    a_repeated_rotation_keeps_the_successor_with_the_salt_of_the_first;
                    a_superseded_token_is_overtaken;
                    a_token_of_a_revoked_session_is_overtaken;
                    a_token_of_a_session_that_is_expired_at_the_time_is_overtaken;
                    a_token_of_a_deactivated_owner_is_overtaken;
                    an_unknown_token_is_overtaken;
                    many_rotations_of_one_token_at_once_leave_exactly_one_successor;
                    rotations_and_a_revocation_at_once_leave_no_record_of_what_did_not_happen;
                    a_token_and_its_successor_used_at_once_leave_one_line_of_descent;
                }
                teams {
                    active_teams_are_listed_by_folded_name;
                    a_list_returns_up_to_one_more_than_the_limit;
                    all_pages_together_are_every_team_once;
                    a_summary_counts_active_members_and_those_who_can_be_on_call;
                    an_unknown_and_an_inactive_team_are_not_there;
                    a_team_shows_all_its_members_by_folded_user_name;
                    what_is_proven_follows_the_same_rule_as_the_status;
                    a_team_is_never_a_stale_answer;
                    a_team_admin_is_one_of_the_members_of_their_active_teams;
                    a_team_admin_is_never_a_stale_answer;
                    a_role_is_given_with_the_record_of_the_role_before;
                    the_role_that_a_member_has_is_not_given_again;
                    nobody_gets_a_role_who_is_not_in_an_active_team;
                    who_is_no_active_team_admin_of_that_team_is_denied;
                    of_two_team_admins_who_demote_each_other_at_once_one_does;
                    of_many_changes_at_once_to_one_role_exactly_one_is_written;
                }
                user_lists {
                    a_summary_shows_what_is_on_record;
                    no_local_account_is_listed;
                    people_are_listed_by_folded_user_name_ascending;
                    a_list_returns_up_to_one_more_than_the_limit;
                    all_pages_together_are_everybody_once;
                    search_finds_text_in_user_name_display_name_and_email_without_regard_to_case;
                    each_filter_alone_leaves_those_who_match;
                    every_filter_that_is_given_must_hold;
                    can_be_on_call_follows_the_same_rule_as_the_status;
                    can_be_on_call_follows_whatever_changes_it;
                    only_the_required_channels_count_for_can_be_on_call;
                }
                users {
                    an_account_is_found_active_or_not;
                    an_account_is_never_a_stale_answer;
                    a_login_is_a_user_name_without_regard_to_case;
                    a_login_is_else_an_email_address_without_regard_to_case;
                    a_user_name_goes_before_another_persons_email_address;
                    a_login_that_is_nobodys_finds_nobody;
                    an_email_address_that_more_than_one_person_has_finds_nobody;
                    a_login_is_never_a_local_account;
                    an_identity_is_the_account_with_that_external_id_whatever_its_logins;
                    an_identity_is_else_the_first_account_that_a_login_names;
                    a_login_of_an_identity_is_a_user_name_without_regard_to_case;
                    an_identity_is_never_a_local_account;
                    an_identity_is_found_active_or_not;
                    an_identity_that_is_nobodys_finds_nobody;
                    a_changed_role_is_written_with_its_record;
                    a_role_that_the_person_has_already_is_not_written;
                    the_role_of_nobody_is_not_found;
                    the_role_of_a_local_account_is_not_found;
                    a_local_admin_is_none_that_is_left;
                    the_last_active_admin_keeps_the_role;
                    an_admin_loses_the_role_while_another_active_one_is_left;
                    two_admins_who_demote_each_other_at_once_leave_one;
                    however_many_admins_are_demoted_at_once_one_is_left;
                }
            }
            $crate::contract_tests_of_verification! { $make $port }
            $crate::contract_tests_of_operations! { $make $port }
    };
    (@cases $make:ident $port:ident $($area:ident $cases:tt)*) => {
        $($crate::contract_area! { $port $area $make $cases })*
    };
}
