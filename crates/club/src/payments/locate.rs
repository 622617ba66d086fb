//! Whose a provider's word is: of which of our checkouts, of none, or of somebody else's object.
//!
//! Several shops may use one account, so an object that carries a reference of ours is compared with
//! what the provider made for that checkout.

use crate::payments::checkout::{self, Checkout};
use crate::payments::provider::Report;
use crate::payments::reference::{Whose, whose};
use crate::store::tx::Tx;
use crate::values::error::Error;

/// Whose a report is.
pub(crate) enum Located {
    /// Of this checkout.
    Ours(Box<Checkout>),
    /// Of somebody else; says why.
    Theirs(String),
    /// It names nothing that is known.
    Unknown,
    /// Of this checkout, as it seems; says what must be known first.
    Waits(Box<Checkout>, String),
}

/// Finds the checkout that a report is of.
pub(crate) async fn locate(tx: &mut Tx, provider: &str, report: &Report) -> Result<Located, Error> {
    if let Some(session) = &report.session
        && let Some(found) = checkout::of_session(tx, provider, session).await?
    {
        return Ok(Located::Ours(Box::new(found)));
    }
    if let Some(subscription) = &report.subscription
        && let Some(found) = checkout::of_subscription(tx, provider, subscription).await?
    {
        return Ok(Located::Ours(Box::new(found)));
    }
    let Some(reference) = &report.reference else {
        // All that is made for a checkout carries its reference. A refund need not: its payment does.
        let is_named = report.session.is_some() || report.subscription.is_some();
        let is_bare = report.by_link && report.paid.is_some() && report.claim.is_none();
        return Ok(if is_named || is_bare {
            Located::Theirs("it carries no reference of ours".to_owned())
        } else {
            Located::Unknown
        });
    };
    let whose = whose(tx, reference).await?;
    let found = match whose {
        Whose::Elsewhere => {
            let why = "its reference is of another installation of usher";
            return Ok(Located::Theirs(why.to_owned()));
        }
        Whose::Other => {
            let why = "its reference is not one that usher made";
            return Ok(Located::Theirs(why.to_owned()));
        }
        Whose::Number | Whose::Ours => checkout::of_reference(tx, provider, reference).await?,
    };
    Ok(match found {
        Some(found) => compare(report, found, whose),
        None if whose == Whose::Number => {
            let why = format!("its reference {reference} is not one that usher made");
            Located::Theirs(why)
        }
        None => Located::Unknown,
    })
}

/// Whether what carries the reference of a checkout is what was made for it.
fn compare(report: &Report, found: Checkout, whose: Whose) -> Located {
    let (id, is_guessed) = (found.id.0, whose == Whose::Number);
    let theirs = |what: &str| {
        Located::Theirs(format!("its {what} is not the one that was made for checkout {id}"))
    };
    if report.by_link {
        // Nothing was made for it: who has the reference has it from us.
        return if is_guessed { theirs("reference") } else { Located::Ours(Box::new(found)) };
    }
    match (&report.session, &found.session) {
        (Some(_), Some(_)) => return theirs("session"),
        (Some(_), None) if is_guessed => return theirs("session"),
        (Some(_), None) => {
            let why = format!("held until the session of checkout {id} is known");
            return Located::Waits(Box::new(found), why);
        }
        (None, _) => {}
    }
    match (&report.subscription, &found.subscription) {
        (Some(_), Some(_)) => theirs("subscription"),
        (Some(_), None) if is_guessed => {
            let why = format!("held until the subscription of checkout {id} is known");
            Located::Waits(Box::new(found), why)
        }
        // We put the reference on the subscription when the session was made.
        (Some(_), None) => Located::Ours(Box::new(found)),
        // Nothing is given by what says neither.
        (None, _) if is_guessed || report.paid.is_some() => theirs("payment"),
        (None, _) => Located::Ours(Box::new(found)),
    }
}
