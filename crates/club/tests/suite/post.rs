//! Mail about orders: receipts, refunds, and the links of a member's orders.

use std::sync::Arc;

use club::provider::{Dispute, Report};
use club::{
    Buyer, DeliveryMethod, Email, Fault, LinkKind, MailReport, MailState, MailText, Names,
    NewOrder, NewTopup, NewVouchers, OrderId, Outcome, Page, QueuedMail, Stamp, Store, Tried,
    Verdict, Worth,
};

use super::money::usd;
use super::payments::{checkout, hear, item, of, paid, stocked};
use super::{House, NOW, check_refused, names, stamp};

pub(crate) async fn an_order_has_one_receipt_in_whatever_order_its_events_come(
    store: Arc<dyn Store>,
) {
    let house = with_mail(store).await;
    let (first, second) =
        (checkout(&house, "1", item()).await, checkout(&house, "2", item()).await);
    assert!(waiting(&house).await.is_empty(), "nothing is paid");
    let report = || paid(&first, 300);
    // A dispute and a part that was paid back come before the payment, which comes three times.
    let part = || Report { refunded: Some(usd(100)), ..of("pi_1") };
    let won = || Report { dispute: Dispute::Won, ..of("pi_1") };
    for (key, report) in [("1", won()), ("2", part()), ("3", report()), ("3", report())] {
        hear(&house, key, report).await;
    }
    for (key, report) in [("4", report()), ("1", won()), ("2", part())] {
        hear(&house, key, report).await;
    }
    assert_eq!(waiting(&house).await, [to_ada("receipt 1")]);
    // One that can't be delivered has a receipt too: its money is in the balance.
    let again = Report { payment: "pi_2".to_owned(), ..paid(&second, 300) };
    assert_eq!(hear(&house, "5", again).await.0, Verdict::Held);
    assert_eq!(waiting(&house).await, [to_ada("receipt 1"), to_ada("receipt 2")]);
    let mail = mail(&house).await.remove(0);
    assert_eq!((mail.report, mail.link), (Some(MailReport::Receipt(OrderId(1))), None));
    assert_eq!(mail.text, MailText::default(), "it is written when it is sent");
}

pub(crate) async fn every_way_to_pay_has_a_receipt(store: Arc<dyn Store>) {
    let house = with_mail(store).await;
    let club = &house.club;
    house.add_item("film", &[9]).await;
    let prices = club::Prices { torrent: Some(usd(100)), ..club::Prices::default() };
    club.set_prices(&stamp(), "film", prices).await.unwrap();
    top_up(&house, "ada").await;
    club.buy(&stamp(), "b", "ada", "film", DeliveryMethod::Torrent).await.unwrap();
    club.buy(&stamp(), "b", "ada", "film", DeliveryMethod::Torrent).await.unwrap();
    assert_eq!(waiting(&house).await, [to_ada("receipt 1")]);

    let new = NewVouchers {
        worth: Worth::Amount(usd(300)),
        count: 1,
        expires: None,
        memo: String::new(),
    };
    let code = club.issue_vouchers(&stamp(), "v", new).await.unwrap().remove(0).code.to_string();
    let order = visitors("eve@example.org");
    club.buy_with_voucher(&stamp(), "k", order.clone(), &code).await.unwrap();
    club.buy_with_voucher(&stamp(), "k", order, &code).await.unwrap();
    let eves = ("eve@example.org".to_owned(), "receipt 2".to_owned());
    assert_eq!(waiting(&house).await, [to_ada("receipt 1"), eves]);

    // Who has no address gets none, and where no mail is sent nobody does.
    house.add_member("bob").await;
    top_up(&house, "bob").await;
    club.buy(&stamp(), "bob1", "bob", "film", DeliveryMethod::Torrent).await.unwrap();
    club.reload(names()).await.unwrap();
    club.place_order(&stamp(), "c", visitors("cleo@example.org")).await.unwrap();
    let made = club.add_checkout(&stamp(), "c", OrderId(4), "stripe").await.unwrap();
    hear(&house, "1", paid(&made, 300)).await;
    assert_eq!(waiting(&house).await.len(), 2);
}

pub(crate) async fn what_is_paid_back_is_mailed_and_a_dispute_is_not(store: Arc<dyn Store>) {
    let house = with_mail(store).await;
    let made = checkout(&house, "1", item()).await;
    hear(&house, "1", paid(&made, 300)).await;
    let refunded = |minor| Report { refunded: Some(usd(minor)), ..of("pi_1") };
    hear(&house, "2", refunded(100)).await;
    hear(&house, "3", refunded(100)).await;
    let both = [to_ada("receipt 1"), to_ada("refund 1")];
    assert_eq!(waiting(&house).await, both, "told once, however often it comes");
    hear(&house, "4", Report { dispute: Dispute::Open, ..of("pi_1") }).await;
    hear(&house, "5", Report { dispute: Dispute::Won, ..of("pi_1") }).await;
    assert_eq!(waiting(&house).await, both);

    let topup = checkout(&house, "2", club::ProductRequest::Topup(usd(500))).await;
    hear(&house, "6", Report { payment: "pi_2".to_owned(), ..paid(&topup, 500) }).await;
    hear(&house, "7", Report { refunded: Some(usd(500)), ..of("pi_2") }).await;
    let [_, _, receipt, refund] = waiting(&house).await.try_into().unwrap();
    assert_eq!([receipt, refund], [to_ada("receipt 2"), to_ada("refund 2")]);

    // From the balance.
    house.add_item("film", &[9]).await;
    let prices = club::Prices { torrent: Some(usd(100)), ..club::Prices::default() };
    house.club.set_prices(&stamp(), "film", prices).await.unwrap();
    top_up(&house, "ada").await;
    house.club.buy(&stamp(), "b", "ada", "film", DeliveryMethod::Torrent).await.unwrap();
    house.club.refund(&stamp(), "r", OrderId(3), None).await.unwrap();
    house.club.refund(&stamp(), "r", OrderId(3), None).await.unwrap();
    assert_eq!(waiting(&house).await.split_off(4), [to_ada("receipt 3"), to_ada("refund 3")]);
}

pub(crate) async fn a_receipt_is_mailed_again_a_few_times_an_hour(store: Arc<dyn Store>) {
    let house = with_mail(store).await;
    let made = checkout(&house, "1", item()).await;
    let club = &house.club;
    let unpaid = club.mail_receipt(&stamp(), OrderId(1)).await;
    assert_eq!(unpaid.unwrap_err().fault(), Fault::Conflict);
    hear(&house, "1", paid(&made, 300)).await;
    for _ in 1..club::MAX_REPORTS_AN_HOUR {
        let to = club.mail_receipt(&stamp(), OrderId(1)).await.unwrap();
        assert_eq!(to.text(), "ada@example.org");
    }
    let often = "ada@example.org got as many of these mails in the last hour as it may: try again \
                 in an hour";
    check_refused(club.mail_receipt(&stamp(), OrderId(1)).await, Fault::Conflict, often);
    let later = Stamp { now_unix: NOW + 3600, ..stamp() };
    club.mail_receipt(&later, OrderId(1)).await.unwrap();
    let row = club.audit(Page::FIRST).await.unwrap().pop().unwrap();
    assert_eq!((row.what.as_str(), row.detail.as_str()), ("mail.again", "receipt 1"));
    club.set_email(&stamp(), "ada", None, MailText::default()).await.unwrap();
    let none = "order 1 has no e-mail address: set one with `usher member email`";
    check_refused(club.mail_receipt(&later, OrderId(1)).await, Fault::Conflict, none);
    club.reload(names()).await.unwrap();
    let none = "no mail server is configured: set mail.server and mail.from in tracker.yaml";
    check_refused(club.mail_receipt(&later, OrderId(1)).await, Fault::Conflict, none);
}

pub(crate) async fn links_to_orders_go_to_members_and_the_rest_is_noted(store: Arc<dyn Store>) {
    let house = with_mail(store).await;
    let club = &house.club;
    for address in ["ada@example.org", "eve@example.org"] {
        club.request_orders(&stamp(), email(address)).await.unwrap();
    }
    let sent = mail(&house).await;
    assert_eq!(sent.len(), 1, "eve is nobody's");
    assert_eq!((sent[0].report, sent[0].link), (Some(MailReport::Orders), Some(LinkKind::SignIn)));
    let outcomes = async || {
        let noted = club.sign_in_attempts().await.unwrap();
        noted.into_iter().map(|one| (one.email.to_string(), one.outcome)).collect::<Vec<_>>()
    };
    assert_eq!(outcomes().await, [("eve@example.org".to_owned(), Outcome::Unknown)]);
    // Each has a link, which is made when the mail goes out; the address has five of them an hour.
    for number in 1..club::MAX_REPORTS_AN_HOUR {
        let taken = club.take_mail(NOW).await.unwrap().unwrap();
        assert!(club.make_mailed_link(NOW, &taken).await.unwrap().is_some());
        club.settle_mail(NOW, taken.id, Tried::Sent(String::new())).await.unwrap();
        club.end_sign_ins(&stamp(), club::Subject::Member(taken.member.unwrap())).await.unwrap();
        let member = club.mail_orders(&stamp(), "ada").await;
        assert_eq!(member.unwrap().name, "ada", "{number}");
    }
    let refused = club.mail_orders(&stamp(), "ada").await.unwrap_err();
    assert_eq!(refused.fault(), Fault::Conflict);
    club.request_orders(&stamp(), email("ada@example.org")).await.unwrap();
    assert!(outcomes().await.contains(&("ada@example.org".to_owned(), Outcome::TooMany)));
    assert_eq!(mail(&house).await.len(), 5);

    house.add_member("bob").await;
    let none = "member `bob` has no e-mail address: set one with `usher member email`";
    check_refused(club.mail_orders(&stamp(), "bob").await, Fault::Conflict, none);
    club.suspend(&stamp(), "ada").await.unwrap();
    let later = Stamp { now_unix: NOW + 3600, ..stamp() };
    assert_eq!(club.mail_orders(&later, "ada").await.unwrap_err().fault(), Fault::Conflict);
    club.request_orders(&later, email("ada@example.org")).await.unwrap();
    assert!(outcomes().await.contains(&("ada@example.org".to_owned(), Outcome::Suspended)));
}

pub(crate) async fn a_corrected_address_gets_what_went_to_the_wrong_one(store: Arc<dyn Store>) {
    let house = with_mail(store).await;
    let club = &house.club;
    let wrong = visitors("eve@exmaple.org");
    let order = club.place_order(&stamp(), "1", wrong.clone()).await.unwrap();
    let open = club.place_order(&stamp(), "2", wrong).await.unwrap();
    let made = club.add_checkout(&stamp(), "1", order.id, "stripe").await.unwrap();
    hear(&house, "1", paid(&made, 300)).await;
    let taken = club.take_mail(NOW).await.unwrap().unwrap();
    club.settle_mail(NOW, taken.id, Tried::Bounced("550 no such domain".to_owned())).await.unwrap();
    club.request_link(&stamp(), email("eve@exmaple.org"), link_text()).await.unwrap();
    let link = club.take_mail(NOW).await.unwrap().unwrap();
    let token = club.make_mailed_link(NOW, &link).await.unwrap().unwrap();

    let right = Some(email("eve@example.org"));
    let eve = club.set_email(&stamp(), "buyer-1", right.clone(), link_text()).await.unwrap();
    assert_eq!((eve.name.as_str(), &eve.email), ("buyer-1", &right));
    for id in [order.id, open.id] {
        assert_eq!(club.order(id).await.unwrap().email, right, "{id}");
    }
    let renamed = club.order(order.id).await.unwrap().token;
    assert_ne!(renamed, order.token, "the page that was mailed to a stranger is another's");
    assert_eq!(club.order_by_token(&order.token).await.unwrap(), None);
    assert_eq!(club.order_by_token(&renamed).await.unwrap().unwrap().id, order.id);
    assert_eq!(club.order(open.id).await.unwrap().token, open.token, "its payer comes back");
    let secret = club::LinkSecret::Token(token);
    assert_eq!(club.link_offer(&secret, NOW).await.unwrap(), None, "the link of before is dead");
    let eves = |about: &str| ("eve@example.org".to_owned(), about.to_owned());
    assert_eq!(waiting(&house).await, [eves("sign-in"), eves("receipt 1")]);
    // Again: what waits goes along, and is not doubled.
    let other = Some(email("eve@example.net"));
    club.set_email(&stamp(), "buyer-1", other, link_text()).await.unwrap();
    let eves = |about: &str| ("eve@example.net".to_owned(), about.to_owned());
    let mut found = waiting(&house).await;
    found.sort();
    assert_eq!(found, [eves("receipt 1"), eves("sign-in")]);

    let adas = Some(email("ada@example.org"));
    let taken = club.set_email(&stamp(), "buyer-1", adas, link_text()).await;
    let text = "member `ada` has the address ada@example.org already: one address is one member's. \
                Give `ada` what this member bought with `usher grant`, or free the address first \
                with `usher member email ada --none`";
    check_refused(taken, Fault::Conflict, text);
}

/// A club that sends mail, with an item at 3.00 and ada, who has an address.
async fn with_mail(store: Arc<dyn Store>) -> House {
    let (house, ..) = stocked(store).await;
    let address = Some(email("ada@example.org"));
    house.club.set_email(&stamp(), "ada", address, link_text()).await.unwrap();
    house.club.reload(Names { has_mail: true, ..names() }).await.unwrap();
    house
}

fn visitors(address: &str) -> NewOrder {
    let buyer = Buyer::Visitor(email(address));
    NewOrder {
        buyer,
        product: item(),
        pay: None,
        discount: None,
        consent: false,
        gift: false,
        seen: None,
    }
}

async fn top_up(house: &House, member: &str) {
    let topup = NewTopup {
        member: member.to_owned(),
        amount: usd(100),
        provider: "hand".to_owned(),
        memo: String::new(),
    };
    house.club.topup(&stamp(), &format!("top up {member}"), topup).await.unwrap();
}

async fn mail(house: &House) -> Vec<QueuedMail> {
    house.club.mail(None, Page::FIRST).await.unwrap()
}

/// Where the mail that waits goes, and what it is about.
async fn waiting(house: &House) -> Vec<(String, String)> {
    let queued = house.club.mail(Some(MailState::Queued), Page::FIRST).await.unwrap();
    queued.into_iter().map(|mail| (mail.to.to_string(), mail.about)).collect()
}

fn to_ada(about: &str) -> (String, String) {
    ("ada@example.org".to_owned(), about.to_owned())
}

fn link_text() -> MailText {
    super::mail::text()
}

fn email(text: &str) -> Email {
    Email::parse(text).unwrap()
}
