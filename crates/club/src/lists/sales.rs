//! Lists of orders, vouchers and discounts.

use policy::{ItemId, MemberId};

use crate::lists::page::{KeyPart, KeyType, ListOrder, Listed, PageRequest};
use crate::lists::query::RowQuery;
use crate::rights::order::{self, Order, OrderState};
use crate::sales::discount::{self, Discount};
use crate::sales::voucher::{self, Voucher};
use crate::store::club::Club;
use crate::store::sql::Value;
use crate::values::error::Error;
use crate::values::ids::EntryId;
use crate::values::name::Handle;
use crate::values::voucher_state::VoucherState;

/// Which orders are listed. What is `None` narrows nothing.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct OrderFilter {
    /// An id, an e-mail address, the order's token, or a provider's whole id: of a checkout, a payment, a subscription
    /// or a refund.
    pub search: Option<String>,
    /// The member who buys.
    pub member: Option<MemberId>,
    /// The item.
    pub item: Option<ItemId>,
    /// How far they are.
    pub state: Option<OrderState>,
    /// Those placed at this time or later, in Unix seconds.
    pub from: Option<u32>,
    /// Those placed before this time, in Unix seconds.
    pub until: Option<u32>,
}

/// Which vouchers are listed. What is `None` narrows nothing.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct VoucherFilter {
    /// What became of them by a time in Unix seconds.
    pub state: Option<(VoucherState, u32)>,
    /// The entry that issued them, as one batch.
    pub batch: Option<EntryId>,
    /// The member who redeemed them.
    pub member: Option<MemberId>,
}

/// Lists. Each fails where the database is unavailable, and where the page is to begin after no page's end.
impl Club {
    /// A page of orders, those that are not paid too: by number, or by time where there is a limit to it.
    ///
    /// # Errors
    ///
    /// See above.
    pub async fn list_orders(
        &self,
        filter: &OrderFilter,
        page: &PageRequest,
    ) -> Result<Listed<Order>, Error> {
        let OrderFilter { search, member, item, state, from, until } = filter;
        let search = search.as_deref().unwrap_or_default().trim();
        let email = search.to_lowercase();
        let mut query = RowQuery::narrowed(order::ANY);
        query.and_if("member = ?", member.map(MemberId::value));
        query.and_if("item = ?", item.map(|item| item.0));
        match state {
            None => {}
            Some(OrderState::Cancelled) => query.and("paid IS NULL AND cancelled IS NOT NULL", []),
            Some(OrderState::Pending) => query.and("paid IS NULL AND cancelled IS NULL", []),
            Some(OrderState::Paid) => query.and(order::IS_PAID, []),
            Some(OrderState::PartlyRefunded) => query.and(order::IS_PARTLY_REFUNDED, []),
            Some(OrderState::Refunded) => query.and(order::IS_REFUNDED, []),
            Some(OrderState::Disputed) => query.and(order::IS_DISPUTED, []),
        }
        match Handle::from(search) {
            Handle::Name("") => {}
            Handle::Id(id) => query.and("id = ?", [id.unwrap_or(0).into()]),
            Handle::Name(text) if text.contains('@') => query.and("email = ?", [(&*email).into()]),
            Handle::Name(_) | Handle::Hash(_) => {
                query.and(ORDER_OF_PROVIDER, [Value::from(search); 7]);
            }
        }
        let timed = query.and_within(("created >= ?", *from), ("created < ?", *until));
        let order = if timed { &ORDER_BY_TIME } else { &ORDER_BY_ID };
        query.page(&mut *self.reader().await?, order, page, order::read).await
    }

    /// A page of vouchers.
    ///
    /// # Errors
    ///
    /// See above.
    pub async fn list_vouchers(
        &self,
        filter: &VoucherFilter,
        page: &PageRequest,
    ) -> Result<Listed<Voucher>, Error> {
        let VoucherFilter { state, batch, member } = *filter;
        let mut query = RowQuery::narrowed(voucher::READING.sql);
        match state {
            None => {}
            Some((VoucherState::Expired, now)) => {
                query.and("state = 'issued' AND expires <= ?", [now.into()]);
            }
            Some((VoucherState::Issued, now)) => {
                query.and("state = 'issued' AND (expires IS NULL OR expires > ?)", [now.into()]);
            }
            Some((state @ (VoucherState::Redeemed | VoucherState::Void), _)) => {
                query.and("state = ?", [state.text().into()]);
            }
        }
        query.and_if("issue = ?", batch.map(|entry| entry.0));
        query.and_if("member = ?", member.map(MemberId::value));
        query.page(&mut *self.reader().await?, &VOUCHER_BY_ID, page, voucher::read).await
    }

    /// A page of discount codes, by code; of one item, or all.
    ///
    /// # Errors
    ///
    /// See above.
    pub async fn list_discounts(
        &self,
        item: Option<ItemId>,
        page: &PageRequest,
    ) -> Result<Listed<Discount>, Error> {
        let mut query = RowQuery::new(discount::READING.sql);
        query.and_if("item = ?", item.map(|item| item.0));
        query.page(&mut *self.reader().await?, &DISCOUNT_BY_CODE, page, discount::read).await
    }
}

const ORDER_BY_ID: ListOrder<Order> = ListOrder {
    name: "orders",
    columns: &[("id", KeyType::Number)],
    key: |order| vec![order.id.0.into()],
};
const ORDER_BY_TIME: ListOrder<Order> = ListOrder {
    name: "orders by time",
    columns: &[("created", KeyType::Number), ("id", KeyType::Number)],
    key: |order| vec![order.created.into(), order.id.0.into()],
};
const VOUCHER_BY_ID: ListOrder<Voucher> = ListOrder {
    name: "vouchers",
    columns: &[("id", KeyType::Number)],
    key: |voucher| vec![voucher.id.0.into()],
};
const DISCOUNT_BY_CODE: ListOrder<Discount> = ListOrder {
    name: "discounts",
    columns: &[("code", KeyType::Text)],
    key: |discount| vec![KeyPart::Text(discount.code.clone())],
};
/// The orders that a buyer's or a provider's name for something belongs to.
const ORDER_OF_PROVIDER: &str = "id IN (\
     SELECT one.id FROM orders AS one WHERE one.token = ? \
     UNION SELECT checkout.orders FROM checkout WHERE session = ? \
     UNION SELECT checkout.orders FROM checkout WHERE reference = ? \
     UNION SELECT checkout.orders FROM checkout WHERE subscription = ? \
     UNION SELECT payment.orders FROM payment WHERE payment.name = ? \
     UNION SELECT checkout.orders FROM payment JOIN checkout ON checkout.id = payment.checkout \
     WHERE payment.name = ? \
     UNION SELECT payment.orders FROM refund JOIN payment ON payment.id = refund.payment \
     WHERE refund.name = ?)";
