//! What may follow the `?` of a URL, and the limits of a request.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// A page of a list.
#[derive(Clone, Debug, Default, Deserialize, IntoParams, Serialize)]
#[into_params(parameter_in = Query)]
#[serde(default, deny_unknown_fields)]
pub struct PageQuery {
    /// `next` of the page before; without it, the first page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
    /// Maximum number of rows, from 1 to 1000; 100 without it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
}

/// The query of a list.
pub trait ListQuery: Clone + Default + Serialize {
    /// The query of another page.
    fn set_page(&mut self, page: PageQuery);
}

impl ListQuery for PageQuery {
    fn set_page(&mut self, page: PageQuery) {
        *self = page;
    }
}

/// Declares the query of a list: what narrows it, and the page.
macro_rules! list_query {
    ($(#[$about:meta])* $name:ident { $($(#[$doc:meta])* $field:ident: $type:ty,)* }) => {
        $(#[$about])*
        #[derive(Clone, Debug, Default, Deserialize, IntoParams, Serialize)]
        #[into_params(parameter_in = Query)]
        #[serde(default, deny_unknown_fields)]
        pub struct $name {
            $(
                $(#[$doc])*
                #[serde(skip_serializing_if = "Option::is_none")]
                pub $field: Option<$type>,
            )*
            /// Whether the last rows come first.
            #[serde(skip_serializing_if = "Option::is_none")]
            pub newest: Option<bool>,
            /// `next` of the page before; without it, the first page.
            #[serde(skip_serializing_if = "Option::is_none")]
            pub after: Option<String>,
            /// Maximum number of rows, from 1 to 1000; 100 without it.
            #[serde(skip_serializing_if = "Option::is_none")]
            pub limit: Option<u32>,
        }

        impl ListQuery for $name {
            fn set_page(&mut self, page: PageQuery) {
                self.after = page.after;
                self.limit = page.limit;
            }
        }
    };
}

list_query! {
    /// A page of the members. Those found by name or address are ordered by it, others by id.
    MemberQuery {
        /// An id, the beginning of a name in either case, or of an e-mail address as far as its `@`.
        search: String,
        /// Only members of this tier.
        tier: String,
        /// Only members in this state: `active`, `suspended` or `removed`. Without it, all but those removed.
        state: String,
    }
}

list_query! {
    /// A page of the items, by id.
    ItemQuery {
        /// An id, an info hash, or words, each of which must begin a word of the name or the title.
        search: String,
        /// Only items with this policy.
        policy: String,
        /// Only items that are `draft`, `published` or `unlisted` on the site.
        visibility: String,
        /// Only items in this state: `published`, `unpublished`, `broken` or `tracked`.
        state: String,
    }
}

list_query! {
    /// A page of the orders, by number, or by time where `from` or `to` is given.
    OrderQuery {
        /// A number, an e-mail address, or a provider's whole id of a checkout, payment, subscription or refund.
        search: String,
        /// Only orders of this member: a name or an id.
        member: String,
        /// Only orders of this item: a name, an id or an info hash.
        item: String,
        /// Only orders in this state: `pending`, `paid`, `partly_refunded`, `refunded`, `disputed` or `cancelled`.
        state: String,
        /// The first day, in UTC; without it, the first there is.
        from: Date,
        /// The last day, in UTC; without it, the last there is.
        to: Date,
    }
}

list_query! {
    /// A page of the orders of a member, by number.
    MemberOrderQuery {
        /// Only orders in this state: `pending`, `paid`, `partly_refunded`, `refunded`, `disputed` or `cancelled`.
        state: String,
    }
}

list_query! {
    /// A page of the checkouts, by number, or by time where `from` or `to` is given.
    CheckoutQuery {
        /// A number, or a provider's whole id of a checkout, payment, subscription or refund.
        search: String,
        /// Only checkouts of this member: a name or an id.
        member: String,
        /// Only checkouts of this item: a name, an id or an info hash.
        item: String,
        /// Only checkouts at this provider.
        provider: String,
        /// The first day, in UTC; without it, the first there is.
        from: Date,
        /// The last day, in UTC; without it, the last there is.
        to: Date,
    }
}

list_query! {
    /// A page of the events, by number, or by time where `from` or `to` is given.
    EventQuery {
        /// A number, the beginning of a provider's id of an event, or its whole id of a checkout or payment.
        search: String,
        /// Only events of this provider.
        provider: String,
        /// Only events of this verdict: `applied`, `held`, `ignored`, `forged`, `malformed`, `oversized` or `stale`.
        verdict: String,
        /// Only events about the checkout with this number.
        checkout: u32,
        /// The first day, in UTC; without it, the first there is.
        from: Date,
        /// The last day, in UTC; without it, the last there is.
        to: Date,
    }
}

list_query! {
    /// A page of the vouchers, by number.
    VoucherQuery {
        /// Only vouchers in this state: `issued`, `redeemed`, `expired` or `void`.
        state: String,
        /// Only vouchers of the batch with this number.
        batch: u32,
        /// Only vouchers that this member redeemed: a name or an id.
        member: String,
    }
}

list_query! {
    /// A page of the discount codes, by code.
    DiscountQuery {
        /// Only codes for this item alone: a name, an id or an info hash.
        item: String,
    }
}

list_query! {
    /// A page of the journal, by number, or by time where `from` or `to` is given.
    JournalQuery {
        /// Only the entry that the request with this key made.
        key: String,
        /// Only entries that moved money of this member: a name or an id.
        member: String,
        /// Only entries of this kind, such as `topup`.
        kind: String,
        /// The first day, in UTC; without it, the first there is.
        from: Date,
        /// The last day, in UTC; without it, the last there is.
        to: Date,
    }
}

list_query! {
    /// A page of the record of changes, by number, or by time where `from` or `to` is given.
    AuditQuery {
        /// Only changes of this member: a name or an id.
        member: String,
        /// Only changes of this item: a name, an id, an info hash, or `all`.
        item: String,
        /// Only changes made by this one, such as `admin`.
        who: String,
        /// Only changes by this operation, such as `member.tier`.
        what: String,
        /// The first day, in UTC; without it, the first there is.
        from: Date,
        /// The last day, in UTC; without it, the last there is.
        to: Date,
    }
}

list_query! {
    /// A page of the alerts, by number.
    AlertQuery {
        /// `open`, `closed` or `all`; open ones without it.
        state: String,
        /// Only alerts of this kind.
        kind: String,
        /// Only alerts about this member: a name or an id.
        member: String,
        /// Only alerts about this item: a name, an id or an info hash.
        item: String,
    }
}

list_query! {
    /// A page of the rewards, by number.
    RewardQuery {
        /// Only rewards of this member: a name or an id.
        member: String,
        /// Only rewards earned by this item: a name, an id or an info hash.
        item: String,
        /// Only rewards in this state: `pending`, `credited` or `reversed`.
        state: String,
    }
}

list_query! {
    /// A page of the rewards of a member, by number.
    MemberRewardQuery {
        /// Only rewards in this state: `pending`, `credited` or `reversed`.
        state: String,
    }
}

list_query! {
    /// A page of the mail, by number.
    MailQuery {
        /// Only mail in this state: `queued`, `sent`, `failed` or `bounced`.
        state: String,
        /// Only mail to this address, in either case.
        to: String,
        /// Only mail for this member: a name or an id.
        member: String,
    }
}

list_query! {
    /// A page of the sign-ins of a member, by number.
    SignInQuery {}
}

list_query! {
    /// A page of the attempts to sign in that came to nothing, by the time of the last one.
    AttemptQuery {
        /// Only attempts with this address, in either case.
        email: String,
    }
}

list_query! {
    /// A page of rights: those of a member by item, those to an item by member.
    RightQuery {}
}

/// A page of the table of swarms.
#[derive(Clone, Debug, Default, Deserialize, IntoParams, Serialize)]
#[into_params(parameter_in = Query)]
#[serde(default, deny_unknown_fields)]
pub struct SwarmQuery {
    /// Only swarms whose item's name or title contains this, or whose info hash begins with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub search: Option<String>,
    /// Only swarms with fewer seeders than this.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub needs_seeders: Option<u32>,
    /// The column that the swarms are sorted by.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[param(inline)]
    pub sort: Option<SwarmColumn>,
    /// Whether the highest value comes first; by default so for all columns but `name`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub descending: Option<bool>,
    /// The `next` of the page before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
    /// Maximum number of rows; at most 1000, and 100 by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
}

/// A column of the table of swarms.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SwarmColumn {
    /// Completed downloads.
    Completed,
    /// Bytes that members took from peers.
    FromPeers,
    /// Bytes from the publisher's own copy.
    FromWebSeed,
    /// Clients inside the club.
    Inside,
    /// When a client announced last.
    LastAnnounce,
    /// Clients with pieces missing.
    Leechers,
    /// The item's name; torrents that are not an item's come last.
    Name,
    /// Clients outside the club.
    Outside,
    /// All clients.
    #[default]
    Peers,
    /// Clients that have everything.
    Seeders,
    /// Size of the content.
    Size,
}

/// A page of a swarm's clients.
#[derive(Clone, Copy, Debug, Default, Deserialize, IntoParams, Serialize)]
#[into_params(parameter_in = Query)]
#[serde(default, deny_unknown_fields)]
pub struct SwarmPeersQuery {
    /// The `next` of the page before: the number of clients that are left out at the beginning.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<u32>,
    /// Maximum number of clients; at most, and by default, 1000.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
}

/// The name and policy of an item whose .torrent file is the body of the request.
#[derive(Clone, Debug, Deserialize, IntoParams, Serialize)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct TorrentQuery {
    /// Unique among the items that are not removed.
    pub name: String,
    /// A policy's name.
    pub policy: String,
}

/// Maximum number of rows of a page.
pub const MAX_PAGE: u32 = 1000;
/// Number of rows of a page whose query names none.
pub const DEFAULT_PAGE: u32 = 100;
/// Maximum size of a request's body, in bytes: that of a .torrent file.
pub const MAX_BODY_BYTES: usize = 10 << 20;
