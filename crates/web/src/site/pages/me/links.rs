//! "Mail me my links", and new addresses for feeds and downloads.

use std::sync::Arc;

use axum::response::Response;
use club::{Error, Key};

use super::done::done;
use super::member_visitor::signed_in;
use crate::http::{Action, Actor};
use crate::site::pages::failure::Failure;
use crate::site::pages::form::CheckedForm;
use crate::site::pages::sign_in::NoFields;

/// Mails the member the links to their orders, with one that opens the library on another device.
pub(in crate::site::pages) async fn mail(
    CheckedForm { visitor, .. }: CheckedForm<NoFields>,
) -> Result<Response, Failure> {
    let member = signed_in(&visitor)?;
    let site = Arc::clone(&visitor.site);
    let Some(email) = &member.email else { return Err(Failure::bad_request(NO_ADDRESS)) };
    if !site.has_mail() {
        return Err(Failure::bad_request(NO_MAIL));
    }
    visitor.limit(Action::Message)?;
    site.limits.check(Action::Message, Actor::Account(email.text()))?;
    match site.club.mail_orders(&site.stamp_of(&member), &member.id.to_string()).await {
        Err(Error::MailedOften(_)) => return Err(Failure::bad_request(OFTEN)),
        mailed => mailed?,
    };
    let lead = format!(
        "The links to your orders, and one that opens your library, are on their way to {}.",
        email.text()
    );
    Ok(done(visitor, "Check your mail", &lead, LIBRARY))
}

/// Gives the member's feeds and downloads other addresses.
pub(in crate::site::pages) async fn replace(
    CheckedForm { visitor, .. }: CheckedForm<NoFields>,
) -> Result<Response, Failure> {
    let member = signed_in(&visitor)?;
    let site = Arc::clone(&visitor.site);
    let id = member.id.to_string();
    site.limits.check(Action::Guess, Actor::Account(&format!("feeds {id}")))?;
    site.club.rotate_keys(&site.stamp_of(&member), &id, KEYS.to_vec()).await?;
    Ok(done(visitor, "Your addresses are new", REPLACED, LIBRARY))
}

/// What a feed holds, or leads to.
const KEYS: [Key; 3] = [Key::Download, Key::Feed, Key::WebSeed];
const LIBRARY: (&str, &str) = ("/library#feeds", "Back to your library");
const REPLACED: &str = "The old addresses of your feeds and downloads give nothing any more, to nobody. Give your apps \
     the new ones. Torrents that you have already go on between peers; download them again to have our \
     copy beside. Other members' addresses are as they were.";
const NO_ADDRESS: &str = "Your account has no e-mail address. Ask the publisher to set one.";
const NO_MAIL: &str = "This site sends no mail. Your orders are listed in your account.";
const OFTEN: &str = "You got as many of these mails as an hour allows, or did not use their links. Look \
                     among the spam, and try again in an hour.";
