//! Products, as the JSON documents name them.

use api::member::NamedId;
use api::product::{DeliveryMethod, ProductKind, ProductView};
use club::Product;

use super::admin::Admin;
use super::error::ApiError;

impl Admin {
    /// The item of a product: at most one read of the store.
    pub(super) async fn name_product(
        &self,
        product: &Product,
    ) -> Result<Option<NamedId>, ApiError> {
        match product.item() {
            Some(item) => self.name_item(item).await.map(Some),
            None => Ok(None),
        }
    }
}

/// A product as JSON, with its item.
pub(super) fn product_view(product: Product, item: Option<NamedId>) -> ProductView {
    let view = |product| ProductView { product, item: None, method: None, tier: None, days: None };
    match product {
        Product::Item { method, .. } => {
            ProductView { item, method: Some(of_club(method)), ..view(ProductKind::Item) }
        }
        Product::Subscription { tier } => {
            ProductView { tier: Some(tier), ..view(ProductKind::Subscription) }
        }
        Product::Tier { tier, days } => {
            ProductView { tier: Some(tier), days: Some(days), ..view(ProductKind::Tier) }
        }
        Product::Topup => view(ProductKind::Topup),
    }
}

/// The domain's delivery method.
pub(super) const fn to_club(method: DeliveryMethod) -> club::DeliveryMethod {
    match method {
        DeliveryMethod::Direct => club::DeliveryMethod::Direct,
        DeliveryMethod::Torrent => club::DeliveryMethod::Torrent,
    }
}

const fn of_club(method: club::DeliveryMethod) -> DeliveryMethod {
    match method {
        club::DeliveryMethod::Direct => DeliveryMethod::Direct,
        club::DeliveryMethod::Torrent => DeliveryMethod::Torrent,
    }
}
