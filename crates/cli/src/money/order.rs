//! `usher buy`, `refund` and `order`: purchases.

use api::mail::MailQueued;
use api::order::{GiftView, OrderRefunded, OrderView, PlaceOrder, RefundOrder};
use api::page::OrderPage;
use api::product::{DeliveryMethod, ProductChoice};
use api::query::OrderQuery;
use clap::{Args, Subcommand};

use super::ledger::entry_text;
use crate::daemon::{CommandContext, CommandError, DayArgs, RowArgs, given_or_fresh};
use crate::text::{amount, buyer, facts, list, named, product};

/// `usher buy`.
#[derive(Args, Clone, Debug)]
#[command(override_usage = BUY_USAGE, after_help = BUY)]
pub struct BuyArgs {
    /// The member's name or id
    member: String,
    /// The item's name, id or info hash
    #[arg(required_unless_present = "tier", requires = "method")]
    item: Option<String>,
    /// How the item is delivered
    #[arg(long = "as", id = "method", value_name = "METHOD", requires = "item")]
    method: Option<DeliveryMethod>,
    /// Buy one period of a tier instead of an item; it begins when the current one ends
    #[arg(long, conflicts_with_all = ["item", "pay"])]
    tier: Option<String>,
    /// Amount the buyer chose to pay, where the item has a minimum [default: its price]
    #[arg(long, value_name = "AMOUNT")]
    pay: Option<String>,
    /// A discount code
    #[arg(long, value_name = "CODE", conflicts_with = "pay")]
    discount: Option<String>,
    /// A key for this request: the same request again buys nothing more [default: a new key]
    #[arg(long)]
    key: Option<String>,
}

/// `usher refund`, and `usher order refund`.
#[derive(Args, Clone, Debug)]
#[command(after_help = REFUND)]
pub struct RefundArgs {
    /// The order's number, from `usher order list`
    order: u32,
    /// Part of the amount, such as 1.50, after which the right stays [default: all that is left]
    #[arg(long)]
    amount: Option<String>,
    /// A key for this request: the same request again refunds nothing more [default: a new key]
    #[arg(long)]
    key: Option<String>,
}

/// `usher order`.
#[derive(Clone, Debug, Subcommand)]
pub enum OrderCommand {
    /// List orders, oldest first: a member's, or all
    #[command(after_help = LIST)]
    List(OrderListArgs),
    /// Show an order as a receipt: price, discount, tax and refunds
    #[command(after_help = "Example:\n  usher order show 12")]
    Show {
        /// The order's number
        order: u32,
    },
    /// Mail the receipt of an order again
    #[command(after_help = "Example:\n  usher order mail 12")]
    Mail {
        /// The order's number
        order: u32,
    },
    /// Refund an order, to where the money came from; the same as `usher refund`
    Refund(RefundArgs),
}

impl BuyArgs {
    pub(crate) async fn run(&self, context: &CommandContext) -> Result<String, CommandError> {
        let product = match (&self.item, self.method, &self.tier) {
            (Some(item), Some(method), _) => ProductChoice::Item { item: item.clone(), method },
            (.., tier) => {
                ProductChoice::Tier { tier: tier.clone().unwrap_or_default(), subscribe: false }
            }
        };
        let order = PlaceOrder {
            key: given_or_fresh(self.key.as_deref())?,
            product,
            pay: self.pay.clone().map(Into::into),
            discount: self.discount.clone(),
        };
        let request = context.post(&["members", &self.member, "orders"]).json(&order);
        context.print(&request.answer().await?, bought)
    }
}

impl RefundArgs {
    pub(crate) async fn run(&self, context: &CommandContext) -> Result<String, CommandError> {
        let refund = RefundOrder {
            key: given_or_fresh(self.key.as_deref())?,
            amount: self.amount.clone().map(Into::into),
        };
        let request = context.post(&["orders", &self.order.to_string(), "refunds"]).json(&refund);
        context.print(&request.answer().await?, refunded)
    }
}

/// `usher order list`.
#[derive(Args, Clone, Debug)]
pub struct OrderListArgs {
    /// The member's name or id
    member: Option<String>,
    /// List only the order with this number, this e-mail address, or a provider's id of a payment
    #[arg(long, value_name = "TEXT")]
    search: Option<String>,
    /// List only orders of this item: the name, id or info hash
    #[arg(long)]
    item: Option<String>,
    /// List only orders in this state
    #[arg(long, value_name = "STATE", value_parser = STATES)]
    state: Option<String>,
    #[command(flatten)]
    days: DayArgs,
    #[command(flatten)]
    rows: RowArgs,
}

impl OrderListArgs {
    async fn run(&self, context: &CommandContext) -> Result<String, CommandError> {
        let query = OrderQuery {
            search: self.search.clone(),
            member: self.member.clone(),
            item: self.item.clone(),
            state: self.state.clone(),
            from: self.days.from,
            to: self.days.to,
            newest: self.rows.newest(),
            ..OrderQuery::default()
        };
        let orders = context.list::<OrderPage>(&["orders"], query, self.rows).await?;
        context.print(&orders, |orders| orders_text(orders))
    }
}

impl OrderCommand {
    pub(crate) async fn run(&self, context: &CommandContext) -> Result<String, CommandError> {
        match self {
            Self::List(args) => args.run(context).await,
            Self::Show { order } => {
                let order = context.get(&["orders", &order.to_string()]).answer().await?;
                context.print(&order, receipt)
            }
            Self::Mail { order } => {
                let request = context.post(&["orders", &order.to_string(), "mail"]);
                context.print(&request.answer().await?, |queued: &MailQueued| {
                    format!("The receipt of order {order} is on its way to {}.\n", queued.to)
                })
            }
            Self::Refund(args) => args.run(context).await,
        }
    }
}

fn bought(order: &OrderView) -> String {
    format!(
        "Order {}: {} bought {} for {}.\n",
        order.id,
        buyer(order.member.as_ref(), order.email.as_deref()),
        product(&order.product),
        amount(&order.amount)
    )
}

fn refunded(refunded: &OrderRefunded) -> String {
    entry_text(&refunded.entry) + &claim_text(refunded.link.as_deref())
}

/// Where the payer claims a refund, if the provider needs that.
pub(super) fn claim_text(link: Option<&str>) -> String {
    link.map_or_else(String::new, |link| format!("The payer claims the money here:\n{link}\n"))
}

fn receipt(order: &OrderView) -> String {
    let mut rows = vec![
        ("order", order.id.to_string()),
        ("state", order.state.replace('_', " ")),
        ("placed", order.created.to_string()),
        ("buyer", buyer(order.member.as_ref(), order.email.as_deref())),
        ("product", product(&order.product)),
        ("price", amount(&order.price)),
    ];
    if let Some(discount) = &order.discount {
        rows.push(("discount", format!("-{} ({})", amount(&discount.amount), discount.code)));
    }
    rows.push((if order.paid.is_some() { "paid" } else { "to pay" }, amount(&order.amount)));
    if let Some(tax) = &order.tax {
        let rate = format!("{}.{:03}", tax.rate / 1000, tax.rate % 1000);
        let rate = rate.trim_end_matches('0').trim_end_matches('.');
        rows.push(("of which", format!("{} {} ({rate} %)", amount(&tax.amount), tax.label)));
    }
    if order.credit.minor > 0 {
        rows.push(("by credit", amount(&order.credit)));
    }
    if order.paid_back.minor > 0 || order.refunded.is_some() {
        let whole = order.refunded.map_or_else(String::new, |at| format!(", all of it by {at}"));
        rows.push(("refunded", amount(&order.paid_back) + &whole));
    }
    if let Some(gift) = &order.gift {
        rows.push(("gift", gift_text(gift)));
    }
    facts(rows)
}

/// What became of a gift.
fn gift_text(gift: &GiftView) -> String {
    let Some(voucher) = gift.voucher else {
        return "a voucher to pass on, once it is paid".to_owned();
    };
    let by = || {
        let order = gift.order.map_or_else(String::new, |order| format!(" (order {order})"));
        named(gift.member.as_ref()) + &order
    };
    match gift.state.as_str() {
        "issued" => format!("voucher {voucher}, not redeemed yet"),
        "redeemed" => format!("voucher {voucher}, redeemed by {}", by()),
        "taken_back" => format!("voucher {voucher}, redeemed by {}, and taken back", by()),
        state => format!("voucher {voucher}, {state}"),
    }
}

fn orders_text(orders: &[OrderView]) -> String {
    let rows = orders.iter().map(|order| {
        let refunded = match (order.refunded, order.paid_back.minor) {
            (Some(at), _) => format!("all, {at}"),
            (None, 0) => "-".to_owned(),
            (None, _) => amount(&order.paid_back),
        };
        let buyer = buyer(order.member.as_ref(), order.email.as_deref());
        [
            order.id.to_string(),
            order.created.to_string(),
            buyer,
            product(&order.product) + if order.gift.is_some() { " (gift)" } else { "" },
            amount(&order.amount),
            order.state.replace('_', " "),
            refunded,
        ]
    });
    list(["ORDER", "PLACED", "BUYER", "PRODUCT", "AMOUNT", "STATE", "REFUNDED"], rows)
}

const BUY_USAGE: &str = "usher buy [OPTIONS] <MEMBER> <ITEM> --as <METHOD>
       usher buy [OPTIONS] <MEMBER> --tier <TIER>";
const STATES: [&str; 6] =
    ["pending", "paid", "partly_refunded", "refunded", "disputed", "cancelled"];
const LIST: &str = "\
Examples:
  usher order list ada
  usher order list --state pending --from 2027-01-01
  usher order list --search pi_3PxK";
const BUY: &str = "\
Examples:
  usher buy ada reel --as torrent
  usher buy ada reel --as direct --json      prints the order with its `id`
  usher buy ada reel --as torrent --pay 5.00
  usher buy ada --tier patron --discount FAIR-10";
pub(crate) const ORDER: &str = "\
Examples:
  usher order list ada
  usher order show 12
  usher order mail 12                the receipt again
  usher order refund 12 --amount 1.00

An attempt to pay at a provider is a checkout: see `usher checkout`.";
const REFUND: &str = "\
Examples:
  usher refund 12                    all of it; the right ends
  usher order refund 12              the same
  usher refund 12 --amount 1.00      part of it; the right stays

What was paid from the balance returns to the balance. What was paid at a
provider is refunded by that provider.";
