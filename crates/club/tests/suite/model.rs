//! Any requests in any order, each of which may come again, against a model in a few lines.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::sync::Arc;

use club::{Balance, DeliveryMethod, EntryId, OrderId, Store};
use policy::{ItemId, MemberId, MemberState, Right};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use tokio::runtime::Handle;
use tokio::task::block_in_place;

use super::money::{check_sound, priced, stripe, usd};
use super::{House, stamp};

pub(crate) async fn the_books_are_those_of_a_simple_model(store: Arc<dyn Store>) {
    check_cases(store, 200).await;
}

/// So many cases, each with members of its own in the same books.
pub(crate) async fn check_cases(store: Arc<dyn Store>, cases: u32) {
    let house = House::open(store).await;
    priced(&house).await;
    let config = Config { cases, failure_persistence: None, ..Config::default() };
    let case = Cell::new(0);
    let outcome = TestRunner::new(config).run(&requests(), |requests| {
        case.set(case.get() + 1);
        block_in_place(|| Handle::current().block_on(check(&house, case.get(), &requests)));
        Ok(())
    });
    assert_eq!(outcome, Ok(()));
    check_sound(&house).await;
}

/// What is asked for; top-ups, orders and requests are counted from the first of a case, round.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Request {
    Again { request: usize },
    Buy { member: usize, item: usize, method: DeliveryMethod },
    Dispute { topup: usize },
    Refund { order: usize, part: Option<i64> },
    RefundTopup { topup: usize, part: Option<i64> },
    Topup { member: usize, minor: i64 },
}

fn requests() -> impl Strategy<Value = Vec<Request>> {
    let method = prop_oneof![Just(DeliveryMethod::Direct), Just(DeliveryMethod::Torrent)];
    let part = || prop_oneof![2 => Just(None), 1 => (1i64..400).prop_map(Some)];
    let request = prop_oneof![
        2 => (0usize..40).prop_map(|request| Request::Again { request }),
        5 => (0usize..2, 0usize..2, method)
            .prop_map(|(member, item, method)| Request::Buy { member, item, method }),
        1 => (0usize..8).prop_map(|topup| Request::Dispute { topup }),
        3 => (0usize..8, part()).prop_map(|(order, part)| Request::Refund { order, part }),
        1 => (0usize..8, part()).prop_map(|(topup, part)| Request::RefundTopup { topup, part }),
        4 => (0usize..2, 1i64..1500).prop_map(|(member, minor)| Request::Topup { member, minor }),
    ];
    proptest::collection::vec(request, 0..24)
}

#[derive(Default)]
struct Model {
    members: [Account; 2],
    topups: Vec<(EntryId, Paid)>,
    orders: Vec<(OrderId, Paid, ItemPlace)>,
}

type ItemPlace = (usize, DeliveryMethod);

#[derive(Default)]
struct Account {
    prepaid: i64,
    owed: i64,
    suspended: bool,
}

struct Paid {
    member: usize,
    left: i64,
}

impl Account {
    fn gain(&mut self, minor: i64) {
        let debt = self.owed.min(minor);
        self.owed -= debt;
        self.prepaid += minor - debt;
    }

    fn lose(&mut self, minor: i64) {
        let spent = (minor - self.prepaid).max(0);
        self.owed += spent;
        self.prepaid -= minor - spent;
    }
}

impl Model {
    fn has_bought(&self, member: usize, place: ItemPlace) -> bool {
        let is_live = |(_, paid, at): &(OrderId, Paid, ItemPlace)| {
            // The direct download includes the torrent.
            let is_it = *at == place || *at == (place.0, DeliveryMethod::Direct);
            paid.member == member && is_it && paid.left > 0
        };
        self.orders.iter().any(is_live)
    }

    /// Whether a request is granted, and what it changes but for what is new.
    fn apply(&mut self, request: Request) -> bool {
        match request {
            Request::Again { .. } => false,
            Request::Topup { member, minor } => {
                self.members[member].gain(minor);
                true
            }
            Request::Buy { member, item, method } => {
                let bought = self.has_bought(member, (item, method));
                let account = &mut self.members[member];
                let granted =
                    !bought && !account.suspended && account.prepaid >= price(item, method);
                account.prepaid -= if granted { price(item, method) } else { 0 };
                granted
            }
            Request::Refund { order, part } => {
                let paid = &mut self.orders[order].1;
                let Some(minor) = paid.take(part) else { return false };
                self.members[paid.member].gain(minor);
                true
            }
            Request::RefundTopup { topup, part } => {
                let paid = &mut self.topups[topup].1;
                let Some(minor) = paid.take(part) else { return false };
                self.members[paid.member].lose(minor);
                true
            }
            Request::Dispute { topup } => {
                let paid = &mut self.topups[topup].1;
                let minor = paid.take(None).unwrap_or(0);
                self.members[paid.member].lose(minor);
                self.members[paid.member].suspended = true;
                true
            }
        }
    }
}

impl Paid {
    fn take(&mut self, part: Option<i64>) -> Option<i64> {
        let minor = part.unwrap_or(self.left);
        if self.left == 0 || minor > self.left {
            return None;
        }
        self.left -= minor;
        Some(minor)
    }
}

fn price(item: usize, method: DeliveryMethod) -> i64 {
    match (item, method) {
        (0, DeliveryMethod::Torrent) => 225,
        (0, DeliveryMethod::Direct) => 300,
        _ => 800,
    }
}

async fn check(house: &House, case: u32, requests: &[Request]) {
    let names = [0, 1].map(|place| format!("member-{case}-{place}"));
    let ids = [house.add_member(&names[0]).await, house.add_member(&names[1]).await];
    let mut model = Model::default();
    let mut asked: BTreeMap<String, (Request, bool)> = BTreeMap::new();
    for (number, request) in requests.iter().enumerate() {
        let Some((key, request)) = resolve(*request, case, number, &model, &asked) else {
            continue;
        };
        let answered = asked.get(&key).is_some_and(|(_, granted)| *granted);
        let expected = answered || model.apply(request);
        let granted = ask(house, &key, request, &names, &mut model, answered).await;
        assert_eq!(granted, expected, "{request:?}");
        asked.insert(key, (request, granted));
        for place in [0, 1] {
            check_member(house, ids[place], &names[place], &model, place).await;
        }
    }
}

/// The request with its key, where what it is about is there.
fn resolve(
    request: Request,
    case: u32,
    number: usize,
    model: &Model,
    asked: &BTreeMap<String, (Request, bool)>,
) -> Option<(String, Request)> {
    let (topups, orders) = (model.topups.len(), model.orders.len());
    let request = match request {
        Request::Again { request } => {
            let (key, (request, _)) = asked.iter().nth(request.checked_rem(asked.len())?)?;
            return Some((key.clone(), *request));
        }
        Request::Dispute { topup } => Request::Dispute { topup: topup.checked_rem(topups)? },
        Request::Refund { order, part } => {
            Request::Refund { order: order.checked_rem(orders)?, part }
        }
        Request::RefundTopup { topup, part } => {
            Request::RefundTopup { topup: topup.checked_rem(topups)?, part }
        }
        other => other,
    };
    Some((format!("{case}:{number}"), request))
}

async fn ask(
    house: &House,
    key: &str,
    request: Request,
    names: &[String; 2],
    model: &mut Model,
    answered: bool,
) -> bool {
    let (club, stamp) = (&house.club, stamp());
    match request {
        Request::Again { .. } => false,
        Request::Topup { member, minor } => {
            let entry = club.topup(&stamp, key, stripe(&names[member], minor)).await.unwrap();
            if !answered {
                model.topups.push((entry.id, Paid { member, left: minor }));
            }
            true
        }
        Request::Buy { member, item, method } => {
            let name = ["reel-1", "reel-2"][item];
            let Ok(order) = club.buy(&stamp, key, &names[member], name, method).await else {
                return false;
            };
            if !answered {
                let paid = Paid { member, left: price(item, method) };
                model.orders.push((order.id, paid, (item, method)));
            }
            true
        }
        Request::Refund { order, part } => {
            let order = model.orders[order].0;
            club.refund(&stamp, key, order, part.map(usd)).await.is_ok()
        }
        Request::RefundTopup { topup, part } => {
            let topup = model.topups[topup].0;
            club.refund_topup(&stamp, key, topup, part.map(usd)).await.is_ok()
        }
        Request::Dispute { topup } => {
            club.chargeback(&stamp, key, model.topups[topup].0, None).await.is_ok()
        }
    }
}

async fn check_member(house: &House, id: MemberId, name: &str, model: &Model, place: usize) {
    let account = &model.members[place];
    let balances = house.club.balance(name).await.unwrap();
    let expected =
        Balance { prepaid: usd(account.prepaid), credit: usd(0), owed: usd(account.owed) };
    let nothing = Balance { prepaid: usd(0), credit: usd(0), owed: usd(0) };
    assert_eq!(balances.first().unwrap_or(&nothing), &expected);
    assert_eq!(house.standing(id).state == MemberState::Suspended, account.suspended);
    for (item, item_id) in [(0, ItemId(1)), (1, ItemId(2))] {
        let bought = [DeliveryMethod::Direct, DeliveryMethod::Torrent]
            .map(|method| model.has_bought(place, (item, method)));
        let right = house.right(item_id, id).is_some_and(|right| right.until > Right::REFUNDED);
        assert_eq!(right, bought.contains(&true));
    }
}
