//! Discount codes: what may be typed, what is asked, how it looks.

use api::discount::{AddDiscount, DiscountView};
use clap::{ArgGroup, Args, Subcommand};
use http::Method;

use super::ask::{CommandContext, path};
use super::error::CommandError;
use super::ledger::said;
use super::table::{list, or_dash};
use super::when::When;

/// What to do with discount codes.
#[derive(Clone, Debug, Subcommand)]
pub enum DiscountCommand {
    /// Make a discount code
    Add(DiscountArgs),
    /// List all discount codes
    List,
    /// Remove a discount code; what was bought with it stays
    Remove {
        /// The code, in either case
        code: String,
    },
}

/// What a code takes off.
#[derive(Args, Clone, Debug)]
#[command(group = ArgGroup::new("off").required(true).args(["percent", "amount"]))]
pub struct DiscountArgs {
    /// The code: letters, digits and `-`
    code: String,
    /// So many hundredths of the price
    #[arg(long, value_name = "N")]
    percent: Option<u8>,
    /// An amount, such as 1.00, and no more than the price
    #[arg(long, requires = "currency")]
    amount: Option<String>,
    /// The amount's three letters, such as usd
    #[arg(long, requires = "amount")]
    currency: Option<String>,
    /// Off this item alone: its name, id or info hash [default: all that is for sale, tiers too]
    #[arg(long)]
    item: Option<String>,
    /// When it ends [default: never]
    #[arg(long, value_name = "DATE")]
    until: Option<When>,
    /// How often it may be used; an order that is paid back has used it all the same [default: any
    /// number of times]
    #[arg(long, value_name = "N")]
    uses: Option<u32>,
}

impl CommandContext {
    pub(crate) async fn discount(&self, command: &DiscountCommand) -> Result<String, CommandError> {
        match command {
            DiscountCommand::Add(args) => {
                let new = AddDiscount {
                    code: args.code.clone(),
                    percent: args.percent,
                    amount: args.amount.clone(),
                    currency: args.currency.clone(),
                    item: args.item.clone(),
                    until: self.moment(args.until)?,
                    uses: args.uses,
                };
                let made: DiscountView =
                    self.client.tell(Method::POST, &path(&["discounts"]), &new).await?;
                self.print(&made, |made| discounts(std::slice::from_ref(made)))
            }
            DiscountCommand::List => {
                let found: Vec<DiscountView> = self.get(&["discounts"]).await?;
                self.print(&found, |found| discounts(found))
            }
            DiscountCommand::Remove { code } => {
                let path = path(&["discounts", code]);
                let removed: DiscountView = self.client.ask(Method::DELETE, &path).await?;
                self.print(&removed, |removed| format!("{} is gone.\n", removed.code))
            }
        }
    }
}

fn discounts(discounts: &[DiscountView]) -> String {
    let rows = discounts.iter().map(|discount| {
        let percent = discount.percent.map(|percent| format!("{percent} %"));
        let off = percent.or_else(|| discount.amount.as_ref().map(said));
        let uses = discount.uses.map_or_else(String::new, |most| format!(" of {most}"));
        [
            discount.code.clone(),
            or_dash(off),
            discount.item.as_ref().map_or_else(|| "all".to_owned(), |item| item.name.clone()),
            or_dash(discount.until),
            format!("{}{uses}", discount.used),
        ]
    });
    list(["CODE", "OFF", "ITEM", "UNTIL", "USED"], rows)
}

pub(crate) const DISCOUNT: &str = "\
Examples:
  usher discount add FAIR-10 --percent 10 --until 2027-01-31
  usher discount add friends --amount 1.00 --currency usd --item reel --uses 20
  usher buy ada reel --as torrent --discount fair-10";
