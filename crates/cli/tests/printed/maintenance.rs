//! The commands under the heading Maintenance.

use api::alert::AuditView;
use api::backup::Backup;

use super::samples::{ada, at, named, reel};
use super::typed::typed;

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
    typed("audit --member ada").answer("GET /audit", &rows).check();
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
