//! Alerts and the record of changes, over the admin API.

use std::sync::Arc;

use api::alert::{AlertView, AuditView};
use api::member::NamedId;
use api::page::{AlertPage, AuditPage};
use api::query::{AlertQuery, AuditQuery};
use axum::Json;
use axum::extract::{Path, State};
use club::{AlertFilter, AlertId, AlertKind, AuditFilter};
use policy::{ItemId, MemberId};

use super::admin::{Admin, moment};
use super::error::ApiError;
use super::extract::{Params, one_of, page, period};

/// Lists the alerts.
#[utoipa::path(
    get,
    path = "/alerts",
    operation_id = "list_alerts",
    tag = "alerts",
    params(AlertQuery),
    responses((status = 200, body = AlertPage)),
    security(("token" = ["read:members"]))
)]
pub(super) async fn list(
    State(admin): State<Arc<Admin>>,
    Params(query): Params<AlertQuery>,
) -> Result<Json<AlertPage>, ApiError> {
    let AlertQuery { state, kind, member, item, newest, after, limit } = query;
    let all = [Some(true), Some(false), None];
    let text = |open| match open {
        Some(true) => "open",
        Some(false) => "closed",
        None => "all",
    };
    let filter = AlertFilter {
        open: one_of("state", state.as_deref(), all, text)?.unwrap_or(Some(true)),
        kind: one_of("kind", kind.as_deref(), AlertKind::ALL, AlertKind::text)?,
        member: admin.wanted_member(member.as_deref()).await?,
        item: admin.wanted_item(item.as_deref()).await?,
    };
    let found = admin.club.list_alerts(&filter, &page(after, limit, newest)?).await?;
    let mut alerts = Vec::with_capacity(found.rows.len());
    for alert in found.rows {
        alerts.push(admin.describe_alert(alert).await?);
    }
    Ok(Json(AlertPage { alerts, next: found.next }))
}

/// Acknowledges an alert, which closes it.
#[utoipa::path(
    post,
    path = "/alerts/{alert}/ack",
    operation_id = "acknowledge_alert",
    tag = "alerts",
    params(("alert" = u32, Path)),
    responses((status = 200, body = AlertView)),
    security(("token" = ["write:members"]))
)]
pub(super) async fn ack(
    State(admin): State<Arc<Admin>>,
    Path(id): Path<u32>,
) -> Result<Json<AlertView>, ApiError> {
    let acked = admin.club.ack_alert(&admin.stamp(), AlertId(id)).await?;
    Ok(Json(admin.describe_alert(acked).await?))
}

/// Lists the record of changes.
#[utoipa::path(
    get,
    path = "/audit",
    operation_id = "list_audit",
    tag = "alerts",
    params(AuditQuery),
    responses((status = 200, body = AuditPage)),
    security(("token" = ["read:members"]))
)]
pub(super) async fn audit(
    State(admin): State<Arc<Admin>>,
    Params(query): Params<AuditQuery>,
) -> Result<Json<AuditPage>, ApiError> {
    let AuditQuery { member, item, who, what, from, to, newest, after, limit } = query;
    let (from, until) = period(from, to);
    let filter = AuditFilter {
        member: admin.wanted_member(member.as_deref()).await?,
        item: admin.wanted_item(item.as_deref()).await?,
        who,
        what,
        from,
        until,
    };
    let found = admin.club.list_audit(&filter, &page(after, limit, newest)?).await?;
    let mut changes = Vec::with_capacity(found.rows.len());
    for row in found.rows {
        changes.push(AuditView {
            id: row.id,
            at: moment(row.at),
            who: row.who,
            what: row.what,
            member: admin.name_of_member(row.member).await?,
            item: admin.name_of_item(row.item).await?,
            detail: row.detail,
        });
    }
    Ok(Json(AuditPage { changes, next: found.next }))
}

impl Admin {
    async fn describe_alert(&self, found: club::Alert) -> Result<AlertView, ApiError> {
        let (acked, acked_by) = found.acked.map(|(at, by)| (moment(at), by)).unzip();
        Ok(AlertView {
            id: found.id.0,
            kind: found.kind.text().to_owned(),
            member: self.name_of_member(found.member).await?,
            item: self.name_of_item(found.item).await?,
            first: moment(found.first_at),
            last: moment(found.last_at),
            times: found.times,
            evidence: found.evidence,
            acked,
            acked_by,
        })
    }

    async fn name_of_member(&self, member: Option<MemberId>) -> Result<Option<NamedId>, ApiError> {
        match member {
            Some(member) => self.name_member(member).await.map(Some),
            None => Ok(None),
        }
    }

    async fn name_of_item(&self, item: Option<ItemId>) -> Result<Option<NamedId>, ApiError> {
        match item {
            Some(item) => self.name_item(item).await.map(Some),
            None => Ok(None),
        }
    }
}
