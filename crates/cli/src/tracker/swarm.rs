//! `usher swarm` and `why`.

use api::swarm::{AnnounceView, RecentAnnounces, SwarmDetail, SwarmPeer};

use crate::daemon::{CommandContext, CommandError};
use crate::text::{ago, list, named, or_dash, size, yes_or_no};

/// Shows who is in a swarm.
pub(crate) async fn swarm(context: &CommandContext, swarm: &str) -> Result<String, CommandError> {
    context.print(&context.get(&["swarms", swarm]).answer().await?, swarm_text)
}

/// Shows a member's last announces.
pub(crate) async fn why(context: &CommandContext, member: &str) -> Result<String, CommandError> {
    context.print(&context.get(&["members", member, "why"]).answer().await?, why_text)
}

fn swarm_text(swarm: &SwarmDetail) -> String {
    let of = swarm.item.as_ref().map_or("no item", |item| item.name.as_str());
    let guard =
        if swarm.guard_active { ", shared evenly because outsiders fell behind" } else { "" };
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
        named(peer.member.as_ref()),
        addresses.join("\n"),
        or_dash(peer.uploaded.map(size)),
        or_dash(peer.reachable.map(yes_or_no)),
    ]
}

fn why_text(why: &RecentAnnounces) -> String {
    if why.announces.is_empty() {
        return format!("{} has not announced recently.\n", why.member.name);
    }
    list(["AT", "SWARM", "EVENT", "VIA", "REPLY"], why.announces.iter().map(announce_row))
}

fn announce_row(announce: &AnnounceView) -> [String; 5] {
    let swarm = announce.item.as_ref().map_or(&announce.info_hash, |item| &item.name);
    let mut reply = match &announce.side {
        Some(side) => format!("{} peers, seated {side}", announce.peers),
        None => "refused".to_owned(),
    };
    if let Some(message) = &announce.message {
        reply += ": ";
        reply += message;
    }
    [announce.at.to_string(), swarm.clone(), announce.event.clone(), announce.via.clone(), reply]
}

pub(crate) const SWARM: &str = "\
Examples:
  usher swarm reel
  usher swarm c1463792a1ff36a237e3a0f68badeb0d3764e9bb --json";
pub(crate) const WHY: &str = "\
Example:
  usher why ada";
