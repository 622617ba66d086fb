//! Alerts and the record of changes, over the admin API.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use club::AlertId;
use policy::{ItemId, MemberId};
use serde::Deserialize;

use super::admin::{Admin, moment};
use super::error::ApiError;
use super::extract::Params;
use super::view;
use super::view::alert;

/// Which alerts to list.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Which {
    all: bool,
    after: u32,
}

/// Which changes to list.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Touching {
    member: Option<String>,
    item: Option<String>,
    after: u32,
}

pub(super) async fn list(
    State(admin): State<Arc<Admin>>,
    Params(which): Params<Which>,
) -> Result<Json<Vec<alert::Alert>>, ApiError> {
    let page = club::Page { after: which.after, ..club::Page::FIRST };
    let mut alerts = Vec::new();
    for found in admin.club.alerts(which.all, page).await? {
        alerts.push(admin.describe_alert(found).await?);
    }
    Ok(Json(alerts))
}

pub(super) async fn ack(
    State(admin): State<Arc<Admin>>,
    Path(id): Path<u32>,
) -> Result<Json<alert::Alert>, ApiError> {
    let acked = admin.club.ack_alert(&admin.stamp(), AlertId(id)).await?;
    Ok(Json(admin.describe_alert(acked).await?))
}

pub(super) async fn audit(
    State(admin): State<Arc<Admin>>,
    Params(touching): Params<Touching>,
) -> Result<Json<Vec<alert::Change>>, ApiError> {
    let Touching { member, item, after } = touching;
    let page = club::Page { after, ..club::Page::FIRST };
    let rows = admin.club.audit_of(member.as_deref(), item.as_deref(), page).await?;
    let mut changes = Vec::with_capacity(rows.len());
    for row in rows {
        changes.push(alert::Change {
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
    async fn describe_alert(&self, found: club::Alert) -> Result<alert::Alert, ApiError> {
        let (acked, acked_by) = found.acked.map(|(at, by)| (moment(at), by)).unzip();
        Ok(alert::Alert {
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

    async fn name_of_member(
        &self,
        member: Option<MemberId>,
    ) -> Result<Option<view::Named>, ApiError> {
        match member {
            Some(member) => self.name_member(member).await.map(Some),
            None => Ok(None),
        }
    }

    async fn name_of_item(&self, item: Option<ItemId>) -> Result<Option<view::Named>, ApiError> {
        match item {
            Some(item) => self.name_item(item).await.map(Some),
            None => Ok(None),
        }
    }
}
