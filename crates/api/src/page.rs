//! Pages of lists.
//!
//! `next` is what the next page is asked for with, as `after`. It is `null` on the last page alone: a page may have
//! fewer rows than were asked for, even none, while more follow.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::admin::AdminView;
use crate::alert::{AlertView, AuditView};
use crate::checkout::CheckoutView;
use crate::discount::DiscountView;
use crate::event::EventView;
use crate::item::ItemView;
use crate::ledger::{JournalEntry, StatementLine};
use crate::mail::MailView;
use crate::member::MemberView;
use crate::order::OrderView;
use crate::reward::RewardView;
use crate::right::RightView;
use crate::sign_in::{SignInAttempt, SignInView};
use crate::token::TokenView;
use crate::voucher::VoucherView;

/// A page of a list.
pub trait ListPage {
    /// What is listed.
    type Row;

    /// The rows, and what the next page is asked for with.
    fn into_parts(self) -> (Vec<Self::Row>, Option<String>);
}

macro_rules! pages {
    ($($(#[$about:meta])* $name:ident { $field:ident: $row:ty })*) => { $(
        $(#[$about])*
        #[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
        pub struct $name {
            /// The rows, in order.
            pub $field: Vec<$row>,
            /// What the next page is asked for with, as `after`; `null` on the last page.
            pub next: Option<String>,
        }

        impl ListPage for $name {
            type Row = $row;

            fn into_parts(self) -> (Vec<$row>, Option<String>) {
                (self.$field, self.next)
            }
        }
    )* };
}

pages! {
    /// All admins; `next` is always `null`.
    AdminPage { admins: AdminView }
    /// A page of alerts.
    AlertPage { alerts: AlertView }
    /// A page of attempts to sign in that came to nothing.
    AttemptPage { attempts: SignInAttempt }
    /// A page of the record of changes.
    AuditPage { changes: AuditView }
    /// A page of checkouts.
    CheckoutPage { checkouts: CheckoutView }
    /// A page of discount codes.
    DiscountPage { discounts: DiscountView }
    /// A page of events.
    EventPage { events: EventView }
    /// A page of items.
    ItemPage { items: ItemView }
    /// A page of the journal.
    JournalPage { entries: JournalEntry }
    /// A page of mail.
    MailPage { mail: MailView }
    /// A page of members.
    MemberPage { members: MemberView }
    /// A page of orders.
    OrderPage { orders: OrderView }
    /// A page of rewards.
    RewardPage { rewards: RewardView }
    /// A page of rights.
    RightPage { rights: RightView }
    /// A page of sign-ins.
    SignInPage { sign_ins: SignInView }
    /// A page of a statement.
    StatementPage { lines: StatementLine }
    /// All tokens that work, and the latest others; `next` is always `null`.
    TokenPage { tokens: TokenView }
    /// A page of vouchers.
    VoucherPage { vouchers: VoucherView }
}
