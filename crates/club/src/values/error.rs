//! Why an operation on the club failed.

use wire::InfoHash;

use crate::values::email::Email;
use crate::values::ids::{
    AlertId, CheckoutId, DeliveryId, EntryId, MailId, OrderId, RefundId, RewardId, SignInId,
    TokenId, VoucherId, WebhookDeliveryId, WebhookId,
};
use crate::values::money::{Amount, MoneyError};
use crate::values::name::{Kind, NameError};
use crate::values::product::DeliveryMethod;
use crate::values::text::BadText;
use crate::values::unavailable::Unavailable;
use crate::values::voucher_code::BadCode;
use crate::values::voucher_state::VoucherState;

/// Why an operation on the club failed; nothing was changed.
///
/// [`fault`](Self::fault) tells whose it is.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Error {
    /// There are as many admins as there can be.
    #[error("{0} admins are there, which is the maximum: remove one with `usher admin remove`")]
    Admins(u32),
    /// Another admin has this name.
    #[error("admin `{0}` exists already: `usher admin reset {0}` makes another link")]
    AdminTaken(String),
    /// More or fewer vouchers than are issued at once.
    #[error("a batch of {0} vouchers, expected 1 to 1000")]
    Batch(u32),
    /// What is paid need not be bought again.
    #[error("member `{member}` has bought `{item}` so already, with order {}", order.0)]
    Bought {
        /// The member's name.
        member: String,
        /// The item's name.
        item: String,
        /// The order.
        order: OrderId,
    },
    /// Another checkout has this key.
    #[error("the key `{key}` was used for another request, see checkout {}", checkout.0)]
    CheckoutKey {
        /// The key.
        key: String,
        /// The other checkout.
        checkout: CheckoutId,
    },
    /// What was typed is no voucher's code.
    #[error(transparent)]
    Code(#[from] BadCode),
    /// A discount code does not fit.
    #[error("discount `{code}` {why}")]
    Discount {
        /// In capitals.
        code: String,
        /// What is the matter with it.
        why: &'static str,
    },
    /// What was typed is no discount code.
    #[error("a discount's code has 1 to 32 letters, digits and `-`")]
    DiscountCode,
    /// A tier for no time.
    #[error("a tier's voucher is for 1 day or more")]
    Days,
    /// Another member has this e-mail address.
    #[error(
        "member `{member}` has the address {email} already: one address is one member's. Give \
         `{member}` what this member bought with `usher grant`, or free the address first with \
         `usher member email {member} --none`"
    )]
    EmailTaken {
        /// The address.
        email: Email,
        /// The other member's name.
        member: String,
    },
    /// An entitlement's end has passed already.
    #[error("{until} is not in the future: name a later date, or `revoke` what was granted")]
    Ended {
        /// The end, in Unix seconds.
        until: u32,
    },
    /// A voucher or a purchase would give nothing.
    #[error("member `{member}` has `{what}` already, this would be lost")]
    HasAlready {
        /// The member's name.
        member: String,
        /// The item or tier.
        what: String,
    },
    /// Another item has this info hash.
    #[error("item `{item}` has the info hash {hash} already")]
    HashTaken {
        /// The info hash.
        hash: InfoHash,
        /// The item's name.
        item: String,
    },
    /// An item needs one info hash, or the two different ones of a hybrid.
    #[error("{0} info hashes, expected one, or two different ones for a hybrid")]
    Hashes(usize),
    /// A member who is suspended or was removed does not sign in.
    #[error("member {0} is suspended or was removed, and can't sign in")]
    Inactive(u32),
    /// The codes of vouchers are shown once.
    #[error(
        "entry {} of the journal issued these vouchers already, and their codes were shown then: \
         `usher voucher list` shows them, `usher voucher void` takes back what was lost",
        .0.0
    )]
    Issued(EntryId),
    /// A request's key is empty or longer than 255 bytes.
    #[error("a key of {0} bytes, expected 1 to 255")]
    Key(usize),
    /// Another request had this key.
    #[error("the key `{key}` was another request's, see entry {} of the journal", entry.0)]
    KeyReused {
        /// The key.
        key: String,
        /// What the other request entered.
        entry: EntryId,
    },
    /// There is no such amount.
    #[error(transparent)]
    Money(#[from] MoneyError),
    /// Less of an order is left paid than was to be paid back.
    #[error(
        "{left} of order {} are left to pay back: name no more, or leave the amount out for all of it",
        order.0
    )]
    LessLeft {
        /// The order.
        order: OrderId,
        /// What is left of it.
        left: Amount,
    },
    /// The name can't be one.
    #[error(transparent)]
    Name(#[from] NameError),
    /// Another member or item has this name.
    #[error("{kind} {id} has the name `{name}` already")]
    NameTaken {
        /// Who has it.
        kind: Kind,
        /// Its number.
        id: u32,
        /// The name.
        name: String,
    },
    /// A collection is no part of another, nor of itself.
    #[error(
        "item `{item}` can't be a part of `{collection}`: the parts of a collection have no parts themselves, leave it out"
    )]
    Nested {
        /// The name of the part.
        item: String,
        /// The name of the collection.
        collection: String,
    },
    /// There is no such admin.
    #[error("no admin `{0}`: `usher admin list` shows those there are")]
    NoAdmin(String),
    /// There is no such alert, or it was acknowledged.
    #[error("no alert {} is open: `usher alert list` shows those that are", .0.0)]
    NoAlert(AlertId),
    /// There is no such checkout.
    #[error("no checkout {}: `usher checkout list` shows those there are", .0.0)]
    NoCheckout(CheckoutId),
    /// There is no such delivery.
    #[error("no event {}: `usher event list` shows those there are", .0.0)]
    NoDelivery(DeliveryId),
    /// More newcomers than are imported at once.
    #[error("{count} newcomers at once, expected {max} at most")]
    Newcomers {
        /// How many there are.
        count: usize,
        /// The maximum.
        max: usize,
    },
    /// Too many reports of one kind were mailed to an address.
    #[error("{0} got as many of these mails in the last hour as it may: try again in an hour")]
    MailedOften(Email),
    /// An order has nobody to mail to.
    #[error("{0} has no e-mail address: set one with `usher member email`")]
    NoAddress(OrderId),
    /// A member has no address.
    #[error("member `{0}` has no e-mail address: set one with `usher member email`")]
    NoMemberAddress(String),
    /// No mail is sent.
    #[error("no mail server is configured: set mail.server and mail.from in tracker.yaml")]
    NoMailServer,
    /// The queue is full.
    #[error(
        "as many mails wait as there can be, so this one was not queued: `usher mail list` shows why"
    )]
    MailFull,
    /// There is no such mail.
    #[error("no mail {}: `usher mail list` shows those there are", .0.0)]
    NoMail(MailId),
    /// There is no such webhook.
    #[error("no webhook {}: `usher webhook list` shows those there are", .0.0)]
    NoWebhook(WebhookId),
    /// There is no such delivery to a webhook.
    #[error("no delivery {}: `usher webhook deliveries WEBHOOK` shows those there are", .0.0)]
    NoWebhookDelivery(WebhookDeliveryId),
    /// Too much waits for a webhook.
    #[error("1000 deliveries wait for webhook {}, which is the maximum: nothing more is queued", .0.0)]
    WebhookFull(WebhookId),
    /// There are as many webhooks as there may be.
    #[error(
        "there are {0} webhooks, which is the maximum: remove one first, with `usher webhook remove`"
    )]
    WebhooksFull(u32),
    /// A mail that was sent is not sent again.
    #[error("mail {} was sent already", .0.0)]
    MailSent(MailId),
    /// There is no such entry in the journal.
    #[error("no entry {} in the journal", .0.0)]
    NoEntry(EntryId),
    /// The item's torrent has no file of this path.
    #[error(
        "item `{item}` has no file {path:?}: name a file by its path inside the item, as its torrent does"
    )]
    NoFile {
        /// The item's name.
        item: String,
        /// The path.
        path: String,
    },
    /// Of the item only its info hashes are known.
    #[error("item `{0}` has no files here: `usher publish PATH --replaces {0}` brings them")]
    NoGoods(String),
    /// There is no such order.
    #[error("no order {}", .0.0)]
    NoOrder(OrderId),
    /// A payment names no member; holds the words that may have been names.
    #[error("no member is named by the payment{}", searched(.0))]
    NobodyNamed(Vec<String>),
    /// An order that nobody has paid belongs to nobody yet.
    #[error("order {} has no member: nobody has paid it yet", .0.0)]
    NoOwner(OrderId),
    /// Another order has this key.
    #[error("the key `{key}` was used for another request, see order {}", order.0)]
    OrderKey {
        /// The key.
        key: String,
        /// The other order.
        order: OrderId,
    },
    /// An order that is paid can't be cancelled.
    #[error("order {id} is paid: `usher order refund {id}` pays it back", id = .0.0)]
    OrderPaid(OrderId),
    /// An order that is not paid can't be paid back.
    #[error("order {} is not paid: there is nothing to pay back", .0.0)]
    OrderUnpaid(OrderId),
    /// An order's money came from a provider, not from the balance.
    #[error("order {} was paid at a provider: pay it back there", .0.0)]
    PaidAtProvider(OrderId),
    /// A collection has more parts than are kept.
    #[error("{0} parts, expected 200 at most: leave some out")]
    Parts(usize),
    /// Another refund has this key.
    #[error("the key `{key}` was used for another request, see refund {}", refund.0)]
    RefundKey {
        /// The key.
        key: String,
        /// The other refund.
        refund: RefundId,
    },
    /// The system gives no random numbers.
    #[error("the system gives no random numbers")]
    NoRandomness,
    /// There is no such reward, or it was taken back.
    #[error("no reward {} stands: `usher reward list` shows those there are", .0.0)]
    NoReward(RewardId),
    /// There is no such sign-in.
    #[error("no sign-in {} of theirs: `usher sign-in list` shows those there are", .0.0)]
    NoSignIn(SignInId),
    /// A token without a scope could do nothing.
    #[error(
        "a token needs a scope: name one or more of read:stats, read:members, write:members, \
         write:items, money and all"
    )]
    NoScope,
    /// There is no such token, or it was revoked.
    #[error("no token `{0}` works: `usher token list` shows those that do")]
    NoToken(String),
    /// There is no such voucher.
    #[error("no such voucher")]
    NoVoucher,
    /// There is no such member or item.
    #[error("no {kind} `{wanted}`: `usher {kind} list` shows those there are")]
    NotFound {
        /// What was looked for.
        kind: Kind,
        /// The name, id or info hash.
        wanted: String,
    },
    /// There is no such discount code.
    #[error("no discount `{0}`: `usher discount list` shows those there are")]
    NoDiscount(String),
    /// A buyer chose a price where there is nothing to choose, or with a discount.
    #[error(
        "the price of {0} is not for the buyer to choose, or not with a discount: leave `pay` out"
    )]
    FixedPrice(Amount),
    /// A buyer chose too low a price.
    #[error("{paid} is too little, pay {least} or more")]
    LowPrice {
        /// What was chosen.
        paid: Amount,
        /// What is taken at least.
        least: Amount,
    },
    /// The price rose after the buyer saw it.
    #[error("the price is {now} now, and the buyer saw {seen}: nothing was bought")]
    PriceRose {
        /// What the buyer saw.
        seen: Amount,
        /// The price now, less a discount.
        now: Amount,
    },
    /// A minimum above the price that is proposed.
    #[error("a minimum of {minimum} is more than the price of {price}: raise the price too")]
    Minimum {
        /// The minimum.
        minimum: Amount,
        /// Of the cheaper delivery method.
        price: Amount,
    },
    /// A share of a price that is none.
    #[error("{0} % off, expected 1 to 100")]
    Percent(u8),
    /// A discount for no use.
    #[error("a discount is for 1 use or more")]
    Uses,
    /// The item has no such price.
    #[error("item `{item}` is not sold as {method}: give it a price")]
    NotForSale {
        /// The item's name.
        item: String,
        /// As what.
        method: DeliveryMethod,
    },
    /// There is no such entitlement.
    #[error("member `{member}` holds no entitlement to `{item}`")]
    NotGranted {
        /// The member's name.
        member: String,
        /// The item's name, or `all`.
        item: String,
    },
    /// Items and days of a tier are passed on, and nothing else.
    #[error("{0} can't be a gift: give an item, or a tier for some days")]
    NotForGift(&'static str),
    /// A balance does not pay for subscriptions and top-ups.
    #[error("{0} is not sold for a balance: start a checkout at a provider")]
    NotForBalance(&'static str),
    /// What a page of the catalogue was to begin after is no page's end.
    #[error("{0:?} is not the end of a page in this order: begin with the first page")]
    PageEnd(String),
    /// Only a top-up can be taken back by its provider.
    #[error("entry {} of the journal is no top-up", .0.0)]
    NotTopup(EntryId),
    /// There is less money than needed.
    #[error("{account} holds {holds}, {needed} are needed")]
    Overdrawn {
        /// The account's name.
        account: String,
        /// What it holds.
        holds: Amount,
        /// What was to be taken.
        needed: Amount,
    },
    /// What was bought is for ever, and a grant would end sooner.
    #[error("order {id} gave this for ever: `usher refund {id}` or `usher revoke` ends it", id = .0.0)]
    Paid(OrderId),
    /// Nothing of an order is left to pay back.
    #[error("order {} was paid back already, all {amount} of it: nothing is left", order.0)]
    PaidBack {
        /// The order.
        order: OrderId,
        /// What was paid for it.
        amount: Amount,
    },
    /// Another member brought this passkey along.
    #[error("member {member} has this passkey already")]
    PasskeyTaken {
        /// Who has it.
        member: u32,
    },
    /// Direct download costs the publisher more, so it is not sold for less.
    #[error("direct download for {direct} costs less than the torrent for {torrent}")]
    Prices {
        /// The torrent's.
        torrent: Amount,
        /// The direct one.
        direct: Amount,
    },
    /// A payment may be of two members.
    #[error("the payment names the members `{one}` and `{other}`, and does not say whose it is")]
    SeveralNamed {
        /// One of them.
        one: String,
        /// Another.
        other: String,
    },
    /// A member that was removed stays so.
    #[error("{kind} {id} was removed, for good: add it anew")]
    Removed {
        /// What was removed.
        kind: Kind,
        /// Its number.
        id: u32,
    },
    /// What is to be changed was changed since it was looked at.
    #[error(
        "this was changed since you looked at it: look again, then repeat your change on what is there now"
    )]
    Stale,
    /// Less of an entry is left than was to be taken back.
    #[error("less of entry {} of the journal is left than was to be paid back", .0.0)]
    Reversed(EntryId),
    /// A balance is too small.
    #[error("member `{member}` has {has} and needs {needs}: `usher topup` adds to it")]
    Short {
        /// The member's name.
        member: String,
        /// What is there.
        has: Amount,
        /// What it costs.
        needs: Amount,
    },
    /// A subscription that was ended pays for nothing more.
    #[error("the subscription of checkout {} is over", .0.0)]
    SubscriptionOver(CheckoutId),
    /// A suspended member can't buy.
    #[error("member `{0}` is suspended")]
    Suspended(String),
    /// An item has more tags than are kept.
    #[error("{0} tags, expected 16 at most: leave some out")]
    Tags(usize),
    /// What was typed for people is not taken.
    #[error(transparent)]
    Text(#[from] BadText),
    /// Another token has this name.
    #[error(
        "token {} has the name `{name}` already: choose another name, or revoke that one first with \
         `usher token revoke {name}`",
        id.0
    )]
    TokenTaken {
        /// The name.
        name: String,
        /// The other token.
        id: TokenId,
    },
    /// There are as many tokens as there can be.
    #[error("{0} tokens work, which is the maximum: revoke one with `usher token revoke`")]
    Tokens(u32),
    /// Less was paid than it costs, or in another currency.
    #[error("{paid} was paid for what costs {price}: refund it at the provider")]
    TooLittlePaid {
        /// What was paid.
        paid: Amount,
        /// What it costs.
        price: Amount,
    },
    /// The torrent of an item's files is none.
    #[error("not a torrent file: {0}")]
    Torrent(#[from] metainfo::ReadError),
    /// An entry that we made does not sum to 0: a fault of this program.
    #[error("an entry is out of balance by {0}")]
    Unbalanced(Amount),
    /// The database did not do its part.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
    /// The configuration names no such tier or policy.
    #[error("no {what} `{name}` in the configuration, which has {known}")]
    Unconfigured {
        /// `tier` or `policy`.
        what: &'static str,
        /// The name.
        name: String,
        /// Those there are.
        known: String,
    },
    /// A voucher is for something else than what is bought with it.
    #[error("{} is not for this: redeem it by itself", voucher(*.0))]
    VoucherForOther(VoucherId),
    /// A voucher holds less than is to be paid with it.
    #[error(
        "{} holds {holds} and {needs} are to be paid: redeem it by itself, then buy from the balance",
        voucher(*id)
    )]
    VoucherShort {
        /// Its number.
        id: VoucherId,
        /// What it is worth.
        holds: Amount,
        /// What is to be paid.
        needs: Amount,
    },
    /// A gift's voucher was paid for: what is paid back voids it.
    #[error("voucher {} is the gift of {order}: `usher order refund {}` voids it", id.0, order.0)]
    VoucherOfGift {
        /// Its number.
        id: VoucherId,
        /// The order.
        order: OrderId,
    },
    /// The voucher can't be redeemed or taken back any more.
    #[error("voucher {} {}", id.0, match state {
        VoucherState::Expired => "has run out",
        VoucherState::Issued => "is not redeemed yet",
        VoucherState::Redeemed => "was redeemed",
        VoucherState::Void => "was taken back",
    })]
    Voucher {
        /// Its number.
        id: VoucherId,
        /// What became of it.
        state: VoucherState,
    },
}

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        Unavailable::from(error).into()
    }
}

fn voucher(id: VoucherId) -> String {
    format!("voucher {}", id.0)
}

/// What was looked for, quoted.
fn searched(words: &[String]) -> String {
    let quoted: Vec<_> = words.iter().map(|word| format!("`{word}`")).collect();
    if quoted.is_empty() { String::new() } else { format!(": looked for {}", quoted.join(", ")) }
}
