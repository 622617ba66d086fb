//! `/club/<tier>/buy`: a membership, joined, renewed or upgraded.

use axum::extract::{Path, Query};
use axum::response::Response;

use super::buy_form::{BuyFields, ShownFor, form};
use super::checkout::{Chosen, answer};
use super::membership_step::Membership;
use super::wares::Wares;
use crate::site::pages::failure::Failure;
use crate::site::pages::form::CheckedForm;
use crate::site::pages::visitor::Visitor;

pub(in crate::site::pages) async fn show(
    visitor: Visitor,
    Path(tier): Path<String>,
    Query(chosen): Query<Chosen>,
) -> Result<Response, Failure> {
    let membership = Membership::find(&visitor, &tier).ok_or_else(Failure::not_found)?;
    let wares = Wares::Membership(membership);
    form(visitor, &wares, chosen.fields(), ShownFor::Fresh).await
}

pub(in crate::site::pages) async fn send(
    Path(tier): Path<String>,
    CheckedForm { visitor, fields }: CheckedForm<BuyFields>,
) -> Result<Response, Failure> {
    let membership = Membership::find(&visitor, &tier).ok_or_else(Failure::not_found)?;
    answer(visitor, &Wares::Membership(membership), fields).await
}
