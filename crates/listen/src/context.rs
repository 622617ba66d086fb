//! What every connection over HTTP needs, whichever listener it came to.

use std::io;
use std::sync::Arc;

use arc_swap::ArcSwap;
use tracker::Tracker;

use crate::budget::{ConnectionBudget, Shortage};
use crate::clock::Clock;
use crate::forwarded::TrustedProxies;
use crate::limit::{ConnectionLimit, RequestLimit};
use crate::tls::ServerTls;

/// What every HTTP worker shares.
pub struct ListenContext {
    /// The one line from announce to reply.
    pub tracker: Arc<Tracker>,
    /// Whose word on a client's address is taken.
    pub proxies: Arc<ArcSwap<TrustedProxies>>,
    /// Requests a second from one network.
    pub requests: Arc<RequestLimit>,
    /// Connections at once from one network.
    pub connections: ConnectionLimit,
    /// The same, to the site.
    pub site_connections: ConnectionLimit,
    /// Connections at once to the announce listeners, from everybody together.
    pub budget: ConnectionBudget,
    /// Whether it was said that files are short.
    pub shortage: Shortage,
    /// The certificate, where the listener speaks TLS.
    pub tls: Option<ServerTls>,
    /// Where time comes from.
    pub clock: Clock,
}

impl ListenContext {
    /// Says that a connection could not be taken.
    pub fn tell_short(&self, error: &io::Error) {
        if self.shortage.is_news(self.clock.now().secs) {
            tracing::warn!(%error, "accepting a connection failed: too many open files? raise LimitNOFILE=");
        }
    }

    /// Whether the announce listeners may take another connection. Says so where it must wait.
    pub fn has_room(&self) -> bool {
        let is_full = self.budget.is_full();
        if is_full && self.shortage.is_news(self.clock.now().secs) {
            tracing::warn!(
                "announces wait: the limit of open files leaves room for no more connections; \
                raise LimitNOFILE="
            );
        }
        !is_full
    }
}
