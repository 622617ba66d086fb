use std::sync::Arc;

use club::{
    Email, Fault, LINK, MailId, MailState, MailText, Names, Page, QueuedMail, Store, Tried,
};

use super::{House, NOW, check_refused, names, stamp};

pub(crate) async fn a_mail_is_tried_until_the_server_takes_it(store: Arc<dyn Store>) {
    let house = with_mail(store).await;
    ask(&house, "ada@example.org").await;
    let club = &house.club;
    assert_eq!(club.take_mail(NOW - 1).await.unwrap(), None, "it is not due yet");
    let taken = club.take_mail(NOW).await.unwrap().unwrap();
    assert_eq!((taken.to.text(), taken.tries, taken.due), ("ada@example.org", 1, Some(NOW + 60)));
    assert_eq!(club.take_mail(NOW + 59).await.unwrap(), None, "whoever took it has it");
    let dead = club.take_mail(NOW + 60).await.unwrap().unwrap();
    assert_eq!((dead.id, dead.tries), (taken.id, 2), "nothing was heard of the first try");
    let now = club::Stamp { now_unix: NOW, ..stamp() };
    club.retry_mail(&now, taken.id).await.unwrap();
    let taken = club.take_mail(NOW).await.unwrap().unwrap();
    let later = Tried::Later("452 too busy".to_owned());
    club.settle_mail(NOW + 1, taken.id, later).await.unwrap();
    assert_eq!(club.take_mail(NOW + 5).await.unwrap(), None);
    let again = club.take_mail(NOW + 6).await.unwrap().unwrap();
    assert_eq!((again.tries, again.due), (2, Some(NOW + 6 + 60)));
    assert_eq!(again.answer, "452 too busy");
    let sent = Tried::Sent("250 OK".to_owned());
    club.settle_mail(NOW + 61, taken.id, sent.clone()).await.unwrap();
    let mail = the_mail(&house).await;
    assert_eq!((mail.state, mail.due, mail.ended), (MailState::Sent, None, Some(NOW + 61)));
    assert_eq!((mail.text.body.as_str(), mail.answer.as_str()), ("", "250 OK"));
    assert_eq!(club.take_mail(u32::MAX).await.unwrap(), None);
    // What comes too late changes nothing.
    club.settle_mail(NOW + 62, taken.id, Tried::Bounced("550".to_owned())).await.unwrap();
    assert_eq!(the_mail(&house).await, mail);
    assert_eq!(club.open_alerts(), 0);
    let refused = club.retry_mail(&stamp(), mail.id).await;
    check_refused(refused, Fault::Conflict, "mail 1 was sent already");
}

pub(crate) async fn a_mail_that_bounced_is_an_alert_and_can_be_tried_again(store: Arc<dyn Store>) {
    let house = with_mail(store).await;
    ask(&house, "ada@example.org").await;
    let club = &house.club;
    let taken = club.take_mail(NOW).await.unwrap().unwrap();
    let words = "550 5.1.1 no such user".to_owned();
    club.settle_mail(NOW, taken.id, Tried::Bounced(words.clone())).await.unwrap();
    let mail = the_mail(&house).await;
    assert_eq!((mail.state, &mail.answer), (MailState::Bounced, &words));
    let alerts = club.alerts(false, Page::FIRST).await.unwrap();
    assert_eq!(alerts[0].kind.text(), "mail");
    assert_eq!(alerts[0].evidence, format!("mail 1 (sign-in) bounced: {words}"));
    assert_eq!(club.take_mail(u32::MAX).await.unwrap(), None);

    let later = club::Stamp { now_unix: NOW + 1000, ..stamp() };
    let queued = club.retry_mail(&later, taken.id).await.unwrap();
    assert_eq!((queued.state, queued.tries, queued.due), (MailState::Queued, 0, Some(NOW + 1000)));
    assert!(club.take_mail(NOW + 1000).await.unwrap().unwrap().text.body.contains(LINK));
    check_refused(club.retry_mail(&later, MailId(9)).await, Fault::Missing, NO_MAIL);
}

pub(crate) async fn a_mail_is_given_up_after_two_days(store: Arc<dyn Store>) {
    let house = with_mail(store).await;
    ask(&house, "ada@example.org").await;
    let (club, mut now, mut tries) = (&house.club, NOW, 0);
    while let Some(taken) = club.take_mail(now).await.unwrap() {
        tries += 1;
        club.settle_mail(now, taken.id, Tried::Later("away".to_owned())).await.unwrap();
        now = the_mail(&house).await.due.unwrap_or(now);
    }
    let mail = the_mail(&house).await;
    assert_eq!((mail.state, mail.answer.as_str()), (MailState::Failed, "away"));
    let age = now - NOW;
    assert!((2 * 86_400 - 3600..=2 * 86_400).contains(&age), "{age}");
    assert!((50..60).contains(&tries), "{tries}");
    assert_eq!(club.open_alerts(), 1);
}

pub(crate) async fn without_a_server_nothing_is_queued(store: Arc<dyn Store>) {
    let house = with_mail(store).await;
    house.club.reload(names()).await.unwrap();
    ask(&house, "ada@example.org").await;
    assert_eq!(house.club.mail(None, Page::FIRST).await.unwrap(), []);
}

pub(crate) async fn a_full_queue_takes_no_more_and_says_so(store: Arc<dyn Store>) {
    let house = with_mail(store.clone()).await;
    let fill = "INSERT INTO mail (recipient, about, subject, body, state, created, since, due, \
                tries, answer) WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n \
                WHERE i < 9999) SELECT 'x@example.org', '', '', '', 'queued', 0, 0, 0, 0, '' FROM n";
    let mut db = store.writer().await.unwrap();
    assert_eq!(db.execute(fill, &[]).await.unwrap(), u64::from(club::MAX_QUEUED_MAIL) - 1);
    drop(db);
    ask(&house, "ada@example.org").await;
    assert_eq!(house.club.open_alerts(), 0);
    house.club.set_email(&stamp(), "ada", email("eve@example.org"), text()).await.unwrap();
    ask(&house, "eve@example.org").await;
    ask(&house, "eve@example.org").await;
    let alerts = house.club.alerts(false, Page::FIRST).await.unwrap();
    assert_eq!(alerts[0].evidence, "10000 mails wait: `sign-in` was not queued");
    let last = Page { after: 9999, ..Page::FIRST };
    assert_eq!(house.club.mail(None, last).await.unwrap().len(), 1);
}

pub(crate) async fn old_mail_is_pruned(store: Arc<dyn Store>) {
    let house = with_mail(store).await;
    let club = &house.club;
    for tried in [Tried::Sent(String::new()), Tried::Bounced(String::new())] {
        ask(&house, "ada@example.org").await;
        let taken = club.take_mail(NOW).await.unwrap().unwrap();
        club.settle_mail(NOW, taken.id, tried).await.unwrap();
    }
    ask(&house, "ada@example.org").await;
    let kept = async |now| {
        club.prune_mail(now).await.unwrap();
        let mail = club.mail(None, Page::FIRST).await.unwrap();
        mail.iter().map(|mail| mail.id.0).collect::<Vec<_>>()
    };
    const DAY: u32 = 86_400;
    assert_eq!(kept(NOW + 30 * DAY).await, [1, 2, 3]);
    assert_eq!(kept(NOW + 30 * DAY + 1).await, [2, 3]);
    assert_eq!(kept(NOW + 90 * DAY + 1).await, [3], "what waits stays");
}

pub(crate) async fn a_subject_is_one_line(store: Arc<dyn Store>) {
    let house = with_mail(store).await;
    let text = MailText { subject: "Hi\r\nBcc: eve@example.org".to_owned(), ..text() };
    house.club.request_link(&stamp(), email("ada@example.org").unwrap(), text).await.unwrap();
    assert_eq!(the_mail(&house).await.text.subject, "Hi  Bcc: eve@example.org");
}

/// A club that sends mail, with ada, who has an address.
pub(super) async fn with_mail(store: Arc<dyn Store>) -> House {
    let house = House::open(store).await;
    house.add_member("ada").await;
    // Before there is a server, so that no mail waits.
    let address = email("ada@example.org");
    house.club.set_email(&stamp(), "ada", address, text()).await.unwrap();
    house.club.reload(Names { has_mail: true, ..names() }).await.unwrap();
    house
}

pub(super) async fn ask(house: &House, address: &str) {
    let address = email(address).unwrap();
    house.club.request_link(&stamp(), address, text()).await.unwrap();
}

pub(super) fn text() -> MailText {
    MailText { subject: "Your link".to_owned(), body: format!("Here it is: {LINK}\n") }
}

pub(super) fn email(text: &str) -> Option<Email> {
    Some(Email::parse(text).unwrap())
}

async fn the_mail(house: &House) -> QueuedMail {
    let mut mail = house.club.mail(None, Page::FIRST).await.unwrap();
    assert_eq!(mail.len(), 1);
    mail.remove(0)
}

const NO_MAIL: &str = "no mail 9: `usher mail list` shows those there are";
