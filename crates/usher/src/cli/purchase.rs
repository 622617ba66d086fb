//! Buying from a balance, and paying back: what may be typed, what is asked, how it looks.

use clap::{Args, ValueEnum};
use http::Method;
use web::api::view::money::{self, NewPurchase, NewRefund, Order};

use super::ask::{Asker, path};
use super::key;
use super::ledger::{entered, said};
use super::run::RunError;

/// What is bought.
#[derive(Args, Clone, Debug)]
pub struct BuyArgs {
    /// The member's name or id
    member: String,
    /// The item's name, id or info hash
    item: String,
    /// As what
    #[arg(long = "as", value_name = "WAY")]
    way: Way,
    /// A name for this request: the same again with the same key buys nothing more
    #[arg(long)]
    key: Option<String>,
}

/// How an item is had.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum Way {
    /// By direct download; the torrent is included
    Direct,
    /// As a torrent, whose buyers help to carry it
    Torrent,
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

impl Asker {
    pub(super) async fn buy(&self, buy: &BuyArgs) -> Result<String, RunError> {
        let new = NewPurchase {
            key: key::given_or_fresh(buy.key.as_deref())?,
            item: buy.item.clone(),
            way: match buy.way {
                Way::Direct => money::Way::Direct,
                Way::Torrent => money::Way::Torrent,
            },
        };
        let path = path(&["members", &buy.member, "orders"]);
        self.print(&self.client.tell(Method::POST, &path, &new).await?, bought)
    }

    pub(super) async fn refund(&self, refund: &RefundArgs) -> Result<String, RunError> {
        let new = NewRefund {
            key: key::given_or_fresh(refund.key.as_deref())?,
            amount: refund.amount.clone(),
        };
        let path = path(&["orders", &refund.order.to_string(), "refunds"]);
        self.print(&self.client.tell(Method::POST, &path, &new).await?, entered)
    }
}

fn bought(order: &Order) -> String {
    let way = match order.way {
        money::Way::Direct => "direct download",
        money::Way::Torrent => "torrent",
    };
    format!(
        "Order {}: {} has {} as {way}, for {}.\n",
        order.id,
        order.member.name,
        order.item.name,
        said(&order.amount)
    )
}

pub(super) const BUY: &str = "\
Examples:
  usher buy ada reel --as torrent
  usher buy ada reel --as direct --json     prints the order with its `id`";
pub(super) const REFUND: &str = "\
Examples:
  usher refund 12                  all of it, into the balance it came from; the right ends
  usher refund 12 --amount 1.00    a part of it; the right stays";
