//! Checkouts: attempts to pay for a product at a payment provider.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::member::NamedId;
use crate::money::{GivenAmount, Money};
use crate::product::{ProductChoice, ProductView};

/// Makes a checkout.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AddCheckout {
    /// `stripe`, `btcpay`, `kofi`, or a hook's name.
    pub provider: String,
    /// The member who is to pay: a name or an id.
    pub member: String,
    /// The product.
    pub product: ProductChoice,
    /// The key of the request: the same request again makes no second checkout.
    pub key: String,
}

/// A checkout.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
pub struct CheckoutView {
    /// The number.
    pub id: u32,
    /// The order that it is to pay; of a subscription, the first one.
    pub order: u32,
    /// The provider.
    pub provider: String,
    /// The text that the provider is given along, and that Payment Links and hooks must carry.
    pub reference: String,
    /// The member who pays; `null` for a visitor who has not paid.
    pub member: Option<NamedId>,
    /// The e-mail address that the buyer gave.
    pub email: Option<String>,
    /// The product.
    #[serde(flatten)]
    pub product: ProductView,
    /// The price of one payment.
    #[serde(flatten)]
    pub amount: Money,
    /// `pending`, `paid` while anything of it is kept, `refunded`, `disputed`, `lost` or `closed`.
    pub state: String,
    /// The page on which the payer pays.
    pub url: Option<String>,
    /// The provider's id of the checkout.
    pub session: Option<String>,
    /// Until when a subscription is paid.
    pub until: Option<Timestamp>,
    /// When it was made.
    pub created: Timestamp,
    /// The payments, oldest first.
    pub payments: Vec<PaymentView>,
    /// The refunds of its payments, oldest first.
    pub refunds: Vec<RefundView>,
}

/// A payment of a checkout.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
pub struct PaymentView {
    /// The provider's id of the payment.
    pub name: String,
    /// `pending`, `paid`, `refunded`, `disputed`, `lost` or `closed`.
    pub state: String,
    /// The amount that was refunded.
    pub refunded: Money,
    /// The amount that is still ours.
    pub kept: Money,
    /// The entry of the journal that brought the money in.
    pub topup: Option<u32>,
    /// The order that it pays; `null` before it is paid.
    pub order: Option<u32>,
}

/// A refund of a payment.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
pub struct RefundView {
    /// The key of the request; `null` where it was not asked for here.
    pub key: Option<String>,
    /// The provider's id of the refund, where it is known.
    pub name: Option<String>,
    /// The provider's id of the payment.
    pub payment: String,
    /// The amount.
    pub amount: Money,
    /// When the provider was asked, or first told of it.
    pub asked: Timestamp,
    /// `requested`, `succeeded`, `cancelled` or `failed`. The money is ours in the last two.
    pub state: String,
    /// Whether the provider has confirmed it; `false` while its answer is missing.
    pub made: bool,
    /// The page on which the payer claims the money, where the provider needs that.
    pub link: Option<String>,
    /// The entry of the journal that reversed the order.
    pub entry: Option<u32>,
}

/// Refunds a checkout at its provider.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RefundCheckout {
    /// The key of the request: the same request again refunds nothing more.
    pub key: String,
    /// The amount, in the checkout's currency; without it, everything that is still paid.
    #[serde(default)]
    pub amount: Option<GivenAmount>,
}

/// Says what became of a refund whose answer was lost.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AnswerRefund {
    /// Whether the provider made it.
    pub made: bool,
    /// The page on which the payer claims the money.
    #[serde(default)]
    pub link: Option<String>,
}

/// A refund of a checkout.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
pub struct CheckoutRefunded {
    /// The checkout, as it is now.
    #[serde(flatten)]
    pub checkout: CheckoutView,
    /// The page on which the payer claims the money, where the provider needs that.
    pub link: Option<String>,
}
