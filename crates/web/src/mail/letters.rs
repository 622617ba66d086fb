//! Mail that reports orders: receipts, refunds, and the list of a member's orders.
//!
//! Each is written when it is sent, from what the store holds then. Deliberately absent: links that sign
//! somebody in, which stand for [`LINK`] until they are made.

use club::{
    Club, Error, Item, LINK, MAILED_SECS, MailReport, MailText, Order, OrderId, OrderState,
    Product, QueuedMail,
};

use crate::catalog::{day, money, product, receipt};

/// Who writes, and where answers go.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Letterhead {
    /// What links begin with.
    pub site: String,
    /// Where people write to, as the pages link it; `None` for answers to the mail.
    pub contact: Option<String>,
}

/// The text of a report; `None` where there is nothing to report any more.
pub(super) async fn write(
    club: &Club,
    publisher: &str,
    head: &Letterhead,
    mail: &QueuedMail,
    report: MailReport,
) -> Result<Option<MailText>, Error> {
    let desk = Desk { club, publisher, head };
    match report {
        MailReport::Orders => match mail.member {
            Some(member) => desk.orders(member).await.map(Some),
            None => Ok(None),
        },
        MailReport::Receipt(order) => desk.receipt(order).await.map(Some),
        MailReport::Refund(order) => desk.refund(order).await,
    }
}

/// What every letter is written by.
struct Desk<'a> {
    club: &'a Club,
    publisher: &'a str,
    head: &'a Letterhead,
}

impl Desk<'_> {
    async fn receipt(&self, id: OrderId) -> Result<MailText, Error> {
        let (publisher, number) = (self.publisher, id.0);
        let order = self.club.order(id).await?;
        let item = self.item(&order).await?;
        let is_delivered = order.entry.is_some() || order.product == Product::Topup;
        let (lead, page) = match order.state() {
            OrderState::Disputed => ("The payment of this order is disputed.", "Your order"),
            OrderState::Paid | OrderState::PartlyRefunded if is_delivered && order.is_gift => {
                ("Thank you. Your gift is paid.", "Your order, with the code to pass on")
            }
            OrderState::Paid | OrderState::PartlyRefunded if is_delivered => {
                ("Thank you. Your order is paid.", "Your order, with what you can download")
            }
            OrderState::Paid | OrderState::PartlyRefunded => (
                "Your payment came, and this order can't be delivered. The money is in the balance of \
                 your account.",
                "Your order, and how to try again",
            ),
            _ => ("This order is not paid any more.", "Your order, and how to try again"),
        };
        let body = format!(
            "Hello,\n\n\
             {lead}\n\n\
             {lines}\n\
             {page}:\n{url}\n\n\
             {library}\
             {end}",
            lines = lines(&order, item.as_ref()),
            url = self.url(&order),
            library = self.library(),
            end = self.end(),
        );
        let subject = format!("Your receipt from {publisher}: order {number}");
        Ok(MailText { subject, body })
    }

    async fn refund(&self, id: OrderId) -> Result<Option<MailText>, Error> {
        let (publisher, number) = (self.publisher, id.0);
        let order = self.club.order(id).await?;
        let back = order.paid_back();
        if back.minor == 0 {
            return Ok(None);
        }
        let item = self.item(&order).await?;
        let to = if self.club.is_paid_at_provider(id).await? {
            "to where you paid from"
        } else {
            "into your balance"
        };
        let rest = match (order.refunded.is_some(), self.club.gift(&order).await?) {
            (true, Some(gift)) if gift.redeemed_as.is_some() => {
                "All of it is paid back, so what your gift gave was taken back from whoever redeemed it."
            }
            (true, Some(_)) => "All of it is paid back, so the code of your gift is void.",
            (false, Some(_)) => "Your gift stays as it is.",
            (true, None) => "All of it is paid back, so what the order gave has ended.",
            (false, None) => "What the order gave stays yours.",
        };
        let claim = match self.claim(id).await? {
            Some(link) => format!("Claim the money here:\n{link}\n\n"),
            None => String::new(),
        };
        let body = format!(
            "Hello,\n\n\
             {back} of your order was paid back {to}. {rest}\n\n\
             {claim}\
             {lines}\n\
             Your order:\n{url}\n\n\
             {end}",
            back = money(back),
            lines = lines(&order, item.as_ref()),
            url = self.url(&order),
            end = self.end(),
        );
        let subject = format!("Your refund from {publisher}: order {number}");
        Ok(Some(MailText { subject, body }))
    }

    async fn orders(&self, member: policy::MemberId) -> Result<MailText, Error> {
        let publisher = self.publisher;
        let mut list = String::new();
        let orders = self.club.last_orders(member, MAX_ORDERS).await?;
        for order in orders.iter().filter(|order| order.state() != OrderState::Cancelled) {
            let item = self.item(order).await?;
            let state = match order.state() {
                OrderState::Cancelled => "cancelled",
                OrderState::Disputed => "disputed",
                OrderState::Paid => "paid",
                OrderState::PartlyRefunded => "paid back in part",
                OrderState::Pending => "not paid yet",
                OrderState::Refunded => "paid back",
            };
            list += &format!(
                "Order {}, {}: {}, {}, {state}\n{}\n\n",
                order.id.0,
                day(order.paid.unwrap_or(order.created)),
                product(order, item.as_ref()),
                money(order.amount),
                self.url(order),
            );
        }
        let orders = match list.as_str() {
            "" => "You have not ordered anything yet.\n\n".to_owned(),
            list => {
                format!("Your orders, the latest first. Each page has its receipt:\n\n{list}")
            }
        };
        let body = format!(
            "Hello,\n\n\
             this link opens your library at {publisher}. It works once, for {} minutes:\n\n\
             {LINK}\n\n\
             {orders}\
             If you did not ask for this mail, you can ignore it.\n\n\
             {end}",
            MAILED_SECS / 60,
            end = self.end(),
        );
        let subject = format!("Your orders and your library at {publisher}");
        Ok(MailText { subject, body })
    }

    /// Where the payer claims the last refund, if the provider needs that.
    async fn claim(&self, id: OrderId) -> Result<Option<String>, Error> {
        for checkout in self.club.checkouts_of(id).await?.iter().rev() {
            let refunds = self.club.refunds(checkout.id).await?;
            if let Some(link) = refunds.into_iter().rev().find_map(|refund| refund.link) {
                return Ok(Some(link));
            }
        }
        Ok(None)
    }

    async fn item(&self, order: &Order) -> Result<Option<Item>, Error> {
        match order.product.item() {
            Some(item) => self.club.item(&item.0.to_string()).await.map(Some),
            None => Ok(None),
        }
    }

    fn url(&self, order: &Order) -> String {
        format!("{}/orders/{}", self.head.site, order.token)
    }

    fn library(&self) -> String {
        let site = &self.head.site;
        format!(
            "Everything that you have here is in your library. To open it, have a link mailed to this \
             address:\n{site}/sign-in\n\n"
        )
    }

    /// Whom to ask, and who wrote.
    fn end(&self) -> String {
        let Letterhead { site, contact } = self.head;
        let publisher = self.publisher;
        let ask = match contact {
            Some(contact) => {
                format!(
                    "Questions? Write to {}.",
                    contact.strip_prefix("mailto:").unwrap_or(contact)
                )
            }
            None => "Questions? Answer this mail.".to_owned(),
        };
        format!("{ask}\n\n{publisher}\n{site}\n")
    }
}

/// The receipt, a line each.
fn lines(order: &Order, item: Option<&Item>) -> String {
    let lines = receipt(order, item);
    lines.into_iter().map(|line| format!("{}: {}\n", line.label, line.value)).collect()
}

/// Maximum orders in one mail.
const MAX_ORDERS: u32 = 50;

#[cfg(test)]
mod tests {
    use club::NewItem;
    use club::{
        Currency, DeliveryMethod, NewMember, NewPurchase, NewTopup, Prices, ProductRequest, Stamp,
    };
    use tracker::Now;

    use super::*;
    use crate::catalog::fixture::Fixture;

    #[tokio::test]
    async fn mail_about_a_gift_says_so_and_holds_no_code() {
        let fixture = Fixture::new(NOW).await;
        let club = &*fixture.club;
        let stamp = Stamp { who: "admin".to_owned(), now_unix: NOW.unix };
        let usd = Currency::parse("usd").unwrap();
        for name in ["ada", "bob"] {
            let (name, tier) = (name.to_owned(), "outsider".to_owned());
            club.add_member(&stamp, NewMember { name, tier, tier_until: None }).await.unwrap();
        }
        let reel = NewItem {
            name: "reel".to_owned(),
            title: "The reel".to_owned(),
            policy: "club".to_owned(),
            info_hashes: vec![wire::InfoHash([1; 20])],
            size_bytes: None,
            private: true,
        };
        club.add_item(&stamp, reel).await.unwrap();
        let prices = Prices { torrent: Some(usd.minor(225)), direct: None };
        club.set_prices(&stamp, "reel", prices).await.unwrap();
        let topup = NewTopup {
            member: "ada".to_owned(),
            amount: usd.minor(1000),
            provider: "hand".to_owned(),
            memo: String::new(),
        };
        club.topup(&stamp, "T", topup).await.unwrap();
        let buy = async |key: &str| {
            let method = DeliveryMethod::Torrent;
            let new = NewPurchase {
                member: "ada".to_owned(),
                product: ProductRequest::Item { item: "reel".to_owned(), method },
                pay: None,
                discount: None,
                consent: true,
                gift: true,
                seen: None,
            };
            club.purchase(&stamp, key, new).await.unwrap().order
        };
        let head = Letterhead { site: "https://club.example".to_owned(), contact: None };
        let desk = Desk { club, publisher: "Lantern Street", head: &head };
        let (kept, given) = (buy("1").await, buy("2").await);
        let code = club.gift(&given).await.unwrap().unwrap().code.to_string();
        let receipt = desk.receipt(given.id).await.unwrap().body;
        for text in ["Your gift is paid", "with the code to pass on", "Gift: A code to pass on"] {
            assert!(receipt.contains(text), "{text}: {receipt}");
        }
        club.redeem(&stamp, &code, "bob").await.unwrap();
        for (order, expected) in [
            (kept.id, "so the code of your gift is void"),
            (given.id, "so what your gift gave was taken back from whoever redeemed it"),
        ] {
            club.refund(&stamp, &format!("refund {order}"), order, None).await.unwrap();
            let refund = desk.refund(order).await.unwrap().unwrap().body;
            assert!(refund.contains(expected) && !refund.contains(&code), "{refund}");
        }
        assert!(!receipt.contains(&code), "a mailbox is not the place for it");
    }

    const NOW: Now = Now { secs: 0, unix: 1_800_000_000 };
}
