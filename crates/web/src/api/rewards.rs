//! What members carried, and what it earned them, over the admin API.

use std::collections::BTreeMap;
use std::sync::Arc;

use api::member::{ItemTraffic, MemberTraffic, NamedId};
use api::query::PageQuery;
use api::reward::RewardView;
use axum::Json;
use axum::extract::{Path, State};
use club::{Amount, Counters, Page, RewardId};
use policy::ItemId;

use super::admin::{Admin, moment};
use super::error::ApiError;
use super::extract::{Params, page};
use super::ledger::money;

/// Lists the rewards of all members.
#[utoipa::path(
    get,
    path = "/rewards",
    operation_id = "list_rewards",
    tag = "rewards",
    params(PageQuery),
    responses((status = 200, body = Vec<RewardView>)),
    security(("token" = ["money"]))
)]
pub(super) async fn list(
    State(admin): State<Arc<Admin>>,
    Params(query): Params<PageQuery>,
) -> Result<Json<Vec<RewardView>>, ApiError> {
    let found = admin.club.rewards(None, page(query)).await?;
    Ok(Json(admin.describe_rewards(found).await?))
}

/// Lists the rewards of a member.
#[utoipa::path(
    get,
    path = "/members/{member}/rewards",
    operation_id = "list_rewards_of_member",
    tag = "rewards",
    params(("member" = String, Path), PageQuery),
    responses((status = 200, body = Vec<RewardView>)),
    security(("token" = ["money"]))
)]
pub(super) async fn of_member(
    State(admin): State<Arc<Admin>>,
    Path(member): Path<String>,
    Params(query): Params<PageQuery>,
) -> Result<Json<Vec<RewardView>>, ApiError> {
    let found = admin.club.rewards(Some(&member), page(query)).await?;
    Ok(Json(admin.describe_rewards(found).await?))
}

/// Reverses a reward.
#[utoipa::path(
    post,
    path = "/rewards/{reward}/reverse",
    operation_id = "reverse_reward",
    tag = "rewards",
    params(("reward" = u32, Path)),
    responses((status = 200, body = RewardView)),
    security(("token" = ["money"]))
)]
pub(super) async fn reverse(
    State(admin): State<Arc<Admin>>,
    Path(id): Path<u32>,
) -> Result<Json<RewardView>, ApiError> {
    let reversed = admin.club.reverse_reward(&admin.stamp(), RewardId(id)).await?;
    Ok(Json(admin.describe_reward(reversed).await?))
}

/// Returns the traffic of a member, and what it earned.
#[utoipa::path(
    get,
    path = "/members/{member}/traffic",
    operation_id = "show_traffic",
    tag = "rewards",
    params(("member" = String, Path)),
    responses((status = 200, body = MemberTraffic)),
    security(("token" = ["read:members"]))
)]
pub(super) async fn traffic(
    State(admin): State<Arc<Admin>>,
    Path(member): Path<String>,
) -> Result<Json<MemberTraffic>, ApiError> {
    let found = admin.club.member(&member).await?;
    let id = found.id.to_string();
    let verified = admin.club.verified_traffic(&id).await?;
    let verified: BTreeMap<ItemId, _> = verified.into_iter().map(|of| (of.item, of)).collect();
    let served = admin.club.served_by_item(&id).await?.into_iter();
    let mut carried: BTreeMap<ItemId, _> =
        served.map(|(item, bytes)| (item, (Counters::default(), bytes))).collect();
    for (item, counters) in admin.club.traffic(&id).await? {
        carried.entry(item).or_insert((counters, 0)).0 = counters;
    }
    let mut items = Vec::new();
    for (item, (counters, web_seed)) in carried {
        let judged = verified.get(&item);
        items.push(ItemTraffic {
            item: admin.name_item(item).await?,
            uploaded: counters.uploaded,
            downloaded: counters.downloaded,
            web_seed,
            judged: judged.map_or(0, |judged| judged.said),
            verified: judged.map_or(0, |judged| judged.verified),
        });
    }
    let (mut pending, mut credited) = (BTreeMap::new(), BTreeMap::new());
    let mut page = Page::FIRST;
    loop {
        let rewards = admin.club.rewards(Some(&id), page).await?;
        let Some(last) = rewards.last() else { break };
        page.after = last.id.0;
        for reward in rewards.iter().filter(|reward| reward.reversed.is_none()) {
            let sums = if reward.entry.is_some() { &mut credited } else { &mut pending };
            let sum = sums
                .entry(reward.amount.currency)
                .or_insert_with(|| reward.amount.currency.minor(0));
            sum.minor = sum.minor.saturating_add(reward.amount.minor);
        }
    }
    let all = |sums: BTreeMap<_, Amount>| sums.into_values().map(money).collect();
    Ok(Json(MemberTraffic {
        member: NamedId { id: found.id.value(), name: found.name },
        earned: found.earned,
        items,
        pending: all(pending),
        credited: all(credited),
    }))
}

impl Admin {
    async fn describe_rewards(
        &self,
        found: Vec<club::Reward>,
    ) -> Result<Vec<RewardView>, ApiError> {
        let mut rewards = Vec::with_capacity(found.len());
        for reward in found {
            rewards.push(self.describe_reward(reward).await?);
        }
        Ok(rewards)
    }

    async fn describe_reward(&self, found: club::Reward) -> Result<RewardView, ApiError> {
        let state = match (found.reversed, found.entry) {
            (Some(_), _) => "reversed",
            (None, Some(_)) => "credited",
            (None, None) => "pending",
        };
        Ok(RewardView {
            id: found.id.0,
            member: self.name_member(found.member).await?,
            item: self.name_item(found.item).await?,
            window: moment(found.window),
            money: money(found.amount),
            state: state.to_owned(),
            due: moment(found.due),
            entry: found.entry.map(|entry| entry.0),
        })
    }
}
