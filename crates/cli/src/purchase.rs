//! Buying from a balance, and paying back: what may be typed, what is asked, how it looks.

use api::member::NamedId;
use api::order::{OrderRefunded, OrderView, PlaceOrder, RefundOrder};
use api::product::{DeliveryMethod, ProductChoice, ProductKind, ProductView};
use clap::{Args, Subcommand};
use http::Method;

use super::ask::{CommandContext, path};
use super::error::CommandError;
use super::key;
use super::ledger::{entered, said};
use super::order::link_text;
use super::table::{facts, list, or_dash};

/// What is bought.
#[derive(Args, Clone, Debug)]
pub struct BuyArgs {
    /// The member's name or id
    member: String,
    /// The item's name, id or info hash
    #[arg(required_unless_present = "tier", requires = "way")]
    item: Option<String>,
    /// As what
    #[arg(long = "as", value_name = "WAY", requires = "item")]
    way: Option<DeliveryMethod>,
    /// Instead of an item: one period of a tier, after those they have of it
    #[arg(long, conflicts_with_all = ["item", "pay"])]
    tier: Option<String>,
    /// What the buyer chose to pay, where the item has a minimum [default: its price]
    #[arg(long, value_name = "AMOUNT")]
    pay: Option<String>,
    /// A discount's code
    #[arg(long, value_name = "CODE", conflicts_with = "pay")]
    discount: Option<String>,
    /// A name for this request: the same again with the same key buys nothing more
    #[arg(long)]
    key: Option<String>,
}

/// What is paid back.
#[derive(Args, Clone, Debug)]
pub struct RefundArgs {
    /// The order's number
    order: u32,
    /// How much, in the order's currency; the right stays until all is paid back [default: all
    /// that is left]
    #[arg(long)]
    amount: Option<String>,
    /// A name for this request: the same again with the same key pays nothing more back
    #[arg(long)]
    key: Option<String>,
}

/// What to see of what was bought.
#[derive(Clone, Debug, Subcommand)]
pub enum OrderCommand {
    /// Show the receipt of an order
    Show {
        /// The order's number
        order: u32,
    },
    /// List what a member bought, oldest first
    List {
        /// The member's name or id
        member: String,
    },
}

impl CommandContext {
    pub(crate) async fn order(&self, command: &OrderCommand) -> Result<String, CommandError> {
        match command {
            OrderCommand::Show { order } => {
                self.print(&self.get(&["orders", &order.to_string()]).await?, receipt)
            }
            OrderCommand::List { member } => {
                let of = ["members", member, "orders"];
                let found = self.list(&of, |order: &OrderView| order.id).await?;
                self.print(&found, |found| orders(found))
            }
        }
    }

    pub(crate) async fn buy(&self, buy: &BuyArgs) -> Result<String, CommandError> {
        let product = match (&buy.item, buy.way, &buy.tier) {
            (Some(item), Some(method), _) => ProductChoice::Item { item: item.clone(), method },
            (.., tier) => {
                let tier = tier.clone().unwrap_or_default();
                ProductChoice::Tier { tier, subscribe: false }
            }
        };
        let new = PlaceOrder {
            key: key::given_or_fresh(buy.key.as_deref())?,
            product,
            pay: buy.pay.clone(),
            discount: buy.discount.clone(),
        };
        let path = path(&["members", &buy.member, "orders"]);
        self.print(&self.client.tell(Method::POST, &path, &new).await?, bought)
    }

    pub(crate) async fn refund(&self, refund: &RefundArgs) -> Result<String, CommandError> {
        let new = RefundOrder {
            key: key::given_or_fresh(refund.key.as_deref())?,
            amount: refund.amount.clone(),
        };
        let path = path(&["orders", &refund.order.to_string(), "refunds"]);
        self.print(&self.client.tell(Method::POST, &path, &new).await?, refunded)
    }
}

fn refunded(refunded: &OrderRefunded) -> String {
    let mut text = entered(&refunded.entry);
    text += &link_text(refunded.link.as_deref());
    text
}

fn bought(order: &OrderView) -> String {
    format!(
        "Order {}: {} has {}, for {}.\n",
        order.id,
        buyer(order.member.as_ref(), order.email.as_deref()),
        thing(&order.product),
        said(&order.amount)
    )
}

/// The receipt.
fn receipt(order: &OrderView) -> String {
    let mut rows = vec![
        ("order", order.id.to_string()),
        ("state", order.state.replace('_', " ")),
        ("placed", order.created.to_string()),
        ("by", buyer(order.member.as_ref(), order.email.as_deref())),
        ("what", thing(&order.product)),
        ("price", said(&order.price)),
    ];
    if let Some(discount) = &order.discount {
        rows.push(("discount", format!("-{} ({})", said(&discount.amount), discount.code)));
    }
    rows.push((if order.paid.is_some() { "paid" } else { "to pay" }, said(&order.amount)));
    if let Some(tax) = &order.tax {
        let rate = format!("{}.{:03}", tax.rate / 1000, tax.rate % 1000);
        let rate = rate.trim_end_matches('0').trim_end_matches('.');
        rows.push(("of which", format!("{} {} ({rate} %)", said(&tax.amount), tax.label)));
    }
    if order.credit.minor > 0 {
        rows.push(("by credit", said(&order.credit)));
    }
    if order.paid_back.minor > 0 || order.refunded.is_some() {
        let whole = order.refunded.map_or_else(String::new, |at| format!(", all of it by {at}"));
        rows.push(("paid back", said(&order.paid_back) + &whole));
    }
    facts(rows)
}

fn orders(orders: &[OrderView]) -> String {
    let rows = orders.iter().map(|order| {
        let refunded = match (order.refunded, order.paid_back.minor) {
            (Some(at), _) => format!("{} {at}", order.state),
            (None, 0) => order.state.clone(),
            (None, _) => format!("{} paid back", said(&order.paid_back)),
        };
        let (id, at) = (order.id.to_string(), order.created.to_string());
        [id, at, thing(&order.product), said(&order.amount), refunded]
    });
    list(["ORDER", "AT", "WHAT", "AMOUNT", "STATE"], rows)
}

/// A buyer, for people: a member, or the address of a visitor.
pub(super) fn buyer(member: Option<&NamedId>, email: Option<&str>) -> String {
    member.map(|member| member.name.as_str()).or(email).unwrap_or("-").to_owned()
}

/// A product, for people.
pub(crate) fn thing(product: &ProductView) -> String {
    let tier = or_dash(product.tier.as_ref());
    match (product.product, product.method, product.days) {
        (ProductKind::Item, method, _) => {
            let item = or_dash(product.item.as_ref().map(|item| &item.name));
            let direct = method == Some(DeliveryMethod::Direct);
            format!("{item} as {}", if direct { "direct download" } else { "torrent" })
        }
        (ProductKind::Tier, _, Some(days)) => format!("{days} days of {tier}"),
        (ProductKind::Tier, _, None) => format!("tier {tier}"),
        (ProductKind::Subscription, ..) => format!("tier {tier} by subscription"),
        (ProductKind::Topup, ..) => "balance".to_owned(),
    }
}

pub(crate) const BUY: &str = "\
Examples:
  usher buy ada reel --as torrent
  usher buy ada reel --as direct --json     prints the order with its `id`
  usher buy ada reel --as torrent --pay 5.00
  usher buy ada --tier patron --discount FAIR-10";
pub(crate) const ORDER: &str = "\
Examples:
  usher order show 12        the receipt: price, discount, tax
  usher order list ada";
pub(crate) const REFUND: &str = "\
Examples:
  usher refund 12                  all of it, to where it came from: into the balance, or by the
                                   provider that was paid; the right ends
  usher refund 12 --amount 1.00    a part of it; the right stays";
