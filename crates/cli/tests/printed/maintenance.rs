//! The commands under the heading Maintenance.

use api::admin::{AdminSetUp, AdminView};
use api::alert::AuditView;
use api::backup::Backup;
use api::mail::{MailView, TestSent};
use api::page::{AdminPage, TokenPage};
use api::token::{TokenAdded, TokenScope, TokenView};
use api::webhook::{
    WebhookAdded, WebhookDeliveryList, WebhookDeliveryView, WebhookList, WebhookTopic, WebhookView,
};

use super::samples::{ada, at, named, reel};
use super::typed::typed;

#[test]
fn admins() {
    let ada = AdminView {
        name: "ada".to_owned(),
        role: "owner".to_owned(),
        created: at("20T10:00:00"),
        link_until: Some(at("21T10:00:00")),
        recovery_codes: 0,
    };
    let bob = AdminView {
        name: "bob".to_owned(),
        role: "read-only".to_owned(),
        link_until: None,
        recovery_codes: 9,
        ..ada.clone()
    };
    let made = AdminSetUp {
        admin: ada.clone(),
        url: "http://127.0.0.1:6970/set-up/7Qn".to_owned(),
        until: at("21T10:00:00"),
    };
    typed("admin add ada --role owner").answer("POST /admins", &made).check();
    typed("admin reset ada").answer("POST /admins/ada/reset", &made).check();
    typed("admin list")
        .answer("GET /admins", &AdminPage { admins: vec![ada, bob.clone()], next: None })
        .check();
    typed("admin remove bob").answer("DELETE /admins/bob", &bob).check();
}

#[test]
fn audit() {
    let row = |id, what: &str, detail: &str| AuditView {
        id,
        at: at("20T10:00:00"),
        who: "admin".to_owned(),
        what: what.to_owned(),
        member: Some(ada()),
        item: None,
        detail: detail.to_owned(),
    };
    let rows = vec![
        row(101, "member.tier", "fan -> patron"),
        AuditView { member: None, item: Some(reel()), ..row(102, "item.policy", "free -> club") },
        AuditView {
            who: "stripe".to_owned(),
            item: Some(named(0, "all")),
            ..row(103, "entitlement.grant", "for ever, generation 0, from \"order 12\"")
        },
        // What a stranger typed does not steer the terminal.
        row(104, "member.add", "\u{1b}[2Jada"),
    ];
    typed("audit --member ada").list("GET /audit", "changes", &rows).check();
}

#[test]
fn mail() {
    let bounced = MailView {
        id: 7,
        to: "ada@example.org".to_owned(),
        member: Some(ada()),
        about: "sign-in".to_owned(),
        subject: "Your link".to_owned(),
        state: "bounced".to_owned(),
        created: at("20T10:00:00"),
        due: None,
        tries: 1,
        ended: Some(at("20T10:00:01")),
        answer: "mail.example.org:587 said: 550 5.1.1 no such user".to_owned(),
    };
    let queued = MailView {
        id: 8,
        state: "queued".to_owned(),
        due: Some(at("20T10:00:05")),
        ended: None,
        answer: String::new(),
        ..bounced.clone()
    };
    typed("mail list").list("GET /mail", "mail", &[bounced.clone(), queued.clone()]).check();
    typed("mail list --state bounced").list("GET /mail", "mail", &[bounced]).check_with("bounced");
    typed("mail retry 8").answer("POST /mail/8/retry", &queued).check();
    let sent = TestSent {
        to: "ada@example.org".to_owned(),
        answer: "mail.example.org:587 said: 250 2.0.0 OK".to_owned(),
    };
    typed("mail test ada@example.org").answer("POST /mail-tests", &sent).check();
}

#[test]
fn backup() {
    let backup = Backup { file: "/var/backups/club.db".into(), bytes: 1_474_560, secret: None };
    typed("backup /var/backups/club.db").answer("POST /backup", &backup).check();
    let with_secret = Backup { secret: Some("/var/backups/club.db.secret".into()), ..backup };
    typed("backup /var/backups/club.db --with-secret")
        .answer("POST /backup", &with_secret)
        .check_with("with-secret");
}

#[test]
fn tokens() {
    let shop = TokenView {
        id: 3,
        name: "shop".to_owned(),
        scopes: vec![TokenScope::Money, TokenScope::ReadMembers],
        state: "active".to_owned(),
        created: at("20T10:00:00"),
        until: Some("2027-02-20T12:00:00Z".parse().unwrap()),
        used: Some(at("22T11:59:00")),
        revoked: None,
    };
    let secret = format!("usht_{}", "0123456789".repeat(4) + "abc");
    let added = TokenAdded { token: shop.clone(), secret: secret.clone() };
    typed("token add shop --scope money --scope read:members --until 90d")
        .answer("POST /tokens", &added)
        .check();
    let grafana = TokenView {
        id: 2,
        name: "grafana".to_owned(),
        scopes: vec![TokenScope::ReadStats],
        until: None,
        used: None,
        ..shop.clone()
    };
    let added = TokenAdded { token: grafana.clone(), secret };
    typed("token add grafana --scope read:stats")
        .answer("POST /tokens", &added)
        .check_with("for-ever");
    let revoked =
        TokenView { state: "revoked".to_owned(), revoked: Some(at("22T12:00:00")), ..shop.clone() };
    typed("token list")
        .answer("GET /tokens", &TokenPage { tokens: vec![shop, grafana], next: None })
        .check();
    typed("token revoke shop").answer("DELETE /tokens/shop", &revoked).check();
}

#[test]
fn webhooks() {
    let shop = WebhookView {
        id: 1,
        url: "https://shop.example.org/usher".to_owned(),
        events: vec![WebhookTopic::Alert, WebhookTopic::Order],
        created: at("20T10:00:00"),
        failing: None,
        paused: None,
        queued: 2,
    };
    let paused = WebhookView {
        id: 2,
        failing: Some(at("20T10:00:00")),
        paused: Some(at("20T22:00:00")),
        ..shop.clone()
    };
    let delivery = WebhookDeliveryView {
        id: 7,
        webhook: 1,
        event: "order.paid".to_owned(),
        message: "msg_1f".to_owned(),
        state: "delivered".to_owned(),
        created: at("20T10:00:00"),
        due: None,
        tries: 2,
        ended: Some(at("20T10:00:05")),
        answer: "it answered 200 OK".to_owned(),
    };
    let added = WebhookAdded { webhook: shop.clone(), secret: "whsec_c2VjcmV0".to_owned() };
    typed("webhook add https://shop.example.org/usher --event order --event alert")
        .answer("POST /webhooks", &added)
        .check();
    let list = WebhookList { webhooks: vec![shop.clone(), paused.clone()], next: None };
    typed("webhook list").answer("GET /webhooks", &list).check();
    let page = WebhookDeliveryList { deliveries: vec![delivery.clone()], next: None };
    typed("webhook deliveries 1").answer("GET /webhooks/1/deliveries", &page).check();
    typed("webhook test 1").answer("POST /webhooks/1/test", &delivery).check();
    typed("webhook replay 7").answer("POST /webhook-deliveries/7/replay", &delivery).check();
    typed("webhook resume 2").answer("POST /webhooks/2/resume", &paused).check();
    typed("webhook remove 1").answer("DELETE /webhooks/1", &shop).check();
}
