//! What the tracker is doing, over the admin API: swarms, members' announces, and sums.

use std::sync::Arc;

use api::member::NamedId;
use api::query::SwarmPeersQuery;
use api::stats::Stats;
use api::swarm::{AnnounceView, RecentAnnounces, SwarmDetail, SwarmPeer};
use axum::Json;
use axum::extract::{Path, State};
use policy::{MemberId, Side};
use tracker::{AnnounceRecord, AnnounceResult, HeardAnnounce, PeerView, SwarmView};
use wire::{AnnounceEvent, InfoHash};

use club::AccessScope;

use super::admin::{Admin, moment};
use super::caller::Caller;
use super::error::ApiError;
use super::extract::Params;
use super::overview::transport;

/// Returns a swarm and its clients.
#[utoipa::path(
    get,
    path = "/swarms/{swarm}",
    operation_id = "show_swarm",
    tag = "tracker",
    params(("swarm" = String, Path), SwarmPeersQuery),
    responses((status = 200, body = SwarmDetail)),
    security(("token" = ["read:members"]))
)]
pub(super) async fn swarm(
    State(admin): State<Arc<Admin>>,
    Path(wanted): Path<String>,
    Params(query): Params<SwarmPeersQuery>,
) -> Result<Json<SwarmDetail>, ApiError> {
    let now = admin.now();
    let info_hash = InfoHash::from_hex(&wanted);
    let item = match info_hash {
        Some(_) => None,
        None => Some(admin.club.item(&wanted).await?.id),
    };
    let tracker = Arc::clone(&admin.tracker);
    // A pass over all sessions may take long enough to keep others waiting.
    let look = tokio::task::spawn_blocking(move || match (item, info_hash) {
        (Some(item), _) => tracker.item_swarm(item, now),
        (None, Some(info_hash)) => tracker.swarm(&info_hash, now),
        (None, None) => None,
    });
    let found = look.await.ok().flatten();
    let found = found.ok_or_else(|| ApiError::missing(format!("no swarm of `{wanted}`")))?;
    Ok(Json(describe(&admin, found, query).await?))
}

/// Lists the recent announces of a member with their replies.
#[utoipa::path(
    get,
    path = "/members/{member}/why",
    operation_id = "list_announces",
    tag = "tracker",
    params(("member" = String, Path)),
    responses((status = 200, body = RecentAnnounces)),
    security(("token" = ["read:members"]))
)]
pub(super) async fn why(
    State(admin): State<Arc<Admin>>,
    Path(member): Path<String>,
) -> Result<Json<RecentAnnounces>, ApiError> {
    let member = admin.club.member(&member).await?;
    let mut recent = admin.tracker.why(member.id).into_iter().rev();
    let mut newest: Vec<_> = recent.by_ref().take(MAX_ANNOUNCES).collect();
    if !newest.iter().any(is_refusal) {
        newest.extend(recent.find(is_refusal));
    }
    let mut announces = Vec::with_capacity(newest.len());
    for heard in newest {
        announces.push(hear(&admin, heard.into()).await?);
    }
    let member = NamedId { id: member.id.value(), name: member.name };
    Ok(Json(RecentAnnounces { member, announces }))
}

/// Returns what the tracker holds, and what it counted since it started.
#[utoipa::path(
    get,
    path = "/stats",
    operation_id = "show_stats",
    tag = "tracker",
    responses((status = 200, body = Stats)),
    security(("token" = ["read:stats"]))
)]
pub(super) async fn stats(State(admin): State<Arc<Admin>>) -> Result<Json<Stats>, ApiError> {
    let mut stats = admin.stats().await?;
    if !Caller::may(AccessScope::Money) {
        stats.revenue = None;
    }
    Ok(Json(stats))
}

async fn describe(
    admin: &Admin,
    mut swarm: SwarmView,
    query: SwarmPeersQuery,
) -> Result<SwarmDetail, ApiError> {
    let item = match swarm.item {
        Some(id) => Some(admin.name_item(id).await?),
        None => None,
    };
    let info_hashes: Vec<_> = swarm.info_hashes.iter().map(InfoHash::to_string).collect();
    let own = admin.club.find_seed_box().await?;
    let is_own = |peer: &PeerView| own.is_some() && peer.member == own;
    // Stable: the others stay in their order.
    swarm.peers.sort_by_key(|peer| !is_own(peer));
    let limit = query.limit.map_or(MAX_PEERS, |limit| usize::try_from(limit).unwrap_or(MAX_PEERS));
    let limit = limit.clamp(1, MAX_PEERS);
    let skipped = usize::try_from(query.after.unwrap_or(0)).unwrap_or(usize::MAX);
    let shown = skipped.saturating_add(limit);
    let peers_left_out = swarm.peers.len().saturating_sub(shown);
    let next = (peers_left_out > 0).then(|| shown.to_string());
    let mut peers = Vec::new();
    for peer in swarm.peers.into_iter().skip(skipped).take(limit) {
        let (member, is_own) = (name(admin, peer.member).await?, is_own(&peer));
        peers.push(of_peer(peer, member, is_own));
    }
    Ok(SwarmDetail {
        item,
        info_hash: info_hashes.first().cloned().unwrap_or_default(),
        info_hashes,
        inside_seeders: swarm.inside_seeders,
        inside_leechers: swarm.inside_leechers,
        outside_seeders: swarm.outside_seeders,
        outside_leechers: swarm.outside_leechers,
        completed: swarm.downloaded,
        guard_active: swarm.guard_active,
        peers,
        peers_left_out,
        next,
    })
}

async fn name(admin: &Admin, member: Option<MemberId>) -> Result<Option<NamedId>, ApiError> {
    match member {
        Some(member) => admin.name_member(member).await.map(Some),
        None => Ok(None),
    }
}

fn of_peer(peer: PeerView, member: Option<NamedId>, own: bool) -> SwarmPeer {
    let has = |is_ipv6: bool| peer.addresses.iter().any(|address| address.is_ipv6() == is_ipv6);
    let families = [("ipv4", has(false)), ("ipv6", has(true))];
    let families = families.into_iter().filter(|(_, has)| *has);
    SwarmPeer {
        side: side(peer.side),
        own,
        families: families.map(|(family, _)| family.to_owned()).collect(),
        seeder: peer.seeder,
        paused: peer.paused,
        client: peer.client,
        progress: peer.progress_permille.map(|permille| f64::from(permille) / 1000.0),
        age: peer.age_secs,
        member,
        addresses: peer.addresses,
        uploaded: peer.uploaded,
        downloaded: peer.downloaded,
        left: peer.left,
        reachable: peer.reachable,
    }
}

pub(super) async fn hear(admin: &Admin, heard: HeardAnnounce) -> Result<AnnounceView, ApiError> {
    let item = match heard.item {
        Some(id) => Some(admin.name_item(id).await?),
        None => None,
    };
    let (seat, peers, message) = match heard.outcome {
        AnnounceResult::Refused(refusal) => (None, 0, Some(admin.refusal(refusal))),
        AnnounceResult::Seated { side: seat, peers, warning } => {
            (Some(side(seat)), peers, warning.map(|warning| admin.warning(warning)))
        }
    };
    Ok(AnnounceView {
        at: moment(heard.unix),
        info_hash: heard.info_hash.to_string(),
        item,
        event: event(heard.event).to_owned(),
        via: transport(heard.via).to_owned(),
        left: (heard.left != u64::MAX).then_some(heard.left),
        admitted: seat.is_some(),
        side: seat,
        peers,
        message,
    })
}

const fn is_refusal(heard: &AnnounceRecord) -> bool {
    matches!(heard.outcome, AnnounceResult::Refused(_))
}

fn side(side: Side) -> String {
    match side {
        Side::Inside => "inside".to_owned(),
        Side::Outside => "outside".to_owned(),
    }
}

const fn event(event: AnnounceEvent) -> &'static str {
    match event {
        AnnounceEvent::Completed => "completed",
        AnnounceEvent::None => "none",
        AnnounceEvent::Paused => "paused",
        AnnounceEvent::Started => "started",
        AnnounceEvent::Stopped => "stopped",
    }
}

/// Clients listed of a swarm; each of a member costs a read of the store.
const MAX_PEERS: usize = 1000;
/// Announces listed of a member, and one refusal more.
const MAX_ANNOUNCES: usize = 100;
