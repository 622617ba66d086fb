//! Mail, sign-ins and addresses over the admin API.

use club::{LinkSecret, MailText, Names, SecretToken, SignInCode, Stamp, Tried};

use super::*;

#[tokio::test]
async fn a_link_and_a_code_are_handed_out_and_sign_ins_are_ended_one_by_one() {
    let fixture = Fixture::new().await;
    fixture.post("/members", json!({"name": "ada", "tier": "fan"})).await.created();
    for _ in 0..2 {
        let link = fixture.post("/members/ada/sign-in-links", Value::Null).await.created();
        let url = link["url"].as_str().unwrap();
        let token = url.strip_prefix("http://club.example/sign-in/").unwrap();
        assert!(SecretToken::parse(token).is_some());
        assert_eq!(link["code_url"], "http://club.example/sign-in/code");
        let code = SignInCode::parse(link["code"].as_str().unwrap()).unwrap();
        let text = MailText { subject: String::new(), body: String::new() };
        let club = &fixture.admin.club;
        let used = club.use_link(&stamp(), LinkSecret::Code(code), "Firefox", text).await.unwrap();
        assert_eq!(used.unwrap().member.name, "ada");
    }
    let listed = fixture.get("/members/ada/sign-ins?newest=true").await.ok()["sign_ins"].clone();
    assert_eq!((&listed[0]["id"], &listed[0]["browser"]), (&json!(2), &json!("Firefox")));
    assert_eq!(fixture.delete("/members/ada/sign-ins/2").await.ok()["ended"], 1);
    fixture.delete("/members/ada/sign-ins/2").await.fails(404, "no sign-in 2");
    assert_eq!(fixture.delete("/members/ada/sign-ins").await.ok()["ended"], 1);
    assert_eq!(rows(&fixture.get("/members/ada/sign-ins").await.ok()).len(), 0);
    fixture.post("/members/ada/suspend", Value::Null).await.ok();
    let refused = fixture.post("/members/ada/sign-in-links", Value::Null).await;
    refused.fails(409, "is suspended or was removed");
}

#[tokio::test]
async fn an_address_is_replaced_and_mail_to_it_is_listed_and_retried() {
    let fixture = Fixture::new().await;
    let club = Arc::clone(&fixture.admin.club);
    club.reload(Names { has_mail: true, ..Names::from(&Rules::default()) }).await.unwrap();
    fixture.post("/members", json!({"name": "ada", "tier": "fan"})).await.created();
    fixture.post("/members", json!({"name": "bob", "tier": "fan"})).await.created();
    let set = |email: Value| json!({ "email": email });
    let changed = fixture.put("/members/ada/email", set(json!("Ada@Example.org"))).await.ok();
    assert_eq!(
        (&changed["email"], &changed["email_verified"]),
        (&json!("ada@example.org"), &Value::Null)
    );
    fixture.put("/members/ada/email", set(json!("ada"))).await.fails(422, "`ada`: this is not an");
    let taken = fixture.put("/members/bob/email", set(json!("ada@example.org"))).await;
    taken.fails(409, "member `ada` has the address ada@example.org already");

    let queued = fixture.get("/mail?state=queued").await.ok()["mail"].clone();
    assert_eq!((&queued[0]["to"], &queued[0]["tries"]), (&json!("ada@example.org"), &json!(0)));
    assert_eq!(queued[0]["member"], json!({"id": 1, "name": "ada"}));
    assert_eq!(rows(&fixture.get("/mail?state=sent").await.ok()).len(), 0);
    assert_eq!(rows(&fixture.get("/mail?to=ADA@example.org").await.ok()).len(), 1);
    fixture.get("/mail?state=lost").await.fails(422, "expected one of bounced, failed, queued");
    let taken = club.take_mail(NOW.unix).await.unwrap().unwrap();
    let refused = Tried::Bounced("550 no such user".to_owned());
    club.settle_mail(NOW.unix, taken.id, refused).await.unwrap();
    assert_eq!(fixture.get("/mail").await.ok()["mail"][0]["answer"], "550 no such user");
    assert_eq!(fixture.post("/mail/1/retry", Value::Null).await.ok()["state"], "queued");
    fixture.post("/mail/7/retry", Value::Null).await.fails(404, "no mail 7");
    let none = fixture.put("/members/ada/email", set(Value::Null)).await.ok();
    assert_eq!(none["email"], Value::Null);
}

#[tokio::test]
async fn addresses_that_got_no_link_are_listed() {
    let fixture = Fixture::new().await;
    let text = MailText { subject: String::new(), body: String::new() };
    let eve = club::Email::parse("eve@example.org").unwrap();
    fixture.admin.club.request_link(&stamp(), eve, text).await.unwrap();
    let attempts = fixture.get("/sign-in-attempts").await.ok()["attempts"].clone();
    assert_eq!(
        (&attempts[0]["email"], &attempts[0]["outcome"], &attempts[0]["times"]),
        (&json!("eve@example.org"), &json!("unknown"), &json!(1))
    );
}

#[tokio::test]
async fn a_test_message_needs_a_server() {
    let fixture = Fixture::new().await;
    let test = fixture.post("/mail-tests", json!({"to": "ada@example.org"})).await;
    test.fails(404, "this daemon sends no mail");
}

fn stamp() -> Stamp {
    Stamp { who: "visitor".to_owned(), now_unix: NOW.unix }
}
