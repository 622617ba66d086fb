//! `/api/v1/me`: a member's own numbers, for programs with a token of the member's.
//!
//! Such a token reads these numbers and nothing else. Refusals are problem documents, as the admin API's are.

use std::sync::Arc;

use api::error::ProblemKind;
use api::ledger::BalanceView;
use api::me::OwnNumbers;
use api::money::Money;
use axum::Extension;
use axum::Json;
use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderMap, HeaderValue};
use axum::response::{IntoResponse, Response};
use club::{Amount, Member, MemberSecret, MemberToken};
use jiff::Timestamp;

use super::state::Site;
use crate::http::{Action, Actor, Origin, bearer, problem};

pub(super) async fn show(
    State(site): State<Arc<Site>>,
    from: Option<Extension<Origin>>,
    headers: HeaderMap,
) -> Response {
    let token = match find(&site, from.map(|Extension(origin)| origin), &headers).await {
        Ok(token) => token,
        Err(refused) => return refused,
    };
    let quota = site.token_limits.check(token.id);
    let mut response = match quota.retry_after_secs {
        Some(secs) => {
            let text = format!("this token asks too often: wait {secs} s");
            ([(RETRY_AFTER, secs.to_string())], problem(ProblemKind::TooMany, text)).into_response()
        }
        None => match numbers(&site, &token).await {
            Ok(numbers) => Json(numbers).into_response(),
            Err(error) => {
                tracing::debug!(%error, "a member's numbers can't be read");
                problem(ProblemKind::Unavailable, "the database does not answer: try again later")
            }
        },
    };
    quota.note(response.headers_mut());
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// The token of a request, where it works.
async fn find(
    site: &Site,
    from: Option<Origin>,
    headers: &HeaderMap,
) -> Result<MemberToken, Response> {
    let Some(sent) = bearer(headers) else { return Err(unauthenticated(MISSING, None)) };
    let found = match sent.and_then(MemberSecret::parse) {
        Some(secret) => site.club.member_token(&secret).await,
        None => Ok(None),
    };
    match found {
        Ok(Some(token)) => {
            let now_unix = site.now().unix;
            if token.used.is_none_or(|used| now_unix >= used.saturating_add(USE_PACE)) {
                let (club, id) = (Arc::clone(&site.club), token.id);
                // Nobody waits for it; where it fails, the next use is noted.
                tokio::spawn(async move { club.note_member_token_use(id, now_unix).await });
            }
            Ok(token)
        }
        Ok(None) => {
            let tried = from
                .map(|Origin(address)| site.limits.check(Action::Guess, Actor::Network(address)));
            match tried {
                Some(Err(often)) => {
                    let text = "too many wrong tokens came from this network: try again later";
                    let secs = often.retry_after_secs.to_string();
                    Err(([(RETRY_AFTER, secs)], problem(ProblemKind::TooMany, text))
                        .into_response())
                }
                _ => Err(unauthenticated(WRONG, Some("invalid_token"))),
            }
        }
        Err(_) => {
            Err(problem(ProblemKind::Unavailable, "the database does not answer: try again later"))
        }
    }
}

async fn numbers(site: &Site, token: &MemberToken) -> Result<OwnNumbers, club::Error> {
    let (club, id) = (&site.club, token.member.to_string());
    let Member { name, tier, tier_until, earned, .. } = club.member(&id).await?;
    let traffic = club.traffic(&id).await?;
    let sum = |of: fn(&club::Counters) -> u64| {
        traffic.iter().fold(0u64, |sum, (_, counters)| sum.saturating_add(of(counters)))
    };
    let (uploaded, downloaded) = (sum(|of| of.uploaded), sum(|of| of.downloaded));
    let verified = club.verified_traffic(&id).await?;
    let web_seed = club.served_by_item(&id).await?;
    Ok(OwnNumbers {
        name,
        tier,
        tier_until: tier_until.map(moment),
        earned_tier: earned,
        balances: club.balance(&id).await?.into_iter().map(balance).collect(),
        purchases: club.purchases_of(token.member).await?,
        uploaded,
        downloaded,
        ratio: (downloaded > 0).then(|| number(uploaded) / number(downloaded)),
        verified: verified.iter().fold(0, |sum, of| sum.saturating_add(of.verified)),
        web_seed: web_seed.iter().fold(0, |sum, (_, bytes)| sum.saturating_add(*bytes)),
    })
}

fn balance(balance: club::Balance) -> BalanceView {
    BalanceView {
        currency: balance.prepaid.currency.code().to_owned(),
        prepaid: money(balance.prepaid),
        credit: money(balance.credit),
        owed: money(balance.owed),
    }
}

fn money(amount: Amount) -> Money {
    Money {
        amount: amount.decimal(),
        currency: amount.currency.code().to_owned(),
        minor: amount.minor,
    }
}

fn moment(unix: u32) -> Timestamp {
    Timestamp::from_second(unix.into()).unwrap_or_default()
}

/// A number of bytes; exact up to 2^53.
fn number(bytes: u64) -> f64 {
    let part = |bytes: u64| f64::from(u32::try_from(bytes).unwrap_or(u32::MAX));
    part(bytes >> 32) * 4_294_967_296.0 + part(bytes & u64::from(u32::MAX))
}

fn unauthenticated(text: &str, error: Option<&str>) -> Response {
    let mut response = problem(ProblemKind::Unauthenticated, text);
    let error = error.map(|error| format!(", error=\"{error}\"")).unwrap_or_default();
    if let Ok(value) = HeaderValue::try_from(format!("Bearer realm=\"usher\"{error}")) {
        response.headers_mut().insert(WWW_AUTHENTICATE, value);
    }
    response
}

const MISSING: &str = "this needs a token: send `Authorization: Bearer TOKEN` with one from your \
     account's page";
const WRONG: &str = "this token does not work: it is mistyped or was revoked; your account's page \
     makes another";
/// Seconds between two notes of a token's use.
const USE_PACE: u32 = 60;
