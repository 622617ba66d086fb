//! All facts, listed once.

/// Makes a test of each fact. `$fresh` opens an empty store, and returns what keeps it with it.
macro_rules! facts {
    ($fresh:path) => {
        crate::suite::facts! {
            @each $fresh;
            changes:
                a_change_counts_in_memory_as_in_the_store,
                a_refused_change_leaves_its_neighbours_alone,
                every_change_leaves_one_row_in_the_record,
                what_the_store_does_not_take_is_not_shown;
            entitlements:
                a_grant_is_in_force_when_it_returns,
                a_later_grant_replaces_an_earlier_one,
                a_revoked_right_keeps_the_generation_of_its_passkey,
                an_entitlement_to_all_is_one_of_its_own,
                ends_that_have_passed_are_refused,
                lists_are_by_member_and_by_item,
                what_is_not_held_can_not_be_revoked;
            erasure:
                what_providers_sent_is_erased_with_its_member;
            goods:
                a_description_changes_what_it_names,
                a_key_rotates_alone,
                a_member_and_a_day_have_one_sum,
                a_feed_has_another_date_when_it_says_something_else,
                a_new_version_keeps_the_item,
                a_torrent_is_one_items,
                withdrawn_and_broken_until_published_again;
            imports:
                a_brought_passkey_stands_for_its_member_until_rotated,
                a_trial_changes_nothing,
                all_or_none_are_imported_and_again_is_no_harm,
                too_many_at_once_are_refused;
            items:
                a_removed_item_frees_its_name_and_hashes_but_not_its_id,
                an_info_hash_has_one_item,
                an_item_is_known_by_name_id_and_either_info_hash,
                an_item_whose_policy_is_gone_is_nobodys,
                one_or_two_different_info_hashes,
                set_policy_is_in_force_when_it_returns;
            members:
                a_member_is_in_force_when_added,
                a_member_whose_tier_is_gone_is_an_outsider,
                a_removed_member_frees_the_name_but_not_the_id,
                lists_come_in_pages_by_id,
                names_are_unique,
                rotate_counts_generations,
                set_tier_is_in_force_when_it_returns,
                suspended_until_resumed,
                the_seed_box_is_usher_s_alone,
                unknown_ones_are_named_in_the_error;
            model:
                the_books_are_those_of_a_simple_model;
            money:
                a_debt_is_paid_first,
                a_key_stands_for_one_request,
                a_part_paid_back_leaves_the_right,
                a_right_paid_twice_ends_with_the_last,
                a_statement_shows_the_balance_after_each_line,
                amounts_are_more_than_nothing_and_not_too_much,
                any_order_of_events_ends_in_one_state,
                at_once_as_one_after_another,
                only_what_has_a_price_is_sold_and_once,
                vector_t1_to_t5_is_spent_paid_back_and_disputed,
                verify_finds_what_is_wrong,
                what_is_free_is_ordered_without_money,
                what_was_entered_stays;
            payments:
                a_checkout_is_made_once_at_its_price,
                a_delivery_has_its_effect_once,
                a_dispute_suspends_until_it_is_won,
                a_payment_without_an_order_names_its_member,
                a_refund_that_came_first_is_settled_once_its_payment_is_known,
                a_topup_of_a_member_who_is_gone_is_held,
                an_order_of_another_provider_is_not_theirs,
                days_of_a_tier_come_and_go_with_the_money,
                paid_twice_the_second_is_in_the_balance,
                two_disputes_are_two_reasons,
                what_is_paid_for_a_subscription_that_is_gone_is_held,
                what_is_paid_is_in_force_when_it_returns,
                what_is_refused_is_kept_and_bounded,
                what_was_bought_is_not_ordered_again,
                wrong_amounts_and_unknown_orders_grant_nothing;
            rebate:
                vector_a_verified_upload_shares_the_pool,
                vector_b_who_claims_too_much_is_scaled_down_and_an_alert,
                vector_c_without_a_buyer_there_is_nothing,
                vector_d_a_counter_that_went_back_adds_nothing_and_is_no_alert,
                vector_e_what_the_web_seed_served_earns_nobody,
                vector_f_the_first_announce_credits_nothing,
                vector_g_more_than_a_line_carries_is_cut_and_an_alert;
            repayments:
                a_key_is_of_one_order_and_amount,
                another_begins_once_the_first_is_answered,
                what_was_not_made_is_forgotten;
            standing:
                a_buyers_bytes_earn_their_carriers_the_price_difference,
                a_line_carries_so_much_and_more_is_an_alert,
                a_lone_cheat_and_a_freeloaders_friend_earn_nothing,
                a_refunded_order_pays_no_reward,
                a_tier_is_earned_for_as_long_as_it_is,
                a_window_is_closed_once,
                alerts_count_until_they_are_acknowledged,
                an_erased_member_leaves_books_that_balance,
                neighbours_earn_nothing_by_each_other,
                refunded_is_not_revoked,
                what_looks_like_a_leak_is_an_alert_and_is_forgotten;
            prices:
                a_buyer_chooses_from_the_minimum_up,
                a_discount_is_for_a_time_and_so_many_uses,
                a_tier_is_bought_for_longer_and_taken_back,
                store_credit_is_spent_first_and_comes_back_last,
                tax_is_in_the_price_and_goes_back_with_it,
                the_direct_download_includes_the_torrent;
            traffic:
                a_client_that_begins_again_has_another_epoch,
                a_forgotten_client_goes_on_in_its_run,
                any_order_and_number_of_flushes_credits_the_same,
                numbers_beyond_reason_credit_a_pebibyte,
                old_sessions_are_pruned_and_their_credit_stays,
                runs_show_lows_and_highs_latest_first,
                the_first_announce_credits_nothing,
                unknown_members_and_items_spoil_no_flush;
            vouchers:
                a_batch_is_issued_once,
                a_right_is_in_force_when_redeemed,
                an_amount_goes_into_the_balance,
                days_of_a_tier_follow_those_there_are,
                redeemed_once_under_32_at_once,
                verify_misses_no_voucher,
                void_and_expired_ones_are_refused,
                what_is_no_code_is_refused;
        }
    };
    (@each $fresh:path; $($topic:ident: $($fact:ident),+;)+) => { $(
        mod $topic {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 1)]
                async fn $fact() {
                    let (_kept, store) = $fresh().await;
                    crate::suite::$topic::$fact(store).await;
                }
            )+
        }
    )+ };
}

pub(crate) use facts;
