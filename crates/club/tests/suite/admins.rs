use std::sync::Arc;

use club::{
    AdminLink, AdminRole, Fault, SecondFactor, SecretToken, SignIn, SignInCode, Stamp, Store,
    Subject, VainAttempt, WrongPart,
};

use super::{House, NOW, check_refused, stamp};

pub(crate) async fn a_link_sets_up_one_admin_once(store: Arc<dyn Store>) {
    let house = House::open(store).await;
    let club = &house.club;
    let made = add(&house, "ada").await;
    assert_eq!((made.until, made.admin.role), (NOW + 86_400, AdminRole::Owner));
    let proof = club.admin_of_link(&made.token, NOW).await.unwrap().unwrap();
    assert_eq!((proof.password, proof.totp.as_slice()), (None, SEALED));
    assert_eq!(club.admin_of_link(&made.token, made.until).await.unwrap(), None);
    let late = Stamp { now_unix: made.until, ..stamp() };
    let used = club.set_up_admin(&late, &made.token, HASH.to_owned(), 7).await.unwrap();
    assert!(used.is_none());
    let codes = set_up(&house, &made.token).await.unwrap();
    assert_eq!(codes.len(), 10);
    assert!(set_up(&house, &made.token).await.is_none());
    let proof = club.admin_proof("ada").await.unwrap().unwrap();
    assert_eq!((proof.password.as_deref(), proof.admin.recovery_codes), (Some(HASH), 10));
    assert_eq!(proof.admin.link_expires, None);
    assert_eq!(club.admin_proof("bob").await.unwrap(), None);

    let again = club.add_admin(&stamp(), "ada", AdminRole::Staff, SEALED.to_vec()).await;
    let taken = "admin `ada` exists already: `usher admin reset ada` makes another link";
    check_refused(again, Fault::Conflict, taken);
    let nobody = club.remove_admin(&stamp(), "bob").await;
    check_refused(
        nobody,
        Fault::Missing,
        "no admin `bob`: `usher admin list` shows those there are",
    );
}

pub(crate) async fn a_code_signs_an_admin_in_once(store: Arc<dyn Store>) {
    let house = House::open(store).await;
    let club = &house.club;
    let made = add(&house, "ada").await;
    let id = made.admin.id;
    // Nobody signs in before the link was used.
    assert!(sign_in(&house, &made, SecondFactor::Step(9)).await.is_none());
    let codes = set_up(&house, &made.token).await.unwrap();
    // The code that the link was used with, and those before it, count no more.
    for step in [6, 7] {
        assert!(sign_in(&house, &made, SecondFactor::Step(step)).await.is_none());
    }
    let first = sign_in(&house, &made, SecondFactor::Step(8)).await.unwrap();
    assert!(sign_in(&house, &made, SecondFactor::Step(8)).await.is_none());
    assert_eq!((first.subject, first.confirmed), (Subject::Admin(id), Some(NOW)));

    assert!(sign_in(&house, &made, SecondFactor::Recovery(codes[0])).await.is_some());
    assert!(sign_in(&house, &made, SecondFactor::Recovery(codes[0])).await.is_none());
    let bob = add(&house, "bob").await;
    set_up(&house, &bob.token).await.unwrap();
    assert!(sign_in(&house, &bob, SecondFactor::Recovery(codes[1])).await.is_none());
    assert_eq!(club.admin(id).await.unwrap().unwrap().recovery_codes, 9);
    let renewed = club.renew_admin_codes(&stamp(), id).await.unwrap();
    assert!(sign_in(&house, &made, SecondFactor::Recovery(codes[1])).await.is_none());
    assert!(sign_in(&house, &made, SecondFactor::Recovery(renewed[1])).await.is_some());
}

pub(crate) async fn an_admin_confirms_the_own_sign_in_alone(store: Arc<dyn Store>) {
    let house = House::open(store).await;
    let (ada, bob) = (add(&house, "ada").await, add(&house, "bob").await);
    set_up(&house, &ada.token).await.unwrap();
    set_up(&house, &bob.token).await.unwrap();
    let own = sign_in(&house, &ada, SecondFactor::Step(8)).await.unwrap();
    let later = Stamp { now_unix: NOW + 60, ..stamp() };
    let confirm =
        async |id, factor| house.club.confirm_admin(&later, id, own.id, factor).await.unwrap();
    assert!(!confirm(bob.admin.id, None).await);
    assert!(!confirm(ada.admin.id, Some(SecondFactor::Step(8))).await);
    let confirmed = async || {
        let found = house.club.sign_ins_of(own.subject, NOW).await.unwrap();
        found.first().and_then(|found| found.confirmed)
    };
    assert_eq!(confirmed().await, Some(NOW));
    assert!(confirm(ada.admin.id, Some(SecondFactor::Step(9))).await);
    assert_eq!(confirmed().await, Some(NOW + 60));
}

pub(crate) async fn reset_and_removed_admins_are_signed_out(store: Arc<dyn Store>) {
    let house = House::open(store).await;
    let club = &house.club;
    let made = add(&house, "ada").await;
    let codes = set_up(&house, &made.token).await.unwrap();
    let token = start(&house, &made, SecondFactor::Step(8)).await.unwrap();
    let again = club.reset_admin(&stamp(), "ada", b"other".to_vec()).await.unwrap();
    assert_eq!(again.admin.id, made.admin.id);
    assert_eq!(club.sign_in(&token, NOW).await.unwrap(), None);
    for factor in [SecondFactor::Step(9), SecondFactor::Recovery(codes[0])] {
        assert!(sign_in(&house, &again, factor).await.is_none());
    }
    let proof = club.admin_of_link(&again.token, NOW).await.unwrap().unwrap();
    assert_eq!((proof.password, proof.totp.as_slice()), (None, b"other".as_slice()));

    set_up(&house, &again.token).await.unwrap();
    let token = start(&house, &again, SecondFactor::Step(8)).await.unwrap();
    note(&house, Some(&again), WrongPart::Code).await;
    club.remove_admin(&stamp(), "ada").await.unwrap();
    assert_eq!(club.sign_in(&token, NOW).await.unwrap(), None);
    assert_eq!(club.admins().await.unwrap(), []);
    assert_eq!(club.vain_attempts(None, 0).await.unwrap(), []);
}

pub(crate) async fn vain_attempts_are_kept_by_admin_and_bounded(store: Arc<dyn Store>) {
    let house = House::open(store).await;
    let ada = add(&house, "ada").await;
    note(&house, Some(&ada), WrongPart::Password).await;
    note(&house, None, WrongPart::Name).await;
    let of = async |admin, since| house.club.vain_attempts(admin, since).await.unwrap();
    assert_eq!(of(None, NOW).await.len(), 2);
    let own = of(Some(ada.admin.id), NOW).await;
    assert_eq!((own.len(), own[0].wrong), (1, WrongPart::Password));
    assert_eq!(of(Some(ada.admin.id), NOW + 1).await, []);
    for _ in 0..1000 {
        note(&house, None, WrongPart::Name).await;
    }
    assert_eq!(of(Some(ada.admin.id), 0).await, [], "the oldest go");
    assert_eq!(of(None, 0).await.len(), 100);
}

pub(crate) async fn add(house: &House, name: &str) -> AdminLink {
    house.club.add_admin(&stamp(), name, AdminRole::Owner, SEALED.to_vec()).await.unwrap()
}

/// An admin who can be signed in.
pub(crate) async fn ready(house: &House, name: &str) -> Subject {
    let made = add(house, name).await;
    set_up(house, &made.token).await.unwrap();
    Subject::Admin(made.admin.id)
}

async fn set_up(house: &House, token: &SecretToken) -> Option<Vec<SignInCode>> {
    house.club.set_up_admin(&stamp(), token, HASH.to_owned(), 7).await.unwrap()
}

async fn start(house: &House, made: &AdminLink, factor: SecondFactor) -> Option<SecretToken> {
    house.club.sign_in_admin(&stamp(), made.admin.id, factor, "Firefox").await.unwrap()
}

async fn sign_in(house: &House, made: &AdminLink, factor: SecondFactor) -> Option<SignIn> {
    let token = start(house, made, factor).await?;
    house.club.sign_in(&token, NOW).await.unwrap()
}

async fn note(house: &House, made: Option<&AdminLink>, wrong: WrongPart) {
    let admin = made.map(|made| made.admin.id);
    let attempt = VainAttempt { admin, address: "192.0.2.1".to_owned(), wrong, at: NOW };
    house.club.note_vain_attempt(attempt).await.unwrap();
}

const SEALED: &[u8] = b"sealed";
const HASH: &str = "$argon2id$";
