//! The contract that every store keeps, one file per topic. A case gets a database of its own and knows of the
//! store only what the port says.
//!
//! [`store_contract!`](crate::store_contract) makes a test of every case.

#![expect(clippy::missing_panics_doc, reason = "a case panics where a store breaks the contract")]

pub mod access;
pub mod accounts;
pub mod amounts;
pub mod appending;
pub mod audit;
pub mod balances;
pub mod batches;
pub mod changes;
pub mod companions;
pub mod concurrency;
pub mod durability;
pub mod holds;
pub mod imports;
pub mod ledgers;
pub mod loading;
pub mod log;
pub mod long_lists;
pub mod mailed_links;
pub mod moments;
pub mod movements;
pub mod periods;
pub mod random;
pub mod schedules;
pub mod search;
pub mod second_factors;
pub mod sessions;
pub mod signing_keys;
pub mod snapshots;
pub mod statements;
pub mod sums;
pub mod transaction_changes;
pub mod transactions;
pub mod users;

/// Makes a test of every case of the contract. The argument is an expression that makes a new
/// [`StoreFixture`](crate::StoreFixture); it is evaluated for each case.
#[macro_export]
macro_rules! store_contract {
    ($fixture:expr) => {
        $crate::store_contract! { @topics $fixture;
            access {
                a_key_comes_back_as_it_was_created
                an_id_is_taken_once
                a_revoked_key_stays_as_it_was_revoked
                the_last_use_of_a_key_counts
                keys_are_listed_newest_first
                acts_are_recorded_with_what_they_did
                the_audit_trail_is_listed_latest_first
                keys_and_the_trail_are_there_after_reopening
            }
            accounts {
                an_account_is_there_from_its_first_movement_on
                accounts_are_read_together_with_the_head
                accounts_are_listed_by_address
                an_asset_leaves_other_accounts_and_other_balances_out
                a_prefix_need_not_end_with_a_segment
                a_full_list_has_no_empty_last_page
            }
            amounts {
                amounts_of_every_size_come_back_exactly
                negative_balances_of_every_size_come_back_exactly
                sums_pass_the_bound_of_a_single_amount
                sums_mix_small_and_large_counters
            }
            appending {
                entries_that_follow_the_head_are_appended_in_one_go
                what_counts_at_another_time_is_appended_as_well
                a_head_that_stands_elsewhere_is_stale
                a_head_of_another_time_is_stale
                a_key_or_reference_in_use_is_stale
                what_decisions_rest_on_has_to_be_unused
                appends_at_the_same_time_lose_nothing
                an_append_waits_for_an_open_batch_and_gives_way_to_it
                an_append_given_up_at_any_point_holds_whole_or_not_at_all
                balances_are_looked_up_without_taking_the_head
            }
            audit {
                the_trail_is_searched_by_every_filter
                a_batch_records_with_its_entries
                a_batch_without_its_entries_records_nothing
            }
            balances {
                groups_are_the_first_segments
                groups_come_in_the_order_of_their_names_whatever_lies_between_their_accounts
                a_group_counts_only_accounts_with_the_prefix
                pages_of_groups_neither_repeat_nor_omit
                a_continuation_may_be_any_text
            }
            batches {
                a_new_log_begins_at_zero
                entries_are_numbered_without_gaps
                a_dropped_batch_leaves_no_trace
                a_start_given_up_at_any_point_leaves_no_trace
                a_commit_given_up_at_any_point_holds_whole_or_not_at_all
                entries_that_do_not_follow_the_head_are_refused
                a_reference_in_use_rolls_the_whole_batch_back
                a_key_in_use_rolls_the_whole_batch_back
                a_batch_without_entries_changes_nothing
                a_ledger_that_is_not_there_has_no_batches
                a_thousand_postings_make_one_entry
                a_thousand_entries_make_one_batch
            }
            changes {
                an_account_is_as_its_last_change_left_it
                accounts_that_were_changed_are_listed
                the_changes_of_an_account_are_listed_newest_first
                changes_of_accounts_are_no_transactions
                policies_are_loaded_with_balances
                a_snapshot_has_accounts_and_their_changes
                a_batch_that_does_not_hold_changes_no_account
                a_page_of_large_accounts_or_changes_ends_early_and_leads_on
            }
            concurrency {
                a_second_batch_waits_for_the_first_and_sees_its_effect
                a_batch_that_ends_without_commit_lets_the_next_one_start
                batches_at_the_same_time_lose_nothing
                ledgers_take_turns_and_do_not_mix
            }
            durability {
                a_database_opened_again_has_everything
                what_one_opening_commits_another_one_reads
            }
            holds {
                holds_are_listed_newest_first
                what_is_held_counts_as_pending
                how_far_transactions_were_reversed_is_known
                what_commands_use_is_loaded
                the_last_movement_ahead_of_an_entry_is_found_whatever_it_was
                versions_follow_the_last_entry_of_an_account
                open_holds_are_due_when_their_time_has_come
                a_batch_that_does_not_hold_changes_no_hold
                a_snapshot_has_holds_and_reversals
            }
            imports {
                random_histories_are_imported_as_they_are
                a_batch_with_an_entry_that_does_not_follow_is_not_imported
                a_change_of_what_is_no_transaction_is_not_imported
            }
            ledgers {
                a_created_ledger_is_empty
                a_name_is_taken_once
                the_same_request_creates_once_and_is_answered_alike
                a_key_stands_for_one_request
                a_request_without_a_key_is_never_a_replay
                ledgers_are_listed_by_name
                nothing_is_read_from_a_ledger_that_is_not_there
                ledgers_created_at_the_same_time_are_created_once
            }
            loading {
                missing_balances_are_loaded_where_they_exist
                cached_balances_are_loaded_only_where_the_head_has_moved
                the_last_of_several_states_counts
                keys_and_references_in_use_are_found
                ledgers_do_not_share_keys_references_or_balances
                many_of_each_are_loaded_at_once
            }
            log {
                an_entry_comes_back_as_it_was_written
                the_log_is_read_in_order_from_any_entry
                an_entry_that_is_not_there_is_none
            }
            long_lists {
                a_page_looks_at_a_bounded_number_of_entries
                transactions_that_have_two_pairs_are_found_among_many_that_have_one
                a_statement_of_many_lines_is_listed_by_either_clock
                what_moved_another_asset_is_passed_by_however_much_it_is
                accounts_that_moved_an_asset_are_found_past_all_others
                a_page_of_large_entries_ends_early_and_leads_on
            }
            moments {
                everything_is_shown_as_it_was_at_any_moment
                the_moment_itself_is_part_of_an_answer
                an_account_is_there_from_when_it_had_moved_or_was_changed
                policy_and_metadata_are_those_of_the_moment
                an_answer_as_of_a_recorded_moment_never_changes
                what_is_held_counts_from_its_recording_on_by_either_clock
                any_moment_of_a_long_history_is_shown
                entries_that_count_at_another_time_may_be_many
                groups_that_were_not_there_yet_are_passed_by
                too_much_to_look_at_is_refused_and_never_guessed
                what_others_take_is_not_counted_against_an_account_or_a_group
            }
            movements {
                any_part_of_a_statement_is_read_from_any_place_on
                any_part_of_an_accounts_transactions_is_read_from_any_place_on
                a_history_in_several_assets_is_read_whole
                pages_are_full_however_short_the_lists_happen_to_be
                an_account_that_every_entry_of_large_batches_moves_is_read_from_both_ends
            }
            periods {
                random_periods_open_and_close_as_the_log_says
                a_long_period_is_read_in_parts
                what_is_written_while_a_period_is_read_does_not_count
                an_account_that_never_moved_has_no_period
            }
            random {
                random_histories_answer_as_the_log_says
            }
            schedules {
                a_schedule_comes_back_as_it_was_created
                a_ledger_that_is_not_there_has_no_schedules
                a_change_that_rests_on_another_version_is_stale
                a_version_is_followed_by_one_other
                a_run_that_was_posted_wins_over_one_that_was_rejected
                schedules_are_listed_newest_first
                a_ledger_has_so_many_open_schedules_and_no_more
                a_key_shows_the_schedule_as_its_request_left_it
                what_is_due_is_found_in_all_ledgers
                schedules_are_there_after_reopening
            }
            search {
                amounts_are_bounded_on_the_posting_of_the_other_filters
                metadata_and_accounts_narrow_each_other
                accounts_under_an_address_are_read_in_the_order_of_the_list
                more_accounts_under_an_address_than_are_merged_are_found_all_the_same
                accounts_are_found_by_what_they_keep_and_by_what_they_moved
            }
            mailed_links {
                a_link_is_found_while_it_works
                a_link_is_used_once
                one_of_many_gets_a_link
                another_link_of_a_kind_takes_the_place
                links_of_a_user_are_forgotten
            }
            second_factors {
                a_secret_is_replaced_until_it_is_confirmed
                a_step_is_taken_once
                one_of_many_takes_a_code
                a_recovery_code_is_taken_once
                a_second_factor_is_removed_with_its_codes
            }
            signing_keys {
                signing_keys_come_back_as_they_were_added
                a_number_of_a_signing_key_is_taken_once
                a_signing_key_revokes_earlier_ones
                the_latest_signing_keys_are_listed_after_reopening
            }
            sessions {
                a_session_comes_back_as_it_started
                an_id_of_a_session_is_taken_once
                a_session_ends_with_the_one_that_replaces_it
                a_user_has_so_many_sessions_and_no_more
                a_revoked_session_stays_as_it_was_revoked
                all_sessions_of_a_user_end_but_one
                sessions_of_a_user_are_listed_newest_first
                the_last_use_of_a_session_counts
                old_sessions_are_removed_in_portions
                sessions_are_there_after_reopening
            }
            snapshots {
                a_snapshot_does_not_see_later_writes
                a_snapshot_reads_everything_in_parts
                a_snapshot_holds_up_no_batch
                a_ledger_that_is_not_there_has_no_snapshot
            }
            statements {
                a_statement_lists_the_newest_line_first
                a_statement_by_effective_time_sorts_by_it
                an_asset_and_a_span_of_time_narrow_a_statement
                pages_of_a_statement_break_within_a_transaction
                pages_end_in_the_middle_of_entries_with_many_postings
                a_statement_goes_on_from_every_line_of_entries_with_many_postings
                an_account_that_never_moved_has_no_statement
            }
            sums {
                sums_follow_every_kind_of_entry
                sums_follow_entries_that_go_the_short_way
                a_batch_that_does_not_hold_changes_no_sum
                sums_may_take_more_than_128_bits
                lists_of_many_roots_neither_repeat_nor_omit
                a_root_may_have_any_number_of_assets
            }
            transaction_changes {
                a_transaction_is_as_its_last_change_left_it
                transactions_are_found_by_what_is_kept_now
                the_changes_of_a_transaction_are_listed_newest_first
                what_is_kept_beside_transactions_is_loaded
                a_snapshot_has_changed_transactions_and_what_is_found_by_what
                a_batch_that_does_not_hold_changes_no_transaction
                a_page_of_large_changes_of_a_transaction_ends_early_and_leads_on
            }
            transactions {
                transactions_are_listed_newest_first_or_oldest_first
                entries_recorded_at_the_same_time_are_ordered_by_number
                transactions_by_effective_time_are_ordered_by_it_then_by_number
                what_a_capture_lets_go_has_no_place_by_effective_time
                accounts_sources_destinations_and_assets_hold_for_one_posting
                a_prefix_means_what_lies_under_it
                a_reference_finds_its_transaction
                metadata_has_to_match_in_full
                spans_of_time_take_their_start_and_leave_their_end
                a_full_list_has_no_empty_last_page
            }
            users {
                a_user_comes_back_as_they_were_created
                a_users_id_is_taken_once
                an_address_belongs_to_one_user
                one_of_many_gets_an_address
                who_was_changed_meanwhile_is_left_alone
                a_password_is_digested_anew_where_it_is_still_the_same
                users_are_listed_newest_first
                users_are_there_after_reopening
            }
        }
    };
    (@topics $fixture:expr; $($topic:ident { $($case:ident)* })*) => {
        $(
            mod $topic {
                #[allow(unused_imports, reason = "a fixture may need names of the file that it stands in")]
                use super::*;
                $(
                    #[::tokio::test(flavor = "multi_thread", worker_threads = 2)]
                    async fn $case() {
                        $crate::contract::$topic::$case(&$fixture).await;
                    }
                )*
            }
        )*
    };
}

#[cfg(test)]
mod tests;
