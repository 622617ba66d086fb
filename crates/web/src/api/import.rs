//! Members from another tracker, over the admin API.

use std::sync::Arc;

use api::import::{ImportMembers, ImportOutcome, ImportRow, MIN_PASSKEY};
use axum::Json;
use axum::extract::State;
use club::{Arrival, NewMember, Newcomer};
use wire::Passkey;

use super::admin::{Admin, unix};
use super::error::ApiError;
use super::extract::Body;

/// Imports members of another tracker: all of them or none.
#[utoipa::path(
    post,
    path = "/import",
    operation_id = "import_members",
    tag = "members",
    request_body = ImportMembers,
    responses((status = 200, body = Vec<ImportOutcome>)),
    security(("token" = ["write:members"]))
)]
pub(super) async fn import(
    State(admin): State<Arc<Admin>>,
    Body(asked): Body<ImportMembers>,
) -> Result<Json<Vec<ImportOutcome>>, ApiError> {
    let names: Vec<_> = asked.members.iter().map(|member| member.name.clone()).collect();
    let newcomers =
        asked.members.into_iter().map(|member| newcomer(&admin, member)).collect::<Result<_, _>>();
    let newcomers: Vec<Newcomer> = newcomers?;
    let arrivals = if asked.dry_run {
        admin.club.try_import(&newcomers).await?
    } else {
        admin.club.import(&admin.stamp(), newcomers).await?
    };
    Ok(Json(names.into_iter().zip(arrivals).map(imported).collect()))
}

fn newcomer(admin: &Admin, member: ImportRow) -> Result<Newcomer, ApiError> {
    let passkey = match &member.passkey {
        None => None,
        Some(text) => {
            let passkey = Passkey::new(text.as_bytes()).filter(|_| text.len() >= MIN_PASSKEY);
            Some(passkey.ok_or_else(|| {
                ApiError::unprocessable(format!(
                    "the passkey of `{}` is none: {MIN_PASSKEY} to {} letters, digits, `-` and `_`",
                    member.name,
                    Passkey::MAX_LEN
                ))
            })?)
        }
    };
    let new = NewMember { name: member.name, tier: member.tier, tier_until: unix(member.until)? };
    Ok(Newcomer { member: new, passkey: passkey.map(|passkey| admin.alias(&passkey)) })
}

fn imported((name, arrival): (String, Arrival)) -> ImportOutcome {
    let (outcome, why) = match arrival {
        Arrival::Added => ("added", None),
        Arrival::Present => ("present", None),
        Arrival::Refused(why) => ("refused", Some(why.to_string())),
    };
    ImportOutcome { name, outcome: outcome.to_owned(), why }
}
