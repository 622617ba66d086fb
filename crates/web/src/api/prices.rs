//! What items cost, over the admin API.

use std::sync::Arc;

use api::error::CurrentState;
use api::item::{ItemPrices, ItemView, SetPrices};
use api::money::GivenAmount;
use api::product::DeliveryMethod;
use axum::extract::{Path, State};
use club::{Amount, NewPrices, Prices};

use super::admin::Admin;
use super::error::ApiError;
use super::extract::Body;
use super::items;
use super::ledger::{amount, money};
use super::versions::{IF_MATCH, IfMatch, Tagged, stale};

/// Returns the prices of an item.
#[utoipa::path(
    get,
    path = "/items/{item}/prices",
    operation_id = "show_prices",
    tag = "items",
    params(("item" = String, Path)),
    responses((status = 200, body = ItemPrices, headers(("etag" = String, description = "Version, for `If-Match`")))),
    security(("token" = ["read:stats"]))
)]
pub(super) async fn show(
    State(admin): State<Arc<Admin>>,
    Path(item): Path<String>,
) -> Result<Tagged<ItemPrices>, ApiError> {
    let item = admin.club.item(&item).await?;
    Ok(Tagged(item.prices_version(), prices_of(&item)))
}

/// Sets the prices of an item.
#[utoipa::path(
    put,
    path = "/items/{item}/prices",
    operation_id = "set_prices",
    tag = "items",
    params(("item" = String, Path), ("if-match" = Option<String>, Header, description = IF_MATCH)),
    request_body = SetPrices,
    responses(
        (status = 200, body = ItemView, headers(("etag" = String, description = "Version, for `If-Match`"))),
        (status = 412, description = "It was changed: the answer shows what is there now.")
    ),
    security(("token" = ["write:items"]))
)]
pub(super) async fn set(
    State(admin): State<Arc<Admin>>,
    Path(item): Path<String>,
    IfMatch(expected): IfMatch,
    Body(new): Body<SetPrices>,
) -> Result<Tagged<ItemView>, ApiError> {
    let edit = move |item: &club::Item| wanted(item.prices, &new);
    let set = admin.club.change_prices(&admin.stamp(), &item, expected, edit).await;
    let current = async { Ok(CurrentState::Prices(prices_of(&admin.club.item(&item).await?))) };
    let set = stale(set, current).await??;
    Ok(Tagged(set.prices_version(), items::view(set)))
}

fn prices_of(item: &club::Item) -> ItemPrices {
    ItemPrices {
        torrent_price: item.prices.torrent.map(money),
        direct_price: item.prices.direct.map(money),
        minimum: item.minimum.map(money),
    }
}

/// What the item is to cost, and the minimum where one is named or taken away.
fn wanted(present: Prices, new: &SetPrices) -> Result<NewPrices, ApiError> {
    let prices = changed(present, new)?;
    let minimum = match &new.minimum {
        Some(typed) => {
            let currency = prices.currency().ok_or_else(|| ApiError::unprocessable(UNPRICED))?;
            Some(Some(amount(typed, currency.code())?))
        }
        None => new.fixed.then_some(None),
    };
    Ok(NewPrices { prices, minimum })
}

/// The prices with those that are named in the place of the present ones.
fn changed(present: Prices, new: &SetPrices) -> Result<Prices, ApiError> {
    let known = present.torrent.or(present.direct).map(|price| price.currency.code());
    let currency = new.currency.as_deref().or(known);
    if new.free {
        // Nothing is nothing in any currency, but the books must count it in one.
        let nothing = Some(amount(&GivenAmount::Minor(0), currency.unwrap_or("usd"))?);
        return Ok(Prices { torrent: nothing, direct: nothing });
    }
    let price = |typed: &Option<GivenAmount>, way, present: Option<Amount>| match typed {
        None => Ok(present.filter(|_| !new.withdraw.contains(&way))),
        Some(typed) => {
            let unknown = "in which currency? name one of ISO 4217, such as `usd`";
            let currency = currency.ok_or_else(|| ApiError::unprocessable(unknown))?;
            amount(typed, currency).map(Some)
        }
    };
    Ok(Prices {
        torrent: price(&new.torrent_price, DeliveryMethod::Torrent, present.torrent)?,
        direct: price(&new.direct_price, DeliveryMethod::Direct, present.direct)?,
    })
}

const UNPRICED: &str = "a minimum needs a price beside it, which is proposed: name one";
