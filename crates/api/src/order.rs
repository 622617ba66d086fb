//! Orders, which are purchases, and their refunds.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::ledger::JournalEntry;
use crate::member::NamedId;
use crate::money::{GivenAmount, Money};
use crate::product::{ProductChoice, ProductView};

/// Buys an item or a period of a tier from a member's balance.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PlaceOrder {
    /// The key of the request.
    pub key: String,
    /// An item, or a tier for one period.
    pub product: ProductChoice,
    /// The amount that the buyer chose to pay, where the item has a minimum.
    #[serde(default)]
    pub pay: Option<GivenAmount>,
    /// A discount code.
    #[serde(default)]
    pub discount: Option<String>,
}

/// An order, from the moment somebody wants to buy.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
pub struct OrderView {
    /// The number; later orders have higher ones.
    pub id: u32,
    /// `pending`, `paid`, `partly_refunded`, `refunded`, `disputed` or `cancelled`.
    pub state: String,
    /// The unguessable name of the order, for the buyer's own pages.
    pub token: String,
    /// The member who buys; `null` for a visitor who has not paid.
    pub member: Option<NamedId>,
    /// The e-mail address that the buyer gave.
    pub email: Option<String>,
    /// The first order of the subscription, for a later period of it.
    pub renews: Option<u32>,
    /// The product.
    #[serde(flatten)]
    pub product: ProductView,
    /// The price before the discount.
    pub price: Money,
    /// The discount.
    pub discount: Option<Discounted>,
    /// The amount to pay, store credit included.
    #[serde(flatten)]
    pub amount: Money,
    /// The part of the amount that is tax.
    pub tax: Option<Taxed>,
    /// The part of the amount that was paid by store credit.
    pub credit: Money,
    /// The entry of the journal that sold it; `null` while it is not sold, and for a top-up.
    pub entry: Option<u32>,
    /// When it was placed.
    pub created: Timestamp,
    /// When it was first paid.
    pub paid: Option<Timestamp>,
    /// When it was given up unpaid.
    pub cancelled: Option<Timestamp>,
    /// The amount that was refunded.
    pub paid_back: Money,
    /// When the last of it was refunded; `null` while some of it is still paid.
    pub refunded: Option<Timestamp>,
    /// What became of the gift; `null` for an order that is not a gift.
    #[serde(default)]
    pub gift: Option<GiftView>,
}

/// What became of an order that is a gift.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
pub struct GiftView {
    /// The number of its voucher; `null` before the order is paid.
    pub voucher: Option<u32>,
    /// `unpaid`, `issued`, `redeemed`, `void`, or `taken_back` where it was redeemed before it was refunded.
    pub state: String,
    /// The member who redeemed it.
    pub member: Option<NamedId>,
    /// The order by which it was redeemed.
    pub order: Option<u32>,
}

/// A discount on a price.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
pub struct Discounted {
    /// The discount code.
    pub code: String,
    /// The amount that was taken off.
    #[serde(flatten)]
    pub amount: Money,
}

/// The part of an amount that is tax.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
pub struct Taxed {
    /// The tax's name.
    pub label: String,
    /// In thousandths of a percent.
    pub rate: u32,
    /// The amount.
    #[serde(flatten)]
    pub amount: Money,
}

/// Refunds an order, to where the money came from.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RefundOrder {
    /// The key of the request.
    pub key: String,
    /// The amount, in the order's currency; without it, everything that is still paid.
    #[serde(default)]
    pub amount: Option<GivenAmount>,
}

/// A refund of an order.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
pub struct OrderRefunded {
    /// The entry of the journal that reversed the order.
    #[serde(flatten)]
    pub entry: JournalEntry,
    /// The page on which the payer claims the money, where the provider needs that.
    #[serde(default)]
    pub link: Option<String>,
}
