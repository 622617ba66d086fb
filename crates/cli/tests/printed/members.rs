//! The commands under the heading Members.

use api::import::ImportOutcome;
use api::links::{ItemLinks, MemberLinks};
use api::mail::MailQueued;
use api::member::{ItemTraffic, MemberDetail, MemberTraffic, MemberView, Traffic};
use api::right::{BoundKey, RightView};
use api::sign_in::{SignInAttempt, SignInLink, SignInView, SignInsEnded};

use super::samples::{
    PASSKEY, ada, announce_url, at, btc, member, member_key, named, reel, right, usd,
};
use super::typed::typed;

#[test]
fn members() {
    let outsider = MemberView {
        id: 8,
        name: "bob".to_owned(),
        tier: "outsider".to_owned(),
        tier_until: None,
        state: "suspended".to_owned(),
        email: None,
        email_verified: None,
        ..ada_view()
    };
    typed("member list").list("GET /members", "members", &[ada_view(), outsider.clone()]).check();
    typed("member list")
        .list("GET /members", "members", &Vec::<MemberView>::new())
        .check_with("none");
    typed("member add ada --tier patron --until 2027-01-31")
        .answer("POST /members", &member_key())
        .check();
    typed("member set ada --tier patron --until 70d")
        .answer("PUT /members/ada/tier", &ada_view())
        .check();
    typed("member rotate ada --grace 7d").answer("POST /members/ada/rotate", &member_key()).check();
    typed("member rotate ada --key feed")
        .answer("POST /members/ada/keys/feed", &links(Vec::new()))
        .check_with("feed");
    typed("member suspend bob").answer("POST /members/bob/suspend", &outsider).check();
    let resumed = MemberView { state: "active".to_owned(), ..outsider.clone() };
    typed("member resume bob").answer("POST /members/bob/resume", &resumed).check();
    let removed = MemberView { state: "removed".to_owned(), ..outsider };
    typed("member erase bob").answer("POST /members/bob/erase", &removed).check();
    typed("member email ada ada@example.org").answer("PUT /members/ada/email", &ada_view()).check();
    let bare = MemberView { email: None, email_verified: None, ..ada_view() };
    typed("member email ada --none").answer("PUT /members/ada/email", &bare).check_with("none");
    let queued = MailQueued { to: "ada@example.org".to_owned() };
    typed("member mail ada").answer("POST /members/ada/mail", &queued).check();
    typed("member remove bob").answer("DELETE /members/bob", &removed).check();
}

#[test]
fn sign_ins() {
    let sign_in = |id, browser: &str| SignInView {
        id,
        browser: browser.to_owned(),
        created: at("01T08:30:00"),
        used: at("20T10:00:00"),
        ends: "2026-12-20T10:00:00Z".parse().unwrap(),
    };
    typed("sign-in list ada")
        .list(
            "GET /members/ada/sign-ins",
            "sign_ins",
            &[sign_in(9, "Firefox/145.0"), sign_in(7, "")],
        )
        .check();
    let ended = |ended| SignInsEnded { member: ada(), ended };
    typed("sign-in end ada 7").answer("DELETE /members/ada/sign-ins/7", &ended(1)).check();
    typed("sign-in end ada").answer("DELETE /members/ada/sign-ins", &ended(2)).check_with("all");
    let link = SignInLink {
        member: ada(),
        url: format!("https://club.example.org/sign-in/{}", "A".repeat(43)),
        code_url: "https://club.example.org/sign-in/code".to_owned(),
        code: "0123-4567-89AB-CDEF".to_owned(),
        until: at("21T10:00:00"),
    };
    typed("sign-in link ada").answer("POST /members/ada/sign-in-links", &link).check();
    let attempt = SignInAttempt {
        email: "eve@example.org".to_owned(),
        outcome: "unknown".to_owned(),
        first: at("20T09:00:00"),
        last: at("20T10:00:00"),
        times: 3,
    };
    typed("sign-in attempts").list("GET /sign-in-attempts", "attempts", &[attempt]).check();
}

#[test]
fn a_member() {
    let traffic = |item, uploaded, downloaded| Traffic { item, uploaded, downloaded };
    let detail = MemberDetail {
        key: member_key(),
        rights: vec![
            right(named(0, "all")),
            RightView { until: Some(at("30T23:59:59")), ..right(reel()) },
        ],
        traffic: vec![
            traffic(reel(), 1_610_612_736, 734_003_200),
            traffic(named(4, "trailer"), 0, 9_000),
        ],
    };
    typed("member show ada").answer("GET /members/ada", &detail).check();
    let bare = MemberDetail { rights: Vec::new(), traffic: Vec::new(), ..detail };
    typed("member show ada").answer("GET /members/ada", &bare).check_with("new");

    let site = "https://club.example.org";
    let item = ItemLinks {
        item: "reel".to_owned(),
        torrent: format!("{site}/t/3/8f1e2d3c/reel.torrent"),
        web_seed: Some(format!("{site}/ws/5a6b7c8d/")),
        direct: [1, 2].map(|part| format!("{site}/d/9e0f1a2b/reel/{part}.mp4")).to_vec(),
    };
    let trailer = ItemLinks {
        item: "trailer".to_owned(),
        torrent: format!("{site}/t/4/8f1e2d3c/trailer.torrent"),
        web_seed: None,
        direct: Vec::new(),
    };
    typed("member links ada").answer("GET /members/ada/links", &links(vec![item, trailer])).check();

    let items = vec![ItemTraffic {
        item: reel(),
        uploaded: 1_610_612_736,
        downloaded: 734_003_200,
        web_seed: 104_857_600,
        judged: 1_073_741_824,
        verified: 629_145_600,
    }];
    let traffic = MemberTraffic {
        member: ada(),
        earned: Some("fan".to_owned()),
        items,
        next: None,
        pending: vec![usd(15), btc("0.00000120", 120)],
        credited: Vec::new(),
    };
    typed("member traffic ada").answer("GET /members/ada/traffic", &traffic).check();
    let nothing = MemberTraffic { earned: None, items: Vec::new(), pending: Vec::new(), ..traffic };
    typed("member traffic ada").answer("GET /members/ada/traffic", &nothing).check_with("none");
}

#[test]
fn rights() {
    let path = "/members/ada/rights/reel";
    let until = RightView { until: Some("2027-01-31T23:59:59Z".parse().unwrap()), ..right(reel()) };
    typed("grant ada reel --until 2027-01-31").answer(&format!("PUT {path}"), &until).check();
    let all = right(named(0, "all"));
    typed("grant ada all").answer("PUT /members/ada/rights/all", &all).check_with("all");
    let revoked = RightView { revoked: Some(at("22T12:00:00")), ..right(reel()) };
    typed("revoke ada reel").answer(&format!("DELETE {path}"), &revoked).check();
    let key = BoundKey {
        member: ada(),
        item: reel(),
        passkey: PASSKEY.to_owned(),
        announce_url: announce_url(),
    };
    typed("rotate ada reel --grace 7d").answer(&format!("POST {path}/rotate"), &key).check();
}

#[test]
fn import() {
    let outcome = |name: &str, outcome: &str, why: Option<&str>| ImportOutcome {
        name: name.to_owned(),
        outcome: outcome.to_owned(),
        why: why.map(str::to_owned),
    };
    let import = |arguments: &str, outcomes| {
        typed(&format!("import FOLDER/users.csv --tier VIP=patron --skip Bot {arguments}"))
            .file("users.csv", USERS)
            .answer("POST /import", &outcomes)
    };
    let taken = || vec![outcome("ada", "added", None), outcome("bob", "present", None)];
    import("", taken()).check();
    import("--dry-run", taken()).check_with("dry-run");
    let why = "the name has 65 characters: expected 64 at most";
    let refused = vec![outcome("ada", "added", None), outcome("bob", "refused", Some(why))];
    import("", refused).check_with("refused");
}

fn ada_view() -> MemberView {
    member(7, "ada")
}

fn links(items: Vec<ItemLinks>) -> MemberLinks {
    let site = "https://club.example.org";
    MemberLinks {
        member: "ada".to_owned(),
        announce_url: announce_url(),
        download_token: "8f1e2d3c".to_owned(),
        feed_token: "1c2d3e4f".to_owned(),
        club_feed: format!("{site}/feed/1c2d3e4f/club.xml"),
        podcast_feed: format!("{site}/feed/1c2d3e4f/podcast.xml"),
        items,
        next: None,
    }
}

const USERS: &str = "\
username,passkey,class,enabled
ada,0123456789abcdef0123456789abcdef,VIP,1
bob,123456789abcdef0123456789abcdef0,fan,1
botty,23456789abcdef0123456789abcdef01,Bot,1
mallory,3456789abcdef0123456789abcdef012,fan,0
";
