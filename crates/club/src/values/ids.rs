//! The numbers of what the store keeps; later ones are higher.

use std::fmt;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident;)*) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
            pub struct $name(pub u32);
        )*
    };
}

ids! {
    /// The number of an admin.
    AdminId;
    /// The number of an alert.
    AlertId;
    /// The number of a checkout.
    CheckoutId;
    /// The number of a webhook's delivery.
    DeliveryId;
    /// The number of an entry in the journal.
    EntryId;
    /// The number of a mail.
    MailId;
    /// The number of an order.
    OrderId;
    /// The number of a refund.
    RefundId;
    /// The number of a reward.
    RewardId;
    /// The number of a sign-in, which is not secret.
    SignInId;
    /// The number of a token, which is not secret.
    TokenId;
    /// The number of a voucher, which is not secret.
    VoucherId;
    /// The number of a delivery to a webhook.
    WebhookDeliveryId;
    /// The number of a webhook that orders and alerts are sent to.
    WebhookId;
}

impl fmt::Display for OrderId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "order {}", self.0)
    }
}
