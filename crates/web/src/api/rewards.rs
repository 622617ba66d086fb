//! What members carried, and what it earned them, over the admin API.

use std::sync::Arc;

use api::member::{ItemTraffic, MemberTraffic, NamedId};
use api::page::RewardPage;
use api::query::{MemberRewardQuery, PageQuery, RewardQuery};
use api::reward::RewardView;
use axum::Json;
use axum::extract::{Path, State};
use club::{CarriedItem, Listed, PageRequest, RewardFilter, RewardId, RewardState};

use super::admin::{Admin, moment};
use super::error::ApiError;
use super::extract::{Params, one_of, page};
use super::ledger::money;

/// Lists the rewards of all members.
#[utoipa::path(
    get,
    path = "/rewards",
    operation_id = "list_rewards",
    tag = "rewards",
    params(RewardQuery),
    responses((status = 200, body = RewardPage)),
    security(("token" = ["money"]))
)]
pub(super) async fn list(
    State(admin): State<Arc<Admin>>,
    Params(query): Params<RewardQuery>,
) -> Result<Json<RewardPage>, ApiError> {
    let RewardQuery { member, item, state, newest, after, limit } = query;
    let filter = RewardFilter {
        member: admin.wanted_member(member.as_deref()).await?,
        item: admin.wanted_item(item.as_deref()).await?,
        state: one_of("state", state.as_deref(), RewardState::ALL, RewardState::text)?,
    };
    Ok(Json(admin.reward_page(&filter, &page(after, limit, newest)?).await?))
}

/// Lists the rewards of a member.
#[utoipa::path(
    get,
    path = "/members/{member}/rewards",
    operation_id = "list_rewards_of_member",
    tag = "rewards",
    params(("member" = String, Path), MemberRewardQuery),
    responses((status = 200, body = RewardPage)),
    security(("token" = ["money"]))
)]
pub(super) async fn of_member(
    State(admin): State<Arc<Admin>>,
    Path(member): Path<String>,
    Params(query): Params<MemberRewardQuery>,
) -> Result<Json<RewardPage>, ApiError> {
    let MemberRewardQuery { state, newest, after, limit } = query;
    let member = Some(admin.club.member(&member).await?.id);
    let state = one_of("state", state.as_deref(), RewardState::ALL, RewardState::text)?;
    let filter = RewardFilter { member, state, ..RewardFilter::default() };
    Ok(Json(admin.reward_page(&filter, &page(after, limit, newest)?).await?))
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
    params(("member" = String, Path), PageQuery),
    responses((status = 200, body = MemberTraffic)),
    security(("token" = ["read:members"]))
)]
pub(super) async fn traffic(
    State(admin): State<Arc<Admin>>,
    Path(member): Path<String>,
    Params(PageQuery { after, limit }): Params<PageQuery>,
) -> Result<Json<MemberTraffic>, ApiError> {
    let found = admin.club.member(&member).await?;
    let Listed { rows, next } =
        admin.club.list_traffic(found.id, &page(after, limit, None)?).await?;
    let mut items = Vec::with_capacity(rows.len());
    for CarriedItem { item, reported, web_seed, judged } in rows {
        items.push(ItemTraffic {
            item: admin.name_item(item).await?,
            uploaded: reported.uploaded,
            downloaded: reported.downloaded,
            web_seed,
            judged: judged.said,
            verified: judged.verified,
        });
    }
    let (mut pending, mut credited) = (Vec::new(), Vec::new());
    for (state, amount) in admin.club.reward_sums(found.id).await? {
        let sums = if state == RewardState::Credited { &mut credited } else { &mut pending };
        sums.push(money(amount));
    }
    Ok(Json(MemberTraffic {
        member: NamedId { id: found.id.value(), name: found.name },
        earned: found.earned,
        items,
        next,
        pending,
        credited,
    }))
}

impl Admin {
    async fn reward_page(
        &self,
        filter: &RewardFilter,
        page: &PageRequest,
    ) -> Result<RewardPage, ApiError> {
        let Listed { rows, next } = self.club.list_rewards(filter, page).await?;
        let mut rewards = Vec::with_capacity(rows.len());
        for reward in rows {
            rewards.push(self.describe_reward(reward).await?);
        }
        Ok(RewardPage { rewards, next })
    }

    async fn describe_reward(&self, found: club::Reward) -> Result<RewardView, ApiError> {
        let state = RewardState::of(&found).text();
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
