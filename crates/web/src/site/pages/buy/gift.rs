//! `/orders/<token>/gift`: a gift's code on a page of its own, to be printed, without the price.
//!
//! The page is found by the order's token, which its buyer has. The code stands in the page alone, and in no URL.

use askama::Template;
use axum::extract::Path;
use axum::http::header::CACHE_CONTROL;
use axum::response::Response;
use club::{Gift, Order, VoucherState};

use super::fields::path_of;
use super::order::find;
use crate::catalog::product;
use crate::site::pages::failure::Failure;
use crate::site::pages::layout::{Layout, Section};
use crate::site::pages::visitor::Visitor;
use crate::site::token::{PRIVATE, UNINDEXED};

/// What an order's page says of its gift.
pub(super) struct GiftPanel {
    /// The code, as long as it can be redeemed.
    pub(super) code: Option<String>,
    /// What became of it.
    pub(super) state: &'static str,
    /// The page to print.
    pub(super) page: String,
    /// Where it is redeemed.
    pub(super) redeem: String,
}

#[derive(Template)]
#[template(path = "gift.html")]
struct GiftPage {
    layout: Layout,
    gift: GiftPanel,
    back: String,
}

impl GiftPanel {
    pub(super) fn of(visitor: &Visitor, order: &Order, gift: &Gift) -> Self {
        let state = gift.voucher.state(visitor.site.now().unix);
        let is_taken_back = gift.redeemed_as.as_ref().is_some_and(|order| order.refunded.is_some());
        Self {
            code: (state == VoucherState::Issued).then(|| gift.code.to_string()),
            state: match state {
                VoucherState::Expired => "The code has run out.",
                VoucherState::Issued => "Nobody has redeemed it yet.",
                VoucherState::Redeemed if is_taken_back => {
                    "It was redeemed, and then taken back because it was paid back."
                }
                VoucherState::Redeemed => "It was redeemed.",
                VoucherState::Void => "The code is void, because the gift was paid back.",
            },
            page: format!("{}/gift", path_of(visitor, order)),
            redeem: format!("{}/redeem", visitor.look.site),
        }
    }
}

pub(in crate::site::pages) async fn show(
    visitor: Visitor,
    Path(token): Path<String>,
) -> Result<Response, Failure> {
    let site = &visitor.site;
    let order = find(site, &token).await?;
    let gift = site.club.gift(&order).await?.ok_or_else(Failure::not_found)?;
    let item = match order.product.item() {
        Some(id) => Some(site.club.item(&id.0.to_string()).await?),
        None => None,
    };
    let page = GiftPage {
        layout: visitor.layout(Section::Elsewhere, product(&order, item.as_ref())),
        gift: GiftPanel::of(&visitor, &order, &gift),
        back: path_of(&visitor, &order),
    };
    let mut response = visitor.page(&page);
    let (name, value) = UNINDEXED;
    response.headers_mut().insert(name, value);
    response.headers_mut().insert(CACHE_CONTROL, PRIVATE.1);
    Ok(response)
}
