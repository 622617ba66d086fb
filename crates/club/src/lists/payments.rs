//! Lists of checkouts and of what providers sent.

use policy::{ItemId, MemberId};

use crate::lists::page::{KeyType, ListOrder, Listed, PageRequest};
use crate::lists::query::{RowQuery, prefixed};
use crate::payments::checkout::{self, BareCheckout, Checkout};
use crate::payments::inbox::{self, StoredDelivery};
use crate::store::club::Club;
use crate::store::sql::Value;
use crate::values::error::Error;
use crate::values::ids::CheckoutId;
use crate::values::name::Handle;

/// Which checkouts are listed. What is `None` narrows nothing.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct CheckoutFilter {
    /// An id, or a provider's whole id: of the checkout, a payment, a subscription or a refund.
    pub search: Option<String>,
    /// The member who pays.
    pub member: Option<MemberId>,
    /// The item that is paid for.
    pub item: Option<ItemId>,
    /// The provider.
    pub provider: Option<String>,
    /// Those made at this time or later, in Unix seconds.
    pub from: Option<u32>,
    /// Those made before this time, in Unix seconds.
    pub until: Option<u32>,
}

/// Which deliveries are listed. What is `None` narrows nothing.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct DeliveryFilter {
    /// An id, the beginning of a provider's id of the event, or its whole id of a checkout or a payment.
    pub search: Option<String>,
    /// The provider.
    pub provider: Option<String>,
    /// What was thought of them, as [`Verdict::text`](crate::Verdict::text) says it.
    pub verdict: Option<String>,
    /// The checkout that they are about.
    pub checkout: Option<CheckoutId>,
    /// Those received at this time or later, in Unix seconds.
    pub from: Option<u32>,
    /// Those received before this time, in Unix seconds.
    pub until: Option<u32>,
}

/// Lists. Each fails where the database is unavailable, and where the page is to begin after no page's end.
impl Club {
    /// A page of checkouts with their payments: by number, or by time where there is a limit to it.
    ///
    /// # Errors
    ///
    /// See above.
    pub async fn list_checkouts(
        &self,
        filter: &CheckoutFilter,
        page: &PageRequest,
    ) -> Result<Listed<Checkout>, Error> {
        let CheckoutFilter { search, member, item, provider, from, until } = filter;
        let search = search.as_deref().unwrap_or_default().trim();
        let mut query = RowQuery::narrowed(checkout::ANY);
        query.and_if(
            "orders IN (SELECT orders.id FROM orders WHERE member = ?)",
            member.map(MemberId::value),
        );
        query.and_if(
            "orders IN (SELECT orders.id FROM orders WHERE item = ?)",
            item.map(|item| item.0),
        );
        query.and_if("provider = ?", provider.as_deref());
        match Handle::from(search) {
            Handle::Name("") => {}
            Handle::Id(id) => query.and("id = ?", [id.unwrap_or(0).into()]),
            Handle::Name(_) | Handle::Hash(_) => {
                query.and(CHECKOUT_OF_PROVIDER, [Value::from(search); 5]);
            }
        }
        let timed = query.and_within(("created >= ?", *from), ("created < ?", *until));
        let order = if timed { &CHECKOUT_BY_TIME } else { &CHECKOUT_BY_ID };
        let db = &mut *self.reader().await?;
        let Listed { rows, next } = query.page(db, order, page, BareCheckout::read).await?;
        Ok(Listed { rows: checkout::whole_of_all(db, rows).await?, next })
    }

    /// A page of what providers sent: by number, or by time where there is a limit to it.
    ///
    /// # Errors
    ///
    /// See above.
    pub async fn list_deliveries(
        &self,
        filter: &DeliveryFilter,
        page: &PageRequest,
    ) -> Result<Listed<StoredDelivery>, Error> {
        let DeliveryFilter { search, provider, verdict, checkout, from, until } = filter;
        let search = search.as_deref().unwrap_or_default().trim();
        let [first, end] = prefixed(search);
        let mut query = RowQuery::narrowed(inbox::ANY);
        query.and_if("provider = ?", provider.as_deref());
        query.and_if("verdict = ?", verdict.as_deref());
        query.and_if("checkout = ?", checkout.map(|checkout| checkout.0));
        match Handle::from(search) {
            Handle::Name("") => {}
            Handle::Id(id) => query.and("id = ?", [id.unwrap_or(0).into()]),
            Handle::Name(_) | Handle::Hash(_) => {
                let whole = Value::from(search);
                let values = [first.as_str().into(), end.as_str().into(), whole, whole, whole];
                query.and(DELIVERY_OF_PROVIDER, values);
            }
        }
        let timed = query.and_within(("received >= ?", *from), ("received < ?", *until));
        let order = if timed { &DELIVERY_BY_TIME } else { &DELIVERY_BY_ID };
        query.page(&mut *self.reader().await?, order, page, inbox::read).await
    }
}

const CHECKOUT_BY_ID: ListOrder<BareCheckout> = ListOrder {
    name: "checkouts",
    columns: &[("id", KeyType::Number)],
    key: |checkout| vec![checkout.id.0.into()],
};
const CHECKOUT_BY_TIME: ListOrder<BareCheckout> = ListOrder {
    name: "checkouts by time",
    columns: &[("created", KeyType::Number), ("id", KeyType::Number)],
    key: |checkout| vec![checkout.created.into(), checkout.id.0.into()],
};
const DELIVERY_BY_ID: ListOrder<StoredDelivery> = ListOrder {
    name: "events",
    columns: &[("id", KeyType::Number)],
    key: |delivery| vec![delivery.id.0.into()],
};
const DELIVERY_BY_TIME: ListOrder<StoredDelivery> = ListOrder {
    name: "events by time",
    columns: &[("received", KeyType::Number), ("id", KeyType::Number)],
    key: |delivery| vec![delivery.received.into(), delivery.id.0.into()],
};
/// The checkouts that a provider's name for something belongs to.
const CHECKOUT_OF_PROVIDER: &str = "id IN (\
     SELECT one.id FROM checkout AS one WHERE one.session = ? \
     UNION SELECT one.id FROM checkout AS one WHERE one.reference = ? \
     UNION SELECT one.id FROM checkout AS one WHERE one.subscription = ? \
     UNION SELECT payment.checkout FROM payment WHERE payment.name = ? \
     UNION SELECT payment.checkout FROM refund JOIN payment ON payment.id = refund.payment \
     WHERE refund.name = ?)";
const DELIVERY_OF_PROVIDER: &str = "id IN (\
     SELECT one.id FROM webhook_event AS one WHERE one.key >= ? AND one.key < ? \
     UNION SELECT one.id FROM webhook_event AS one \
     JOIN payment ON payment.checkout = one.checkout WHERE payment.name = ? \
     UNION SELECT one.id FROM webhook_event AS one \
     JOIN checkout ON checkout.id = one.checkout WHERE checkout.session = ? \
     UNION SELECT one.id FROM webhook_event AS one \
     JOIN checkout ON checkout.id = one.checkout WHERE checkout.reference = ?)";
