//! `usher checkout`: attempts to pay at a provider.

use api::checkout::{AddCheckout, AnswerRefund, CheckoutRefunded, CheckoutView, RefundCheckout};
use api::page::CheckoutPage;
use api::product::{DeliveryMethod, ProductChoice};
use api::query::CheckoutQuery;
use clap::{Args, Subcommand};

use super::order::claim_text;
use crate::daemon::{CommandContext, CommandError, DayArgs, RowArgs, given_or_fresh};
use crate::text::{amount, buyer, facts, list, or_dash, product};

/// `usher checkout`.
#[derive(Clone, Debug, Subcommand)]
pub enum CheckoutCommand {
    /// Make a checkout at a provider, and print the page on which the member pays
    Add(AddCheckoutArgs),
    /// List checkouts, oldest first
    #[command(after_help = LIST)]
    List(CheckoutListArgs),
    /// Show a checkout, its payments and its refunds
    #[command(after_help = "Example:\n  usher checkout show 7 --json")]
    Show {
        /// The checkout's number
        checkout: u32,
    },
    /// Have the provider refund a checkout; the right ends when nothing is left paid
    #[command(after_help = REFUND)]
    Refund {
        /// The checkout's number
        checkout: u32,
        /// Part of the amount, such as 1.50 [default: all that is left]
        #[arg(long)]
        amount: Option<String>,
        /// A key for this request: the same request again refunds nothing more [default: a new key]
        #[arg(long)]
        key: Option<String>,
    },
    /// Settle a refund whose answer was lost, after a look at the provider's site
    #[command(after_help = ANSWER)]
    Answer {
        /// The checkout's number
        checkout: u32,
        /// The provider made or offered the refund
        #[arg(long, required_unless_present = "not_made", conflicts_with = "not_made")]
        made: bool,
        /// The provider did not make it, and another may be asked for
        #[arg(long)]
        not_made: bool,
        /// The page on which the payer claims the money
        #[arg(long, value_name = "URL", requires = "made")]
        link: Option<String>,
    },
}

/// `usher checkout add`.
#[derive(Args, Clone, Debug)]
#[command(override_usage = ADD_USAGE, after_help = ADD)]
pub struct AddCheckoutArgs {
    /// The member who is to pay: a name or an id
    member: String,
    /// The item: its name, id or info hash
    #[arg(required_unless_present_any = ["tier", "topup"], requires = "method")]
    item: Option<String>,
    /// How the item is delivered
    #[arg(long = "as", id = "method", value_name = "METHOD", requires = "item")]
    method: Option<DeliveryMethod>,
    /// Sell one period of a tier that has a price, instead of an item
    #[arg(long, conflicts_with_all = ["item", "topup"])]
    tier: Option<String>,
    /// Charge the tier again at the end of each period, until it is cancelled; Stripe only
    #[arg(long, requires = "tier")]
    subscribe: bool,
    /// Amount to add to the balance, such as 10.00, instead of an item
    #[arg(long, value_name = "AMOUNT", conflicts_with = "item", requires = "currency")]
    topup: Option<String>,
    /// Currency of the top-up, such as usd
    #[arg(long, requires = "topup")]
    currency: Option<String>,
    /// Where it is paid: stripe, btcpay, or the name of one of your hooks
    #[arg(long)]
    provider: String,
    /// A key for this request: the same request again makes no second checkout [default: a new key]
    #[arg(long)]
    key: Option<String>,
}

/// `usher checkout list`.
#[derive(Args, Clone, Debug)]
pub struct CheckoutListArgs {
    /// List only the checkout with this number, or a provider's id of it, of a payment or of a refund
    #[arg(long, value_name = "TEXT")]
    search: Option<String>,
    /// List only checkouts of this member: the name or id
    #[arg(long)]
    member: Option<String>,
    /// List only checkouts of this item: the name, id or info hash
    #[arg(long)]
    item: Option<String>,
    /// List only checkouts at this provider
    #[arg(long)]
    provider: Option<String>,
    #[command(flatten)]
    days: DayArgs,
    #[command(flatten)]
    rows: RowArgs,
}

impl CheckoutListArgs {
    async fn run(&self, context: &CommandContext) -> Result<String, CommandError> {
        let query = CheckoutQuery {
            search: self.search.clone(),
            member: self.member.clone(),
            item: self.item.clone(),
            provider: self.provider.clone(),
            from: self.days.from,
            to: self.days.to,
            newest: self.rows.newest(),
            ..CheckoutQuery::default()
        };
        let checkouts = context.list::<CheckoutPage>(&["checkouts"], query, self.rows).await?;
        context.print(&checkouts, |checkouts| checkouts_text(checkouts))
    }
}

impl CheckoutCommand {
    pub(crate) async fn run(&self, context: &CommandContext) -> Result<String, CommandError> {
        match self {
            Self::Add(args) => args.run(context).await,
            Self::List(args) => args.run(context).await,
            Self::Show { checkout } => {
                let request = context.get(&["checkouts", &checkout.to_string()]);
                context.print(&request.answer().await?, checkout_text)
            }
            Self::Refund { checkout, amount, key } => {
                let key = given_or_fresh(key.as_deref())?;
                let refund = RefundCheckout { key, amount: amount.clone().map(Into::into) };
                let request = context.post(&["checkouts", &checkout.to_string(), "refunds"]);
                context.print(&request.json(&refund).answer().await?, refunded)
            }
            Self::Answer { checkout, made, link, .. } => {
                let answer = AnswerRefund { made: *made, link: link.clone() };
                let request = context.post(&["checkouts", &checkout.to_string(), "answer"]);
                context.print(&request.json(&answer).answer().await?, refunded)
            }
        }
    }
}

impl AddCheckoutArgs {
    async fn run(&self, context: &CommandContext) -> Result<String, CommandError> {
        let checkout = AddCheckout {
            provider: self.provider.clone(),
            member: self.member.clone(),
            product: self.product(),
            key: given_or_fresh(self.key.as_deref())?,
        };
        context.print(&context.post(&["checkouts"]).json(&checkout).answer().await?, added)
    }

    fn product(&self) -> ProductChoice {
        if let Some(tier) = &self.tier {
            return ProductChoice::Tier { tier: tier.clone(), subscribe: self.subscribe };
        }
        if let Some(amount) = &self.topup {
            let currency = self.currency.clone().unwrap_or_default();
            return ProductChoice::Topup { amount: amount.clone().into(), currency };
        }
        let method = self.method.unwrap_or(DeliveryMethod::Torrent);
        ProductChoice::Item { item: self.item.clone().unwrap_or_default(), method }
    }
}

fn added(checkout: &CheckoutView) -> String {
    let elsewhere = format!("(where you sell, with the reference {})", checkout.reference);
    let url = checkout.url.as_deref().unwrap_or(&elsewhere);
    format!(
        "Checkout {} of order {}: {} pays {} for {} here:\n{url}\n",
        checkout.id,
        checkout.order,
        buyer(checkout.member.as_ref(), checkout.email.as_deref()),
        amount(&checkout.amount),
        product(&checkout.product)
    )
}

fn refunded(refunded: &CheckoutRefunded) -> String {
    let CheckoutRefunded { checkout, link } = refunded;
    let text = format!("Checkout {} is {}.\n", checkout.id, checkout.state);
    text + &claim_text(link.as_deref())
}

fn checkouts_text(checkouts: &[CheckoutView]) -> String {
    let rows = checkouts.iter().map(|checkout| {
        [
            checkout.id.to_string(),
            checkout.provider.clone(),
            buyer(checkout.member.as_ref(), checkout.email.as_deref()),
            product(&checkout.product),
            amount(&checkout.amount),
            checkout.state.clone(),
        ]
    });
    list(["CHECKOUT", "PROVIDER", "BUYER", "PRODUCT", "AMOUNT", "STATE"], rows)
}

fn checkout_text(checkout: &CheckoutView) -> String {
    let mut text = facts([
        ("checkout", checkout.id.to_string()),
        ("order", checkout.order.to_string()),
        ("provider", checkout.provider.clone()),
        ("buyer", buyer(checkout.member.as_ref(), checkout.email.as_deref())),
        ("product", product(&checkout.product)),
        ("amount", amount(&checkout.amount)),
        ("state", checkout.state.clone()),
        ("made", checkout.created.to_string()),
        ("paid until", or_dash(checkout.until)),
        ("reference", checkout.reference.clone()),
        ("session", or_dash(checkout.session.as_ref())),
        ("pay here", or_dash(checkout.url.as_ref())),
    ]);
    if !checkout.payments.is_empty() {
        let rows = checkout.payments.iter().map(|payment| {
            [
                payment.name.clone(),
                payment.state.clone(),
                payment.refunded.amount.clone(),
                payment.kept.amount.clone(),
                or_dash(payment.topup),
                or_dash(payment.order),
            ]
        });
        text += "\n";
        text += &list(["PAYMENT", "STATE", "REFUNDED", "KEPT", "ENTRY", "ORDER"], rows);
    }
    if !checkout.refunds.is_empty() {
        let rows = checkout.refunds.iter().map(|refund| {
            let state = if refund.made { refund.state.as_str() } else { "not answered" };
            let (amount, asked) = (refund.amount.amount.clone(), refund.asked.to_string());
            [amount, asked, state.to_owned(), or_dash(refund.link.as_ref())]
        });
        text += "\n";
        text += &list(["REFUND", "ASKED", "STATE", "CLAIMED HERE"], rows);
    }
    text
}

const ADD_USAGE: &str = "\
usher checkout add --provider <PROVIDER> <MEMBER> <ITEM> --as <METHOD>
       usher checkout add --provider <PROVIDER> <MEMBER> --tier <TIER>
       usher checkout add --provider <PROVIDER> <MEMBER> --topup <AMOUNT>";
const LIST: &str = "\
Examples:
  usher checkout list
  usher checkout list --member ada --provider stripe
  usher checkout list --search cs_live_a1b2";
const ADD: &str = "\
Examples:
  usher checkout add ada reel --as torrent --provider stripe
  usher checkout add ada --tier patron --subscribe --provider stripe
  usher checkout add ada --topup 10.00 --currency usd --provider btcpay";
pub(crate) const CHECKOUT: &str = "\
Examples:
  usher checkout add ada reel --as torrent --provider stripe
  usher checkout show 7
  usher checkout refund 7 --amount 1.50

A checkout is an attempt to pay. The purchase itself is an order: see
`usher order`.";
const REFUND: &str = "\
Examples:
  usher checkout refund 7                    all that is left
  usher checkout refund 7 --amount 1.50      part of it";
const ANSWER: &str = "\
Examples:
  usher checkout answer 7 --not-made      another refund may be asked for
  usher checkout answer 7 --made --link https://pay.example.org/p/2";
