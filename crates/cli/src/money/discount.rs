//! `usher discount`.

use api::discount::{AddDiscount, DiscountView};
use api::page::DiscountPage;
use api::query::DiscountQuery;
use clap::{ArgGroup, Args, Subcommand};

use crate::daemon::{CommandContext, CommandError, RowArgs};
use crate::text::{When, amount, list, or_dash};

/// `usher discount`.
#[derive(Clone, Debug, Subcommand)]
pub enum DiscountCommand {
    /// Add a discount code
    Add(DiscountArgs),
    /// List discount codes
    #[command(after_help = "Example:\n  usher discount list")]
    List {
        /// List only codes for this item alone: the name, id or info hash
        #[arg(long)]
        item: Option<String>,
        /// How much of the list is printed
        #[command(flatten)]
        rows: RowArgs,
    },
    /// Remove a discount code; what was bought with it stays
    #[command(after_help = "Example:\n  usher discount remove fair-10")]
    Remove {
        /// The code, in either case
        code: String,
    },
}

/// `usher discount add`.
#[derive(Args, Clone, Debug)]
#[command(group = ArgGroup::new("off").required(true).args(["percent", "amount"]), after_help = ADD)]
pub struct DiscountArgs {
    /// The code: letters, digits and `-`
    code: String,
    /// Percentage off the price, 1 to 100
    #[arg(long, value_name = "N")]
    percent: Option<u8>,
    /// Amount off the price, such as 1.00; at most the price
    #[arg(long, requires = "currency")]
    amount: Option<String>,
    /// Currency of the amount, such as usd
    #[arg(long, requires = "amount")]
    currency: Option<String>,
    /// The only item it is for: its name, id or info hash [default: everything that is for sale]
    #[arg(long)]
    item: Option<String>,
    /// When it ends [default: never]
    #[arg(long, value_name = "DATE")]
    until: Option<When>,
    /// Maximum number of uses; a refunded order still counts [default: no limit]
    #[arg(long, value_name = "N")]
    uses: Option<u32>,
}

impl DiscountCommand {
    pub(crate) async fn run(&self, context: &CommandContext) -> Result<String, CommandError> {
        match self {
            Self::Add(args) => {
                let discount = AddDiscount {
                    code: args.code.clone(),
                    percent: args.percent,
                    amount: args.amount.clone().map(Into::into),
                    currency: args.currency.clone(),
                    item: args.item.clone(),
                    until: context.moment(args.until)?,
                    uses: args.uses,
                };
                let added = context.post(&["discounts"]).json(&discount).answer().await?;
                context.print(&added, |added| discounts_text(std::slice::from_ref(added)))
            }
            Self::List { item, rows } => {
                let query = DiscountQuery {
                    item: item.clone(),
                    newest: rows.newest(),
                    ..DiscountQuery::default()
                };
                let discounts = context.list::<DiscountPage>(&["discounts"], query, *rows).await?;
                context.print(&discounts, |discounts| discounts_text(discounts))
            }
            Self::Remove { code } => {
                let removed = context.delete(&["discounts", code]).answer().await?;
                context.print(&removed, |removed: &DiscountView| {
                    format!("The code {} is removed.\n", removed.code)
                })
            }
        }
    }
}

fn discounts_text(discounts: &[DiscountView]) -> String {
    let rows = discounts.iter().map(|discount| {
        let percent = discount.percent.map(|percent| format!("{percent} %"));
        let off = percent.or_else(|| discount.amount.as_ref().map(amount));
        let limit = discount.uses.map_or_else(String::new, |uses| format!(" of {uses}"));
        [
            discount.code.clone(),
            or_dash(off),
            discount.item.as_ref().map_or_else(|| "all".to_owned(), |item| item.name.clone()),
            or_dash(discount.until),
            format!("{}{limit}", discount.used),
        ]
    });
    list(["CODE", "OFF", "ITEM", "UNTIL", "USED"], rows)
}

pub(crate) const DISCOUNT: &str = "\
Examples:
  usher discount add FAIR-10 --percent 10 --until 2027-01-31
  usher discount list
  usher buy ada reel --as torrent --discount fair-10";
const ADD: &str = "\
Examples:
  usher discount add FAIR-10 --percent 10 --until 2027-01-31
  usher discount add friends --amount 1.00 --currency usd --item reel --uses 20";
