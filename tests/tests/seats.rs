//! Whom a reply names, in a swarm that is large enough for a choice: as the seat plan says.

use std::collections::HashSet;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use tests::{Ask, Content, Daemon, Http, Job, Kind, Program, peers_of, within};

/// Crowds stand in networks of their own, so that a peer's address says which crowd it is of.
const INSIDE: [u8; 3] = [127, 1, 0];
const OUTSIDE: [u8; 3] = [127, 2, 0];
const CROWD: u8 = 60;

#[test]
fn a_reply_follows_the_seat_plan() {
    let daemon = Daemon::start("", "");
    let content = Content::new(1 << 20, 10);
    let film = content.info_hash();
    daemon.item("film", film, "priority");

    // Two real seeders inside and two outside.
    let members = ["ada", "bob"].map(|name| daemon.member(name, "fan"));
    let inside = members.map(|member| member["announce_url"].as_str().expect("a URL").to_owned());
    let outside = [daemon.http_url(), daemon.udp_url()];
    let _seeders = [Kind::Libtorrent, Kind::Aria2, Kind::Transmission, Kind::Libtorrent]
        .into_iter()
        .zip(inside.iter().chain(&outside))
        .map(|(kind, url)| {
            let trackers = &[url.as_str()];
            let job = Job { content: &content, trackers, seeding: true, addresses: &["127.0.0.1"] };
            Program::start(kind, &job)
        })
        .collect::<Vec<_>>();
    let swarm = within(Duration::from_secs(150), "the seeders are there", || {
        let swarm = daemon.json(&["swarm", "film"]);
        (swarm["inside_seeders"] == 2 && swarm["outside_seeders"] == 2).then_some(swarm)
    });
    let real = |side: &str| -> HashSet<SocketAddr> {
        let peers = swarm["peers"].as_array().expect("peers").iter();
        peers
            .filter(|peer| peer["side"] == side)
            .map(|peer| peer["addresses"][0].as_str().and_then(|text| text.parse().ok()))
            .map(|address| address.expect("an address"))
            .collect()
    };
    let (real_inside, real_outside) = (real("inside"), real("outside"));

    // And a crowd of leechers on each side.
    for n in 1..=CROWD {
        let peer = u32::from(n);
        // Each insider is a member of its own, as one member may have three clients alone.
        let member = daemon.member(&format!("member{n}"), "fan");
        let [a, b, c] = INSIDE;
        daemon.announce_from(Ipv4Addr::new(a, b, c, n), &Ask::of(film, peer).by(&member));
        let [a, b, c] = OUTSIDE;
        daemon.announce_from(Ipv4Addr::new(a, b, c, n), &Ask::of(film, 1000 + peer));
    }

    // Of 50 seats an insider gets 35 inside; half of them are for seeders, of whom there are two.
    let caller = Ask { numwant: Some(50), ..Ask::of(film, 5000).by(&daemon.member("cleo", "fan")) };
    let stranger = Ask { numwant: Some(50), passkey: None, ..Ask::of(film, 6000) };
    let cases = [(&caller, INSIDE, [2, 33, 2, 13]), (&stranger, OUTSIDE, [2, 13, 2, 33])];
    for (ask, [a, b, c], expected) in cases {
        let mut met = HashSet::new();
        let source = Ipv4Addr::new(a, b, c, CROWD + 1);
        let mut http = Http::from(source.into(), daemon.listening().http.port());
        for _ in 0..20 {
            let peers = peers_of(&http.announce(ask));
            assert_eq!(peers.iter().collect::<HashSet<_>>().len(), peers.len(), "doubles");
            let count =
                |is: &dyn Fn(&SocketAddr) -> bool| peers.iter().filter(|peer| is(peer)).count();
            let of = |network: [u8; 3], peer: &SocketAddr| match peer.ip() {
                std::net::IpAddr::V4(ip) => ip.octets()[..3] == network,
                std::net::IpAddr::V6(_) => false,
            };
            let seats = [
                count(&|peer| real_inside.contains(peer)),
                count(&|peer| of(INSIDE, peer)),
                count(&|peer| real_outside.contains(peer)),
                count(&|peer| of(OUTSIDE, peer)),
            ];
            assert_eq!(seats, expected, "{peers:?}");
            met.extend(peers);
        }
        // Which of a crowd sit changes from reply to reply.
        assert!(met.len() > 100, "{} of 123 were ever named", met.len());
    }

    // A seeder is given no seeders: 35 leechers inside, and 15 outside.
    let [a, b, c] = INSIDE;
    let reply = daemon.announce_from(Ipv4Addr::new(a, b, c, CROWD + 1), &caller.seeding());
    let peers = peers_of(&reply);
    assert_eq!(peers.len(), 50);
    assert!(peers.iter().all(|peer| !real_inside.contains(peer) && !real_outside.contains(peer)));
}
