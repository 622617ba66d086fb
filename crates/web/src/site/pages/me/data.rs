//! `/me/data.json`: what the shop keeps about a member, in one file.

use axum::Json;
use axum::response::{IntoResponse, Response};
use club::{Amount, Subject};
use serde_json::{Value, json};

use super::library_export::{export, head};
use super::member_visitor::MemberVisitor;
use super::money::{last_lines, last_orders};
use super::words::moment;
use crate::site::pages::failure::Failure;

pub(in crate::site::pages) async fn json(own: MemberVisitor) -> Result<Response, Failure> {
    let (site, member) = (&own.visitor.site, &own.member);
    let (club, id) = (&site.club, member.id.to_string());
    let orders = last_orders(club, &id, MAX_ROWS).await?;
    let lines = last_lines(club, &id, MAX_ROWS).await?;
    let sign_ins = club.sign_ins_of(Subject::Member(member.id), site.now().unix).await?;
    let balances = club.balance(&id).await?;
    let data = json!({
        "member": {
            "id": member.id.value(),
            "name": member.name,
            "tier": member.tier,
            "tier_until": member.tier_until.map(moment),
            "earned_tier": member.earned,
            "created": moment(member.created),
            "email": member.email.as_ref().map(club::Email::text),
            "email_verified": member.email_verified.map(moment),
        },
        "balances": balances.iter().map(|balance| json!({
            "prepaid": amount(balance.prepaid),
            "credit": amount(balance.credit),
            "owed": amount(balance.owed),
        })).collect::<Vec<_>>(),
        "orders": orders.iter().map(|order| json!({
            "id": order.id.0,
            "state": order.state().text(),
            "amount": amount(order.amount),
            "item": order.product.item().map(|item| item.0),
            "gift": order.is_gift,
            "email": order.email.as_ref().map(club::Email::text),
            "created": moment(order.created),
            "paid": order.paid.map(moment),
        })).collect::<Vec<_>>(),
        "statement": lines.iter().map(|line| json!({
            "entry": line.entry.0,
            "at": moment(line.at),
            "kind": line.kind,
            "memo": line.memo,
            "amount": amount(line.amount),
            "balance": amount(line.balance),
        })).collect::<Vec<_>>(),
        "sign_ins": sign_ins.iter().map(|sign_in| json!({
            "id": sign_in.id.0,
            "browser": sign_in.agent,
            "created": moment(sign_in.created),
            "used": moment(sign_in.used),
        })).collect::<Vec<_>>(),
        "library": export(&own).await?,
    });
    Ok((head("my-data.json"), Json(data)).into_response())
}

fn amount(amount: Amount) -> Value {
    json!({ "amount": amount.decimal(), "currency": amount.currency.code() })
}

/// Maximum orders, and maximum lines of the statement.
const MAX_ROWS: usize = 10_000;
