//! What `usher stats` counts is what clients sent and were answered, one by one.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::Path;
use std::time::Duration;

use load::{LoadPace, LoadPlan, LoadReport, LoadTarget, Mix, Population, Sources, Spread};
use serde_json::{Value, json};
use tests::{Ask, Daemon, Http, MAGIC, Udp, eventually, head};

#[test]
fn each_announce_is_counted_by_transport_family_and_outcome() {
    let daemon = Daemon::start("", "");
    daemon.item("reel", FILM, "free");
    let (v4, v6) = (IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST));
    let listening = daemon.listening();

    let mut connects = 0;
    for (number, source) in [(3, v4), (5, v6)] {
        for peer in 0..number {
            Http::from(source, listening.http.port()).announce(&Ask::of(FILM, peer));
            let udp = Udp::from(source, listening.udp.port());
            udp.announce(&Ask::of(FILM, peer));
            connects += 1;
        }
        // One torrent that is not offered, over either.
        Http::from(source, listening.http.port()).announce(&Ask::of(NOBODYS, 1));
        Udp::from(source, listening.udp.port()).announce(&Ask::of(NOBODYS, 1));
        connects += 1;
    }
    let udp = Udp::to(listening.udp.port());
    connects += 1;
    for _ in 0..7 {
        let mut scrape = head(udp.connection_id, 2, 9);
        scrape.extend(FILM);
        udp.exchange(&scrape);
    }
    // A connection id of nobody is counted, and not answered; the check connects once more.
    udp.is_silent_to(&head(MAGIC + 1, 1, 5));
    connects += 1;

    let stats = eventually("all is counted", || {
        let stats = daemon.json(&["stats"]);
        (stats["connects_udp"] == json!(connects)).then_some(stats)
    });
    let row = |transport: &str, family: &str, admitted: u32| json!({"transport": transport, "family": family, "admitted": admitted, "refused": 1});
    let expected = json!([
        row("http", "ipv4", 3),
        row("http", "ipv6", 5),
        row("udp", "ipv4", 3),
        row("udp", "ipv6", 5),
    ]);
    assert_eq!(stats["announces"], expected);
    let [http, udp, scrapes] =
        ["announces_http", "announces_udp", "scrapes_udp"].map(|key| stats[key].as_u64().unwrap());
    assert_eq!((http, udp, scrapes), (10, 10, 7));
    let refused = stats["refused"].as_array().unwrap();
    let [torrent] = refused.as_slice() else { panic!("{refused:?}") };
    assert_eq!((&torrent["reason"], &torrent["count"]), (&json!("torrent_unknown"), &json!(4)));
    assert_eq!(stats["replies_udp"], json!(connects + 10 + 7), "{stats}");
    assert_eq!((&stats["unsent_udp"], &stats["kernel_drops"]), (&json!(0), &json!(0)));
    // What was sampled is there: the first announce of a second always is.
    let timed = eventually("an announce was timed", || {
        let recent = daemon.json(&["stats"])["recent"].clone();
        recent["p99_micros"].as_f64().map(|_| recent)
    });
    assert!(timed["p50_micros"].as_f64() <= timed["p99_micros"].as_f64(), "{timed}");

    let metrics = Http::to(listening.admin.port()).get("/metrics", "");
    let metrics = String::from_utf8(metrics.body).unwrap();
    for line in [
        "usher_announces_total{transport=\"udp\",family=\"ipv6\",outcome=\"admitted\"} 5\n",
        "usher_refusals_total{transport=\"http\",family=\"ipv4\",reason=\"torrent_unknown\"} 1\n",
        "# TYPE usher_announce_duration_seconds histogram\n",
    ] {
        assert!(metrics.contains(line), "no {line} in {metrics}");
    }
    let documented = documented_metrics();
    for line in metrics.lines().filter(|line| !line.starts_with('#') && !line.is_empty()) {
        let (name, labels) = series(line);
        let of = ["_bucket", "_sum", "_count"].iter().find_map(|part| name.strip_suffix(part));
        let whole = of.filter(|name| documented.contains_key(*name)).unwrap_or(&name);
        let expected = documented.get(whole).unwrap_or_else(|| panic!("{name} is not documented"));
        assert_eq!(&labels, expected, "{line}");
    }
    // Nobody pays here.
    let missing = documented.keys().filter(|name| !metrics.contains(name.as_str()));
    assert_eq!(missing.collect::<Vec<_>>(), ["usher_webhooks_total"]);
}

/// The labels of each metric in `docs/metrics.md`.
fn documented_metrics() -> BTreeMap<String, BTreeSet<String>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/metrics.md");
    let page = fs::read_to_string(path).unwrap();
    let rows = page.lines().filter(|line| line.starts_with("| `"));
    let metric = |row: &str| {
        let cells: Vec<_> = row.split(" | ").collect();
        let labels = cells[3].split("<br>").filter_map(|label| label.split_once("`: "));
        let labels = labels.map(|(name, _)| name.trim_matches('`').to_owned()).collect();
        (cells[0].trim_matches(['|', ' ', '`']).to_owned(), labels)
    };
    rows.map(metric).collect()
}

/// The name and the labels of a line of `/metrics`, without the bound of a histogram's bucket.
fn series(line: &str) -> (String, BTreeSet<String>) {
    let Some((name, rest)) = line.split_once('{') else {
        return (line.split(' ').next().unwrap().to_owned(), BTreeSet::new());
    };
    let labels = rest.split('}').next().unwrap().split("\",");
    let names = labels.map(|label| label.split('=').next().unwrap().to_owned());
    (name.to_owned(), names.filter(|name| name != "le").collect())
}

#[test]
fn stats_agree_with_a_load_generator() {
    let daemon = Daemon::start("  unknown_torrents: free\n", "");
    let mut expected = (0, 0);
    for url in [daemon.udp_url(), daemon.http_url()] {
        let is_udp = url.starts_with("udp");
        let report = fill(&url.parse().unwrap(), 20_000);
        assert_eq!((report.refused, report.lost, report.late), (0, 0, 0), "{report:?}");
        assert!(report.announces >= 20_000, "{report:?}");
        if is_udp {
            expected.0 = report.announces;
        } else {
            expected.1 = report.announces;
        }
    }
    let stats = daemon.json(&["stats"]);
    let counted =
        ["announces_udp", "announces_http", "connects_udp"].map(|key| stats[key].as_u64().unwrap());
    // Each address of the generator connects once.
    let connects = u64::from(SOURCES);
    assert_eq!(counted, [expected.0, expected.1, connects], "{stats}");
    let admitted: u64 = stats["announces"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row: &Value| row["admitted"].as_u64().unwrap())
        .sum();
    assert_eq!(admitted, expected.0 + expected.1);
    assert_eq!(stats["replies_udp"].as_u64(), Some(expected.0 + connects));
    assert_eq!((&stats["refused"], &stats["unsent_udp"]), (&json!([]), &json!(0)));
}

/// Has so many peers announce once each.
fn fill(target: &LoadTarget, peers: u32) -> LoadReport {
    let sources = Sources::new(None, SOURCES, target.address.ip());
    let plan = LoadPlan {
        target: *target,
        population: Population {
            peers,
            torrents: 500,
            spread: Spread::Zipf(0.0),
            seeders: 0.5,
            members: 0.0,
            passkeys: Vec::new(),
            sources: sources.count(),
            seed: 7,
        },
        sources,
        mix: Mix { started: 1.0, ..Mix::default() },
        pace: LoadPace::Closed(64),
        connections: 8,
        close: false,
        fill: true,
        skip: 0,
        threads: 1,
        warm_up: Duration::ZERO,
        duration: Duration::ZERO,
        // Nothing is asked twice: this machine may be busy.
        patience: Duration::from_secs(60),
        pid: None,
    };
    plan.run(|_, _| ()).unwrap()
}

const SOURCES: u32 = 8;
const FILM: [u8; 20] = [0xf1; 20];
const NOBODYS: [u8; 20] = [0x0b; 20];
