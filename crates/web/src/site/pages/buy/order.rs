//! `/orders/<token>`: one order, waiting for its payment or as a receipt with what it gave.
//!
//! Whoever has the URL sees this order and no other, and is not signed in by it. A payment provider sends payers
//! back here; what it says in the URL counts for nothing. The page looks again by the header `Refresh`, without a
//! script and for a limited time.

use askama::Template;
use axum::extract::{Path, Query};
use axum::http::StatusCode;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE, HeaderName, HeaderValue,
};
use axum::response::{IntoResponse, Redirect, Response};
use club::{Checkout, DeliveryMethod, Goods, Item, Member, Order, Product};
use serde::Deserialize;

use super::at_provider::at_provider;
use super::fields::{RequestKey, path_of};
use super::gift::GiftPanel;
use super::membership_step::tier_path;
use super::order_text::OrderProgress;
use super::problem::Problem;
use super::way::Way;
use crate::catalog::{ReceiptLine, product, receipt};
use crate::http::Action;
use crate::site::Site;
use crate::site::pages::failure::Failure;
use crate::site::pages::form::CheckedForm;
use crate::site::pages::layout::{Layout, Section};
use crate::site::pages::visitor::Visitor;
use crate::site::token::{PRIVATE, UNINDEXED};
use crate::site::torrents::TORRENT;

/// What a provider's cancel link says.
#[derive(Deserialize)]
pub(in crate::site::pages) struct Back {
    left: Option<String>,
}

/// The form that pays an order that is not paid.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::site::pages) struct PayFields {
    way: String,
    key: String,
}

#[derive(Template)]
#[template(path = "order.html")]
struct OrderPage {
    layout: Layout,
    order: String,
    lead: String,
    product: String,
    /// Whether it is paid, so that there is a receipt.
    is_paid: bool,
    receipt: Vec<ReceiptLine>,
    downloads: Option<Downloads>,
    gift: Option<GiftPanel>,
    retry: Option<Retry>,
    email: Option<String>,
    has_mail: bool,
    problem: Option<String>,
}

/// What an order gives, to save.
struct Downloads {
    /// It is in the library of the address's owner, and not here.
    is_elsewhere: bool,
    /// `None` where the item has no torrent for this buyer now.
    torrent: Option<String>,
    files: Vec<DirectFile>,
    /// Files beyond those.
    more: usize,
}

/// A file of a direct download.
struct DirectFile {
    name: String,
    url: String,
}

/// How an order is paid after all.
struct Retry {
    token: String,
    key: String,
    path: String,
    /// Where a payment goes on that was begun.
    open: Option<String>,
    ways: Vec<Way>,
    /// Whether its price no longer counts.
    is_old: bool,
    /// Where the item is bought anew, with a voucher too.
    again: Option<String>,
}

pub(in crate::site::pages) async fn show(
    visitor: Visitor,
    Path(token): Path<String>,
    Query(back): Query<Back>,
) -> Result<Response, Failure> {
    let order = find(&visitor.site, &token).await?;
    page(visitor, order, back.left.is_some(), None).await
}

/// Begins another payment of an order that is not paid.
pub(in crate::site::pages) async fn pay(
    Path(token): Path<String>,
    CheckedForm { visitor, fields }: CheckedForm<PayFields>,
) -> Result<Response, Failure> {
    let order = find(&visitor.site, &token).await?;
    let path = path_of(&visitor, &order);
    let ways = Way::for_product(&visitor.site, &order.product);
    let Some(way) = ways.into_iter().find(|way| way.text() == fields.way) else {
        return Err(Failure::bad_request(
            "This way to pay is not set up. Go back and choose another.",
        ));
    };
    visitor.limit(Action::Order)?;
    if order.paid.is_some() || !keeps_price(&visitor, &order) {
        return Ok(Redirect::to(&path).into_response());
    }
    let key = RequestKey::parse(&fields.key)?.for_club();
    match at_provider(&visitor, &order, way, &key).await {
        Ok(url) => Ok(Redirect::to(&url).into_response()),
        Err(problem) => page(visitor, order, false, Some(problem)).await,
    }
}

/// The buyer's own torrent, as long as the order stands.
pub(in crate::site::pages) async fn torrent(
    visitor: Visitor,
    Path((token, file)): Path<(String, String)>,
) -> Result<Response, Failure> {
    let site = &visitor.site;
    let order = find(site, &token).await?;
    let (item, goods) = delivered(site, &order).await?.ok_or_else(Failure::not_found)?;
    if file.strip_suffix(".torrent") != Some(&item.name) {
        return Err(Failure::not_found());
    }
    let owner = order.member.ok_or_else(Failure::not_found)?;
    let member = site.club.member(&owner.to_string()).await?;
    if !is_handed_out(&visitor, &order, &member) {
        return Err(Failure::not_found());
    }
    let owner = site.torrent_access().own(&member, &item).ok_or_else(Failure::not_found)?;
    let torrent = site.links(|links| links.personal(&goods, &item.name, owner));
    let torrent = torrent.map_err(|error| Failure::from(club::Error::from(error)))?;
    site.note_taken(&member, &goods).await;
    let name = format!("attachment; filename=\"{}.torrent\"", item.name);
    let kind = (CONTENT_TYPE, TORRENT.to_owned());
    Ok(([PRIVATE, UNINDEXED], [kind, (CONTENT_DISPOSITION, name)], torrent).into_response())
}

/// The order of a token. Whatever else stands there gets the same answer.
pub(super) async fn find(site: &Site, token: &str) -> Result<Order, Failure> {
    let is_token =
        token.len() == TOKEN_DIGITS && token.bytes().all(|byte| byte.is_ascii_hexdigit());
    if !is_token {
        return Err(Failure::not_found());
    }
    site.club.order_by_token(token).await?.ok_or_else(Failure::not_found)
}

/// The item that an order gives now, with its files.
async fn delivered(
    site: &Site,
    order: &Order,
) -> Result<Option<(Item, std::sync::Arc<Goods>)>, Failure> {
    // A gift gives its buyer nothing.
    let is_delivered = !order.is_gift && OrderProgress::of(order, &[]) == OrderProgress::Delivered;
    let Some(id) = order.product.item().filter(|_| is_delivered) else { return Ok(None) };
    let item = site.club.item(&id.0.to_string()).await?;
    let goods = site.club.goods(id).await?;
    Ok(goods.filter(|goods| !item.removed && !goods.offer.withdrawn).map(|goods| (item, goods)))
}

async fn page(
    mut visitor: Visitor,
    order: Order,
    has_left: bool,
    problem: Option<Problem>,
) -> Result<Response, Failure> {
    let site = &visitor.site;
    let checkouts = site.club.checkouts_of(order.id).await?;
    let item = match order.product.item() {
        Some(id) => Some(site.club.item(&id.0.to_string()).await?),
        None => None,
    };
    let progress = OrderProgress::of(&order, &checkouts);
    let downloads = match delivered(site, &order).await? {
        Some((item, goods)) => Some(downloads(&visitor, &order, &item, &goods).await?),
        None => None,
    };
    let gift = site.club.gift(&order).await?;
    let (heading, mut lead) = progress.text(&order, gift.as_ref());
    if has_left && progress == OrderProgress::Waiting {
        lead =
            "You came back without having paid. Nothing was charged. Go on, or choose another way.";
    }
    let refresh = (progress == OrderProgress::Waiting && !has_left)
        .then(|| refresh_after(&checkouts, site.now().unix))
        .flatten();
    // Whoever has just paid is not asked to pay again.
    let ways = match progress {
        OrderProgress::Waiting if !has_left => Some(Vec::new()),
        OrderProgress::Waiting | OrderProgress::Failed if !keeps_price(&visitor, &order) => {
            Some(Vec::new())
        }
        OrderProgress::Waiting | OrderProgress::Failed => {
            Some(Way::for_product(site, &order.product))
        }
        _ => None,
    };
    let retry = match ways {
        Some(ways) => Some(retry(&mut visitor, &order, &checkouts, item.as_ref(), ways)?),
        None => None,
    };
    let is_paid = order.paid.is_some();
    let status = if problem.is_some() { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::OK };
    let page = OrderPage {
        layout: visitor.layout(Section::Elsewhere, heading),
        order: order.id.0.to_string(),
        lead: lead.to_owned(),
        product: product(&order, item.as_ref()),
        receipt: if is_paid { receipt(&order, item.as_ref()) } else { Vec::new() },
        is_paid,
        gift: gift.as_ref().map(|gift| GiftPanel::of(&visitor, &order, gift)),
        downloads,
        retry,
        email: order.email.as_ref().map(ToString::to_string),
        has_mail: visitor.site.has_mail(),
        problem: problem.map(|problem| problem.text),
    };
    let path = path_of(&visitor, &order);
    let mut response = visitor.page_with(status, &page);
    let head = response.headers_mut();
    let (name, value) = UNINDEXED;
    head.insert(name, value);
    head.insert(CACHE_CONTROL, PRIVATE.1);
    if let Some(seconds) = refresh
        && let Ok(value) = HeaderValue::try_from(format!("{seconds}; url={path}"))
    {
        head.insert(REFRESH, value);
    }
    Ok(response)
}

/// When a page that waits is loaded anew; `None` once that is of no use.
fn refresh_after(checkouts: &[Checkout], now_unix: u32) -> Option<u32> {
    let latest = checkouts.iter().map(|checkout| checkout.created).max()?;
    let waited = now_unix.saturating_sub(latest);
    REFRESHES.into_iter().find(|(until, _)| waited < *until).map(|(_, seconds)| seconds)
}

async fn downloads(
    visitor: &Visitor,
    order: &Order,
    item: &Item,
    goods: &Goods,
) -> Result<Downloads, Failure> {
    let site = &visitor.site;
    let nothing = Downloads { is_elsewhere: false, torrent: None, files: Vec::new(), more: 0 };
    let Some(owner) = order.member else { return Ok(nothing) };
    let member = site.club.member(&owner.to_string()).await?;
    if !is_handed_out(visitor, order, &member) {
        return Ok(Downloads { is_elsewhere: true, ..nothing });
    }
    let own = site.torrent_access().own(&member, item);
    let torrent = own.map(|_| format!("{}/{}.torrent", path_of(visitor, order), item.name));
    let is_direct = matches!(order.product, Product::Item { method: DeliveryMethod::Direct, .. });
    if !is_direct || torrent.is_none() {
        return Ok(Downloads { torrent, ..nothing });
    }
    let keys = site.club.key_generations(owner);
    let urls = site.links(|links| links.direct(goods, owner, keys));
    let more = urls.len().saturating_sub(MAX_FILES);
    let names = goods.torrent.files.iter().filter(|file| file.kind == metainfo::FileKind::Data);
    let files = urls.into_iter().zip(names).take(MAX_FILES);
    let files = files.map(|(url, file)| DirectFile { name: file.path.to_string(), url });
    Ok(Downloads { torrent, files: files.collect(), more, ..nothing })
}

/// Whether whoever has an order's address gets what it gives. A visitor may have typed another's address: once mail to
/// it was answered, its owner alone gets their torrents, which say who they are.
fn is_handed_out(visitor: &Visitor, order: &Order, owner: &Member) -> bool {
    let is_owner = visitor.signed_in.as_ref().is_some_and(|it| it.member.id == owner.id);
    is_owner || order.email.is_none() || owner.email_verified.is_none()
}

/// Whether an order that is not paid may still be: an old one would keep a price, or a discount, that is gone.
fn keeps_price(visitor: &Visitor, order: &Order) -> bool {
    visitor.site.now().unix.saturating_sub(order.created) < PRICE_SECS
}

/// Where what an order is for is bought anew, below the site's home.
fn again(order: &Order, item: Option<&Item>) -> Option<String> {
    match &order.product {
        Product::Item { .. } => {
            item.filter(|item| !item.removed).map(|item| format!("/items/{}/buy", item.name))
        }
        Product::Subscription { tier } | Product::Tier { tier, .. } => Some(tier_path(tier)),
        Product::Topup => Some("/top-up".to_owned()),
    }
}

fn retry(
    visitor: &mut Visitor,
    order: &Order,
    checkouts: &[Checkout],
    item: Option<&Item>,
    ways: Vec<Way>,
) -> Result<Retry, Failure> {
    let open = checkouts.iter().rev().find(|checkout| !checkout.closed);
    let again = again(order, item).map(|path| format!("{}{path}", visitor.look.home));
    Ok(Retry {
        token: visitor.form_token(),
        key: RequestKey::random()?.text().to_owned(),
        path: format!("{}/pay", path_of(visitor, order)),
        open: open.and_then(|checkout| checkout.url.clone()),
        ways,
        is_old: !keeps_price(visitor, order),
        again,
    })
}

/// Seconds since a payment was begun, and how often a page that waits for it looks again until then.
const REFRESHES: [(u32, u32); 3] = [(120, 3), (900, 15), (3600, 60)];
/// How long an order keeps its price.
const PRICE_SECS: u32 = 24 * 3600;
const REFRESH: HeaderName = HeaderName::from_static("refresh");
const TOKEN_DIGITS: usize = 32;
/// Files of a direct download that are listed one by one.
const MAX_FILES: usize = 200;
