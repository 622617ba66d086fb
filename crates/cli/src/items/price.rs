//! The prices of an item.

use api::item::{ItemView, SetPrices};
use api::product::DeliveryMethod;
use clap::Args;

use crate::text::{amount, or_dash};

/// The prices to change; what is not named stays.
#[derive(Args, Clone, Debug)]
pub struct PriceArgs {
    /// Price of the torrent, such as 2.25
    #[arg(long, value_name = "AMOUNT")]
    torrent_price: Option<String>,
    /// Price of the direct download, which includes the torrent and may not cost less
    #[arg(long, value_name = "AMOUNT")]
    direct_price: Option<String>,
    /// Currency of both prices, such as usd [default: the one they have]
    #[arg(long)]
    currency: Option<String>,
    /// Lowest price a buyer may choose for the torrent; the download keeps its surcharge
    #[arg(long, value_name = "AMOUNT")]
    minimum: Option<String>,
    /// Let buyers no longer choose a price
    #[arg(long, conflicts_with = "minimum")]
    fixed: bool,
    /// Set both prices to 0
    #[arg(long, conflicts_with_all = ["torrent_price", "direct_price", "not_for_sale"])]
    free: bool,
    /// Sell it no longer; rights stay
    #[arg(long, conflicts_with_all = ["torrent_price", "direct_price", "currency"])]
    not_for_sale: bool,
}

impl PriceArgs {
    /// The change; `None` where none is named.
    pub(super) fn change(&self) -> Option<SetPrices> {
        let Self { torrent_price, direct_price, currency, minimum, .. } = self.clone();
        let is_any =
            [&torrent_price, &direct_price, &currency, &minimum].into_iter().any(Option::is_some)
                || self.fixed
                || self.free
                || self.not_for_sale;
        let both = || vec![DeliveryMethod::Direct, DeliveryMethod::Torrent];
        is_any.then(|| SetPrices {
            torrent_price: torrent_price.map(Into::into),
            direct_price: direct_price.map(Into::into),
            currency,
            free: self.free,
            minimum: minimum.map(Into::into),
            fixed: self.fixed,
            withdraw: if self.not_for_sale { both() } else { Vec::new() },
        })
    }
}

/// Both prices of an item.
pub(super) fn prices(item: &ItemView) -> String {
    if item.torrent_price.is_none() && item.direct_price.is_none() {
        return "-".to_owned();
    }
    let price = |price: &Option<_>| or_dash(price.as_ref().map(amount));
    let minimum = item.minimum.as_ref();
    let minimum = minimum.map_or_else(String::new, |least| format!(", from {}", amount(least)));
    let (torrent, direct) = (price(&item.torrent_price), price(&item.direct_price));
    format!("torrent {torrent}, direct {direct}{minimum}")
}
