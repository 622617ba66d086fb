//! Setting up, signing in and out, and confirming.

use club::AdminRole::{Owner, ReadOnly, Staff};

use super::*;

#[tokio::test]
async fn a_link_sets_a_password_and_codes_once() {
    let house = House::new().await;
    let path = house.link("ada", Owner).await;
    let mut ada = Browser::new(&house);
    // Whoever opens it without its form changes nothing.
    for _ in 0..3 {
        assert_eq!(Browser::new(&house).get(&path).await.status, 200);
    }
    let page = ada.get(&path).await;
    let secret = secret_of(&page.body);
    assert_eq!(secret_of(&ada.get(&path).await.body), secret);
    assert!(page.body.contains("otpauth://totp/usher:ada?secret="), "{}", page.body);
    let code = house.code(&secret);
    for (password, again, code, told) in [
        ("short", "short", code.as_str(), "too short"),
        (PASSWORD, "correct-horse-batterie", &code, "different"),
        (PASSWORD, PASSWORD, "000000", "The code is wrong"),
        (PASSWORD, PASSWORD, "", "The code is wrong"),
    ] {
        let fields = format!("password={password}&again={again}&code={code}");
        let wrong = ada.post(&path, &fields).await;
        assert_eq!(wrong.status, 422);
        assert!(wrong.body.contains(told), "{told}: {}", wrong.body);
    }
    let fields = format!("password={PASSWORD}&again={PASSWORD}&code={code}");
    let done = ada.post(&path, &fields).await;
    assert_eq!((done.status.as_u16(), codes_of(&done.body).len()), (200, 10), "{}", done.body);
    assert_eq!(ada.get(&path).await.status, 410);
    assert_eq!(ada.post(&path, &fields).await.status, 410);
    // Setting up signs nobody in, and its code counts no more.
    assert_eq!(ada.get("/").await.headers["location"], "/sign-in");
    assert_eq!(ada.sign_in("ada", PASSWORD, &code).await.status, 422);
}

#[tokio::test]
async fn name_password_and_code_sign_in_and_each_code_once() {
    let house = House::new().await;
    let (mut ada, secret, codes) = Browser::arrive(&house, "ada", Owner).await;
    let page = ada.get("/").await;
    assert!(page.body.contains("ada, owner"), "{}", page.body);
    let cookie = ada.cookies.iter().find(|(name, _)| name == "__Host-usher-admin").unwrap();
    assert_eq!(cookie.1.len(), 43);

    let used = house.code(&secret);
    let mut other = Browser::new(&house);
    assert_eq!(other.sign_in("ada", PASSWORD, &used).await.status, 422, "the code was used");
    assert_eq!(other.sign_in("ada", PASSWORD, &codes[0]).await.status, 303);
    let mut third = Browser::new(&house);
    assert_eq!(third.sign_in("ada", PASSWORD, &codes[0]).await.status, 422);
    house.wait(30);
    let spaced = format!("{}+{}", &house.code(&secret)[..3], &house.code(&secret)[3..]);
    assert_eq!(third.sign_in("+ada+", PASSWORD, &spaced).await.status, 303);

    ada.get("/account").await;
    assert_eq!(ada.post("/sign-out", "").await.status, 303);
    assert_eq!(ada.get("/").await.status, 303);
    assert_eq!(other.get("/").await.status, 200);
}

#[tokio::test]
async fn whatever_is_wrong_the_answer_is_the_same_and_is_noted() {
    let house = House::new().await;
    let mut browser = Browser::new(&house);
    let (secret, _) = browser.set_up("ada", Owner).await;
    house.wait(60);
    let code = house.code(&secret);
    let mut answers = Vec::new();
    for (name, password, code) in [
        ("ada", "wrong-password", code.as_str()),
        ("ada", PASSWORD, "000000"),
        ("eve", PASSWORD, &code),
        ("ada", PASSWORD, "0000-0000-0000-0000"),
        ("ada", PASSWORD, ""),
        ("ada", "", &code),
    ] {
        let answer = browser.sign_in(name, password, code).await;
        assert_eq!(answer.status, 422);
        let body =
            answer.body.replace(&browser.token, "").replace("value=\"eve\"", "value=\"ada\"");
        answers.push(body);
    }
    answers.dedup();
    assert_eq!(answers.len(), 1);
    // What was wrong did not use the code up.
    assert_eq!(browser.sign_in("ada", PASSWORD, &code).await.status, 303);
    let page = browser.get("/").await;
    assert!(page.body.contains("5 times somebody"), "{}", page.body);
    let account = browser.get("/account").await;
    assert_eq!(account.body.matches("192.0.1.1").count(), 5);
    assert_eq!(account.body.matches("The password was right, the code wrong").count(), 3);
    let attempts = house.fixture.club.vain_attempts(None, 0).await.unwrap();
    assert!(!format!("{attempts:?}").contains("eve"), "it may be a password");
}

#[tokio::test]
async fn guesses_are_limited_by_admin_whatever_the_network() {
    let house = House::new().await;
    let mut statuses = Vec::new();
    for network in 0..22 {
        let mut browser = Browser { network, ..Browser::new(&house) };
        statuses.push(browser.sign_in("ada", "", "").await.status.as_u16());
    }
    assert_eq!(statuses[19..], [422, 429, 429]);
    let mut other = Browser { network: 50, ..Browser::new(&house) };
    assert_eq!(other.sign_in("bob", "", "").await.status, 422);
}

#[tokio::test]
async fn a_stolen_store_has_no_secret_that_works() {
    let house = House::new().await;
    let (ada, secret, codes) = Browser::arrive(&house, "ada", Owner).await;
    let bytes = std::fs::read(house.fixture.folder.path().join("club.db")).unwrap();
    let log = std::fs::read(house.fixture.folder.path().join("club.db-wal")).unwrap();
    let cookie = &ada.cookies.iter().find(|(name, _)| name == "__Host-usher-admin").unwrap().1;
    for (what, needle) in [
        ("secret", secret.clone()),
        ("secret as text", BASE32_NOPAD.encode(&secret).into_bytes()),
        ("password", PASSWORD.as_bytes().to_vec()),
        ("cookie", data_encoding::BASE64URL_NOPAD.decode(cookie.as_bytes()).unwrap()),
        ("recovery code", codes[0].as_bytes().to_vec()),
    ] {
        for bytes in [&bytes, &log] {
            assert!(!bytes.windows(needle.len()).any(|part| part == needle), "{what}");
        }
    }
    // Another key opens nothing, and says so.
    let proof = house.fixture.club.admin_proof("ada").await.unwrap().unwrap();
    assert!(TotpKey::new(&[4; 32]).unwrap().open("ada", &proof.totp).is_none());
    assert!(house.key.open("ada", &proof.totp).is_some());
}

#[tokio::test]
async fn new_recovery_codes_want_a_fresh_confirmation() {
    let house = House::new().await;
    let (mut ada, secret, codes) = Browser::arrive(&house, "ada", ReadOnly).await;
    ada.get("/account").await;
    let renewed = ada.post("/account/codes", "back=/account").await;
    assert_eq!(codes_of(&renewed.body).len(), 10, "signing in was a confirmation");
    assert_ne!(codes_of(&renewed.body), codes);

    house.wait(600);
    ada.get("/account").await;
    let asked = ada.post("/account/codes", "back=/account").await;
    assert_eq!(asked.headers["location"], "/confirm?back=%2Faccount");
    assert!(ada.get("/confirm?back=%2Faccount").await.body.contains("value=\"/account\""));
    for wrong in ["wrong-password", "000000", "0000-0000-0000-0000", ""] {
        let answer = ada.post("/confirm", &format!("back=/account&secret={wrong}")).await;
        assert_eq!(answer.status, 422, "{wrong}");
        assert_eq!(ada.post("/account/codes", "back=/account").await.status, 303);
    }
    for right in [PASSWORD.to_owned(), house.code(&secret)] {
        house.wait(600);
        ada.get("/confirm").await;
        let right = if right == PASSWORD { right } else { house.code(&secret) };
        let answer = ada.post("/confirm", &format!("back=/account&secret={right}")).await;
        assert_eq!(answer.headers["location"], "/account");
        ada.get("/account").await;
        assert_eq!(ada.post("/account/codes", "back=/account").await.status, 200);
    }
}

#[tokio::test]
async fn sign_ins_are_ended_by_their_own_admin_alone() {
    let house = House::new().await;
    let (mut ada, ..) = Browser::arrive(&house, "ada", Owner).await;
    let (mut bob, ..) = Browser::arrive(&house, "bob", Staff).await;
    bob.get("/account").await;
    assert_eq!(bob.post("/account/sign-ins/1/end", "").await.status, 404);
    assert_eq!(ada.get("/account").await.status, 200);
    assert_eq!(ada.post("/account/sign-ins/1/end", "").await.status, 303);
    assert_eq!(ada.get("/account").await.headers["location"], "/sign-in");
    // A member's sign-in is none of the dashboard's.
    house.fixture.club.remove_admin(&stamp(), "bob").await.unwrap();
    assert_eq!(bob.get("/").await.headers["location"], "/sign-in");
}

#[tokio::test]
async fn forms_come_from_the_own_pages_and_the_own_browser() {
    let house = House::new().await;
    let (mut ada, ..) = Browser::arrive(&house, "ada", Owner).await;
    ada.get("/account").await;
    let token = ada.token.clone();
    for source in ["cross-site", "same-site", "none"] {
        ada.source = source;
        assert_eq!(ada.post("/sign-out", "").await.status, 403, "{source}");
    }
    ada.source = "same-origin";
    ada.token = String::new();
    assert_eq!(ada.post("/sign-out", "").await.status, 403);
    let (mut bob, ..) = Browser::arrive(&house, "bob", Staff).await;
    bob.token = token;
    assert_eq!(bob.post("/sign-out", "").await.status, 403);
    assert_eq!(ada.get("/").await.status, 200);
}

#[tokio::test]
async fn another_host_is_refused_and_every_answer_says_what_browsers_may_do() {
    let house = House::new().await;
    let mut browser = Browser::new(&house);
    for (host, status) in [
        ("localhost:6970", 200),
        ("127.0.0.1:6970", 200),
        ("[::1]:6970", 200),
        ("evil.example", 403),
        ("evil.example:6970", 403),
    ] {
        let mut asked = request(Method::GET, "/sign-in");
        asked.headers_mut().insert(HOST, host.parse().unwrap());
        let answer = browser.send(asked).await;
        assert_eq!(answer.status.as_u16(), status, "{host}");
        let policy = answer.headers["content-security-policy"].to_str().unwrap();
        assert!(policy.contains("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
        assert_eq!(answer.headers["referrer-policy"], "no-referrer");
    }
}

#[tokio::test]
async fn every_form_is_in_the_table_and_no_other_route_takes_one() {
    let source = include_str!("../mod.rs");
    let code = source.split("mod tests").next().unwrap();
    let mut forms = Vec::new();
    for line in code.lines().filter(|line| line.contains("post(")) {
        forms.push(line.split('"').nth(1).unwrap().to_owned());
    }
    let listed: Vec<_> = access::FORMS.iter().map(|(route, _)| (*route).to_owned()).collect();
    forms.sort();
    let mut sorted = listed.clone();
    sorted.sort();
    assert_eq!(forms, sorted);
}
