//! The daemon's answers as text for people.

use api::item::{ItemDetail, ItemView};
use api::member::{MemberDetail, MemberKey, MemberView};
use api::right::RightView;
use api::swarm::{AnnounceView, RecentAnnounces, Stats, SwarmDetail, SwarmPeer};
use bytesize::ByteSize;
use jiff::{SignedDuration, Timestamp};

use super::price::prices;
use super::table::{facts, list, or_dash};

pub(crate) fn added_member(key: &MemberKey) -> String {
    let MemberKey { member, announce_url, .. } = key;
    format!(
        "{} is member {}, tier {}. Their announce URL, a secret for their client alone:\n\
         {announce_url}\n",
        member.name,
        member.id,
        until(&member.tier, member.tier_until),
    )
}

pub(crate) fn rotated(key: &MemberKey) -> String {
    format!(
        "{} has a new passkey. Their announce URL now:\n{}\n",
        key.member.name, key.announce_url
    )
}

pub(crate) fn changed_member(member: &MemberView) -> String {
    let tier = until(&member.tier, member.tier_until);
    format!("{} (member {}) is {}, tier {tier}.\n", member.name, member.id, member.state)
}

pub(crate) fn members(members: &[MemberView]) -> String {
    let rows = members.iter().map(|member| {
        let tier = until(&member.tier, member.tier_until);
        [member.id.to_string(), member.name.clone(), tier, member.state.clone()]
    });
    list(["ID", "NAME", "TIER", "STATE"], rows)
}

pub(crate) fn member(detail: &MemberDetail) -> String {
    let MemberKey { member, passkey, announce_url } = &detail.key;
    let mut text = facts([
        ("id", member.id.to_string()),
        ("name", member.name.clone()),
        ("tier", until(&member.tier, member.tier_until)),
        ("state", member.state.clone()),
        ("added", member.created.to_string()),
        ("passkey", passkey.clone()),
        ("announce URL", announce_url.clone()),
    ]);
    if !detail.rights.is_empty() {
        text += "\n";
        text += &rights(&detail.rights);
    }
    if !detail.traffic.is_empty() {
        let rows = detail.traffic.iter().map(|traffic| {
            [traffic.item.name.clone(), size(traffic.uploaded), size(traffic.downloaded)]
        });
        text += "\n";
        text += &list(["ITEM", "UPLOADED", "DOWNLOADED"], rows);
    }
    text
}

pub(crate) fn added_item(item: &ItemView) -> String {
    format!(
        "{} is item {}, policy {}, info hash {}.\n",
        item.name,
        item.id,
        item.policy,
        item.info_hashes.join(" and ")
    )
}

pub(crate) fn changed_item(item: &ItemView) -> String {
    let is =
        if item.removed { "offered no more".to_owned() } else { format!("run by {}", item.policy) };
    format!("{} (item {}) is {is}.\n", item.name, item.id)
}

pub(crate) fn items(items: &[ItemView]) -> String {
    let rows = items.iter().map(|item| {
        [
            item.id.to_string(),
            item.name.clone(),
            item.policy.clone(),
            item.state.clone(),
            or_dash(item.size_bytes.map(size)),
            prices(item),
            item.info_hashes.join("\n"),
        ]
    });
    list(["ID", "NAME", "POLICY", "STATE", "SIZE", "PRICES", "INFO HASH"], rows)
}

pub(crate) fn item(detail: &ItemDetail) -> String {
    let item = &detail.item;
    let mut text = facts([
        ("id", item.id.to_string()),
        ("name", item.name.clone()),
        ("title", item.title.clone()),
        ("policy", item.policy.clone()),
        ("state", item.broken.clone().unwrap_or_else(|| item.state.clone())),
        ("version", or_dash(item.version)),
        ("had by tier", or_dash(item.tier.clone())),
        ("info hash", item.info_hashes.join(" ")),
        ("size", or_dash(item.size_bytes.map(size))),
        ("private", yes_or_no(item.private)),
        ("prices", prices(item)),
        ("sent by web seed", size(detail.served_bytes)),
        ("added", item.created.to_string()),
    ]);
    if !detail.rights.is_empty() {
        text += "\n";
        text += &rights(&detail.rights);
    }
    text
}

pub(crate) fn granted(right: &RightView) -> String {
    let end = right.until.map_or_else(|| "for ever".to_owned(), |end| format!("until {end}"));
    format!("{} has a right to {} {end}.\n", right.member.name, right.item.name)
}

pub(crate) fn revoked(right: &RightView) -> String {
    format!("{} has no right to {} any more.\n", right.member.name, right.item.name)
}

pub(crate) fn swarm(swarm: &SwarmDetail) -> String {
    let of = swarm.item.as_ref().map_or("no item", |item| item.name.as_str());
    let guard = if swarm.guard_active { ", shared evenly as outsiders fell behind" } else { "" };
    let mut text = format!(
        "{} ({of}), completed {} times{guard}\n\n",
        swarm.info_hashes.join(" and "),
        swarm.completed,
    );
    text += &list(
        ["SIDE", "SEEDERS", "LEECHERS"],
        [
            ("inside", swarm.inside_seeders, swarm.inside_leechers),
            ("outside", swarm.outside_seeders, swarm.outside_leechers),
        ]
        .map(|(side, seeders, leechers)| {
            [side.to_owned(), seeders.to_string(), leechers.to_string()]
        }),
    );
    if !swarm.peers.is_empty() {
        text += "\n";
        text += &list(PEER, swarm.peers.iter().map(peer));
    }
    if swarm.peers_left_out > 0 {
        text += &format!("and {} more\n", swarm.peers_left_out);
    }
    text
}

const PEER: [&str; 8] =
    ["SIDE", "CLIENT", "PROGRESS", "AGE", "MEMBER", "ADDRESS", "UPLOADED", "REACHABLE"];

fn peer(peer: &SwarmPeer) -> [String; 8] {
    let addresses: Vec<_> = peer.addresses.iter().map(ToString::to_string).collect();
    let progress = match peer.progress {
        Some(_) if peer.seeder => "seeder".to_owned(),
        Some(progress) => format!("{:.1} %", progress * 100.0),
        None => "-".to_owned(),
    };
    [
        peer.side.clone(),
        or_dash(peer.client.as_ref()),
        progress,
        ago(peer.age),
        or_dash(peer.member.as_ref().map(|member| &member.name)),
        addresses.join("\n"),
        or_dash(peer.uploaded.map(size)),
        or_dash(peer.reachable.map(yes_or_no)),
    ]
}

pub(crate) fn stats(stats: &Stats) -> String {
    let mut text = facts([
        ("up", ago(stats.uptime_secs)),
        ("swarms", stats.swarms.to_string()),
        ("seeders", stats.seeders.to_string()),
        ("leechers", stats.leechers.to_string()),
        ("addresses", format!("{} IPv4, {} IPv6", stats.endpoints_v4, stats.endpoints_v6)),
        ("in items' swarms", format!("{} inside, {} outside", stats.inside, stats.outside)),
        ("guards active", stats.guards_active.to_string()),
        ("announces", format!("{} HTTP, {} UDP", stats.announces_http, stats.announces_udp)),
        ("scrapes", format!("{} HTTP, {} UDP", stats.scrapes_http, stats.scrapes_udp)),
        ("peers given", stats.peers_given.to_string()),
        ("malformed", format!("{} HTTP, {} UDP", stats.malformed_http, stats.malformed_udp)),
        ("unverified", format!("{} UDP", stats.unverified_udp)),
        ("limited", stats.limited.to_string()),
    ]);
    if !stats.refused.is_empty() {
        let rows =
            stats.refused.iter().map(|refused| [refused.count.to_string(), refused.why.clone()]);
        text += "\n";
        text += &list(["REFUSED", "WHY"], rows);
    }
    if stats.hid_seeders > 0 {
        text += &format!(
            "\n{} replies left out a seeder for its private address: see tracker.nat in tracker.yaml\n",
            stats.hid_seeders
        );
    }
    text
}

pub(crate) fn why(why: &RecentAnnounces) -> String {
    if why.announces.is_empty() {
        return format!("{} has not announced of late.\n", why.member.name);
    }
    list(["AT", "SWARM", "EVENT", "VIA", "TOLD"], why.announces.iter().map(heard))
}

fn heard(heard: &AnnounceView) -> [String; 5] {
    let swarm = heard.item.as_ref().map_or(&heard.info_hash, |item| &item.name);
    let mut told = match &heard.side {
        Some(side) => format!("{} peers, seated {side}", heard.peers),
        None => "refused".to_owned(),
    };
    if let Some(message) = &heard.message {
        told += ": ";
        told += message;
    }
    [heard.at.to_string(), swarm.clone(), heard.event.clone(), heard.via.clone(), told]
}

fn rights(rights: &[RightView]) -> String {
    let rows = rights.iter().map(|right| {
        let state = match (right.revoked, right.until) {
            (Some(revoked), _) => format!("revoked {revoked}"),
            (None, Some(until)) => format!("until {until}"),
            (None, None) => "for ever".to_owned(),
        };
        [right.member.name.clone(), right.item.name.clone(), state]
    });
    list(["MEMBER", "ITEM", "RIGHT"], rows)
}

fn until(what: &str, end: Option<Timestamp>) -> String {
    end.map_or_else(|| what.to_owned(), |end| format!("{what} until {end}"))
}

fn ago(seconds: u32) -> String {
    let span = SignedDuration::from_secs(seconds.into());
    format!("{span:#}")
}

fn size(bytes: u64) -> String {
    ByteSize::b(bytes).display().iec().to_string()
}

fn yes_or_no(yes: bool) -> String {
    if yes { "yes".to_owned() } else { "no".to_owned() }
}

#[cfg(test)]
mod tests {
    use serde::de::DeserializeOwned;
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn a_new_member_is_told_the_announce_url() {
        let mut ada = ada();
        ada["tier_until"] = json!("2027-01-31T23:59:59Z");
        check(
            added_member,
            ada,
            "ada is member 1, tier fan until 2027-01-31T23:59:59Z. \
             Their announce URL, a secret for their client alone:\n\
             http://localhost:6969/announce/aaaa\n",
        );
    }

    #[test]
    fn a_member_is_shown_with_rights_and_traffic() {
        let mut ada = ada();
        ada["rights"] = json!([right()]);
        ada["traffic"] = json!([{
            "item": {"id": 2, "name": "reel"}, "uploaded": 1536, "downloaded": 0,
        }]);
        check(
            member,
            ada,
            " id            1
 name          ada
 tier          fan
 state         active
 added         2026-11-22T12:00:00Z
 passkey       aaaa
 announce URL  http://localhost:6969/announce/aaaa

 MEMBER  ITEM  RIGHT
 ada     reel  for ever

 ITEM  UPLOADED  DOWNLOADED
 reel  1.5 KiB   0 B
",
        );
    }

    #[test]
    fn a_right_says_when_it_ends() {
        check(granted, right(), "ada has a right to reel for ever.\n");
        let mut until = right();
        until["until"] = json!("2027-01-31T23:59:59Z");
        check(granted, until, "ada has a right to reel until 2027-01-31T23:59:59Z.\n");
        check(revoked, right(), "ada has no right to reel any more.\n");
    }

    #[test]
    fn a_swarm_is_counted_and_its_clients_listed() {
        let peer = |side: &str, progress: Value, member: Value| {
            json!({
                "side": side, "seeder": progress == 1.0, "paused": false,
                "client": "Transmission 4.0", "progress": progress, "age": 125, "member": member,
                "addresses": ["203.0.113.7:6881"], "uploaded": 0, "downloaded": 0, "left": null,
                "reachable": null,
            })
        };
        let shown = json!({
            "item": {"id": 2, "name": "reel"}, "info_hash": "c146", "info_hashes": ["c146"],
            "inside_seeders": 1, "inside_leechers": 0, "outside_seeders": 0, "outside_leechers": 2,
            "completed": 3, "guard_active": false, "peers_left_out": 1, "peers": [
                peer("inside", json!(1.0), json!({"id": 1, "name": "ada"})),
                peer("outside", json!(0.25), Value::Null),
            ],
        });
        check(
            swarm,
            shown,
            "c146 (reel), completed 3 times

 SIDE     SEEDERS  LEECHERS
 inside   1        0
 outside  0        2

 SIDE     CLIENT            PROGRESS  AGE    MEMBER  ADDRESS           UPLOADED  REACHABLE
 inside   Transmission 4.0  seeder    2m 5s  ada     203.0.113.7:6881  0 B       -
 outside  Transmission 4.0  25.0 %    2m 5s  -       203.0.113.7:6881  0 B       -
and 1 more
",
        );
    }

    #[test]
    fn why_tells_seats_and_reasons() {
        let heard = |side: Value, message: Value| {
            json!({
                "at": "2026-11-22T12:00:00Z", "info_hash": "c146", "item": {"id": 2, "name": "reel"},
                "event": "started", "via": "udp", "left": 0, "admitted": side != Value::Null,
                "side": side, "peers": 7, "message": message,
            })
        };
        let announces = json!([
            heard(Value::Null, json!("unknown torrent")),
            heard(json!("inside"), Value::Null)
        ]);
        check(
            why,
            json!({"member": {"id": 1, "name": "ada"}, "announces": announces}),
            " AT                    SWARM  EVENT    VIA  TOLD
 2026-11-22T12:00:00Z  reel   started  udp  refused: unknown torrent
 2026-11-22T12:00:00Z  reel   started  udp  7 peers, seated inside
",
        );
        let silent = json!({"member": {"id": 1, "name": "ada"}, "announces": []});
        check(why, silent, "ada has not announced of late.\n");
    }

    fn ada() -> Value {
        json!({
            "id": 1, "name": "ada", "tier": "fan", "tier_until": null, "state": "active",
            "created": "2026-11-22T12:00:00Z", "passkey": "aaaa",
            "announce_url": "http://localhost:6969/announce/aaaa",
        })
    }

    fn right() -> Value {
        json!({
            "member": {"id": 1, "name": "ada"}, "item": {"id": 2, "name": "reel"},
            "until": null, "granted": "2026-11-22T12:00:00Z", "revoked": null,
        })
    }

    #[track_caller]
    fn check<T: DeserializeOwned>(show: impl Fn(&T) -> String, answer: Value, expected: &str) {
        assert_eq!(show(&serde_json::from_value(answer).unwrap()), expected);
    }
}
