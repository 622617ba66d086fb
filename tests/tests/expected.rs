//! What buyers and publishers expect of a shop, each expectation driven through the pages; what only staff can do, by
//! the command or the API.

#[path = "expected/mail.rs"]
mod mail;
#[path = "expected/shop.rs"]
mod shop;

use std::time::SystemTime;

use serde_json::json;
use tests::{Ask, Goods, Http, Provider, eventually, free_port};

use shop::{Shop, buy_form, link_to};

/// Once an item is owned, its page offers it to download or to watch, and no longer to buy.
#[test]
fn the_buy_box_becomes_download_and_watch_once_the_item_is_owned() {
    let shop = Shop::open();
    shop.sell("film", "film.mp4", "club");
    shop.member("ada", "20.00");
    let mut ada = shop.browser(1);
    ada.sign_in(&shop.daemon, "ada");
    let before = ada.read("/items/film");
    assert!(before.contains("$2.25") && !before.contains("You have this"), "{before}");
    ada.read("/items/film/buy");
    ada.submit("/items/film/buy", &buy_form(&[("way", "balance")]));
    let after = ada.read("/items/film");
    assert!(after.contains("Download or watch") && after.contains("You have this"), "{after}");
    // It can still be given to somebody else.
    assert!(!after.contains("$2.25") && !after.contains("/items/film/buy\""), "{after}");
}

/// The library shows everything that a member may have: bought, by membership, given and free. It is searched by words and
/// tags, and filtered by how each item came there.
#[test]
fn the_library_shows_all_that_a_member_may_have_and_is_searched() {
    let shop = Shop::open();
    for name in ["bought", "given", "granted"] {
        shop.sell(name, &format!("{name}.mp4"), "club");
    }
    shop.sell("of-members", "of-members.mp4", "club");
    shop.daemon.json(&["item", "set", "of-members", "--tier", "patron", "--tag", "quiet"]);
    shop.publish("free", "free.mp4", "free");
    shop.sell("never", "never.mp4", "club");
    shop.member("ada", "20.00");
    shop.daemon.json(&["member", "set", "ada", "--tier", "patron"]);
    shop.daemon.json(&["grant", "ada", "granted"]);
    let mut ada = shop.browser(1);
    ada.sign_in(&shop.daemon, "ada");
    ada.read("/items/bought/buy");
    ada.submit("/items/bought/buy", &buy_form(&[("way", "balance")]));
    let code = shop.voucher(&["--item", "given"]);
    ada.read("/redeem");
    let redeemed = ada.post("/redeem", &[("code", &code), ("consent", "yes")]);
    assert_eq!(redeemed.status, 200, "{}", redeemed.text());

    let library = ada.read("/library");
    for name in ["bought", "given", "granted", "of-members", "free"] {
        assert!(library.contains(&format!("/items/{name}\"")), "{name} in {library}");
    }
    assert!(!library.contains("/items/never\""), "{library}");
    let found = ada.read("/library?q=granted");
    assert!(found.contains("/items/granted\"") && !found.contains("/items/bought\""), "{found}");
    // By a tag, and by how the member came by it.
    let found = ada.read("/library?q=quiet");
    assert!(found.contains("/items/of-members\"") && !found.contains("/items/bought\""), "{found}");
    let found = ada.read("/library?source=bought");
    assert!(found.contains("/items/bought\"") && !found.contains("/items/granted\""), "{found}");
}

/// What is in an item, in which formats and how large, is on its page before anybody pays.
#[test]
fn formats_files_and_sizes_are_shown_before_paying() {
    let shop = Shop::open();
    let goods =
        Goods::folder("Season", &[("one.mkv", 2_000_000), ("one.srt", 3000), ("art.png", 900)]);
    goods.publish(&shop.daemon, "season", "club");
    let prices = ["--torrent-price", "2.25", "--currency", "usd"];
    shop.daemon.json(&[&["item", "set", "season"][..], &prices].concat());
    let page = shop.browser(1).read("/items/season");
    for expected in [
        "one.mkv",
        "MKV video",
        "2.0 MB",
        "one.srt",
        "Subtitles",
        "3.0 kB",
        "art.png",
        "PNG picture",
    ] {
        assert!(page.contains(expected), "{expected} in {page}");
    }
}

/// A download that broke off goes on where it stopped: its address stays, and takes ranges.
#[test]
fn a_direct_download_resumes_at_the_same_address() {
    let shop = Shop::open();
    let goods = shop.sell("film", "film.mp4", "club");
    let mut buyer = shop.browser(1);
    let order = shop.buy(&mut buyer, "film", "direct", "eve@example.org");
    let url = link_to(&buyer.read(&order), "/d/");
    let path = &url[url.find("/d/").expect("a path")..];
    let bytes = goods.bytes("");
    let half = bytes.len() / 2;
    let get = |range: &str| {
        let mut line = Http::to(shop.daemon.listening().web.port());
        line.get(path, &format!("Range: bytes={range}\r\n"))
    };
    let first = get(&format!("0-{}", half - 1));
    let tag = first.headers["etag"].clone();
    assert_eq!((first.status, first.body.as_slice()), (206, &bytes[..half]));
    // The page names the same address when it is opened again, and the rest of the same file is there.
    assert_eq!(link_to(&buyer.read(&order), "/d/"), url);
    let rest = get(&format!("{half}-\r\nIf-Range: {tag}"));
    assert_eq!((rest.status, rest.body.as_slice()), (206, &bytes[half..]));
}

/// An e-mail address is all that a buyer is asked for: no account is made first, and no password.
#[test]
fn a_visitor_checks_out_with_an_e_mail_address_only() {
    let shop = Shop::open();
    shop.sell("film", "film.mp4", "club");
    let mut buyer = shop.browser(1);
    let form = buyer.read("/items/film/buy");
    assert!(form.contains("type=\"email\"") && !form.contains("type=\"password\""), "{form}");
    let order = shop.buy(&mut buyer, "film", "torrent", "eve@example.org");
    assert!(buyer.read(&order).contains("/film.torrent\""));
    let orders = shop.daemon.json(&["order", "list"]);
    assert_eq!(
        (&orders[0]["state"], &orders[0]["email"]),
        (&json!("paid"), &json!("eve@example.org"))
    );
}

/// A sign-in link that mail scanners open is not used up by that: the page has a button, and the button works once.
#[test]
fn a_link_in_a_mail_survives_scanners_and_works_once_by_its_button() {
    let shop = Shop::open();
    shop.member("ada", "1.00");
    let link = shop.sign_in_link("ada");
    for scanner in 0..5 {
        let page = shop.browser(2).get(&link);
        assert_eq!(page.status, 200, "{scanner}");
        let cookie = page.headers.get("set-cookie").map_or("", String::as_str);
        assert!(!cookie.contains("usher-member"), "{cookie}");
        let head = shop.browser(2).request("HEAD", &link, "", "");
        assert_eq!(head.status, 200);
    }
    let mut ada = shop.browser(1);
    let page = ada.read(&link);
    assert!(page.contains("<form method=\"post\"") && page.contains("<button"), "{page}");
    assert!(ada.submit(&link, &[]).ends_with("/library"));
    assert_eq!(ada.get("/me").status, 200);
    assert_eq!(shop.browser(2).get(&link).status, 410, "it is used up");
}

/// Links and sign-ins are rows of the store, so they end with the member.
#[test]
fn links_and_sign_ins_are_dead_once_the_member_is_removed() {
    let shop = Shop::open();
    shop.member("ada", "1.00");
    let mut ada = shop.browser(1);
    ada.sign_in(&shop.daemon, "ada");
    let link = shop.sign_in_link("ada");
    assert_eq!(ada.get("/me").status, 200);
    shop.daemon.json(&["member", "remove", "ada"]);
    assert_eq!(ada.get("/me").status, 303, "signed out");
    let mut browser = shop.browser(2);
    browser.read("/sign-in");
    assert_eq!(browser.post(&link, &[]).status, 410);
    assert_eq!(browser.get("/me").status, 303);
}

/// Whoever asks for a link gets the same answer for an address that nobody has; the publisher sees which it was.
#[test]
fn an_unknown_address_gets_the_same_answer_and_the_publisher_sees_it() {
    let shop = Shop::open();
    shop.member("ada", "1.00");
    shop.daemon.json(&["member", "email", "ada", "ada@example.org"]);
    let ask = |what: &str, address: &str, network| {
        let mut browser = shop.browser(network);
        browser.read("/sign-in");
        let answer = browser.post("/sign-in", &[("email", address), ("what", what)]);
        (answer.status, answer.text().replace(address, "ADDRESS"))
    };
    for (what, network) in [("", 1), ("orders", 3)] {
        let known = ask(what, "ada@example.org", network);
        assert_eq!(known.0, 200, "{}", known.1);
        assert_eq!(known, ask(what, "eve@example.org", network + 1), "{what}");
    }
    let attempts = shop.daemon.json(&["sign-in", "attempts"]);
    assert_eq!(attempts[0]["email"], "eve@example.org");
    let attempts = attempts.as_array().expect("a list").iter();
    assert!(
        attempts.clone().count() > 0 && attempts.clone().all(|it| it["email"] == "eve@example.org")
    );
}

/// The order is there before the buyer leaves for the provider. Its page shows that the payment failed and how to try
/// again; a webhook that fits nothing is kept.
#[test]
fn an_order_is_there_before_the_redirect_and_its_page_shows_a_failure() {
    let provider =
        Provider::start(|_| (200, json!({"id": "cs_1", "url": "https://pay.example.org/cs_1"})));
    let shop = Shop::with_stripe(&provider);
    shop.sell("film", "film.mp4", "club");
    let mut buyer = shop.browser(1);
    buyer.read("/items/film/buy");
    let fields = buy_form(&[("way", "stripe"), ("email", "eve@example.org")]);
    assert_eq!(buyer.submit("/items/film/buy", &fields), "https://pay.example.org/cs_1");
    let order = shop.daemon.json(&["order", "list"])[0].clone();
    assert_eq!(order["state"], "pending");
    let path = format!("/orders/{}", order["token"].as_str().expect("a token"));
    let waiting = buyer.get(&format!("{path}?payment=succeeded"));
    assert!(waiting.text().contains("Waiting for the payment"), "{}", waiting.text());
    assert!(waiting.headers.contains_key("refresh"), "it looks again by itself");

    let reference = shop.daemon.json(&["checkout", "list"])[0]["reference"].clone();
    shop.hear(&json!({"id": "evt_1", "object": "event", "livemode": false, "created": now(),
        "type": "checkout.session.expired", "data": {"object": {"id": "cs_1", "object": "checkout.session",
        "mode": "payment", "client_reference_id": reference, "payment_status": "unpaid"}}}));
    let failed = buyer.read(&path);
    assert!(failed.contains("nothing was charged") && failed.contains("Pay again"), "{failed}");

    // Of a payment that fits nothing the event is kept, to be looked at and replayed.
    shop.hear(&json!({"id": "evt_2", "object": "event", "livemode": false, "created": now(),
        "type": "checkout.session.completed", "data": {"object": {"id": "cs_9", "object": "checkout.session",
        "mode": "payment", "client_reference_id": "u_nobody", "payment_status": "paid", "payment_intent": "pi_9",
        "amount_total": 225, "currency": "usd"}}}));
    let events = shop.daemon.json(&["event", "list"]);
    let kept = events.as_array().expect("events").iter().find(|event| event["key"] == "evt_2");
    assert!(kept.is_some(), "{events}");
}

/// There is one page for vouchers of every kind, every page links to it, and it needs no account.
#[test]
fn one_findable_page_redeems_any_voucher_without_an_account() {
    let shop = Shop::open();
    shop.sell("film", "film.mp4", "club");
    let mut eve = shop.browser(1);
    for page in ["/", "/items/film", "/club", "/feeds"] {
        assert!(eve.read(page).contains("href=\"/redeem\""), "{page}");
    }
    let codes = [
        shop.voucher(&["--item", "film"]),
        shop.voucher(&["--amount", "5.00", "--currency", "usd"]),
        shop.voucher(&["--tier", "patron", "--days", "30"]),
    ];
    for code in &codes {
        eve.read("/redeem");
        let fields = [("code", code.as_str()), ("email", "eve@example.org"), ("consent", "yes")];
        let answer = eve.post("/redeem", &fields);
        assert!([200, 303].contains(&answer.status), "{}", answer.text());
        assert!(!answer.headers.contains_key("set-cookie"), "nobody is signed in by it");
    }
    let used = shop.daemon.json(&["voucher", "list", "--state", "redeemed"]);
    assert_eq!(used.as_array().expect("a list").len(), 3);
    let member = used[0]["member"]["name"].as_str().expect("a member");
    assert_eq!(shop.daemon.json(&["balance", member])[0]["prepaid"]["amount"], "5.00");
}

/// The publisher exports all vouchers, used and unused, as a table, or only those in one state.
#[test]
fn the_voucher_list_exports_with_used_and_unused() {
    let shop = Shop::open();
    shop.member("ada", "1.00");
    let issue = ["voucher", "issue", "--amount", "5.00", "--currency", "usd", "--count", "1000"];
    let first = shop.daemon.json(&issue)[0]["code"].as_str().expect("a code").to_owned();
    shop.daemon.json(&issue);
    shop.daemon.json(&["voucher", "redeem", &first, "--member", "ada"]);
    shop.daemon.json(&["voucher", "void", "2000"]);
    let csv = |arguments: &[&str]| {
        let arguments = [&["voucher", "list", "--csv"], arguments].concat();
        let output = shop.daemon.run(&arguments);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let text = String::from_utf8(output.stdout).expect("text");
        text.lines().map(str::to_owned).collect::<Vec<_>>()
    };
    let all = csv(&[]);
    assert_eq!(all.len(), 2001);
    assert!(all[0].starts_with("\"voucher\",\"state\",\"amount\",\"currency\""), "{}", all[0]);
    assert!(
        all[1].starts_with("\"1\",\"redeemed\",\"5.00\",\"usd\"") && all[1].ends_with("\"ada\"")
    );
    assert!(all[2].starts_with("\"2\",\"issued\""), "{}", all[2]);
    assert!(all[2000].starts_with("\"2000\",\"void\""), "{}", all[2000]);
    assert_eq!(csv(&["--state", "redeemed"]), [all[0].clone(), all[1].clone()]);
    assert_eq!(csv(&["--state", "issued"]).len(), 1999);
    assert_eq!(csv(&["--state", "expired"]), [all[0].clone()]);
    // The same over the API; no table holds a code.
    let socket = shop.daemon.folder().join("state/admin.sock");
    let answer = Http::at(&socket).expect("a socket").get("/api/v1/vouchers.csv?state=used", "");
    assert_eq!(answer.status, 422, "{}", answer.text());
    assert!(!all.join("\n").contains(&first));
}

/// Whoever gives things away needs no payment provider, no mail server and no voucher.
#[test]
fn free_items_work_with_no_payment_provider() {
    let shop = Shop::open();
    shop.publish("reel", "reel.mp4", "free");
    let mut visitor = shop.browser(1);
    let page = visitor.read("/items/reel");
    assert!(page.contains("Free") && page.contains("magnet:?"), "{page}");
    let url = link_to(&page, "/t/free/");
    let torrent = visitor.get(&url[url.find("/t/").expect("a path")..]);
    let torrent = metainfo::Torrent::read(&torrent.body).expect("a torrent");
    let ask = Ask::of(torrent.info_hash_v1.expect("a v1 half").0, 1);
    let reply = shop.daemon.announce(&ask);
    assert!(reply.find("failure reason").is_none(), "{reply:?}");
}

/// There is a feed for everybody and one for each member, both plain addresses that any app takes.
#[test]
fn there_is_a_public_feed_and_a_personal_one_for_any_app() {
    let shop = Shop::open();
    shop.publish("reel", "reel.mp3", "free");
    shop.sell("episode", "episode.mp3", "club");
    shop.member("ada", "1.00");
    shop.daemon.json(&["grant", "ada", "episode"]);
    let links = shop.daemon.json(&["member", "links", "ada"]);
    let app = shop.browser(1);
    let feed = |path: &str| {
        // An app brings no cookie and no password.
        let answer = app.request("GET", path, "", "");
        assert_eq!(answer.status, 200, "{path}");
        assert!(answer.headers["content-type"].contains("rss"), "{:?}", answer.headers);
        answer.text()
    };
    let public = feed("/feed/public.xml");
    assert!(public.contains("reel") && !public.contains("episode"), "{public}");
    for kind in ["club_feed", "podcast_feed"] {
        let url = links[kind].as_str().expect("an address");
        let personal = feed(&url[url.find("/feed/").expect("a path")..]);
        assert!(personal.contains("episode"), "{personal}");
    }
}

/// Personal feeds tell directories to leave them out. Where one leaks, that listener's address changes and no other's.
#[test]
fn personal_feeds_stay_out_of_directories_and_a_leak_changes_one_listeners() {
    let shop = Shop::open();
    shop.sell("episode", "episode.mp3", "club");
    let path = |member: &str| shop.podcast_feed(member);
    for member in ["ada", "bob"] {
        shop.member(member, "1.00");
        shop.daemon.json(&["grant", member, "episode"]);
    }
    let (adas, bobs) = (path("ada"), path("bob"));
    let app = shop.browser(1);
    let get = |path: &str| app.request("GET", path, "", "");
    let feed = get(&adas);
    assert!(feed.text().contains("<itunes:block>Yes</itunes:block>"), "{}", feed.text());
    assert_eq!(feed.headers["x-robots-tag"], "noindex");
    shop.daemon.json(&["member", "rotate", "ada", "--key", "feed"]);
    assert_eq!((get(&adas).status, get(&bobs).status), (404, 200));
    assert_eq!(get(&path("ada")).status, 200, "her next one");
}

/// How often an item was downloaded, how much peers carried and what the publisher's own copy was spared are counted;
/// the page shows what is nothing to be ashamed of.
#[test]
fn downloads_traffic_and_bytes_saved_are_counted() {
    let shop = Shop::with("rewards: {window: 2s, hold: 0s, line_rate: 1GiB/s}\n");
    let goods = shop.sell("film", "film.mp4", "priority");
    let size = u64::try_from(goods.bytes("").len()).expect("a size");
    let shown = shop.daemon.json(&["item", "show", "film"]);
    let hash = shown["info_hash"].as_str().expect("an info hash");
    let hash = data_encoding::HEXLOWER.decode(hash.as_bytes()).expect("hexadecimal");
    let hash: [u8; 20] = hash.try_into().expect("20 bytes");
    let member = shop.daemon.member("ada", "patron");
    shop.daemon.json(&["grant", "ada", "film"]);
    let mut visitor = shop.browser(1);
    assert!(!visitor.read("/items/film").contains("downloads"), "nobody downloaded it");

    let seeder = shop.daemon.member("bob", "patron");
    shop.daemon.json(&["grant", "bob", "film"]);
    let seed = Ask { event: "started", ..Ask::of(hash, 50) }.seeding().by(&seeder);
    shop.daemon.announce_from([127, 0, 60, 1], &seed);
    for peer in 1..=12 {
        let source = [127, 0, 70, u8::try_from(peer).expect("a small number")];
        let ask = Ask { left: size, event: "started", ..Ask::of(hash, peer) };
        let ask = if peer == 1 { ask.by(&member) } else { ask };
        shop.daemon.announce_from(source, &ask);
        let done = Ask { left: 0, downloaded: size, event: "completed", ..ask };
        shop.daemon.announce_from(source, &done);
    }
    let up = Ask { uploaded: size, event: "", ..seed };
    shop.daemon.announce_from([127, 0, 60, 1], &up);
    let counted = eventually("a window is judged", || {
        let item = shop.daemon.json(&["item", "show", "film"]);
        (item["traffic"]["saved_bytes"] == size).then_some(item)
    });
    assert_eq!(counted["completed"], 12);
    assert_eq!(
        (&counted["traffic"]["taken_bytes"], &counted["served_bytes"]),
        (&size.into(), &0.into())
    );
    assert!(
        counted["traffic"]["reported_bytes"].is_u64()
            && counted["traffic"]["verified_bytes"].is_u64()
    );
    let page = visitor.read("/items/film");
    assert!(page.contains("12 downloads. Peers carried"), "{page}");
}

/// Where a test message does not get through, the publisher reads what the mail server said.
#[test]
fn a_test_mail_shows_the_mail_servers_error() {
    let port = free_port();
    let mail = format!("mail: {{server: 'smtp://127.0.0.1:{port}', from: shop@example.org}}\n");
    let shop = Shop::with(&mail);
    let said = shop.daemon.refuses(&["mail", "test", "ada@example.org"]);
    assert!(said.contains(&format!("cannot send by 127.0.0.1:{port}: ")), "{said}");
    // A server that answers is quoted.
    let server = shop::refusing_mail_server(port);
    let said = shop.daemon.refuses(&["mail", "test", "ada@example.org"]);
    assert!(said.contains("554 no mail from you today"), "{said}");
    drop(server);
}

fn now() -> u64 {
    SystemTime::UNIX_EPOCH.elapsed().expect("a clock that is set").as_secs()
}
