//! Orders at payment providers: what may be typed, what is asked, and how the answer looks.

use api::checkout::{AddCheckout, AnswerRefund, CheckoutRefunded, CheckoutView, RefundCheckout};
use api::product::{DeliveryMethod, ProductChoice};
use clap::{Args, Subcommand};
use http::Method;

use super::ask::{CommandContext, path};
use super::error::CommandError;
use super::key;
use super::ledger::said;
use super::purchase::{buyer, thing};
use super::table::{facts, list, or_dash};

/// `usher checkout`.
#[derive(Args, Clone, Debug)]
pub struct CheckoutArgs {
    /// Who is to pay: a member's name or id
    member: String,
    /// What they buy: an item's name, id or info hash
    #[arg(required_unless_present_any = ["tier", "topup"], requires = "way")]
    item: Option<String>,
    /// The item as a torrent, or for direct download
    #[arg(long = "as", value_name = "WAY", requires = "item")]
    way: Option<DeliveryMethod>,
    /// Instead of an item: a tier that has a price, for one period
    #[arg(long, conflicts_with_all = ["item", "topup"])]
    tier: Option<String>,
    /// Pay the tier again at the end of each period, until it is cancelled; Stripe alone
    #[arg(long, requires = "tier")]
    subscribe: bool,
    /// Instead of an item: so much more in the balance, such as 10.00
    #[arg(long, value_name = "AMOUNT", conflicts_with = "item", requires = "currency")]
    topup: Option<String>,
    /// The top-up's currency, such as usd
    #[arg(long, requires = "topup")]
    currency: Option<String>,
    /// Where it is paid: stripe, btcpay, or the name of one of your hooks
    #[arg(long)]
    provider: String,
    /// Names this request, so that the same again makes no second order [default: a new one]
    #[arg(long)]
    key: Option<String>,
}

/// `usher orders`.
#[derive(Clone, Debug, Subcommand)]
pub enum OrdersCommand {
    /// List all orders, oldest first
    List,
    /// Show an order and what was paid for it
    Show {
        /// The order's number
        order: u32,
    },
    /// Have the provider pay an order back; the right ends when nothing is left paid
    Refund {
        /// The order's number
        order: u32,
        /// A part of it, such as 1.50 [default: what is left]
        #[arg(long)]
        amount: Option<String>,
        /// Names this request: the same again pays nothing more back [default: a new one]
        #[arg(long)]
        key: Option<String>,
    },
    /// Say what became of a refund whose answer was lost, after a look at the provider
    Answer {
        /// The order's number
        order: u32,
        /// The provider paid or offered it
        #[arg(long, required_unless_present = "not_made", conflicts_with = "not_made")]
        made: bool,
        /// It did not, and another may be asked for
        #[arg(long)]
        not_made: bool,
        /// Where the payer takes the money
        #[arg(long, value_name = "URL", requires = "made")]
        link: Option<String>,
    },
}

impl CommandContext {
    pub(crate) async fn checkout(&self, args: &CheckoutArgs) -> Result<String, CommandError> {
        let order = AddCheckout {
            provider: args.provider.clone(),
            member: args.member.clone(),
            product: args.product(),
            key: key::given_or_fresh(args.key.as_deref())?,
        };
        let made = self.client.tell(Method::POST, &path(&["checkouts"]), &order).await?;
        self.print(&made, made_text)
    }

    pub(crate) async fn orders(&self, command: &OrdersCommand) -> Result<String, CommandError> {
        match command {
            OrdersCommand::List => {
                let orders = self.list(&["checkouts"], |order: &CheckoutView| order.id).await?;
                self.print(&orders, |orders| list_text(orders))
            }
            OrdersCommand::Show { order } => {
                let order = self.get(&["checkouts", &order.to_string()]).await?;
                self.print(&order, order_text)
            }
            OrdersCommand::Refund { order, amount, key } => {
                let path = path(&["checkouts", &order.to_string(), "refunds"]);
                let key = key::given_or_fresh(key.as_deref())?;
                let refund = RefundCheckout { key, amount: amount.clone() };
                let refunded = self.client.tell(Method::POST, &path, &refund).await?;
                self.print(&refunded, refunded_text)
            }
            OrdersCommand::Answer { order, made, link, .. } => {
                let path = path(&["checkouts", &order.to_string(), "answer"]);
                let answer = AnswerRefund { made: *made, link: link.clone() };
                let refunded = self.client.tell(Method::POST, &path, &answer).await?;
                self.print(&refunded, refunded_text)
            }
        }
    }
}

impl CheckoutArgs {
    fn product(&self) -> ProductChoice {
        if let Some(tier) = &self.tier {
            return ProductChoice::Tier { tier: tier.clone(), subscribe: self.subscribe };
        }
        if let Some(amount) = &self.topup {
            let currency = self.currency.clone().unwrap_or_default();
            return ProductChoice::Topup { amount: amount.clone(), currency };
        }
        let method = self.way.unwrap_or(DeliveryMethod::Torrent);
        ProductChoice::Item { item: self.item.clone().unwrap_or_default(), method }
    }
}

fn made_text(order: &CheckoutView) -> String {
    let with = format!("where you sell, with the reference {}", order.reference);
    let url = order.url.as_deref().unwrap_or(&with);
    format!(
        "Checkout {} of order {}: {} pays {} {} for {} here:\n{url}\n",
        order.id,
        order.order,
        buyer(order.member.as_ref(), order.email.as_deref()),
        order.amount.amount,
        order.amount.currency,
        thing(&order.product)
    )
}

fn refunded_text(refunded: &CheckoutRefunded) -> String {
    let order = &refunded.checkout;
    let mut text = format!("Checkout {} is {}.\n", order.id, order.state);
    text += &link_text(refunded.link.as_deref());
    text
}

/// What a refund leaves to the payer.
pub(crate) fn link_text(link: Option<&str>) -> String {
    link.map_or_else(String::new, |link| format!("The payer takes the money back here:\n{link}\n"))
}

fn list_text(orders: &[CheckoutView]) -> String {
    let rows = orders.iter().map(|order| {
        [
            order.id.to_string(),
            order.provider.clone(),
            buyer(order.member.as_ref(), order.email.as_deref()),
            thing(&order.product),
            said(&order.amount),
            order.state.clone(),
        ]
    });
    list(["ID", "PROVIDER", "MEMBER", "BUYS", "AMOUNT", "STATE"], rows)
}

fn order_text(order: &CheckoutView) -> String {
    let mut text = facts([
        ("id", order.id.to_string()),
        ("order", order.order.to_string()),
        ("provider", order.provider.clone()),
        ("buyer", buyer(order.member.as_ref(), order.email.as_deref())),
        ("buys", thing(&order.product)),
        ("amount", said(&order.amount)),
        ("state", order.state.clone()),
        ("made", order.created.to_string()),
        ("paid until", or_dash(order.until)),
        ("reference", order.reference.clone()),
        ("session", or_dash(order.session.as_ref())),
        ("pay here", or_dash(order.url.as_ref())),
    ]);
    if !order.payments.is_empty() {
        let rows = order.payments.iter().map(|payment| {
            [
                payment.name.clone(),
                payment.state.clone(),
                payment.refunded.clone(),
                payment.kept.clone(),
                or_dash(payment.topup),
                or_dash(payment.order),
            ]
        });
        text += "\n";
        text += &list(["PAYMENT", "STATE", "REFUNDED", "KEPT", "ENTRY", "ORDER"], rows);
    }
    if !order.refunds.is_empty() {
        let rows = order.refunds.iter().map(|refund| {
            let state = if refund.made { refund.state.as_str() } else { "not answered" };
            let (amount, asked) = (refund.amount.clone(), refund.asked.to_string());
            [amount, asked, state.to_owned(), or_dash(refund.link.as_ref())]
        });
        text += "\n";
        text += &list(["REFUND", "ASKED", "STATE", "TAKEN HERE"], rows);
    }
    text
}

pub(crate) const CHECKOUT: &str = "\
Examples:
  usher checkout ada reel --as torrent --provider stripe
  usher checkout ada --tier patron --subscribe --provider stripe
  usher checkout ada --topup 10.00 --currency usd --provider btcpay";
pub(crate) const ORDERS: &str = "\
Examples:
  usher orders list
  usher orders show 7 --json
  usher orders refund 7 --amount 1.50
  usher orders answer 7 --not-made    the provider did not make the refund that got no answer";
