//! Admins of the dashboard, over the admin API.

use std::sync::Arc;

use api::admin::{AddAdmin, AdminSetUp, AdminView};
use api::page::AdminPage;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use club::AdminRole;

use super::admin::{Admin, moment};
use super::error::ApiError;
use super::extract::Body;
use super::tokens::check_no_gain;
use crate::admins::new_secret;

/// Lists the admins of the dashboard.
#[utoipa::path(
    get,
    path = "/admins",
    operation_id = "list_admins",
    tag = "admins",
    responses((status = 200, body = AdminPage)),
    security(("token" = ["all"]))
)]
pub(super) async fn list(State(admin): State<Arc<Admin>>) -> Result<Json<AdminPage>, ApiError> {
    let admins = admin.club.admins().await?.into_iter().map(view).collect();
    Ok(Json(AdminPage { admins, next: None }))
}

/// Adds an admin, whose link sets a password and codes.
#[utoipa::path(
    post,
    path = "/admins",
    operation_id = "add_admin",
    tag = "admins",
    request_body = AddAdmin,
    responses((status = 201, body = AdminSetUp)),
    security(("token" = ["all"]))
)]
pub(super) async fn add(
    State(admin): State<Arc<Admin>>,
    Body(AddAdmin { name, role }): Body<AddAdmin>,
) -> Result<(StatusCode, Json<AdminSetUp>), ApiError> {
    let role: AdminRole = role
        .parse()
        .map_err(|error: club::UnknownAdminRole| ApiError::unprocessable(error.to_string()))?;
    check_no_gain(None)?;
    let totp = sealed(&admin, &name)?;
    let made = admin.club.add_admin(&admin.stamp(), &name, role, totp).await?;
    Ok((StatusCode::CREATED, Json(link(&admin, made))))
}

/// Gives an admin another link, and voids password, codes and sign-ins.
#[utoipa::path(
    post,
    path = "/admins/{admin}/reset",
    operation_id = "reset_admin",
    tag = "admins",
    params(("admin" = String, Path)),
    responses((status = 200, body = AdminSetUp)),
    security(("token" = ["all"]))
)]
pub(super) async fn reset(
    State(admin): State<Arc<Admin>>,
    Path(name): Path<String>,
) -> Result<Json<AdminSetUp>, ApiError> {
    check_no_gain(None)?;
    let totp = sealed(&admin, &name)?;
    let made = admin.club.reset_admin(&admin.stamp(), &name, totp).await?;
    Ok(Json(link(&admin, made)))
}

/// Removes an admin, with the sign-ins.
#[utoipa::path(
    delete,
    path = "/admins/{admin}",
    operation_id = "remove_admin",
    tag = "admins",
    params(("admin" = String, Path)),
    responses((status = 200, body = AdminView)),
    security(("token" = ["all"]))
)]
pub(super) async fn remove(
    State(admin): State<Arc<Admin>>,
    Path(name): Path<String>,
) -> Result<Json<AdminView>, ApiError> {
    Ok(Json(view(admin.club.remove_admin(&admin.stamp(), &name).await?)))
}

/// A new secret for an admin's codes, sealed.
fn sealed(admin: &Admin, name: &str) -> Result<Vec<u8>, ApiError> {
    let desk = admin.desk()?;
    let secret = new_secret().ok_or_else(ApiError::broken)?;
    desk.key.seal(name, &secret).ok_or_else(ApiError::broken)
}

fn link(admin: &Admin, made: club::AdminLink) -> AdminSetUp {
    let home = admin.desk().map(|desk| desk.url.clone()).unwrap_or_default();
    AdminSetUp {
        url: format!("{home}/set-up/{}", made.token.expose()),
        until: moment(made.until),
        admin: view(made.admin),
    }
}

fn view(admin: club::AdminAccount) -> AdminView {
    AdminView {
        name: admin.name,
        role: admin.role.text().to_owned(),
        created: moment(admin.created),
        link_until: admin.link_expires.map(moment),
        recovery_codes: admin.recovery_codes,
    }
}
