//! Lists come in pages, each row that stays exactly once, and are narrowed as filters say.

use std::cell::Cell;
use std::collections::BTreeSet;
use std::sync::Arc;

use club::{
    AlertFilter, AuditFilter, Buyer, CheckoutFilter, DeliveryFilter, DeliveryMethod, Details,
    Email, EntryFilter, Error, Fault, ItemFilter, ItemState, Listed, MailText, MemberFilter,
    NewCheckout, NewDiscount, NewMember, NewVouchers, Off, OrderFilter, OrderState, PageRequest,
    ProductRequest, QueueFilter, RewardFilter, RightsOf, Stamp, Store, Subject, Visibility,
    VoucherFilter, VoucherState, Worth,
};
use policy::{ItemId, MemberId, MemberState};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use tokio::runtime::Handle;
use tokio::task::block_in_place;

use super::money::{priced, stripe, usd};
use super::{House, NOW, check_refused, new_item, stamp};

/// What happens while somebody reads a list of members page by page.
#[derive(Clone, Debug, PartialEq)]
struct Reading {
    by_name: bool,
    newest: bool,
    before: u32,
    steps: Vec<Step>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Step {
    Add,
    Page { limit: u32 },
    Remove { place: usize },
}

fn readings() -> impl Strategy<Value = Reading> {
    let step = prop_oneof![
        2 => Just(Step::Add),
        4 => (1u32..5).prop_map(|limit| Step::Page { limit }),
        2 => (0usize..12).prop_map(|place| Step::Remove { place }),
    ];
    let steps = proptest::collection::vec(step, 0..20);
    (any::<bool>(), any::<bool>(), 0u32..12, steps)
        .prop_map(|(by_name, newest, before, steps)| Reading { by_name, newest, before, steps })
}

pub(crate) async fn each_row_that_stays_is_on_one_page(store: Arc<dyn Store>) {
    let house = House::open(store).await;
    let config = Config { cases: 60, failure_persistence: None, ..Config::default() };
    let case = Cell::new(0);
    let outcome = TestRunner::new(config).run(&readings(), |reading| {
        case.set(case.get() + 1);
        block_in_place(|| Handle::current().block_on(check_reading(&house, case.get(), &reading)));
        Ok(())
    });
    assert_eq!(outcome, Ok(()));
}

async fn check_reading(house: &House, case: u32, reading: &Reading) {
    // Each case has members of its own: names that no other begins with, in a tier.
    let name = |number: u32| {
        // The order of names is not that of ids, and either case counts.
        let letter = ["m", "B", "c"][usize::try_from(number).unwrap() % 3];
        format!("x{case}-{letter}{number}")
    };
    let mut all = Vec::new();
    let add = async |all: &mut Vec<(MemberId, String)>| {
        let name = name(u32::try_from(all.len()).unwrap());
        let new = NewMember { name: name.clone(), tier: "patron".to_owned(), tier_until: None };
        all.push((house.club.add_member(&stamp(), new).await.unwrap().id, name));
    };
    for _ in 0..reading.before {
        add(&mut all).await;
    }
    let mut staying: BTreeSet<MemberId> = all.iter().map(|(id, _)| *id).collect();
    let filter = MemberFilter {
        search: reading.by_name.then(|| format!("X{case}-")),
        tier: Some("patron".to_owned()),
        state: Some(MemberState::Active),
    };
    let mut page = PageRequest { newest: reading.newest, ..PageRequest::default() };
    let mut seen = Vec::new();
    let mut is_over = false;
    let steps = reading.steps.iter().copied().chain(std::iter::repeat(Step::Page { limit: 3 }));
    for step in steps {
        match step {
            Step::Add if !is_over => add(&mut all).await,
            Step::Remove { place } => {
                if let Some((id, _)) =
                    all.get(place).filter(|(id, _)| !is_over && staying.remove(id))
                {
                    house.club.remove_member(&stamp(), &id.to_string()).await.unwrap();
                }
            }
            Step::Page { limit } if !is_over => {
                page.limit = limit;
                let found = house.club.list_members(&filter, &page).await.unwrap();
                assert!(found.rows.len() <= usize::try_from(limit).unwrap());
                seen.extend(
                    found
                        .rows
                        .into_iter()
                        .filter(|member| all.iter().any(|(id, _)| *id == member.id)),
                );
                is_over = found.next.is_none();
                page.after = found.next;
            }
            Step::Add | Step::Page { .. } => {}
        }
        if is_over {
            break;
        }
    }
    let mut keys: Vec<_> = seen
        .iter()
        .map(|member| {
            let name = if reading.by_name { member.name.to_lowercase() } else { String::new() };
            (name, member.id)
        })
        .collect();
    if reading.newest {
        keys.reverse();
    }
    assert!(keys.is_sorted() && keys.windows(2).all(|pair| pair[0] != pair[1]), "{reading:?}");
    let seen: BTreeSet<MemberId> = seen.iter().map(|member| member.id).collect();
    assert!(staying.is_subset(&seen), "{reading:?}");
    for (id, _) in all {
        house.club.remove_member(&stamp(), &id.to_string()).await.ok();
    }
}

pub(crate) async fn a_wrong_cursor_is_refused_by_every_list(store: Arc<dyn Store>) {
    let (house, ada, reel) = stocked(store).await;
    let club = &house.club;
    let first = PageRequest { limit: 1, ..PageRequest::default() };
    let members = club.list_members(&MemberFilter::default(), &first).await.unwrap().next.unwrap();
    let changes = club.list_audit(&AuditFilter::default(), &first).await.unwrap().next.unwrap();
    let timed = AuditFilter { from: Some(1), ..AuditFilter::default() };
    let by_time = club.list_audit(&timed, &first).await.unwrap().next.unwrap();
    let texts = ["", "17", "\0", "%", "WyJtZW1iZXJzIixmYWxzZSxbMV1d", &members, &changes, &by_time];
    for text in texts {
        let page = PageRequest { after: Some(text.to_owned()), ..first.clone() };
        let mut refused = vec![
            club.list_alerts(&AlertFilter::default(), &page).await.map(count),
            club.list_checkouts(&CheckoutFilter::default(), &page).await.map(count),
            club.list_deliveries(&DeliveryFilter::default(), &page).await.map(count),
            club.list_discounts(None, &page).await.map(count),
            club.list_entries(&EntryFilter::default(), &page).await.map(count),
            club.list_items(&ItemFilter::default(), &page).await.map(count),
            club.list_mail(&QueueFilter::default(), &page).await.map(count),
            club.list_orders(&OrderFilter::default(), &page).await.map(count),
            club.list_rewards(&RewardFilter::default(), &page).await.map(count),
            club.list_rights(RightsOf::Item(reel), &page).await.map(count),
            club.list_rights(RightsOf::Member(ada), &page).await.map(count),
            club.list_sign_ins(Subject::Member(ada), NOW, &page).await.map(count),
            club.list_sign_in_attempts(None, &page).await.map(count),
            club.list_statement(ada, &page).await.map(count),
            club.list_traffic(ada, &page).await.map(count),
            club.list_vouchers(&VoucherFilter::default(), &page).await.map(count),
        ];
        if !text.starts_with(&members[..20]) {
            refused.push(club.list_members(&MemberFilter::default(), &page).await.map(count));
        }
        if text != changes {
            refused.push(club.list_audit(&AuditFilter::default(), &page).await.map(count));
        }
        for refused in refused {
            let text = format!(
                "{text:?} is not the end of a page in this order: begin with the first page"
            );
            check_refused(refused, Fault::Request, &text);
        }
    }
    // The other way round is another order.
    let page = PageRequest { after: Some(members.clone()), newest: true, limit: 1 };
    let refused = club.list_members(&MemberFilter::default(), &page).await;
    assert!(matches!(refused, Err(Error::PageEnd(_))));
    let page = PageRequest { after: Some(members), ..first };
    let second = club.list_members(&MemberFilter::default(), &page).await.unwrap();
    assert_eq!(second.rows[0].name, "bob");
}

fn count<T>(listed: Listed<T>) -> usize {
    listed.rows.len()
}

pub(crate) async fn a_page_has_one_to_a_thousand_rows(store: Arc<dyn Store>) {
    let (house, ..) = stocked(store).await;
    let filter = MemberFilter::default();
    for (limit, expected) in [(0, 1), (1, 1), (2, 2), (3, 2), (u32::MAX, 2)] {
        let page = PageRequest { limit, ..PageRequest::default() };
        let found = house.club.list_members(&filter, &page).await.unwrap();
        assert_eq!((found.rows.len(), found.next.is_some()), (expected, expected < 2), "{limit}");
    }
}

pub(crate) async fn members_are_found_by_name_address_tier_and_state(store: Arc<dyn Store>) {
    let house = House::open(store).await;
    let club = &house.club;
    for (name, tier) in [("Adam", "fan"), ("ada", "patron"), ("bob", "fan"), ("ada_b", "fan")] {
        let new = NewMember { name: name.to_owned(), tier: tier.to_owned(), tier_until: None };
        club.add_member(&stamp(), new).await.unwrap();
    }
    let address = Email::parse("Ada@Example.org").unwrap();
    club.set_email(&stamp(), "bob", Some(address), MailText::default()).await.unwrap();
    club.suspend(&stamp(), "ada_b").await.unwrap();
    club.remove_member(&stamp(), "Adam").await.unwrap();

    let check = async |search: &str, tier: &str, state, expected: &[&str]| {
        let some = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
        let filter = MemberFilter { search: some(search), tier: some(tier), state };
        let found = club.list_members(&filter, &PageRequest::default()).await.unwrap();
        let names: Vec<_> = found.rows.iter().map(|member| member.name.as_str()).collect();
        assert_eq!(names, expected, "{filter:?}");
    };
    let [active, removed, suspended] =
        [MemberState::Active, MemberState::Removed, MemberState::Suspended].map(Some);
    check("", "", None, &["ada", "bob", "ada_b"]).await;
    check("AD", "", None, &["ada", "ada_b"]).await;
    check("ada_", "", None, &["ada_b"]).await;
    check("%", "", None, &[]).await;
    check("ad", "", removed, &["Adam"]).await;
    check("ad", "fan", None, &["ada_b"]).await;
    check("", "fan", active, &["bob"]).await;
    check("", "", suspended, &["ada_b"]).await;
    check("", "king", None, &[]).await;
    check("ada@", "", None, &["bob"]).await;
    check("ADA@example.org", "", None, &["bob"]).await;
    check("ada@other", "", None, &[]).await;
    check("3", "", None, &["bob"]).await;
    check("3", "patron", None, &[]).await;
    check("4294967296", "", None, &[]).await;
    check("\0", "", None, &[]).await;
}

pub(crate) async fn items_are_found_by_words_id_and_info_hash(store: Arc<dyn Store>) {
    let house = House::open(store).await;
    let club = &house.club;
    let texts = [("reel-1", "The Äpfel of 2001"), ("reel-2", "Big Buck"), ("gone", "Big Apple")];
    for (number, (name, title)) in (1u8..).zip(texts) {
        let new = club::NewItem { title: title.to_owned(), ..new_item(name, &[number]) };
        club.add_item(&stamp(), new).await.unwrap();
    }
    let check = async |search: &str, expected: &[&str]| {
        let filter = ItemFilter { search: Some(search.to_owned()), ..ItemFilter::default() };
        let found = club.list_items(&filter, &PageRequest::default()).await.unwrap();
        let names: Vec<_> = found.rows.iter().map(|item| item.name.as_str()).collect();
        assert_eq!(names, expected, "{search}");
    };
    check("big", &["reel-2", "gone"]).await;
    club.remove_item(&stamp(), "gone").await.unwrap();
    check("", &["reel-1", "reel-2"]).await;
    check("  ", &["reel-1", "reel-2"]).await;
    check("big", &["reel-2"]).await;
    check("REEL", &["reel-1", "reel-2"]).await;
    check("reel buck", &["reel-2"]).await;
    check("apf", &["reel-1"]).await;
    check("uck", &[]).await;
    check("---", &[]).await;
    check("2", &["reel-1", "reel-2"]).await;
    check("2001", &["reel-1"]).await;
    check("0", &[]).await;
    check(&"01".repeat(20), &["reel-1"]).await;
    check(&"03".repeat(20), &[]).await;
    let details = Details { title: Some("Small Hare".to_owned()), ..Details::default() };
    club.describe(&stamp(), "reel-2", details).await.unwrap();
    check("buck", &[]).await;
    check("hare", &["reel-2"]).await;

    club.set_policy(&stamp(), "reel-2", "club").await.unwrap();
    let draft = Details { visibility: Some(Visibility::Draft), ..Details::default() };
    club.describe(&stamp(), "reel-1", draft).await.unwrap();
    let check = async |filter: ItemFilter, expected: &[&str]| {
        let found = club.list_items(&filter, &PageRequest::default()).await.unwrap();
        let names: Vec<_> = found.rows.iter().map(|item| item.name.as_str()).collect();
        assert_eq!(names, expected, "{filter:?}");
    };
    let any = ItemFilter::default();
    check(ItemFilter { policy: Some("club".to_owned()), ..any.clone() }, &["reel-2"]).await;
    check(ItemFilter { visibility: Some(Visibility::Draft), ..any.clone() }, &["reel-1"]).await;
    for state in ItemState::ALL {
        let is_it = state == ItemState::Tracked;
        let expected: &[_] = if is_it { &["reel-1", "reel-2"] } else { &[] };
        check(ItemFilter { state: Some(state), ..any.clone() }, expected).await;
    }
}

pub(crate) async fn orders_are_found_by_state_buyer_item_time_and_provider(store: Arc<dyn Store>) {
    let (house, ada, reel) = stocked(store).await;
    let club = &house.club;
    let later = Stamp { now_unix: NOW + 60, ..stamp() };
    club.topup(&stamp(), "T", stripe("ada", 9000)).await.unwrap();
    let torrent = DeliveryMethod::Torrent;
    let paid = club.buy(&stamp(), "1", "ada", "reel-1", torrent).await.unwrap();
    let part = club.buy(&later, "2", "ada", "reel-2", torrent).await.unwrap();
    club.refund(&later, "3", part.id, Some(usd(100))).await.unwrap();
    let back = club.buy(&later, "4", "ada", "reel-1", DeliveryMethod::Direct).await.unwrap();
    club.refund(&later, "5", back.id, None).await.unwrap();
    let wanted = ProductRequest::Item { item: "reel-1".to_owned(), method: torrent };
    let new = NewCheckout {
        provider: "stripe".to_owned(),
        member: "bob".to_owned(),
        product: wanted.clone(),
    };
    let pending = club.make_checkout(&stamp(), "6", new).await.unwrap();
    club.set_session(pending.id, "cs_test_1", "https://pay").await.unwrap();
    let buyer = Buyer::Visitor(Email::parse("eve@example.org").unwrap());
    let order = club::NewOrder {
        buyer,
        product: wanted,
        pay: None,
        discount: None,
        consent: true,
        gift: false,
        seen: None,
    };
    let visitor = club.place_order(&later, "7", order).await.unwrap();
    club.cancel_order(&later, visitor.id).await.unwrap();

    let all = [paid.id, part.id, back.id, pending.order.id, visitor.id];
    let check = async |filter: OrderFilter, expected: &[club::OrderId]| {
        for newest in [false, true] {
            let page = PageRequest { newest, ..PageRequest::default() };
            let mut found = club.list_orders(&filter, &page).await.unwrap();
            if newest {
                found.rows.reverse();
            }
            let mut ids: Vec<_> = found.rows.iter().map(|order| order.id.0).collect();
            ids.sort_unstable();
            let expected: Vec<_> = expected.iter().map(|id| id.0).collect();
            assert_eq!(ids, expected, "{filter:?}");
        }
    };
    let any = OrderFilter::default;
    check(any(), &all).await;
    for (state, expected) in [
        (OrderState::Paid, paid.id),
        (OrderState::PartlyRefunded, part.id),
        (OrderState::Refunded, back.id),
        (OrderState::Pending, pending.order.id),
        (OrderState::Cancelled, visitor.id),
    ] {
        assert_eq!(club.order(expected).await.unwrap().state(), state);
        check(OrderFilter { state: Some(state), ..any() }, &[expected]).await;
    }
    check(OrderFilter { state: Some(OrderState::Disputed), ..any() }, &[]).await;
    check(OrderFilter { member: Some(ada), ..any() }, &all[..3]).await;
    let reels = [paid.id, back.id, pending.order.id, visitor.id];
    check(OrderFilter { item: Some(reel), ..any() }, &reels).await;
    check(OrderFilter { from: Some(NOW + 1), ..any() }, &[part.id, back.id, visitor.id]).await;
    check(OrderFilter { until: Some(NOW + 60), ..any() }, &[paid.id, pending.order.id]).await;
    let found = |text: &str| OrderFilter { search: Some(text.to_owned()), ..any() };
    check(found("eve@Example.org"), &[visitor.id]).await;
    check(found("cs_test_1"), &[pending.order.id]).await;
    check(found("cs_test"), &[]).await;
    check(found(&pending.reference), &[pending.order.id]).await;
    check(found(&paid.token), &[paid.id]).await;
    check(found(&paid.id.0.to_string()), &[paid.id]).await;

    let checkouts = async |filter: CheckoutFilter, expected: usize| {
        let found = club.list_checkouts(&filter, &PageRequest::default()).await.unwrap();
        assert_eq!(found.rows.len(), expected, "{filter:?}");
    };
    let any = CheckoutFilter::default;
    checkouts(any(), 1).await;
    checkouts(CheckoutFilter { search: Some("cs_test_1".to_owned()), ..any() }, 1).await;
    checkouts(CheckoutFilter { search: Some("cs_test".to_owned()), ..any() }, 0).await;
    checkouts(CheckoutFilter { member: Some(ada), ..any() }, 0).await;
    checkouts(CheckoutFilter { item: Some(reel), from: Some(NOW), ..any() }, 1).await;
    checkouts(CheckoutFilter { until: Some(NOW), ..any() }, 0).await;
    checkouts(CheckoutFilter { provider: Some("btcpay".to_owned()), ..any() }, 0).await;

    let entries = async |filter: EntryFilter| {
        let found = club.list_entries(&filter, &PageRequest::default()).await.unwrap();
        found.rows.iter().map(|entry| entry.key.clone()).collect::<Vec<_>>()
    };
    let any = EntryFilter::default;
    assert_eq!(entries(any()).await, ["T", "1", "2", "3", "4", "5"]);
    assert_eq!(entries(EntryFilter { key: Some("4".to_owned()), ..any() }).await, ["4"]);
    assert_eq!(entries(EntryFilter { until: Some(NOW + 1), ..any() }).await, ["T", "1"]);
    let of_kind = EntryFilter { kind: Some("topup".to_owned()), member: Some(ada), ..any() };
    assert_eq!(entries(of_kind).await, ["T"]);
    let page = PageRequest { limit: 2, newest: true, after: None };
    let last = club.list_entries(&any(), &page).await.unwrap();
    assert_eq!(last.rows.iter().map(|entry| &*entry.key).collect::<Vec<_>>(), ["5", "4"]);
    assert!(last.rows.iter().all(|entry| entry.postings.len() == 2));
    let page = PageRequest { limit: 4, ..PageRequest::default() };
    let lines = club.list_statement(ada, &page).await.unwrap();
    let rest = PageRequest { after: lines.next, ..PageRequest::default() };
    let rest = club.list_statement(ada, &rest).await.unwrap();
    let numbers = lines.rows.iter().chain(&rest.rows).map(|line| line.number);
    assert!(numbers.eq(1..=6) && rest.next.is_none());
}

pub(crate) async fn vouchers_are_found_by_state_and_batch(store: Arc<dyn Store>) {
    let (house, ada, _) = stocked(store).await;
    let club = &house.club;
    let issue = async |key: &str, count, expires| {
        let worth = Worth::Amount(usd(100));
        let new = NewVouchers { worth, count, expires, memo: String::new() };
        club.issue_vouchers(&stamp(), key, new).await.unwrap()
    };
    let first = issue("1", 2, None).await;
    let second = issue("2", 2, Some(NOW + 10)).await;
    club.redeem(&stamp(), &first[0].code.to_string(), "ada").await.unwrap();
    club.void_voucher(&stamp(), second[1].id).await.unwrap();
    let check = async |filter: VoucherFilter, expected: &[u32]| {
        let found = club.list_vouchers(&filter, &PageRequest::default()).await.unwrap();
        let ids: Vec<_> = found.rows.iter().map(|voucher| voucher.id.0).collect();
        assert_eq!(ids, expected, "{filter:?}");
        found.rows.first().map(|voucher| voucher.issue)
    };
    let any = VoucherFilter::default();
    let in_state = |state, at| VoucherFilter { state: Some((state, at)), ..any };
    let batch = check(any, &[1, 2, 3, 4]).await;
    check(VoucherFilter { batch, ..any }, &[1, 2]).await;
    check(in_state(VoucherState::Issued, NOW), &[2, 3]).await;
    check(in_state(VoucherState::Issued, NOW + 10), &[2]).await;
    check(in_state(VoucherState::Expired, NOW + 10), &[3]).await;
    check(in_state(VoucherState::Redeemed, NOW), &[1]).await;
    check(in_state(VoucherState::Void, NOW), &[4]).await;
    check(VoucherFilter { member: Some(ada), ..any }, &[1]).await;

    for (code, item) in [("B", None), ("A", Some("reel-1".to_owned())), ("C", None)] {
        let off = Off::Percent(10);
        let new = NewDiscount { code: code.to_owned(), off, item, until: None, most: None };
        club.add_discount(&stamp(), new).await.unwrap();
    }
    let mut page = PageRequest { limit: 2, ..PageRequest::default() };
    let mut codes = Vec::new();
    loop {
        let found = club.list_discounts(None, &page).await.unwrap();
        codes.extend(found.rows.into_iter().map(|discount| discount.code));
        page.after = found.next;
        if page.after.is_none() {
            break;
        }
    }
    assert_eq!(codes, ["A", "B", "C"]);
    let of_item = club.list_discounts(Some(ItemId(1)), &PageRequest::default()).await.unwrap();
    assert_eq!(of_item.rows.len(), 1);
}

pub(crate) async fn the_record_is_narrowed_by_who_what_whom_and_when(store: Arc<dyn Store>) {
    let (house, ada, reel) = stocked(store).await;
    let club = &house.club;
    let bob = Stamp { who: "bob".to_owned(), now_unix: NOW + 60 };
    club.set_tier(&bob, "ada", "patron", None).await.unwrap();
    club.set_policy(&bob, "reel-1", "club").await.unwrap();
    let whats = async |filter: AuditFilter| {
        let found = club.list_audit(&filter, &PageRequest::default()).await.unwrap();
        found.rows.iter().map(|row| row.what.clone()).collect::<Vec<_>>()
    };
    let any = AuditFilter::default;
    let text = |text: &str| Some(text.to_owned());
    assert_eq!(whats(any()).await.len(), 8);
    assert_eq!(
        whats(AuditFilter { who: text("bob"), ..any() }).await,
        ["member.tier", "item.policy"]
    );
    let of_ada = AuditFilter { member: Some(ada), ..any() };
    assert_eq!(whats(of_ada.clone()).await, ["member.add", "member.tier"]);
    let of_reel = whats(AuditFilter { item: Some(reel), ..any() }).await;
    assert_eq!(of_reel, ["item.add", "item.prices", "item.policy"]);
    assert_eq!(whats(AuditFilter { what: text("item.policy"), ..any() }).await, ["item.policy"]);
    assert_eq!(whats(AuditFilter { what: text("member.add"), ..any() }).await.len(), 2);
    assert_eq!(whats(AuditFilter { what: text("member"), ..any() }).await.len(), 0);
    assert_eq!(whats(AuditFilter { from: Some(NOW + 1), ..of_ada.clone() }).await, ["member.tier"]);
    assert_eq!(whats(AuditFilter { until: Some(NOW + 1), ..of_ada }).await, ["member.add"]);
    let found = club.list_rights(RightsOf::Member(ada), &PageRequest::default()).await.unwrap();
    assert_eq!(found.rows.len(), 0);
    club.grant(&stamp(), "ada", "all", None, "grant").await.unwrap();
    club.grant(&stamp(), "ada", "reel-1", None, "grant").await.unwrap();
    let page = PageRequest { limit: 1, ..PageRequest::default() };
    let first = club.list_rights(RightsOf::Member(ada), &page).await.unwrap();
    let page = PageRequest { after: first.next, ..page };
    let second = club.list_rights(RightsOf::Member(ada), &page).await.unwrap();
    assert_eq!((first.rows[0].item, second.rows[0].item), (ItemId::ANY, reel));
    assert_eq!(second.next, None);
    let of_item = club.list_rights(RightsOf::Item(reel), &PageRequest::default()).await.unwrap();
    assert_eq!(of_item.rows, second.rows);
}

/// A house with two members and two items for sale.
async fn stocked(store: Arc<dyn Store>) -> (House, MemberId, ItemId) {
    let house = House::open(store).await;
    let ada = house.add_member("ada").await;
    house.add_member("bob").await;
    let reel = priced(&house).await;
    (house, ada, reel)
}
