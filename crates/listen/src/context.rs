//! What every connection over HTTP needs, whichever listener it came to.

use std::io;
use std::net::IpAddr;
use std::sync::Arc;

use arc_swap::ArcSwap;
use tracker::Tracker;

use crate::admission::{ByteBudget, ConnectionLimits, NoPlace, Permit};
use crate::clock::Clock;
use crate::forwarded::TrustedProxies;
use crate::limit::RequestLimit;
use crate::proxy_watch::ProxyWatch;
use crate::shortage::Shortage;
use crate::tls::ServerTls;

/// What every HTTP worker shares.
pub struct ListenContext {
    /// Answers announces.
    pub tracker: Arc<Tracker>,
    /// The proxies that say whom they speak for.
    pub proxies: Arc<ArcSwap<TrustedProxies>>,
    /// Notices proxies that are set up wrong.
    pub proxy_watch: ProxyWatch,
    /// Requests a second from one network.
    pub requests: Arc<RequestLimit>,
    /// The places of the announce listeners.
    pub announces: ConnectionLimits,
    /// The places of the site.
    pub site: ConnectionLimits,
    /// The bytes of all connections.
    pub bytes: Arc<ByteBudget>,
    /// Whether the log said of late that files are short.
    pub shortage: Shortage,
    /// The certificate, where the announce listeners speak TLS.
    pub tls: Option<ServerTls>,
    /// Where time comes from.
    pub clock: Clock,
}

impl ListenContext {
    /// A place for a connection from `source`; one from a trusted proxy counts for nobody until it says whom
    /// it speaks for.
    ///
    /// # Errors
    ///
    /// See [`NoPlace`]; the connection should be closed.
    pub fn admit(
        &self,
        places: &ConnectionLimits,
        source: IpAddr,
        is_proxy: bool,
        now_secs: u32,
    ) -> Result<Permit, NoPlace> {
        let admitted = if is_proxy {
            places.admit_uncounted(now_secs)
        } else {
            places.admit(source, now_secs)
        };
        admitted.inspect_err(|denied| {
            if *denied == NoPlace::Full && self.shortage.is_news(now_secs) {
                tracing::warn!(
                    "connections are refused: all places are taken and in use; raise LimitNOFILE= \
                     (ulimit -n), or web.connections where it is the site's"
                );
            }
        })
    }

    /// Says that a connection could not be accepted.
    pub fn tell_short(&self, error: &io::Error) {
        if self.shortage.is_news(self.clock.now().secs) {
            tracing::warn!(%error, "accepting a connection failed: too many open files? raise LimitNOFILE=");
        }
    }
}
