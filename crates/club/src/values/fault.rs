//! Whose fault it is that an operation failed.

use crate::values::error::Error;

/// Whose fault an error is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Fault {
    /// The request does not fit what is there.
    Conflict,
    /// What was asked for is not there.
    Missing,
    /// The request could be answered; we can't.
    Ours,
    /// The request is wrong whatever is there.
    Request,
    /// The request is about what was there before.
    Stale,
}

impl Error {
    /// Whose fault it is.
    pub const fn fault(&self) -> Fault {
        match self {
            Self::Batch(_)
            | Self::DiscountCode
            | Self::Percent(_)
            | Self::Uses
            | Self::Code(_)
            | Self::Days
            | Self::Ended { .. }
            | Self::Hashes(_)
            | Self::Key(_)
            | Self::Money(_)
            | Self::Name(_)
            | Self::Newcomers { .. }
            | Self::NoScope
            | Self::NotForBalance(_)
            | Self::NotForGift(_)
            | Self::PageEnd(_)
            | Self::Parts(_)
            | Self::Prices { .. }
            | Self::Tags(_)
            | Self::Text(_)
            | Self::Torrent(_)
            | Self::Unconfigured { .. } => Fault::Request,
            Self::Admins(_)
            | Self::AdminTaken(_)
            | Self::Bought { .. }
            | Self::Discount { .. }
            | Self::FixedPrice(_)
            | Self::LowPrice { .. }
            | Self::PriceRose { .. }
            | Self::Minimum { .. }
            | Self::CheckoutKey { .. }
            | Self::EmailTaken { .. }
            | Self::HasAlready { .. }
            | Self::HashTaken { .. }
            | Self::Inactive(_)
            | Self::MailFull
            | Self::MailedOften(_)
            | Self::NoAddress(_)
            | Self::NoMailServer
            | Self::NoMemberAddress(_)
            | Self::Issued(_)
            | Self::KeyReused { .. }
            | Self::LessLeft { .. }
            | Self::MailSent(_)
            | Self::NameTaken { .. }
            | Self::Nested { .. }
            | Self::NoFile { .. }
            | Self::NoGoods(_)
            | Self::NotForSale { .. }
            | Self::NotTopup(_)
            | Self::Overdrawn { .. }
            | Self::NoOwner(_)
            | Self::OrderKey { .. }
            | Self::OrderPaid(_)
            | Self::OrderUnpaid(_)
            | Self::Paid(_)
            | Self::PaidAtProvider(_)
            | Self::RefundKey { .. }
            | Self::PaidBack { .. }
            | Self::PasskeyTaken { .. }
            | Self::Removed { .. }
            | Self::Reversed(_)
            | Self::SeveralNamed { .. }
            | Self::Short { .. }
            | Self::SubscriptionOver(_)
            | Self::Suspended(_)
            | Self::TokenTaken { .. }
            | Self::Tokens(_)
            | Self::TooLittlePaid { .. }
            | Self::Voucher { .. }
            | Self::VoucherForOther(_)
            | Self::VoucherOfGift { .. }
            | Self::VoucherShort { .. }
            | Self::WebhookFull(_)
            | Self::WebhooksFull(_) => Fault::Conflict,
            Self::NoAdmin(_)
            | Self::NoAlert(_)
            | Self::NoCheckout(_)
            | Self::NoDelivery(_)
            | Self::NoDiscount(_)
            | Self::NoEntry(_)
            | Self::NoMail(_)
            | Self::NoOrder(_)
            | Self::NoReward(_)
            | Self::NoSignIn(_)
            | Self::NoToken(_)
            | Self::NoVoucher
            | Self::NoWebhook(_)
            | Self::NoWebhookDelivery(_)
            | Self::NobodyNamed(_)
            | Self::NotFound { .. }
            | Self::NotGranted { .. } => Fault::Missing,
            Self::Stale => Fault::Stale,
            Self::NoRandomness | Self::Unavailable(_) | Self::Unbalanced(_) => Fault::Ours,
        }
    }
}
