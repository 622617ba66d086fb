//! Who is signed in, by the cookie of a sign-in.
//!
//! Where the site is not on a connection that nobody else reads, its cookie counts for nothing.

use axum::http::HeaderMap;
use club::{Club, Member, SecretToken, SignInId, Subject};
use policy::MemberId;

use super::cookie;
use super::failure::Failure;
use super::price;
use crate::site::state::Site;

/// A member who is signed in.
pub(in crate::site) struct SignedIn {
    pub(in crate::site) member: Member,
    /// The sign-in's number.
    pub(in crate::site) id: SignInId,
    /// The balance as the masthead says it; `None` where there is nothing.
    pub(in crate::site) balance: Option<String>,
    /// The sign-in's cookie, to which forms are bound.
    pub(super) cookie: String,
}

/// Who sends these headers.
pub(super) async fn find(site: &Site, headers: &HeaderMap) -> Result<Option<SignedIn>, Failure> {
    if !site.look().is_trustworthy {
        return Ok(None);
    }
    let Some(value) = cookie::read(headers, SIGN_IN_COOKIE) else { return Ok(None) };
    let Some(token) = SecretToken::parse(value) else { return Ok(None) };
    let Some(found) = site.club.sign_in(&token, site.now().unix).await? else { return Ok(None) };
    let Subject::Member(id) = found.subject else { return Ok(None) };
    let member = site.club.member(&id.to_string()).await?;
    let balance = balance(&site.club, id).await?;
    Ok(Some(SignedIn { member, id: found.id, balance, cookie: value.to_owned() }))
}

/// What a member has to spend, in the first currency in which that is something.
async fn balance(club: &Club, member: MemberId) -> Result<Option<String>, Failure> {
    let balances = club.balance(&member.to_string()).await?;
    let mut sums = balances.iter().map(|balance| {
        let minor = balance.prepaid.minor.saturating_add(balance.credit.minor);
        balance.prepaid.currency.minor(minor)
    });
    Ok(sums.find(|sum| sum.minor > 0).map(price::money))
}

/// A cookie of this name can't be set by another host. An admin's has another name, as ports share cookies.
pub(super) const SIGN_IN_COOKIE: &str = "__Host-usher-member";
/// How long a browser keeps it: as long as a member's sign-in lasts at most.
pub(super) const SIGN_IN_SECS: u32 = 180 * 86_400;
