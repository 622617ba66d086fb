//! Vouchers, over the admin API.

use std::sync::Arc;

use api::page::VoucherPage;
use api::query::VoucherQuery;
use api::voucher::{
    IssueVouchers, RedeemVoucher, VoucherCodeView, VoucherView, WorthRequest, WorthView,
};
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use club::{EntryId, VoucherFilter, VoucherId, VoucherState};

use super::admin::{Admin, moment, unix};
use super::attempts::MAX_A_MINUTE;
use super::error::ApiError;
use super::extract::{Body, Params, one_of, page};
use super::ledger::{amount, money};

/// Issues vouchers. Only this answer holds their codes.
#[utoipa::path(
    post,
    path = "/vouchers",
    operation_id = "issue_vouchers",
    tag = "vouchers",
    request_body = IssueVouchers,
    responses((status = 201, body = Vec<VoucherCodeView>)),
    security(("token" = ["money"]))
)]
pub(super) async fn issue(
    State(admin): State<Arc<Admin>>,
    Body(new): Body<IssueVouchers>,
) -> Result<(StatusCode, Json<Vec<VoucherCodeView>>), ApiError> {
    let worth = admin.worth(new.worth).await?;
    let expires = unix(new.until)?;
    let described = admin.describe_worth(&worth).await?;
    let vouchers = club::NewVouchers { worth, count: new.count, expires, memo: new.memo };
    let issued = admin.club.issue_vouchers(&admin.stamp(), &new.key, vouchers).await?;
    let issued = issued.into_iter().map(|issued| VoucherCodeView {
        code: issued.code.to_string(),
        voucher: VoucherView {
            id: issued.id.0,
            worth: described.clone(),
            until: expires.map(moment),
            state: VoucherState::Issued.text().to_owned(),
            member: None,
            batch: issued.batch.0,
            gift: None,
        },
    });
    Ok((StatusCode::CREATED, Json(issued.collect())))
}

/// Redeems a voucher for a member.
#[utoipa::path(
    post,
    path = "/vouchers/redeem",
    operation_id = "redeem_voucher",
    tag = "vouchers",
    request_body = RedeemVoucher,
    responses(
        (status = 200, body = VoucherView),
        (status = 404, description = "No such member or voucher.")
    ),
    security(("token" = ["money"]))
)]
pub(super) async fn redeem(
    State(admin): State<Arc<Admin>>,
    Body(new): Body<RedeemVoucher>,
) -> Result<Json<VoucherView>, ApiError> {
    let member = admin.club.member(&new.member).await?.id;
    let now = admin.now().unix;
    if !admin.attempts.allow(member, now) {
        let message = format!(
            "{MAX_A_MINUTE} wrong codes in a minute for this member: wait a minute, then try again"
        );
        return Err(ApiError::new(StatusCode::TOO_MANY_REQUESTS, message));
    }
    let redeemed = admin.club.redeem(&admin.stamp(), &new.code, &member.to_string()).await;
    if matches!(redeemed, Err(club::Error::Code(_) | club::Error::NoVoucher)) {
        admin.attempts.failed(member, now);
    }
    Ok(Json(admin.describe_voucher(redeemed?).await?))
}

/// Lists the vouchers.
#[utoipa::path(
    get,
    path = "/vouchers",
    operation_id = "list_vouchers",
    tag = "vouchers",
    params(VoucherQuery),
    responses((status = 200, body = VoucherPage)),
    security(("token" = ["money"]))
)]
pub(super) async fn list(
    State(admin): State<Arc<Admin>>,
    Params(query): Params<VoucherQuery>,
) -> Result<Json<VoucherPage>, ApiError> {
    Ok(Json(admin.voucher_page(query).await?))
}

/// Voids a voucher.
#[utoipa::path(
    delete,
    path = "/vouchers/{voucher}",
    operation_id = "void_voucher",
    tag = "vouchers",
    params(("voucher" = u32, Path)),
    responses((status = 200, body = VoucherView)),
    security(("token" = ["money"]))
)]
pub(super) async fn void(
    State(admin): State<Arc<Admin>>,
    Path(id): Path<u32>,
) -> Result<Json<VoucherView>, ApiError> {
    let voided = admin.club.void_voucher(&admin.stamp(), VoucherId(id)).await?;
    Ok(Json(admin.describe_voucher(voided).await?))
}

impl Admin {
    async fn worth(&self, new: WorthRequest) -> Result<club::Worth, ApiError> {
        Ok(match new {
            WorthRequest::Money { amount: text, currency } => {
                club::Worth::Amount(amount(&text, &currency)?)
            }
            WorthRequest::Item(item) => club::Worth::Item(self.club.item(&item).await?.id),
            WorthRequest::Tier { tier, days } => club::Worth::Tier { tier, days },
        })
    }

    /// A page of vouchers.
    pub(super) async fn voucher_page(&self, query: VoucherQuery) -> Result<VoucherPage, ApiError> {
        let VoucherQuery { state, batch, member, newest, after, limit } = query;
        let state = one_of("state", state.as_deref(), VoucherState::ALL, VoucherState::text)?;
        let filter = VoucherFilter {
            state: state.map(|state| (state, self.now().unix)),
            batch: batch.map(EntryId),
            member: self.wanted_member(member.as_deref()).await?,
        };
        let found = self.club.list_vouchers(&filter, &page(after, limit, newest)?).await?;
        let mut vouchers = Vec::with_capacity(found.rows.len());
        for voucher in found.rows {
            vouchers.push(self.describe_voucher(voucher).await?);
        }
        Ok(VoucherPage { vouchers, next: found.next })
    }

    async fn describe_voucher(&self, found: club::Voucher) -> Result<VoucherView, ApiError> {
        let member = match found.redeemed_by {
            None => None,
            Some(member) => Some(self.name_member(member).await?),
        };
        Ok(VoucherView {
            id: found.id.0,
            worth: self.describe_worth(&found.worth).await?,
            until: found.expires.map(moment),
            state: found.state(self.now().unix).text().to_owned(),
            member,
            batch: found.issue.0,
            gift: found.gift.map(|order| order.0),
        })
    }

    async fn describe_worth(&self, worth: &club::Worth) -> Result<WorthView, ApiError> {
        let nothing = WorthView::default();
        Ok(match worth {
            club::Worth::Amount(amount) => WorthView { money: Some(money(*amount)), ..nothing },
            club::Worth::Item(item) => {
                WorthView { item: Some(self.name_item(*item).await?), ..nothing }
            }
            club::Worth::Tier { tier, days } => {
                WorthView { tier: Some(tier.clone()), days: Some(*days), ..nothing }
            }
        })
    }
}
