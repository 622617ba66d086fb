//! A member's subscriptions, and cancelling one at its provider.

use std::sync::Arc;

use axum::extract::Path;
use axum::response::Response;
use club::{CheckoutId, Member, Subscription};

use super::done::done;
use super::member_visitor::signed_in;
use super::words::day;
use crate::http::{Action, Actor};
use crate::site::pages::failure::Failure;
use crate::site::pages::form::CheckedForm;
use crate::site::pages::price::money;
use crate::site::pages::shown::capitalised;
use crate::site::pages::sign_in::NoFields;
use crate::site::pages::visitor::Visitor;

/// A subscription as the account lists it.
pub(super) struct SubscriptionRow {
    pub(super) checkout: u32,
    pub(super) tier: String,
    pub(super) price: String,
    pub(super) state: String,
    /// Whether it can be cancelled here.
    pub(super) is_cancellable: bool,
    /// What to do where it can't be, and goes on.
    pub(super) elsewhere: Option<String>,
}

/// The subscriptions of a member, the latest first.
pub(super) async fn rows(
    visitor: &Visitor,
    member: &Member,
) -> Result<Vec<SubscriptionRow>, Failure> {
    let site = &visitor.site;
    let now = site.now().unix;
    let row = |one: Subscription| {
        let goes_on = one.renews(now);
        let here = site.payments().is_some_and(|payments| payments.can_cancel(&one.provider));
        SubscriptionRow {
            checkout: one.checkout.0,
            tier: capitalised(&one.tier),
            price: money(one.amount),
            state: state(&one, now),
            is_cancellable: goes_on && here,
            elsewhere: (goes_on && !here).then(|| {
                format!("Cancel it at {}, where you pay, or ask us.", capitalised(&one.provider))
            }),
        }
    };
    Ok(site.club.subscriptions(member.id).await?.into_iter().map(row).collect())
}

/// Whether a member has a subscription that will be charged again.
pub(super) async fn is_any_running(visitor: &Visitor, member: &Member) -> Result<bool, Failure> {
    let (site, now) = (&visitor.site, visitor.site.now().unix);
    Ok(site.club.subscriptions(member.id).await?.iter().any(|one| one.renews(now)))
}

pub(in crate::site::pages) async fn cancel(
    Path(checkout): Path<u32>,
    CheckedForm { visitor, .. }: CheckedForm<NoFields>,
) -> Result<Response, Failure> {
    let member = signed_in(&visitor)?;
    let site = Arc::clone(&visitor.site);
    let payments = site.payments().ok_or_else(Failure::not_found)?;
    site.limits.check(Action::Order, Actor::Account(&format!("subscriptions {}", member.id)))?;
    let cancelled = payments.cancel_subscription(&member, CheckoutId(checkout)).await;
    let subscription = match cancelled {
        Ok(found) => found.ok_or_else(Failure::not_found)?,
        Err(error) => {
            tracing::warn!(%error, checkout, "a subscription is not cancelled");
            return Err(Failure::bad_request(NOT_CANCELLED));
        }
    };
    // Other days of the tier may run before what is left of it.
    let end = member.tier_until.filter(|_| member.tier == subscription.tier);
    let lead = match subscription.until.map(|until| end.map_or(until, |end| end.max(until))) {
        Some(until) => format!(
            "It is not charged again. What belongs to it is yours until {}, and ends then.",
            day(until)
        ),
        None => "It is not charged again.".to_owned(),
    };
    Ok(done(
        visitor,
        "Your subscription is cancelled",
        &lead,
        ("/me#subscriptions", "Back to your account"),
    ))
}

fn state(one: &Subscription, now_unix: u32) -> String {
    match (one.until.map(day), one.ended) {
        (_, Some(ended)) if ended <= now_unix => format!("Ended {}", day(ended)),
        (Some(until), _) if one.cancelled.is_some() => format!("Cancelled, runs until {until}"),
        (None, _) if one.cancelled.is_some() => "Cancelled".to_owned(),
        (Some(until), _) => format!("Paid until {until}, then renewed"),
        (None, _) => "Not paid yet".to_owned(),
    }
}

const NOT_CANCELLED: &str = "Your subscription goes on: the provider did not cancel it. Try again in some minutes. If that fails, \
     cancel it where you pay, or ask us to.";
