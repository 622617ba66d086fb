//! The commands under the heading Tracker.

use api::alert::AlertView;
use api::member::NamedId;
use api::stats::{
    AnnounceCount, MemoryUse, RecentWork, RefusalCount, Revenue, Stats, TrafficTotals,
};
use api::swarm::{AnnounceView, RecentAnnounces, SwarmDetail, SwarmPage, SwarmPeer, SwarmRow};

use super::samples::{HASH, HASH_V2, ada, at, reel, usd};
use super::typed::typed;

#[test]
fn alerts() {
    let open = AlertView {
        id: 7,
        kind: "leak".to_owned(),
        member: Some(ada()),
        item: Some(reel()),
        first: at("20T10:00:00"),
        last: at("22T11:30:00"),
        times: 12,
        evidence: "9 networks in an hour, of 4 allowed".to_owned(),
        acked: None,
        acked_by: None,
    };
    let closed = AlertView {
        id: 6,
        kind: "payment".to_owned(),
        member: None,
        item: None,
        times: 1,
        evidence: "stripe event 12 is held: no order has this reference".to_owned(),
        acked: Some(at("21T08:00:00")),
        acked_by: Some("admin".to_owned()),
        ..open.clone()
    };
    let alerts = vec![closed, open.clone()];
    typed("alert list --all").list("GET /alerts", "alerts", &alerts).check();
    let acked =
        AlertView { acked: Some(at("22T12:00:00")), acked_by: Some("admin".to_owned()), ..open };
    typed("alert ack 7").answer("POST /alerts/7/ack", &acked).check();
}

#[test]
fn swarm() {
    let seeder = SwarmPeer {
        side: "inside".to_owned(),
        own: false,
        families: vec!["ipv4".to_owned()],
        seeder: true,
        paused: false,
        client: Some("qBittorrent 5.1.0".to_owned()),
        progress: Some(1.0),
        age: 125,
        member: Some(ada()),
        addresses: ["203.0.113.7:6881", "[2001:db8::7]:6881"]
            .map(|address| address.parse().unwrap())
            .to_vec(),
        uploaded: Some(1_610_612_736),
        downloaded: Some(734_003_200),
        left: Some(0),
        reachable: Some(true),
    };
    let leecher = SwarmPeer {
        side: "outside".to_owned(),
        own: false,
        families: vec!["ipv4".to_owned()],
        seeder: false,
        client: None,
        progress: Some(0.4235),
        age: 5,
        member: None,
        addresses: vec!["198.51.100.9:51413".parse().unwrap()],
        uploaded: Some(0),
        downloaded: Some(310_850_000),
        left: Some(423_153_200),
        reachable: Some(false),
        ..seeder.clone()
    };
    let unknown = SwarmPeer {
        progress: None,
        left: None,
        uploaded: None,
        downloaded: None,
        reachable: None,
        ..leecher.clone()
    };
    let swarm = SwarmDetail {
        item: Some(reel()),
        info_hash: HASH.to_owned(),
        info_hashes: vec![HASH.to_owned(), HASH_V2[..40].to_owned()],
        inside_seeders: 1,
        inside_leechers: 0,
        outside_seeders: 0,
        outside_leechers: 2,
        completed: 31,
        guard_active: true,
        peers: vec![seeder, leecher, unknown],
        peers_left_out: 4,
        next: Some("3".to_owned()),
    };
    typed("swarm reel").answer("GET /swarms/reel", &swarm).check();
    let strange = SwarmDetail {
        item: None,
        info_hashes: vec![HASH.to_owned()],
        guard_active: false,
        peers: Vec::new(),
        peers_left_out: 0,
        next: None,
        ..swarm
    };
    let path = format!("GET /swarms/{HASH}");
    typed(&format!("swarm {HASH}")).answer(&path, &strange).check_with("of-strangers");
}

fn sample() -> Stats {
    let refusal = |count, reason: &str, why: &str| RefusalCount {
        reason: reason.to_owned(),
        why: why.to_owned(),
        count,
    };
    let announces = |transport: &str, family: &str, admitted, refused| AnnounceCount {
        transport: transport.to_owned(),
        family: family.to_owned(),
        admitted,
        refused,
    };
    let suspended = "Your account is suspended: see https://club.example.org";
    Stats {
        at: at("22T12:00:00"),
        uptime_secs: 93_784,
        swarms: 120,
        peers: 895,
        seeders: 800,
        leechers: 95,
        inside: 410,
        outside: 485,
        inside_seeders: 380,
        inside_leechers: 30,
        outside_seeders: 420,
        outside_leechers: 65,
        completions: 71,
        members_online: 64,
        endpoints_v4: 870,
        endpoints_v6: 310,
        sessions: 640,
        guards_active: 2,
        alerts_open: 1,
        recent: RecentWork {
            seconds: 60.0,
            announces: 750,
            refused: 4,
            announces_per_second: 12.5,
            samples: 61,
            p50_micros: Some(3.2),
            p99_micros: Some(11.0),
        },
        announces_http: 41_250,
        announces_udp: 1_208_331,
        announces: vec![
            announces("http", "ipv4", 41_247, 3),
            announces("http", "ipv6", 0, 0),
            announces("udp", "ipv4", 1_200_000, 12),
            announces("udp", "ipv6", 8_319, 0),
        ],
        refused: vec![
            refusal(12, "torrent_unknown", "Unregistered torrent"),
            refusal(3, "account_suspended", suspended),
        ],
        scrapes_http: 77,
        scrapes_udp: 9_310,
        peers_given: 48_120_004,
        connects_udp: 2_000,
        replies_udp: 1_219_640,
        unsent_udp: 1,
        kernel_drops: 16,
        ring_overruns: 2,
        malformed_http: 5,
        malformed_udp: 18,
        unverified_udp: 402,
        limited: 61,
        hid_seeders: 2,
        traffic: Some(TrafficTotals {
            from_peers: 5 << 40,
            from_web_seed: 300 << 30,
            saved: Some(usd(10_240)),
        }),
        revenue: Some(vec![Revenue { today: usd(1_350), last_30_days: usd(48_025) }]),
        memory: MemoryUse { held: 268_435_500, max: 268_435_456, refused: 52 },
        buffers: MemoryUse { held: 16 << 20, max: 16 << 20, refused: 7 },
        proxy_faults: vec![
            "127.0.0.1 sends X-Forwarded-For and is not trusted: add it to tracker.trusted_proxies"
                .to_owned(),
        ],
    }
}

#[test]
fn top() {
    let row = |name: &str, seeders, leechers| SwarmRow {
        item: Some(NamedId { name: name.to_owned(), ..reel() }),
        title: Some(format!("The {name}")),
        info_hash: HASH.to_owned(),
        seeders,
        leechers,
        inside: 4,
        outside: seeders + leechers - 4,
        completed: 31,
        last_announce: Some(at("22T11:58:00")),
        size_bytes: Some(734_003_200),
        from_peers: Some(5 << 30),
        from_web_seed: Some(0),
    };
    let quiet = SwarmRow {
        item: None,
        title: None,
        completed: 0,
        last_announce: None,
        size_bytes: None,
        ..row("", 4, 0)
    };
    let swarms = vec![row("reel", 17, 4), row("a-film-with-a-very-long-name", 3, 2), quiet];
    let page = SwarmPage { swarms, next: None, total: 3 };
    let screen = typed("top --once").answer("GET /stats", &sample());
    screen.answer("GET /swarms", &page).check();
}

#[test]
fn stats() {
    let stats = sample();
    typed("stats").answer("GET /stats", &stats).check();
    let quiet = Stats {
        recent: RecentWork::default(),
        announces_http: 0,
        announces_udp: 0,
        announces: Vec::new(),
        refused: Vec::new(),
        hid_seeders: 0,
        traffic: None,
        revenue: None,
        memory: MemoryUse { held: 1 << 20, max: 0, refused: 0 },
        buffers: MemoryUse { held: 0, max: 16 << 20, refused: 0 },
        proxy_faults: Vec::new(),
        ..stats
    };
    typed("stats").answer("GET /stats", &quiet).check_with("quiet");
}

#[test]
fn why() {
    let seated = AnnounceView {
        at: at("22T11:58:00"),
        info_hash: HASH.to_owned(),
        item: Some(reel()),
        event: "started".to_owned(),
        via: "udp".to_owned(),
        left: Some(734_003_200),
        admitted: true,
        side: Some("inside".to_owned()),
        peers: 50,
        message: None,
    };
    let warned = AnnounceView {
        event: "none".to_owned(),
        via: "http".to_owned(),
        message: Some("Your passkey was rotated: download the torrent again".to_owned()),
        ..seated.clone()
    };
    let refused = AnnounceView {
        item: None,
        left: None,
        admitted: false,
        side: None,
        peers: 0,
        message: Some("Unregistered torrent".to_owned()),
        ..warned.clone()
    };
    let why = RecentAnnounces { member: ada(), announces: vec![refused, warned, seated] };
    typed("why ada").answer("GET /members/ada/why", &why).check();
    let silent = RecentAnnounces { announces: Vec::new(), ..why };
    typed("why ada").answer("GET /members/ada/why", &silent).check_with("none");
}
