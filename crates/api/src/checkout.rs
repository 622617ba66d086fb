//! Checkouts: attempts to pay for a product at a payment provider.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::member::NamedId;
use crate::money::Money;
use crate::product::{ProductChoice, ProductView};

/// Makes a checkout.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct AddCheckout {
    /// `stripe`, `btcpay`, or a hook's name.
    pub provider: String,
    /// The member who is to pay: a name or an id.
    pub member: String,
    /// The product.
    pub product: ProductChoice,
    /// The key of the request: the same request again makes no second checkout.
    pub key: String,
}

/// A checkout.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct CheckoutView {
    /// The number.
    pub id: u32,
    /// The provider.
    pub provider: String,
    /// The member who pays.
    pub member: NamedId,
    /// The product.
    #[serde(flatten)]
    pub product: ProductView,
    /// The price of one payment.
    #[serde(flatten)]
    pub amount: Money,
    /// `pending`, `paid`, `refunded`, `disputed`, `lost` or `closed`.
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
    /// The refunds that the provider was asked for, oldest first.
    pub refunds: Vec<RefundView>,
}

/// A payment of a checkout.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct PaymentView {
    /// The provider's id of the payment.
    pub name: String,
    /// `pending`, `paid`, `refunded`, `disputed`, `lost` or `closed`.
    pub state: String,
    /// The amount that was refunded, a decimal.
    pub refunded: String,
    /// The amount that is still ours, a decimal.
    pub kept: String,
    /// The entry of the journal that brought the money in.
    pub topup: Option<u32>,
    /// The entry of the journal that spent it; `null` while it is in the balance.
    pub bought: Option<u32>,
}

/// A refund that a provider was asked for.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct RefundView {
    /// The key of the request.
    pub key: String,
    /// The provider's id of the payment.
    pub payment: String,
    /// The amount, a decimal.
    pub amount: String,
    /// When the provider was asked.
    pub asked: Timestamp,
    /// Whether it was made or offered; `false` while the provider's answer is missing.
    pub made: bool,
    /// The page on which the payer claims the money, where the provider needs that.
    pub link: Option<String>,
    /// The entry of the journal that reversed the purchase.
    pub entry: Option<u32>,
}

/// Refunds a checkout at its provider.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct RefundCheckout {
    /// The key of the request: the same request again refunds nothing more.
    pub key: String,
    /// The amount, a decimal; without it, everything that is still paid.
    #[serde(default)]
    pub amount: Option<String>,
}

/// Says what became of a refund whose answer was lost.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct AnswerRefund {
    /// Whether the provider made it.
    pub made: bool,
    /// The page on which the payer claims the money.
    #[serde(default)]
    pub link: Option<String>,
}

/// A refund of a checkout.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct CheckoutRefunded {
    /// The checkout, as it is now.
    #[serde(flatten)]
    pub checkout: CheckoutView,
    /// The page on which the payer claims the money, where the provider needs that.
    pub link: Option<String>,
}
