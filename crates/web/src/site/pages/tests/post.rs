//! Links by mail, and new addresses for feeds and downloads.

use axum::http::header::CACHE_CONTROL;
use club::{LinkKind, MailReport, MailState, NewMember, Page, QueuedMail, Stamp};

use super::me::club;
use super::shop::{details, prices};
use super::sign_in::{Browser, stamp};
use super::*;

#[tokio::test]
async fn a_member_has_the_links_mailed_from_the_library() {
    let mut ada = Browser::new(club().await);
    ada.sign_in().await;
    assert!(ada.get("/library").await.body.contains("Mail me my links"));
    let before = waiting(&ada.shop).await.len();
    let sent = ada.post("/library/mail", "").await;
    assert!(sent.status == 200 && sent.body.contains("on their way to ada@example.org"));
    let mail = waiting(&ada.shop).await;
    assert_eq!(mail.len(), before + 1);
    let last = mail.last().unwrap();
    assert_eq!((last.report, last.link), (Some(MailReport::Orders), Some(LinkKind::SignIn)));
    // Nobody has many of them sent.
    let mut statuses = Vec::new();
    for _ in 0..6 {
        statuses.push(ada.post("/library/mail", "").await.status.as_u16());
    }
    assert_eq!(statuses.last(), Some(&429), "{statuses:?}");
    assert!(waiting(&ada.shop).await.len() <= before + 5);
    let mut bob = Browser::new(Arc::clone(&ada.shop));
    bob.sign_in_as("bob").await;
    bob.network = 9;
    assert!(!bob.get("/library").await.body.contains("Mail me my links"), "he has no address");
    assert_eq!(bob.post("/library/mail", "").await.status, 400);
}

#[tokio::test]
async fn a_visitor_has_the_links_of_an_address_mailed_and_learns_nothing() {
    let mut visitor = Browser::new(club().await);
    assert!(visitor.get("/sign-in").await.body.contains("value=\"orders\""));
    let before = waiting(&visitor.shop).await.len();
    let known = visitor.post("/sign-in", "email=ada%40example.org&what=orders").await;
    let unknown = visitor.post("/sign-in", "email=eve%40example.org&what=orders").await;
    assert_eq!(known.status, unknown.status);
    let same = |body: &str, address: &str| body.replace(address, "ADDRESS");
    assert_eq!(same(&known.body, "ada@example.org"), same(&unknown.body, "eve@example.org"));
    let mail = waiting(&visitor.shop).await;
    assert_eq!(mail.len(), before + 1);
    assert_eq!(mail.last().unwrap().to.text(), "ada@example.org");
    let noted = visitor.shop.site.club.sign_in_attempts().await.unwrap();
    assert_eq!(noted[0].email.text(), "eve@example.org");
}

#[tokio::test]
async fn a_leaked_feed_is_replaced_by_its_member_and_nobody_elses_changes() {
    let mut ada = Browser::new(club().await);
    ada.sign_in().await;
    let mut bob = Browser::new(Arc::clone(&ada.shop));
    bob.sign_in_as("bob").await;
    let (hers, his) = (ada.get("/library").await.body, bob.get("/library").await.body);
    let secrets = |page: &str| {
        let urls = page.split('"').filter_map(|part| part.strip_prefix(PUBLIC_URL));
        urls.filter(|path| ["/feed/", "/t/", "/d/"].iter().any(|start| path.starts_with(start)))
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    let (old, others) = (secrets(&hers), secrets(&his));
    assert!(old.len() >= 5 && others.len() >= 4, "{old:?} {others:?}");
    let is_served = async |shop: &Shop, path: &str| match path.strip_prefix("/d/") {
        None => shop.get(path).await.status == 200,
        // The files are not served here: the key tells.
        Some(rest) => {
            let token = rest.split('/').next().unwrap();
            let key = wire::Passkey::new(token.as_bytes()).unwrap();
            let grant = shop.site.keyring.verify(policy::Label::Download, &key).unwrap();
            shop.site.club.key_generations(grant.member).download == grant.generation
        }
    };
    for path in old.iter().chain(&others) {
        assert!(is_served(&ada.shop, path).await, "{path}");
    }
    let before = ada.shop.site.club.key_generations(id(&ada.shop, "ada").await);
    let replaced = ada.post("/library/feeds", "").await;
    assert!(replaced.status == 200 && replaced.body.contains("Your addresses are new"));
    assert_eq!(replaced.headers[CACHE_CONTROL], "private, no-store");
    let after = ada.shop.site.club.key_generations(id(&ada.shop, "ada").await);
    assert_ne!((before.web_seed, before.feed), (after.web_seed, after.feed));
    assert_eq!(before.login, after.login);
    for path in &old {
        assert!(!is_served(&ada.shop, path).await, "{path}");
    }
    for path in others.iter().chain(&secrets(&ada.get("/library").await.body)) {
        assert!(is_served(&ada.shop, path).await, "{path}");
    }
    let row = ada.shop.site.club.audit(Page { after: 0, limit: 1000 }).await.unwrap().pop();
    let row = row.unwrap();
    assert_eq!((row.who.as_str(), row.what.as_str()), ("member 1", "member.rotate"));
}

#[tokio::test]
async fn these_forms_from_elsewhere_or_without_a_token_change_nothing() {
    let mut ada = Browser::new(club().await);
    ada.sign_in().await;
    let mut visitor = Browser::new(Arc::clone(&ada.shop));
    visitor.get("/sign-in").await;
    let member = id(&ada.shop, "ada").await;
    let (keys, mail) = (ada.shop.site.club.key_generations(member), waiting(&ada.shop).await);
    for path in ["/library/feeds", "/library/mail"] {
        ada.get("/library").await;
        let good = ada.token.clone();
        ada.source = "cross-site";
        assert_eq!(ada.post(path, "").await.status, 403, "{path}");
        ada.source = "same-origin";
        for token in [String::new(), visitor.token.clone()] {
            ada.token = token;
            assert_eq!(ada.post(path, "").await.status, 403, "{path}");
        }
        ada.token = good;
        assert_eq!(visitor.post(path, "").await.status, 403, "{path}");
        assert_eq!(ada.get(path).await.status, 405, "{path}");
    }
    assert_eq!(ada.shop.site.club.key_generations(member), keys);
    assert_eq!(waiting(&ada.shop).await, mail);
    // An address that was corrected meanwhile is told of by nobody's page.
    ada.shop.site.club.set_email(&stamp(), "ada", None, club::MailText::default()).await.unwrap();
    assert_eq!(ada.get("/library").await.status, 303, "she is signed out");
}

async fn waiting(shop: &Shop) -> Vec<QueuedMail> {
    shop.site.club.mail(Some(MailState::Queued), Page::FIRST).await.unwrap()
}

async fn id(shop: &Shop, name: &str) -> policy::MemberId {
    shop.site.club.member(name).await.unwrap().id
}

#[tokio::test]
async fn a_lapsed_members_feeds_say_how_to_renew_until_they_do() {
    let shop = Shop::with(PUBLIC_URL, Appearance { tiers: tiers(), ..Appearance::default() }).await;
    shop.publish("film", "club", prices(None, None), details("Film")).await;
    let over = NOW.unix - 30 * 86_400;
    let club = &shop.site.club;
    for (name, tier, tier_until) in
        [("ada", "patron", Some(over)), ("bob", "patron", None), ("cleo", "outsider", None)]
    {
        let new = NewMember { name: name.to_owned(), tier: tier.to_owned(), tier_until };
        club.add_member(&stamp(), new).await.unwrap();
    }
    let feed = async |member: &str, kind: &str| {
        let member = club.member(member).await.unwrap();
        let url = shop.site.links(|links| {
            let token = links.feed_token(member.id, club.key_generations(member.id));
            links.feed(&token, kind)
        });
        let answer = shop.get(url.strip_prefix(PUBLIC_URL).unwrap()).await;
        assert_eq!(
            (answer.status.as_u16(), &answer.headers["x-robots-tag"]),
            (200, &"noindex".parse().unwrap())
        );
        answer.body
    };
    for kind in ["club", "podcast"] {
        let lapsed = feed("ada", kind).await;
        for expected in [
            "<title>Your membership has ended: renew it</title>",
            "<link>https://club.example/club</link>",
            "ended on 16 December 2026. Renew it at https://club.example/club",
            "<guid isPermaLink=\"false\">usher:renew:patron:",
            "<pubDate>Wed, 16 Dec 2026 08:00:00 +0000</pubDate>",
            "<itunes:block>Yes</itunes:block>",
            "<podcast:locked>yes</podcast:locked>",
        ] {
            assert!(lapsed.contains(expected), "{kind}: {expected} in {lapsed}");
        }
        assert_eq!(lapsed.matches("<item>").count(), 1, "{kind}: {lapsed}");
        for member in ["bob", "cleo"] {
            assert!(!feed(member, kind).await.contains("renew"), "{member}");
        }
    }
    club.set_tier(&stamp(), "ada", "patron", Some(NOW.unix + 86_400)).await.unwrap();
    let renewed = feed("ada", "club").await;
    assert!(!renewed.contains("renew") && renewed.contains("film.torrent"), "{renewed}");
    assert!(!shop.get("/feed/public.xml").await.body.contains("itunes:block"));
}

#[tokio::test]
async fn a_new_version_is_marked_until_its_torrent_is_taken() {
    let mut ada = Browser::new(club().await);
    ada.sign_in().await;
    let torrent = |page: &str| {
        let urls = page.split('"').filter_map(|part| part.strip_prefix(PUBLIC_URL));
        urls.clone().find(|path| path.ends_with("/film.torrent")).unwrap().to_owned()
    };
    let page = ada.get("/library").await.body;
    assert!(!page.contains("New version"), "{page}");
    assert_eq!(ada.shop.get(&torrent(&page)).await.status, 200);
    for text in ["second", "third"] {
        let root = ada.shop.fixture.folder.path().join("film").join(format!("{text}.mp4"));
        std::fs::write(&root, text).unwrap();
        let options = metainfo::MakeOptions { private: true, ..Default::default() };
        let plan = metainfo::TorrentPlan::scan(&root, &options).unwrap();
        let go = |_| std::ops::ControlFlow::Continue(());
        let made = plan.make(std::num::NonZeroUsize::MIN, &go).unwrap();
        let goods = club::NewGoods { root, torrent: made };
        let later = Stamp { now_unix: NOW.unix + 60, ..stamp() };
        ada.shop.site.club.replace(&later, "film", goods).await.unwrap();
    }
    let page = ada.get("/library").await.body;
    assert!(page.contains("New version 3, since 15 January 2027"), "{page}");
    assert_eq!(page.matches("New version").count(), 1);
    assert_eq!(ada.shop.get(&torrent(&page)).await.status, 200);
    assert!(!ada.get("/library").await.body.contains("New version"));
}

fn tiers() -> Vec<TierOffer> {
    let tier = |id: &str| TierOffer {
        id: id.to_owned(),
        price: None,
        earned_by: None,
        is_inside: false,
        entitles_all: false,
        web_seed_rate: None,
        max_peers: 50,
    };
    ["outsider", "fan", "patron"].map(tier).into()
}
