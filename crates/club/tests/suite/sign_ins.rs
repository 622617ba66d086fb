use std::sync::Arc;

use club::{
    Fault, HandedOut, LinkSecret, LinkUsed, MAX_SIGN_INS, Page, SecretToken, SignInId, Stamp,
    Store, Subject, Tried,
};
use data_encoding::BASE64URL_NOPAD;
use policy::MemberId;

use super::admins::ready;
use super::mail::{ask, email, text, with_mail};
use super::{House, NOW, check_refused, stamp};

pub(crate) async fn a_sign_in_is_known_by_its_token_alone(store: Arc<dyn Store>) {
    let house = House::open(store).await;
    let ada = Subject::Member(house.add_member("ada").await);
    let club = &house.club;
    let token = start(&house, ada).await;
    let found = club.sign_in(&token, NOW + 1).await.unwrap().unwrap();
    assert_eq!((found.subject, found.created, found.used), (ada, NOW, NOW));
    assert_eq!(found.agent, "Firefox");
    let other = SecretToken::parse(&"A".repeat(43)).unwrap();
    assert_eq!(club.sign_in(&other, NOW).await.unwrap(), None);
    // An admin with the same number is somebody else.
    let admin = ready(&house, "ada").await;
    let admins = start(&house, admin).await;
    assert_eq!(club.sign_in(&admins, NOW).await.unwrap().unwrap().subject, admin);
    assert_eq!(club.sign_ins_of(ada, NOW).await.unwrap(), [found]);
    assert_eq!(club.end_sign_ins(&stamp(), admin).await.unwrap(), 1);
    assert!(club.sign_in(&token, NOW).await.unwrap().is_some());
}

pub(crate) async fn a_token_is_stored_as_its_hash(store: Arc<dyn Store>) {
    let house = House::open(store.clone()).await;
    let ada = house.add_member("ada").await;
    let tokens = [
        start(&house, Subject::Member(ada)).await,
        house.club.hand_out_link(&stamp(), "ada").await.unwrap().token,
    ];
    let mut stored = Vec::new();
    let mut db = store.reader().await.unwrap();
    let sql = "SELECT token FROM sign_in UNION ALL SELECT token FROM sign_in_link \
               UNION ALL SELECT code FROM sign_in_link";
    db.visit(sql, &[], &mut |row| {
        stored.push(row.bytes(0)?.unwrap().to_vec());
        Ok(())
    })
    .await
    .unwrap();
    assert_eq!(stored.len(), 3);
    for token in tokens {
        for stored in &stored {
            let as_token = SecretToken::parse(&BASE64URL_NOPAD.encode(stored)).unwrap();
            assert_ne!(as_token, token, "what is stored opens nothing");
            assert_eq!(house.club.sign_in(&as_token, NOW).await.unwrap(), None);
        }
    }
}

pub(crate) async fn a_sign_in_ends_idle_and_old(store: Arc<dyn Store>) {
    let house = House::open(store).await;
    let ada = Subject::Member(house.add_member("ada").await);
    let token = start(&house, ada).await;
    let club = &house.club;
    let used = async |now: u32| club.sign_in(&token, now).await.unwrap().map(|found| found.used);
    // A use is written down once in five minutes.
    assert_eq!(used(NOW + 299).await, Some(NOW));
    assert_eq!(used(NOW + 299).await, Some(NOW));
    assert_eq!(used(NOW + 300).await, Some(NOW));
    assert_eq!(used(NOW + 301).await, Some(NOW + 300));
    let idle = NOW + 300 + 30 * DAY;
    assert_eq!(used(idle).await, None);
    assert_eq!(used(idle - 1).await, Some(NOW + 300));
    let mut now = idle - 1;
    while used(now).await.is_some() {
        now += 29 * DAY;
    }
    assert!((180 * DAY..209 * DAY).contains(&(now - NOW)));
    assert_eq!(used(NOW + 180 * DAY).await, None);
    assert_eq!(club.sign_ins_of(ada, NOW + 180 * DAY).await.unwrap(), []);
    club.prune_sign_ins(NOW + 180 * DAY).await.unwrap();
    assert_eq!(club.sign_ins_of(ada, NOW).await.unwrap(), []);

    let eve = ready(&house, "eve").await;
    let admin = start(&house, eve).await;
    assert!(club.sign_in(&admin, NOW + 12 * 3600 - 1).await.unwrap().is_some());
    let admin = start(&house, eve).await;
    assert_eq!(club.sign_in(&admin, NOW + 12 * 3600).await.unwrap(), None);
}

pub(crate) async fn sign_ins_end_one_by_one_and_only_by_their_owner(store: Arc<dyn Store>) {
    let house = House::open(store).await;
    let ada = Subject::Member(house.add_member("ada").await);
    let bob = Subject::Member(house.add_member("bob").await);
    let club = &house.club;
    let tokens = [start(&house, ada).await, start(&house, ada).await];
    let ids: Vec<_> = club.sign_ins_of(ada, NOW).await.unwrap().iter().map(|s| s.id).collect();
    assert_eq!(ids, [SignInId(2), SignInId(1)]);
    let theirs = club.end_sign_in(&stamp(), bob, SignInId(1)).await;
    let none = "no sign-in 1 of theirs: `usher sign-in list` shows those there are";
    check_refused(theirs, Fault::Missing, none);
    let adas = club.hand_out_link(&stamp(), "ada").await.unwrap().token;
    let bobs = club.hand_out_link(&stamp(), "bob").await.unwrap().token;
    club.end_sign_in(&stamp(), ada, SignInId(1)).await.unwrap();
    // Whoever was signed in may have asked for it.
    assert!(use_link(&house, LinkSecret::Token(adas)).await.is_none());
    assert!(use_link(&house, LinkSecret::Token(bobs)).await.is_some());
    assert_eq!(club.sign_in(&tokens[0], NOW).await.unwrap(), None);
    assert!(club.sign_in(&tokens[1], NOW).await.unwrap().is_some());
}

pub(crate) async fn a_member_has_at_most_32_sign_ins(store: Arc<dyn Store>) {
    let house = House::open(store).await;
    let ada = Subject::Member(house.add_member("ada").await);
    let first = start(&house, ada).await;
    let second = start(&house, ada).await;
    for _ in 2..MAX_SIGN_INS {
        start(&house, ada).await;
    }
    // The first one was used since.
    house.club.sign_in(&first, NOW + 300).await.unwrap();
    start(&house, ada).await;
    let open = house.club.sign_ins_of(ada, NOW).await.unwrap().len();
    assert_eq!(open, usize::try_from(MAX_SIGN_INS).unwrap());
    assert!(house.club.sign_in(&first, NOW).await.unwrap().is_some());
    assert_eq!(house.club.sign_in(&second, NOW).await.unwrap(), None);
}

pub(crate) async fn sign_ins_and_links_end_with_their_member(store: Arc<dyn Store>) {
    let house = House::open(store).await;
    let club = &house.club;
    for (name, end) in [("ada", "suspend"), ("bob", "remove"), ("cleo", "erase")] {
        let subject = Subject::Member(house.add_member(name).await);
        let token = start(&house, subject).await;
        let link = club.hand_out_link(&stamp(), name).await.unwrap();
        match end {
            "suspend" => club.suspend(&stamp(), name).await.unwrap(),
            "remove" => club.remove_member(&stamp(), name).await.unwrap(),
            _ => club.erase_member(&stamp(), name).await.unwrap(),
        };
        assert_eq!(club.sign_in(&token, NOW).await.unwrap(), None, "{end}");
        if end == "suspend" {
            let refused = club.hand_out_link(&stamp(), name).await.map(drop);
            let text = "member 1 is suspended or was removed, and can't sign in";
            check_refused(refused, Fault::Conflict, text);
            club.resume(&stamp(), name).await.unwrap();
        }
        assert_eq!(club.sign_in(&token, NOW).await.unwrap(), None, "it does not come back: {end}");
        for secret in [LinkSecret::Token(link.token), LinkSecret::Code(link.code)] {
            assert_eq!(club.link_offer(&secret, NOW).await.unwrap(), None, "{end}");
            assert!(use_link(&house, secret).await.is_none(), "{end}");
        }
    }
    assert_eq!(club.verify().await.unwrap(), []);
}

pub(crate) async fn a_handed_out_link_and_its_code_work_once_together(store: Arc<dyn Store>) {
    let house = House::open(store).await;
    let ada = house.add_member("ada").await;
    for by_code in [false, true] {
        let HandedOut { member, token, code, until } =
            house.club.hand_out_link(&stamp(), "ada").await.unwrap();
        assert_eq!((member.id, until), (ada, NOW + DAY));
        let (token, code) = (LinkSecret::Token(token), LinkSecret::Code(code));
        let (first, second) = if by_code { (code, token) } else { (token, code) };
        let offer = house.club.link_offer(&first, NOW).await.unwrap().unwrap();
        assert_eq!((offer.member.id, offer.address), (ada, None));
        assert_eq!(house.club.link_offer(&first, until).await.unwrap(), None, "too late");
        let used = use_link(&house, first.clone()).await.unwrap();
        assert_eq!(used.member.email_verified, None, "nothing was shown about an address");
        let found = house.club.sign_in(&used.token, NOW).await.unwrap().unwrap();
        assert_eq!(found.subject, Subject::Member(ada));
        assert!(use_link(&house, first).await.is_none());
        assert!(use_link(&house, second).await.is_none());
    }
    // A sign-in's token is no link, nor the other way round.
    let token = start(&house, Subject::Member(ada)).await;
    assert!(use_link(&house, LinkSecret::Token(token)).await.is_none());
    let link = house.club.hand_out_link(&stamp(), "ada").await.unwrap();
    assert_eq!(house.club.sign_in(&link.token, NOW).await.unwrap(), None);
}

pub(crate) async fn a_mailed_link_verifies_and_ends_what_was_before(store: Arc<dyn Store>) {
    let house = with_mail(store).await;
    let ada = house.club.member("ada").await.unwrap().id;
    let before = start(&house, Subject::Member(ada)).await;
    ask(&house, "ada@example.org").await;
    let link = mailed(&house).await;
    assert_eq!(house.club.member("ada").await.unwrap().email_verified, None);
    let secret = LinkSecret::Token(link);
    assert_eq!(house.club.link_offer(&secret, NOW + 20 * 60).await.unwrap(), None, "too late");
    let used = use_link(&house, secret).await.unwrap();
    assert_eq!(used.member.email_verified, Some(NOW));
    assert_eq!(house.club.sign_in(&before, NOW).await.unwrap(), None);
    // The next one ends nothing.
    ask(&house, "ada@example.org").await;
    let link = mailed(&house).await;
    use_link(&house, LinkSecret::Token(link)).await.unwrap();
    assert!(house.club.sign_in(&used.token, NOW).await.unwrap().is_some());
}

pub(crate) async fn who_is_unknown_gets_no_mail_and_is_noted(store: Arc<dyn Store>) {
    let house = with_mail(store).await;
    house.add_member("bob").await;
    house.club.set_email(&stamp(), "bob", email("bob@example.org"), text()).await.unwrap();
    house.club.suspend(&stamp(), "bob").await.unwrap();
    for address in ["eve@example.org", "bob@example.org", "eve@example.org"] {
        ask(&house, address).await;
    }
    assert_eq!(house.club.mail(None, Page::FIRST).await.unwrap(), []);
    let noted: Vec<_> = house.club.sign_in_attempts().await.unwrap();
    let noted: Vec<_> =
        noted.iter().map(|found| (found.email.text(), found.outcome.text(), found.times)).collect();
    assert_eq!(noted, [("bob@example.org", "suspended", 1), ("eve@example.org", "unknown", 2)]);
}

pub(crate) async fn attempts_are_bounded(store: Arc<dyn Store>) {
    let house = with_mail(store.clone()).await;
    let fill = "INSERT INTO sign_in_attempt (email, outcome, first_at, last_at, times) \
                WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000) \
                SELECT 'x' || i, 'unknown', i, i, 1 FROM n";
    store.writer().await.unwrap().execute(fill, &[]).await.unwrap();
    ask(&house, "eve@example.org").await;
    let noted = house.club.sign_in_attempts().await.unwrap();
    assert_eq!((noted.len(), noted[0].email.text()), (1000, "eve@example.org"));
    assert_eq!(noted.last().unwrap().email.text(), "x2", "the oldest went");
}

pub(crate) async fn a_member_has_at_most_five_open_links(store: Arc<dyn Store>) {
    let house = with_mail(store).await;
    for _ in 0..6 {
        ask(&house, "ada@example.org").await;
    }
    assert_eq!(house.club.mail(None, Page::FIRST).await.unwrap().len(), 5);
    let noted = house.club.sign_in_attempts().await.unwrap();
    assert_eq!((noted[0].outcome.text(), noted[0].times), ("too-many", 1));
    let mut links = Vec::new();
    for _ in 0..5 {
        links.push(mailed(&house).await);
    }
    // All of them work: whoever asks again and again voids nobody's link.
    for link in links {
        let offer = house.club.link_offer(&LinkSecret::Token(link), NOW).await.unwrap();
        assert_eq!(offer.unwrap().member.name, "ada");
    }
    ask(&house, "ada@example.org").await;
    assert_eq!(house.club.mail(None, Page::FIRST).await.unwrap().len(), 5);
}

pub(crate) async fn a_link_is_made_when_it_is_mailed_and_only_to_its_member(store: Arc<dyn Store>) {
    let house = with_mail(store).await;
    let club = &house.club;
    ask(&house, "ada@example.org").await;
    let mail = club.take_mail(NOW).await.unwrap().unwrap();
    assert!(!mail.text.body.contains("sign-in/"), "no backup holds a link");
    club.suspend(&stamp(), "ada").await.unwrap();
    assert_eq!(club.make_mailed_link(NOW, &mail).await.unwrap(), None);
    club.resume(&stamp(), "ada").await.unwrap();
    assert!(club.make_mailed_link(NOW, &mail).await.unwrap().is_some());
    club.set_email(&stamp(), "ada", email("new@example.org"), text()).await.unwrap();
    assert_eq!(club.make_mailed_link(NOW, &mail).await.unwrap(), None);
    // The mail to the address of before went with it.
    let left = club.mail(None, Page::FIRST).await.unwrap();
    let left: Vec<_> = left.iter().map(|mail| mail.to.text()).collect();
    assert_eq!(left, ["new@example.org"]);
}

pub(crate) async fn the_admin_moves_a_library_to_another_address(store: Arc<dyn Store>) {
    let house = with_mail(store).await;
    let club = &house.club;
    let ada = club.member("ada").await.unwrap().id;
    ask(&house, "ada@example.org").await;
    let old = LinkSecret::Token(mailed(&house).await);
    let wrong = use_link(&house, old).await.unwrap().token;
    ask(&house, "ada@example.org").await;
    let old = LinkSecret::Token(mailed(&house).await);

    let moved = club.set_email(&stamp(), "ada", email("right@example.org"), text()).await.unwrap();
    assert_eq!((moved.email, moved.email_verified), (email("right@example.org"), None));
    assert_eq!(club.sign_in(&wrong, NOW).await.unwrap(), None);
    assert!(use_link(&house, old).await.is_none());
    let link = mailed(&house).await;
    assert_eq!(use_link(&house, LinkSecret::Token(link)).await.unwrap().member.id, ada);
    assert!(club.member_of_email(&email("ada@example.org").unwrap()).await.unwrap().is_none());

    house.add_member("bob").await;
    let taken = club.set_email(&stamp(), "bob", email("right@example.org"), text()).await;
    let said = "member `ada` has the address right@example.org already: one address is one member's. \
         Give `ada` what this member bought with `usher grant`, or free the address first with \
         `usher member email ada --none`";
    check_refused(taken, Fault::Conflict, said);
    let none = club.set_email(&stamp(), "ada", None, text()).await.unwrap();
    assert_eq!((none.email, none.email_verified), (None, None));
}

pub(crate) async fn a_member_changes_the_address_by_mail_to_the_new_one(store: Arc<dyn Store>) {
    let house = with_mail(store).await;
    let club = &house.club;
    let ada = club.member("ada").await.unwrap().id;
    let here = start(&house, Subject::Member(ada)).await;
    request(&house, ada, "new@example.org").await;
    let link = LinkSecret::Token(mailed(&house).await);
    let offer = club.link_offer(&link, NOW).await.unwrap().unwrap();
    assert_eq!((offer.member.id, offer.address), (ada, email("new@example.org")));
    assert_eq!(club.member("ada").await.unwrap().email, email("ada@example.org"), "not yet");
    let used = use_link(&house, link.clone()).await.unwrap();
    assert_eq!(used.member.email, email("new@example.org"));
    assert_eq!(used.member.email_verified, Some(NOW));
    assert!(use_link(&house, link).await.is_none());
    assert!(club.sign_in(&here, NOW).await.unwrap().is_some(), "the member's own browser");
    let notice = club.take_mail(NOW).await.unwrap().unwrap();
    assert_eq!((notice.to.text(), notice.link), ("ada@example.org", None));
}

pub(crate) async fn nobody_takes_over_another_by_an_address(store: Arc<dyn Store>) {
    let house = with_mail(store).await;
    let club = &house.club;
    let eve = house.add_member("eve").await;
    request(&house, eve, "ada@example.org").await;
    assert_eq!(club.mail(None, Page::FIRST).await.unwrap(), [], "it is ada's");
    assert_eq!(club.sign_in_attempts().await.unwrap()[0].outcome.text(), "taken");
    // An address that becomes another's while the link is open stays another's.
    request(&house, eve, "free@example.org").await;
    let link = LinkSecret::Token(mailed(&house).await);
    club.set_email(&stamp(), "ada", email("free@example.org"), text()).await.unwrap();
    assert!(use_link(&house, link).await.is_none());
    assert_eq!(club.member("eve").await.unwrap().email, None);
    assert_eq!(club.member("ada").await.unwrap().email, email("free@example.org"));
}

pub(crate) async fn what_is_known_of_an_address_is_erased_with_its_member(store: Arc<dyn Store>) {
    let house = with_mail(store.clone()).await;
    for _ in 0..6 {
        ask(&house, "ada@example.org").await;
    }
    let link = mailed(&house).await;
    use_link(&house, LinkSecret::Token(link)).await.unwrap();
    house.club.erase_member(&stamp(), "ada").await.unwrap();
    assert_eq!(house.club.mail(None, Page::FIRST).await.unwrap(), []);
    assert_eq!(house.club.sign_in_attempts().await.unwrap(), []);
    let mut left = Vec::new();
    let mut db = store.reader().await.unwrap();
    let sql = "SELECT detail FROM audit WHERE detail <> '' \
               UNION ALL SELECT email FROM member WHERE email IS NOT NULL \
               UNION ALL SELECT agent FROM sign_in \
               UNION ALL SELECT 'a link' FROM sign_in_link";
    db.visit(sql, &[], &mut |row| {
        left.push(row.text(0)?.to_owned());
        Ok(())
    })
    .await
    .unwrap();
    assert_eq!(left, Vec::<String>::new());
}

async fn start(house: &House, subject: Subject) -> SecretToken {
    house.club.start_sign_in(&stamp(), subject, "Firefox").await.unwrap()
}

async fn request(house: &House, member: MemberId, address: &str) {
    let stamp = Stamp { who: "ada".to_owned(), ..stamp() };
    house.club.request_email(&stamp, member, email(address).unwrap(), text()).await.unwrap();
}

/// The link of the next mail, which the server takes.
async fn mailed(house: &House) -> SecretToken {
    let mail = house.club.take_mail(NOW).await.unwrap().unwrap();
    let link = house.club.make_mailed_link(NOW, &mail).await.unwrap().unwrap();
    house.club.settle_mail(NOW, mail.id, Tried::Sent("250 OK".to_owned())).await.unwrap();
    link
}

async fn use_link(house: &House, secret: LinkSecret) -> Option<LinkUsed> {
    house.club.use_link(&stamp(), secret, "Firefox", text()).await.unwrap()
}

const DAY: u32 = 86_400;
