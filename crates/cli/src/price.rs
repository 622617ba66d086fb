//! What an item costs: what may be typed and what is asked.

use api::item::{ItemView, SetPrices};
use api::product::DeliveryMethod;
use clap::Args;
use http::Method;

use super::ask::{CommandContext, path};
use super::error::CommandError;
use super::ledger::said;
use super::table::or_dash;

/// The prices to change; what is not named stays.
#[derive(Args, Clone, Debug)]
pub struct PriceArgs {
    /// What the torrent costs, such as 2.25
    #[arg(long, value_name = "AMOUNT")]
    torrent_price: Option<String>,
    /// What the direct download costs, the torrent included; not less than the torrent
    #[arg(long, value_name = "AMOUNT")]
    direct_price: Option<String>,
    /// Of both prices, such as usd [default: the one they are in]
    #[arg(long)]
    currency: Option<String>,
    /// Let buyers choose what they pay, from this for the cheaper way; the dearer one costs as much
    /// more as its price does
    #[arg(long, value_name = "AMOUNT")]
    minimum: Option<String>,
    /// Buyers have no choice any more: the price is the price
    #[arg(long, conflicts_with = "minimum")]
    fixed: bool,
    /// Both ways cost nothing
    #[arg(long, conflicts_with_all = ["torrent_price", "direct_price", "not_for_sale"])]
    free: bool,
    /// It can't be bought any more; rights stay
    #[arg(long, conflicts_with_all = ["torrent_price", "direct_price", "currency"])]
    not_for_sale: bool,
}

impl PriceArgs {
    /// Whether any price is to change.
    pub(crate) fn is_any(&self) -> bool {
        let Self { torrent_price, direct_price, currency, minimum, fixed, free, not_for_sale } =
            self;
        let named = [torrent_price, direct_price, currency, minimum];
        named.iter().any(|named| named.is_some()) || *fixed || *free || *not_for_sale
    }

    fn change(&self) -> SetPrices {
        let both = || vec![DeliveryMethod::Direct, DeliveryMethod::Torrent];
        SetPrices {
            torrent_price: self.torrent_price.clone(),
            direct_price: self.direct_price.clone(),
            currency: self.currency.clone(),
            free: self.free,
            minimum: self.minimum.clone(),
            fixed: self.fixed,
            withdraw: if self.not_for_sale { both() } else { Vec::new() },
        }
    }
}

impl CommandContext {
    pub(crate) async fn set_prices(
        &self,
        item: &str,
        prices: &PriceArgs,
    ) -> Result<String, CommandError> {
        let path = path(&["items", item, "prices"]);
        self.print(&self.client.tell(Method::PUT, &path, &prices.change()).await?, priced)
    }
}

/// Both prices of an item, for people.
pub(crate) fn prices(item: &ItemView) -> String {
    if item.torrent_price.is_none() && item.direct_price.is_none() {
        return "-".to_owned();
    }
    let price = |price: &Option<_>| or_dash(price.as_ref().map(said));
    let minimum = item.minimum.as_ref();
    let minimum = minimum.map_or_else(String::new, |least| format!(", from {}", said(least)));
    let (torrent, direct) = (price(&item.torrent_price), price(&item.direct_price));
    format!("torrent {torrent}, direct {direct}{minimum}")
}

fn priced(item: &ItemView) -> String {
    format!("{} (item {}) costs: {}.\n", item.name, item.id, prices(item))
}
