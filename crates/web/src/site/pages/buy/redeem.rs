//! `/redeem`: a voucher's code for what it is worth, with or without an account.

use askama::Template;
use axum::http::StatusCode;
use axum::http::header::CACHE_CONTROL;
use axum::response::{IntoResponse, Redirect, Response};
use club::{Claimant, Redeemed, Worth};
use serde::Deserialize;

use super::checkout::guess;
use super::fields::{address, check_consent, consent_text, path_of, stamp};
use super::problem::{Field, Problem};
use crate::site::pages::failure::Failure;
use crate::site::pages::form::CheckedForm;
use crate::site::pages::layout::{Layout, Section};
use crate::site::pages::price::money;
use crate::site::pages::shown::title;
use crate::site::pages::visitor::Visitor;
use crate::site::token::PRIVATE;

/// The form as it was filled in.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::site::pages) struct RedeemFields {
    code: String,
    email: String,
    consent: String,
}

#[derive(Template)]
#[template(path = "redeem.html")]
struct RedeemPage {
    layout: Layout,
    token: String,
    fields: RedeemFields,
    consent: String,
    is_signed_in: bool,
    problem: Option<Problem>,
    /// What was redeemed.
    done: Option<String>,
}

impl RedeemPage {
    /// What is the matter at a field.
    fn wrong(&self, field: Field) -> Option<&str> {
        Problem::at(self.problem.as_ref(), field)
    }
}

pub(in crate::site::pages) async fn show(visitor: Visitor) -> Response {
    page(visitor, RedeemFields::default(), Ok(None))
}

pub(in crate::site::pages) async fn send(
    CheckedForm { visitor, fields }: CheckedForm<RedeemFields>,
) -> Result<Response, Failure> {
    guess(&visitor)?;
    if let Err(problem) = check_consent(&fields.consent) {
        return Ok(page(visitor, fields, Err(problem)));
    }
    let done = match &visitor.signed_in {
        Some(signed_in) => {
            let member = signed_in.member.id.to_string();
            let redeemed = visitor.site.club.redeem(&stamp(&visitor), &fields.code, &member).await;
            match redeemed {
                Ok(voucher) => described(&visitor, &voucher.worth).await?,
                Err(error) => return Ok(page(visitor, fields, Err(Problem::of(error)?))),
            }
        }
        None => {
            let email = match address(&fields.email) {
                Ok(email) => email,
                Err(problem) => return Ok(page(visitor, fields, Err(problem))),
            };
            let claimant = Claimant { email: email.clone(), consent: true };
            let club = &visitor.site.club;
            match club.redeem_for_visitor(&stamp(&visitor), &fields.code, claimant).await {
                Ok(Redeemed::Order(order)) => {
                    return Ok(Redirect::to(&path_of(&visitor, &order)).into_response());
                }
                Ok(Redeemed::Amount(amount)) => {
                    format!("{} is in the balance of {email}. Sign in to spend it.", money(amount))
                }
                Err(error) => return Ok(page(visitor, fields, Err(Problem::of(error)?))),
            }
        }
    };
    Ok(page(visitor, RedeemFields::default(), Ok(Some(done))))
}

async fn described(visitor: &Visitor, worth: &Worth) -> Result<String, Failure> {
    Ok(match worth {
        Worth::Amount(amount) => format!("{} was added to your balance.", money(*amount)),
        Worth::Item(item) => {
            let item = visitor.site.club.item(&item.0.to_string()).await?;
            format!("{} is in your library.", title(&item))
        }
        Worth::Tier { tier, days } => format!("You have {days} days of the membership {tier}."),
    })
}

fn page(
    mut visitor: Visitor,
    fields: RedeemFields,
    outcome: Result<Option<String>, Problem>,
) -> Response {
    let (status, done, problem) = match outcome {
        Ok(done) => (StatusCode::OK, done, None),
        Err(problem) => (StatusCode::UNPROCESSABLE_ENTITY, None, Some(problem)),
    };
    let page = RedeemPage {
        token: visitor.form_token(),
        layout: visitor.layout(Section::Redeem, "Redeem a voucher"),
        consent: consent_text(&visitor),
        is_signed_in: visitor.signed_in.is_some(),
        fields,
        problem,
        done,
    };
    let mut response = visitor.page_with(status, &page);
    response.headers_mut().insert(CACHE_CONTROL, PRIVATE.1);
    response
}
