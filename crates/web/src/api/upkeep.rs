//! Backups and the soundness of the books, over the admin API.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use api::backup::{Backup, FlawView, MakeBackup, Soundness};
use api::error::ProblemKind;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use club::BackupError;

use super::admin::Admin;
use super::caller::Caller;
use super::error::ApiError;
use super::extract::Body;

/// Copies the club to a file.
#[utoipa::path(
    post,
    path = "/backup",
    operation_id = "make_backup",
    tag = "maintenance",
    request_body = MakeBackup,
    responses((status = 201, body = Backup)),
    security(("token" = ["all"]))
)]
pub(super) async fn backup(
    State(admin): State<Arc<Admin>>,
    Body(asked): Body<MakeBackup>,
) -> Result<(StatusCode, Json<Backup>), ApiError> {
    if !asked.file.is_absolute() {
        return Err(ApiError::unprocessable("name the file by its whole path, from / on"));
    }
    if asked.with_secret && !Caller::owns_host() {
        let text = "the master secret does not leave the host: make a backup with it there";
        return Err(ApiError::of(ProblemKind::Scope, text).in_field("with_secret"));
    }
    let file = admin.backup_file(&asked.file).map_err(|error| error.in_field("file"))?;
    let secret = asked.with_secret.then(|| secret_beside(&file));
    if let Some(secret) = &secret
        && fs::exists(secret).unwrap_or(false)
    {
        return Err(BackupError::Exists(secret.clone()).into());
    }
    let bytes = admin.club.backup(&file).await?;
    if let Some(secret) = &secret {
        copy_secret(admin.secret_file(), secret)
            .map_err(|error| BackupError::Io { path: secret.clone(), error })?;
    }
    Ok((StatusCode::CREATED, Json(Backup { file, bytes, secret })))
}

/// Checks the books, and returns the flaws.
#[utoipa::path(
    get,
    path = "/verify",
    operation_id = "verify_books",
    tag = "maintenance",
    responses((status = 200, body = Soundness)),
    security(("token" = ["money"]))
)]
pub(super) async fn verify(State(admin): State<Arc<Admin>>) -> Result<Json<Soundness>, ApiError> {
    Ok(Json(soundness(admin.club.verify().await?)))
}

/// Where a backup's master secret lies: apart from it, so that the one may travel without the other.
pub fn secret_beside(backup: &Path) -> PathBuf {
    let mut name = backup.as_os_str().to_owned();
    name.push(".secret");
    name.into()
}

/// Copies the master secret to a file for its owner alone, which must not be there yet.
///
/// # Errors
///
/// The one can't be read, the other not be made.
pub fn copy_secret(from: &Path, to: &Path) -> io::Result<()> {
    let secret = fs::read(from)?;
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(to)?;
    file.write_all(&secret)?;
    file.sync_all()
}

impl From<BackupError> for ApiError {
    fn from(error: BackupError) -> Self {
        let status = match error {
            BackupError::Elsewhere | BackupError::Exists(_) => StatusCode::CONFLICT,
            BackupError::Io { .. } | BackupError::Name(_) => StatusCode::UNPROCESSABLE_ENTITY,
            BackupError::Unavailable(_) => StatusCode::SERVICE_UNAVAILABLE,
        };
        Self::new(status, error.to_string())
    }
}

/// The flaws of the books as JSON.
pub fn soundness(flaws: Vec<club::Flaw>) -> Soundness {
    let view = |flaw: club::Flaw| FlawView { place: flaw.place, what: flaw.what.into_owned() };
    Soundness { clean: flaws.is_empty(), flaws: flaws.into_iter().map(view).collect() }
}
