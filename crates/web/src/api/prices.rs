//! What items cost, over the admin API.

use std::sync::Arc;

use api::item::{ItemView, SetPrices};
use api::money::GivenAmount;
use api::product::DeliveryMethod;
use axum::Json;
use axum::extract::{Path, State};
use club::{Amount, Prices};

use super::admin::Admin;
use super::error::ApiError;
use super::extract::Body;
use super::items;
use super::ledger::amount;

/// Sets the prices of an item.
#[utoipa::path(
    put,
    path = "/items/{item}/prices",
    operation_id = "set_prices",
    tag = "items",
    params(("item" = String, Path)),
    request_body = SetPrices,
    responses((status = 200, body = ItemView)),
    security(("token" = ["write:items"]))
)]
pub(super) async fn set(
    State(admin): State<Arc<Admin>>,
    Path(item): Path<String>,
    Body(new): Body<SetPrices>,
) -> Result<Json<ItemView>, ApiError> {
    let present = admin.club.item(&item).await?.prices;
    let prices = changed(present, &new)?;
    let mut set = admin.club.set_prices(&admin.stamp(), &item, prices).await?;
    if let Some(typed) = &new.minimum {
        let currency = prices.currency().ok_or_else(|| ApiError::unprocessable(UNPRICED))?;
        let minimum = Some(amount(typed, currency.code())?);
        set = admin.club.set_minimum(&admin.stamp(), &item, minimum).await?;
    } else if new.fixed {
        set = admin.club.set_minimum(&admin.stamp(), &item, None).await?;
    }
    Ok(Json(items::view(set)))
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
