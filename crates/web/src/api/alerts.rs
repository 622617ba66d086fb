//! Alerts and the record of changes, over the admin API.

use std::sync::Arc;

use api::alert::{AlertView, AuditView};
use api::member::NamedId;
use api::query::{AlertQuery, AuditQuery};
use axum::Json;
use axum::extract::{Path, State};
use club::AlertId;
use policy::{ItemId, MemberId};

use super::admin::{Admin, moment};
use super::error::ApiError;
use super::extract::Params;

/// Lists the alerts.
#[utoipa::path(
    get,
    path = "/alerts",
    operation_id = "list_alerts",
    tag = "alerts",
    params(AlertQuery),
    responses((status = 200, body = Vec<AlertView>)),
    security(("token" = ["read:members"]))
)]
pub(super) async fn list(
    State(admin): State<Arc<Admin>>,
    Params(query): Params<AlertQuery>,
) -> Result<Json<Vec<AlertView>>, ApiError> {
    let page = club::Page { after: query.after, ..club::Page::FIRST };
    let mut alerts = Vec::new();
    for found in admin.club.alerts(query.all, page).await? {
        alerts.push(admin.describe_alert(found).await?);
    }
    Ok(Json(alerts))
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
    responses(
        (status = 200, body = Vec<AuditView>),
        (status = 404, description = "No such member or item.")
    ),
    security(("token" = ["read:members"]))
)]
pub(super) async fn audit(
    State(admin): State<Arc<Admin>>,
    Params(query): Params<AuditQuery>,
) -> Result<Json<Vec<AuditView>>, ApiError> {
    let AuditQuery { member, item, after } = query;
    let page = club::Page { after, ..club::Page::FIRST };
    let member = match member {
        Some(member) => Some(admin.club.member(&member).await?.id),
        None => None,
    };
    let item = match item.as_deref() {
        Some("all") => Some(ItemId::ANY),
        Some(item) => Some(admin.club.item(item).await?.id),
        None => None,
    };
    let rows = admin.club.audit_of(member, item, page).await?;
    let mut changes = Vec::with_capacity(rows.len());
    for row in rows {
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
    Ok(Json(changes))
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
