//! Each statement of a list is led to its rows by an index, on SQLite. PostgreSQL plans by how many rows there are.

use std::sync::Arc;

use policy::{ItemId, MemberId, MemberState};

use crate::audit::alert::AlertKind;
use crate::lists::books::{EntryFilter, RewardFilter, RewardState};
use crate::lists::members::{MemberFilter, RightsOf};
use crate::lists::page::PageRequest;
use crate::lists::payments::{CheckoutFilter, DeliveryFilter};
use crate::lists::query;
use crate::lists::record::{AlertFilter, AuditFilter, QueueFilter};
use crate::lists::sales::{OrderFilter, VoucherFilter};
use crate::lists::stock::{ItemFilter, ItemState};
use crate::rights::order::OrderState;
use crate::sign_ins::sign_in::Subject;
use crate::store::club::Club;
use crate::store::sqlite::Sqlite;
use crate::store::testing;
use crate::values::ids::{CheckoutId, EntryId};
use crate::values::mail_state::MailState;
use crate::values::visibility::Visibility;
use crate::values::voucher_state::VoucherState;

#[tokio::test]
async fn an_index_leads_to_the_rows_of_every_list() {
    let dir = tempfile::tempdir().unwrap();
    let store = Arc::new(Sqlite::open(&dir.path().join("club.db")).await.unwrap());
    let club = Club::new(store, testing::image());
    for newest in [false, true] {
        ask_for_all(&club, &PageRequest { newest, ..PageRequest::default() }).await;
    }
    let mut db = club.reader().await.unwrap();
    let (mut number, mut wrong) = (0, Vec::new());
    for sql in query::all_known() {
        number += 1;
        let explain = query::known(format!("EXPLAIN QUERY PLAN {sql}"));
        let plan = db.all(explain, &[], |row| row.text(3).map(str::to_owned)).await.unwrap();
        let is_slow = |step: &String| {
            step.starts_with("SCAN ") && !step.contains(" INDEX ") && !is_whole(sql)
        };
        let sorts = plan.iter().any(|step| step.contains("TEMP B-TREE FOR ORDER BY"));
        if plan.iter().any(is_slow) || (sorts && !is_few(sql)) {
            wrong.push(format!("{sql}\n    {}", plan.join("\n    ")));
        }
    }
    assert!(number > 100, "{number} statements");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The first page of all rows, or of all but those removed or without files, begins with the first row there is. A
/// sum is read through.
fn is_whole(sql: &str) -> bool {
    let most = [
        "(state <> 'removed') ORDER",
        "(removed = 0) ORDER",
        "(goods.item IS NULL)",
        "sum(",
        "journal ORDER",
    ];
    most.into_iter().any(|most| sql.contains(most)) || !sql.contains(" WHERE ")
}

/// The rows of one member, item, word or page are sorted.
fn is_few(sql: &str) -> bool {
    let few = ["member = $", "item = $", " IN (SELECT ", "sign_in_attempt"];
    few.into_iter().any(|few| sql.contains(few))
}

async fn ask_for_all(club: &Club, page: &PageRequest) {
    let text = |text: &str| Some(text.to_owned());
    let (ada, reel) = (MemberId::new(1), Some(ItemId(1)));
    let any = MemberFilter::default;
    for filter in [
        any(),
        MemberFilter { search: text("ada"), ..any() },
        MemberFilter { search: text("ada@"), ..any() },
        MemberFilter { search: text("7"), ..any() },
        MemberFilter { tier: text("fan"), ..any() },
        MemberFilter { state: Some(MemberState::Suspended), ..any() },
        MemberFilter { state: Some(MemberState::Active), tier: text("fan"), ..any() },
    ] {
        club.list_members(&filter, page).await.unwrap();
    }
    let any = ItemFilter::default;
    for filter in [
        any(),
        ItemFilter { search: text("reel"), ..any() },
        ItemFilter { search: text("reel the"), ..any() },
        ItemFilter { search: text("7"), ..any() },
        ItemFilter { search: Some("ab".repeat(20)), ..any() },
        ItemFilter { policy: text("free"), ..any() },
        ItemFilter { visibility: Some(Visibility::Draft), ..any() },
        ItemFilter { state: Some(ItemState::Broken), ..any() },
        ItemFilter { state: Some(ItemState::Unpublished), ..any() },
    ] {
        club.list_items(&filter, page).await.unwrap();
    }
    let any = OrderFilter::default;
    let states = [
        OrderState::Cancelled,
        OrderState::Disputed,
        OrderState::Paid,
        OrderState::PartlyRefunded,
        OrderState::Pending,
        OrderState::Refunded,
    ];
    let states = states.map(|state| OrderFilter { state: Some(state), ..any() });
    for filter in states.into_iter().chain([
        any(),
        OrderFilter { search: text("pi_1"), ..any() },
        OrderFilter { search: text("ada@example.org"), ..any() },
        OrderFilter { search: text("7"), ..any() },
        OrderFilter { member: ada, ..any() },
        OrderFilter { item: reel, ..any() },
        OrderFilter { from: Some(1), ..any() },
        OrderFilter { from: Some(1), until: Some(2), member: ada, ..any() },
    ]) {
        club.list_orders(&filter, page).await.unwrap();
    }
    let any = CheckoutFilter::default;
    for filter in [
        any(),
        CheckoutFilter { search: text("pi_1"), ..any() },
        CheckoutFilter { member: ada, ..any() },
        CheckoutFilter { item: reel, ..any() },
        CheckoutFilter { from: Some(1), until: Some(2), ..any() },
    ] {
        club.list_checkouts(&filter, page).await.unwrap();
    }
    let any = DeliveryFilter::default;
    for filter in [
        any(),
        DeliveryFilter { search: text("evt_1"), ..any() },
        DeliveryFilter { verdict: text("held"), ..any() },
        DeliveryFilter { checkout: Some(CheckoutId(1)), ..any() },
        DeliveryFilter { from: Some(1), until: Some(2), ..any() },
    ] {
        club.list_deliveries(&filter, page).await.unwrap();
    }
    let any = VoucherFilter::default();
    let states = VoucherState::ALL.map(|state| VoucherFilter { state: Some((state, 1)), ..any });
    for filter in states.into_iter().chain([
        any,
        VoucherFilter { batch: Some(EntryId(1)), ..any },
        VoucherFilter { member: ada, ..any },
    ]) {
        club.list_vouchers(&filter, page).await.unwrap();
    }
    club.list_discounts(None, page).await.unwrap();
    let any = EntryFilter::default;
    for filter in [
        any(),
        EntryFilter { key: text("k"), ..any() },
        EntryFilter { member: ada, ..any() },
        EntryFilter { from: Some(1), until: Some(2), ..any() },
    ] {
        club.list_entries(&filter, page).await.unwrap();
    }
    let any = RewardFilter::default();
    for filter in [
        any,
        RewardFilter { member: ada, ..any },
        RewardFilter { item: reel, ..any },
        RewardFilter { state: Some(RewardState::Pending), ..any },
        RewardFilter { state: Some(RewardState::Reversed), ..any },
    ] {
        club.list_rewards(&filter, page).await.unwrap();
    }
    let any = AuditFilter::default;
    for filter in [
        any(),
        AuditFilter { member: ada, ..any() },
        AuditFilter { item: reel, ..any() },
        AuditFilter { who: text("bob"), ..any() },
        AuditFilter { what: text("member.add"), ..any() },
        AuditFilter { from: Some(1), until: Some(2), ..any() },
        AuditFilter { from: Some(1), member: ada, ..any() },
    ] {
        club.list_audit(&filter, page).await.unwrap();
    }
    let any = AlertFilter::default();
    for filter in [
        any,
        AlertFilter { open: Some(true), ..any },
        AlertFilter { kind: Some(AlertKind::Leak), ..any },
        AlertFilter { member: ada, ..any },
        AlertFilter { item: reel, ..any },
    ] {
        club.list_alerts(&filter, page).await.unwrap();
    }
    let any = QueueFilter::default;
    for filter in [
        any(),
        QueueFilter { state: Some(MailState::Failed), ..any() },
        QueueFilter { to: text("ada@example.org"), ..any() },
        QueueFilter { member: ada, ..any() },
    ] {
        club.list_mail(&filter, page).await.unwrap();
    }
    let ada = ada.unwrap();
    club.list_rights(RightsOf::Item(ItemId(1)), page).await.unwrap();
    club.list_rights(RightsOf::Member(ada), page).await.unwrap();
    club.list_sign_ins(Subject::Member(ada), 1, page).await.unwrap();
    club.list_sign_in_attempts(None, page).await.unwrap();
    club.list_traffic(ada, page).await.unwrap();
}
