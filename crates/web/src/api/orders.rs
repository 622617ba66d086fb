//! Orders, which are purchases, and their refunds, over the admin API.

use std::sync::Arc;

use api::member::NamedId;
use api::money::GivenAmount;
use api::order::{Discounted, GiftView, OrderRefunded, OrderView, PlaceOrder, RefundOrder, Taxed};
use api::page::OrderPage;
use api::product::ProductChoice;
use api::query::{MemberOrderQuery, OrderQuery};
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use club::{
    Listed, NewPurchase, NewRefund, OrderFilter, OrderId, OrderState, PageRequest, ProductRequest,
    RefundOf, VoucherState,
};

use super::admin::{Admin, moment};
use super::error::ApiError;
use super::extract::{Body, Params, one_of, page, period};
use super::ledger::{amount, entry_view, money};
use super::products::{product_view, to_club};

/// Buys an item or a period of a tier from the balance of a member.
#[utoipa::path(
    post,
    path = "/members/{member}/orders",
    operation_id = "place_order",
    tag = "orders",
    params(("member" = String, Path)),
    request_body = PlaceOrder,
    responses((status = 201, body = OrderView)),
    security(("token" = ["money"]))
)]
pub(super) async fn buy(
    State(admin): State<Arc<Admin>>,
    Path(member): Path<String>,
    Body(new): Body<PlaceOrder>,
) -> Result<(StatusCode, Json<OrderView>), ApiError> {
    let product = admin.request(new.product)?;
    let pay = match new.pay {
        None => None,
        Some(GivenAmount::Decimal(text)) => Some(text),
        Some(minor) => Some(admin.of_price(&minor, &product).await?.decimal()),
    };
    let discount = new.discount;
    let new_purchase =
        NewPurchase { member, product, pay, discount, consent: false, gift: false, seen: None };
    let purchase = admin.club.purchase(&admin.stamp(), &new.key, new_purchase).await?;
    let buyer = NamedId { id: purchase.buyer.id.value(), name: purchase.buyer.name };
    let item = purchase.item.map(|item| NamedId { id: item.id.0, name: item.name });
    Ok((StatusCode::CREATED, Json(order_view(purchase.order, Some(buyer), item, None))))
}

/// Lists the orders of a member.
#[utoipa::path(
    get,
    path = "/members/{member}/orders",
    operation_id = "list_orders_of_member",
    tag = "orders",
    params(("member" = String, Path), MemberOrderQuery),
    responses((status = 200, body = OrderPage)),
    security(("token" = ["money"]))
)]
pub(super) async fn list(
    State(admin): State<Arc<Admin>>,
    Path(member): Path<String>,
    Params(query): Params<MemberOrderQuery>,
) -> Result<Json<OrderPage>, ApiError> {
    let MemberOrderQuery { state, newest, after, limit } = query;
    let member = Some(admin.club.member(&member).await?.id);
    let state = one_of("state", state.as_deref(), OrderState::ALL, OrderState::text)?;
    let filter = OrderFilter { member, state, ..OrderFilter::default() };
    Ok(Json(admin.order_page(&filter, &page(after, limit, newest)?).await?))
}

/// Lists everybody's orders.
#[utoipa::path(
    get,
    path = "/orders",
    operation_id = "list_orders",
    tag = "orders",
    params(OrderQuery),
    responses((status = 200, body = OrderPage)),
    security(("token" = ["money"]))
)]
pub(super) async fn all(
    State(admin): State<Arc<Admin>>,
    Params(query): Params<OrderQuery>,
) -> Result<Json<OrderPage>, ApiError> {
    let OrderQuery { search, member, item, state, from, to, newest, after, limit } = query;
    let (from, until) = period(from, to);
    let filter = OrderFilter {
        search,
        member: admin.wanted_member(member.as_deref()).await?,
        item: admin.wanted_item(item.as_deref()).await?,
        state: one_of("state", state.as_deref(), OrderState::ALL, OrderState::text)?,
        from,
        until,
    };
    Ok(Json(admin.order_page(&filter, &page(after, limit, newest)?).await?))
}

/// Returns an order.
#[utoipa::path(
    get,
    path = "/orders/{order}",
    operation_id = "show_order",
    tag = "orders",
    params(("order" = u32, Path)),
    responses((status = 200, body = OrderView)),
    security(("token" = ["money"]))
)]
pub(super) async fn show(
    State(admin): State<Arc<Admin>>,
    Path(order): Path<u32>,
) -> Result<Json<OrderView>, ApiError> {
    let order = admin.club.order(OrderId(order)).await?;
    Ok(Json(admin.describe_order(order).await?))
}

/// Refunds an order to where the money came from.
#[utoipa::path(
    post,
    path = "/orders/{order}/refunds",
    operation_id = "refund_order",
    tag = "orders",
    params(("order" = u32, Path)),
    request_body = RefundOrder,
    responses(
        (status = 201, body = OrderRefunded),
        (status = 502, description = "The payment provider did not answer or refused.")
    ),
    security(("token" = ["money"]))
)]
pub(super) async fn refund(
    State(admin): State<Arc<Admin>>,
    Path(order): Path<u32>,
    Body(new): Body<RefundOrder>,
) -> Result<(StatusCode, Json<OrderRefunded>), ApiError> {
    let order = OrderId(order);
    let part = match &new.amount {
        None => None,
        Some(text) => {
            let currency = admin.club.order(order).await?.amount.currency;
            Some(amount(text, currency.code())?)
        }
    };
    // What was paid at a provider is paid back there.
    if admin.club.is_paid_at_provider(order).await? {
        let new = NewRefund { of: RefundOf::Order(order), key: new.key, amount: part };
        let made = admin.payments()?.refund(&admin.who(), new).await?;
        let (entry, link) = made.map_or((None, None), |made| (made.entry, made.link));
        let entry = match entry {
            Some(entry) => admin.club.entry(entry).await?,
            None => {
                let sold = admin.club.order(order).await?.entry;
                let sold = sold.ok_or_else(|| ApiError::missing(NO_ENTRY))?;
                admin.club.last_reversal(sold).await?
            }
        };
        return Ok((StatusCode::CREATED, Json(OrderRefunded { entry: entry_view(entry), link })));
    }
    let entry = admin.club.refund(&admin.stamp(), &new.key, order, part).await?;
    Ok((StatusCode::CREATED, Json(OrderRefunded { entry: entry_view(entry), link: None })))
}

impl Admin {
    /// An amount in the currency in which a product is sold.
    async fn of_price(
        &self,
        given: &GivenAmount,
        product: &ProductRequest,
    ) -> Result<club::Amount, ApiError> {
        let currency = match product {
            ProductRequest::Item { item, .. } => self.club.item(item).await?.prices.currency(),
            ProductRequest::Tier { price, .. } => Some(price.currency),
            ProductRequest::Subscription { .. } | ProductRequest::Topup(_) => None,
        };
        let currency = currency.ok_or_else(|| ApiError::unprocessable(UNPRICED))?;
        amount(given, currency.code())
    }

    /// The product that is to be bought, a tier at its price.
    fn request(&self, product: ProductChoice) -> Result<ProductRequest, ApiError> {
        match product {
            ProductChoice::Item { item, method } => {
                Ok(ProductRequest::Item { item, method: to_club(method) })
            }
            ProductChoice::Tier { tier, subscribe: false } => {
                let plan = self.payments()?.plan(&tier).ok_or_else(|| {
                    let why = format!("tier `{tier}` is not for sale: give it a price in tiers");
                    ApiError::new(StatusCode::CONFLICT, why)
                })?;
                let (days, price) = (plan.days, plan.price);
                Ok(ProductRequest::Tier { tier, days, price })
            }
            ProductChoice::Tier { subscribe: true, .. } | ProductChoice::Topup { .. } => {
                Err(ApiError::unprocessable(NOT_FROM_THE_BALANCE))
            }
        }
    }

    async fn order_page(
        &self,
        filter: &OrderFilter,
        page: &PageRequest,
    ) -> Result<OrderPage, ApiError> {
        let Listed { rows, next } = self.club.list_orders(filter, page).await?;
        let mut orders = Vec::with_capacity(rows.len());
        for order in rows {
            orders.push(self.describe_order(order).await?);
        }
        Ok(OrderPage { orders, next })
    }

    /// An order with the names of its member and item, and what became of a gift: up to five reads of the store.
    pub(super) async fn describe_order(&self, order: club::Order) -> Result<OrderView, ApiError> {
        let buyer = self.name_buyer(order.member).await?;
        let item = self.name_product(&order.product).await?;
        let gift = self.describe_gift(&order).await?;
        Ok(order_view(order, buyer, item, gift))
    }

    async fn describe_gift(&self, order: &club::Order) -> Result<Option<GiftView>, ApiError> {
        if !order.is_gift {
            return Ok(None);
        }
        let unpaid =
            GiftView { voucher: None, state: "unpaid".to_owned(), member: None, order: None };
        let Some(gift) = self.club.gift(order).await? else { return Ok(Some(unpaid)) };
        let taken_back = gift.redeemed_as.as_ref().is_some_and(|order| order.refunded.is_some());
        let state = match gift.voucher.state(self.now().unix) {
            VoucherState::Redeemed if taken_back => "taken_back",
            state => state.text(),
        };
        Ok(Some(GiftView {
            voucher: Some(gift.voucher.id.0),
            state: state.to_owned(),
            member: match gift.voucher.redeemed_by {
                Some(member) => Some(self.name_member(member).await?),
                None => None,
            },
            order: gift.redeemed_as.map(|order| order.id.0),
        }))
    }
}

/// An order as JSON, with its member and item.
fn order_view(
    order: club::Order,
    member: Option<NamedId>,
    item: Option<NamedId>,
    gift: Option<GiftView>,
) -> OrderView {
    let (state, paid_back) = (order.state().text().to_owned(), money(order.paid_back()));
    let taxed = |(tax, amount): (club::Tax, club::Amount)| Taxed {
        label: tax.label,
        rate: tax.rate,
        amount: money(amount),
    };
    OrderView {
        id: order.id.0,
        state,
        token: order.token,
        member,
        email: order.email.map(|email| email.to_string()),
        renews: order.renews.map(|first| first.0),
        product: product_view(order.product, item),
        price: money(order.price),
        discount: order.discount.map(|(code, amount)| Discounted { code, amount: money(amount) }),
        amount: money(order.amount),
        tax: order.tax.map(taxed),
        credit: money(order.credit),
        entry: order.entry.map(|entry| entry.0),
        created: moment(order.created),
        paid: order.paid.map(moment),
        cancelled: order.cancelled.map(moment),
        paid_back,
        refunded: order.refunded.map(moment),
        gift,
    }
}

const NO_ENTRY: &str = "the refund is in no entry of the journal";
const UNPRICED: &str = "the product has no price: set one before you sell it";
const NOT_FROM_THE_BALANCE: &str =
    "a balance buys an item or one period of a tier: make a checkout for anything else";
