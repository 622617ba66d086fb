//! `/me`: a member's seat in swarms, money, sign-ins and address.
//!
//! Everything that changes is a form. A secret is shown once, in the answer to a form that asks for it.

use std::sync::Arc;

use askama::Template;
use axum::extract::Path;
use axum::response::{IntoResponse, Redirect, Response};
use club::{Amount, Email, Member, Order, OrderState, Product, SignInId, Subject, TokenId};
use policy::{ItemId, KeyGrant};
use serde::Deserialize;

use super::member_visitor::{MemberVisitor, signed_in};
use super::money::{last_lines, last_orders};
use super::subscriptions::{SubscriptionRow, rows};
use super::words::day;
use crate::http::{Action, Actor};
use crate::mail::texts;
use crate::site::pages::failure::Failure;
use crate::site::pages::form::CheckedForm;
use crate::site::pages::layout::{Layout, Section};
use crate::site::pages::price::{money, size};
use crate::site::pages::shown::{capitalised, title};
use crate::site::pages::sign_in::NoFields;
use crate::site::pages::visitor::Visitor;

#[derive(Template)]
#[template(path = "me.html")]
struct MePage {
    layout: Layout,
    token: String,
    notice: Option<String>,
    name: String,
    tier: String,
    tier_end: Option<String>,
    /// What follows it.
    tier_then: Option<String>,
    /// The announce URL, in the answer to the form that asks for it.
    announce_url: Option<String>,
    /// A token, in the answer to the form that makes it.
    secret: Option<String>,
    api_tokens: Vec<ApiTokenRow>,
    numbers_url: String,
    clients: Vec<ClientRow>,
    balances: Vec<BalanceRow>,
    orders: Vec<PlacedOrder>,
    lines: Vec<LineRow>,
    subscriptions: Vec<SubscriptionRow>,
    sign_ins: Vec<SignInRow>,
    email: Option<String>,
    is_verified: bool,
    has_mail: bool,
}

struct ClientRow {
    client: String,
    addresses: String,
    item: ItemId,
    title: String,
    progress: String,
    sent: String,
    reachable: &'static str,
}

struct BalanceRow {
    prepaid: String,
    credit: Option<String>,
    owed: Option<String>,
}

struct PlacedOrder {
    number: u32,
    token: String,
    day: String,
    product: String,
    state: &'static str,
    amount: String,
}

struct LineRow {
    day: String,
    text: String,
    amount: String,
    balance: String,
}

struct SignInRow {
    id: u32,
    agent: String,
    used: String,
    is_here: bool,
}

struct ApiTokenRow {
    id: u32,
    made: String,
    used: String,
}

/// What is shown once.
#[derive(Default)]
struct Revealed {
    announce_url: Option<String>,
    secret: Option<String>,
}

#[derive(Deserialize)]
pub(in crate::site::pages) struct RotateFields {
    /// The item of a client that is somebody else's, whose own passkey is replaced too.
    #[serde(default)]
    item: String,
}

#[derive(Deserialize)]
pub(in crate::site::pages) struct EmailFields {
    email: String,
}

pub(in crate::site::pages) async fn show(own: MemberVisitor) -> Result<Response, Failure> {
    page(own.visitor, own.member, None, Revealed::default()).await
}

/// Where the masthead leads from the balance.
pub(in crate::site::pages) async fn money_part(own: MemberVisitor) -> Response {
    Redirect::to(&format!("{}/me#money", own.visitor.look.home)).into_response()
}

pub(in crate::site::pages) async fn reveal(
    CheckedForm { visitor, .. }: CheckedForm<NoFields>,
) -> Result<Response, Failure> {
    let member = signed_in(&visitor)?;
    let announce_url = Some(announce_url(&visitor, &member));
    page(visitor, member, None, Revealed { announce_url, ..Revealed::default() }).await
}

pub(in crate::site::pages) async fn add_token(
    CheckedForm { visitor, .. }: CheckedForm<NoFields>,
) -> Result<Response, Failure> {
    let member = signed_in(&visitor)?;
    let site = Arc::clone(&visitor.site);
    site.limits.check(Action::Guess, Actor::Account(&format!("token {}", member.id)))?;
    let secret = site.club.add_member_token(&site.stamp_of(&member), member.id).await?;
    let secret = Some(secret.expose());
    page(visitor, member, None, Revealed { secret, ..Revealed::default() }).await
}

pub(in crate::site::pages) async fn revoke_token(
    Path(id): Path<u32>,
    CheckedForm { visitor, .. }: CheckedForm<NoFields>,
) -> Result<Response, Failure> {
    let member = signed_in(&visitor)?;
    let site = &visitor.site;
    match site.club.revoke_member_token(&site.stamp_of(&member), member.id, TokenId(id)).await {
        Err(club::Error::NoToken(_)) => return Err(Failure::not_found()),
        revoked => revoked?,
    }
    Ok(Redirect::to(&format!("{}/me#tokens", visitor.look.home)).into_response())
}

pub(in crate::site::pages) async fn rotate(
    CheckedForm { visitor, fields }: CheckedForm<RotateFields>,
) -> Result<Response, Failure> {
    let member = signed_in(&visitor)?;
    let site = Arc::clone(&visitor.site);
    let (id, stamp) = (member.id.to_string(), site.stamp_of(&member));
    site.limits.check(Action::Guess, Actor::Account(&format!("passkey {id}")))?;
    if !fields.item.is_empty() {
        let number: u32 = fields.item.parse().map_err(|_| Failure::not_found())?;
        let item = site.club.item(&ItemId(number).to_string()).await?;
        // Of an item that the member may not have, no passkey is made.
        if item.removed || site.torrent_access().own(&member, &item).is_none() {
            return Err(Failure::not_found());
        }
        site.club.rotate_bound(&stamp, &id, &item.id.to_string(), None).await?;
    }
    let member = site.club.rotate(&stamp, &id, None).await?;
    page(visitor, member, Some(ROTATED.to_owned()), Revealed::default()).await
}

pub(in crate::site::pages) async fn end_sign_in(
    Path(id): Path<u32>,
    CheckedForm { visitor, .. }: CheckedForm<NoFields>,
) -> Result<Response, Failure> {
    let member = signed_in(&visitor)?;
    let site = &visitor.site;
    let stamp = site.stamp_of(&member);
    match site.club.end_sign_in(&stamp, Subject::Member(member.id), SignInId(id)).await {
        Err(club::Error::NoSignIn(_)) => return Err(Failure::not_found()),
        ended => ended?,
    }
    Ok(Redirect::to(&format!("{}/me#sign-ins", visitor.look.home)).into_response())
}

pub(in crate::site::pages) async fn end_sign_ins(
    CheckedForm { visitor, .. }: CheckedForm<NoFields>,
) -> Result<Response, Failure> {
    let member = signed_in(&visitor)?;
    let site = &visitor.site;
    site.club.end_sign_ins(&site.stamp_of(&member), Subject::Member(member.id)).await?;
    Ok(Redirect::to(&format!("{}/sign-in", visitor.look.home)).into_response())
}

pub(in crate::site::pages) async fn set_email(
    CheckedForm { visitor, fields }: CheckedForm<EmailFields>,
) -> Result<Response, Failure> {
    let member = signed_in(&visitor)?;
    let site = Arc::clone(&visitor.site);
    let Ok(email) = Email::parse(&fields.email) else {
        return Err(Failure::bad_request(NOT_AN_ADDRESS));
    };
    if !site.has_mail() {
        return Err(Failure::bad_request(NO_MAIL));
    }
    visitor.limit(Action::Message)?;
    let id = member.id.to_string();
    site.limits.check(Action::Message, Actor::Account(&format!("address of {id}")))?;
    site.limits.check(Action::Message, Actor::Account(email.text()))?;
    let text = texts::new_address(&site.masthead().title, &site.urls().site);
    let notice = format!(
        "If {} can be yours, a link is on its way to it. The address changes when the link is used.",
        email.text()
    );
    site.club.request_email(&site.stamp_of(&member), member.id, email, text).await?;
    page(visitor, member, Some(notice), Revealed::default()).await
}

async fn page(
    mut visitor: Visitor,
    member: Member,
    notice: Option<String>,
    Revealed { announce_url, secret }: Revealed,
) -> Result<Response, Failure> {
    let site = Arc::clone(&visitor.site);
    let id = member.id.to_string();
    let here = visitor.signed_in.as_ref().map(|signed_in| signed_in.id);
    let now = site.now().unix;
    let mut orders = Vec::new();
    for order in last_orders(&site.club, &id, SHOWN).await? {
        orders.push(PlacedOrder {
            number: order.id.0,
            day: day(order.created),
            product: product(&visitor, &order).await?,
            state: state(order.state()),
            amount: money(order.amount),
            token: order.token,
        });
    }
    let lines = last_lines(&site.club, &id, SHOWN).await?;
    let lines = lines.into_iter().map(|line| LineRow {
        day: day(line.at),
        text: if line.memo.is_empty() { line.kind } else { line.memo },
        amount: money(line.amount),
        balance: money(line.balance),
    });
    let sign_ins = site.club.sign_ins_of(Subject::Member(member.id), now).await?;
    let sign_ins = sign_ins.into_iter().map(|sign_in| SignInRow {
        id: sign_in.id.0,
        agent: sign_in.agent,
        used: day(sign_in.used),
        is_here: Some(sign_in.id) == here,
    });
    let api_tokens = site.club.member_tokens(member.id).await?;
    let api_tokens = api_tokens.into_iter().map(|token| ApiTokenRow {
        id: token.id.0,
        made: day(token.created),
        used: token.used.map_or_else(|| "never".to_owned(), day),
    });
    let some = |amount: Amount| (amount.minor > 0).then(|| money(amount));
    let balances = site.club.balance(&id).await?.into_iter().map(|balance| BalanceRow {
        prepaid: money(balance.prepaid),
        credit: some(balance.credit),
        owed: some(balance.owed),
    });
    let page = MePage {
        layout: visitor.layout(Section::Me, "Your account"),
        token: visitor.form_token(),
        notice,
        tier: super::library::tier_name(&visitor, &member),
        tier_end: member.tier_until.map(day),
        tier_then: member.tier_then.as_deref().map(capitalised),
        announce_url,
        secret,
        api_tokens: api_tokens.collect(),
        numbers_url: format!("{}/api/v1/me", site.urls().site),
        clients: clients(&visitor, &member).await?,
        balances: balances.collect(),
        orders,
        lines: lines.collect(),
        subscriptions: rows(&visitor, &member).await?,
        sign_ins: sign_ins.collect(),
        email: member.email.as_ref().map(|email| email.text().to_owned()),
        is_verified: member.email_verified.is_some(),
        has_mail: site.has_mail(),
        name: member.name,
    };
    Ok(visitor.page(&page))
}

/// The member's clients now. A pass over all sessions, so each member may ask for it once a second.
async fn clients(visitor: &Visitor, member: &Member) -> Result<Vec<ClientRow>, Failure> {
    let site = &visitor.site;
    site.limits.check(Action::Form, Actor::Account(&format!("seat {}", member.id)))?;
    let (tracker, id, now) = (Arc::clone(&site.tracker), member.id, site.now());
    let look = tokio::task::spawn_blocking(move || tracker.clients_of(id, MAX_CLIENTS, now));
    let mut rows = Vec::new();
    for (item, peer) in look.await.map_err(|_| Failure::unavailable())? {
        let progress = peer.progress_permille.map(|permille| format!("{} %", permille / 10));
        let addresses: Vec<_> = peer.addresses.iter().map(ToString::to_string).collect();
        rows.push(ClientRow {
            client: peer.client.unwrap_or_default(),
            addresses: addresses.join(", "),
            title: title(&site.club.item(&item.to_string()).await?),
            item,
            progress: progress.unwrap_or_else(|| "unknown".to_owned()),
            sent: size(peer.uploaded.unwrap_or(0)),
            reachable: match peer.reachable {
                None => "not tried",
                Some(false) => "no",
                Some(true) => "yes",
            },
        });
    }
    Ok(rows)
}

fn announce_url(visitor: &Visitor, member: &Member) -> String {
    let grant = KeyGrant { member: member.id, generation: member.generation, item: ItemId::ANY };
    visitor.site.links(|links| links.announce(grant))
}

async fn product(visitor: &Visitor, order: &Order) -> Result<String, Failure> {
    let text = match &order.product {
        Product::Item { item, .. } => title(&visitor.site.club.item(&item.to_string()).await?),
        Product::Subscription { tier } => format!("{tier}, by subscription"),
        Product::Tier { tier, days } => format!("{tier} for {days} days"),
        Product::Topup => "Top-up".to_owned(),
    };
    Ok(if order.is_gift { format!("{text}, a gift") } else { text })
}

const fn state(state: OrderState) -> &'static str {
    match state {
        OrderState::Cancelled => "cancelled",
        OrderState::Disputed => "disputed",
        OrderState::Paid => "paid",
        OrderState::PartlyRefunded => "partly refunded",
        OrderState::Pending => "not paid yet",
        OrderState::Refunded => "refunded",
    }
}

const ROTATED: &str = "Your passkey was replaced. Clients that announce with the old one are refused: give them the \
                       new announce URL. Torrents from your library have keys of their own, which this does not \
                       replace.";
const NOT_AN_ADDRESS: &str =
    "This is not an e-mail address: expected name@example.org. Go back and type it again.";
const NO_MAIL: &str = "This site sends no mail. Ask the publisher to change your address.";
/// Orders, and lines of the statement, that are shown.
const SHOWN: usize = 10;
/// Clients that are shown; each costs a read of the store.
const MAX_CLIENTS: usize = 50;
