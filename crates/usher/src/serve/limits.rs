//! How many files the daemon may have open, and who of its own gets how many: so that those who announce
//! cannot take what the site, the admin socket and the database need.

use nix::sys::prctl::set_dumpable;
use nix::sys::resource::{Resource, getrlimit, setrlimit};

use crate::config::Config;
use crate::serve::listeners;

/// How many connections the limit of open files has room for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct ConnectionShares {
    /// To all announce listeners together.
    pub(crate) announces: u32,
    /// To the site: `web.connections`, or fewer.
    pub(crate) site: u32,
    /// Those of the site that are reserved for webhooks.
    pub(crate) webhooks: u32,
}

/// Raises the soft limit of open files to the hard one. Programs begin with a low soft limit for the
/// sake of `select`, which nothing here uses.
pub(crate) fn raise_open_files() {
    let raised = getrlimit(Resource::RLIMIT_NOFILE)
        .and_then(|(_, hard)| setrlimit(Resource::RLIMIT_NOFILE, hard, hard));
    if let Err(error) = raised {
        tracing::warn!(%error, "the limit of open files stays as it is");
    }
}

/// Keeps what is in memory, such as the master secret, from files: no core dump is written, and no other
/// process of this user may read the memory.
pub(crate) fn forbid_core_dumps() {
    let forbidden = setrlimit(Resource::RLIMIT_CORE, 0, 0).and_then(|()| set_dumpable(false));
    if let Err(error) = forbidden {
        tracing::warn!(%error, "core dumps cannot be turned off: set LimitCORE=0");
    }
}

/// Shares the limit in force out, and says so where it is too low for the configuration.
pub(crate) fn share_open_files(config: &Config) -> ConnectionShares {
    let limit = getrlimit(Resource::RLIMIT_NOFILE).map_or(u64::MAX, |(soft, _)| soft);
    let own = own_files(listeners::sockets(config)) + u64::from(admin_connections(config));
    let shares = share(limit, own, config.web.connections);
    if shares.site < config.web.connections {
        let wanted = wanted(own, config.web.connections);
        tracing::warn!(
            limit,
            "too few open files for web.connections: {} at once on the site and {} on the announce \
             listeners is all there is room for; raise LimitNOFILE= to {wanted} (ulimit -n)",
            shares.site,
            shares.announces
        );
    }
    shares
}

/// Connections to the admin listener: where strangers may come, enough that one network's share is some browsers'.
pub(crate) fn admin_connections(config: &Config) -> u32 {
    if config.admin.is_public() { PUBLIC_ADMIN_CONNECTIONS } else { ADMIN_CONNECTIONS }
}

/// What the site may take is half of what is left at most.
fn share(limit: u64, own: u64, site: u32) -> ConnectionShares {
    let rest = limit.saturating_sub(own);
    let site = (rest / 2 / FILES_PER_PAGE).clamp(1, u64::from(site));
    let announces = rest.saturating_sub(site * FILES_PER_PAGE).max(1);
    let site = u32::try_from(site).unwrap_or(u32::MAX);
    ConnectionShares {
        announces: u32::try_from(announces).unwrap_or(u32::MAX),
        site,
        webhooks: (site / WEBHOOK_SHARE).clamp(LEAST_WEBHOOKS, MOST_WEBHOOKS),
    }
}

/// The limit that has room for so many connections to the site.
fn wanted(own: u64, site: u32) -> u64 {
    own + u64::from(site) * FILES_PER_PAGE * 2
}

/// What the daemon opens for itself, with so many listening sockets.
fn own_files(sockets: usize) -> u64 {
    OWN_FILES + u64::try_from(sockets).unwrap_or(0) * FILES_PER_SOCKET
}

/// The store, the admin socket and those who speak to it, what is being published: some 30 at rest.
const OWN_FILES: u64 = 80;
/// Programs of this machine, or behind a proxy on it.
const ADMIN_CONNECTIONS: u32 = 48;
const PUBLIC_ADMIN_CONNECTIONS: u32 = 256;
/// A worker's socket, epoll, and runtime.
const FILES_PER_SOCKET: u64 = 5;
/// One place of the site in this many is reserved for webhooks.
const WEBHOOK_SHARE: u32 = 16;
const LEAST_WEBHOOKS: u32 = 2;
/// More are never at work at once.
const MOST_WEBHOOKS: u32 = 64;
/// A connection to the site, and the file that goes out on it.
const FILES_PER_PAGE: u64 = 2;

#[cfg(test)]
mod tests {
    use nix::sys::prctl::get_dumpable;

    use super::*;

    #[test]
    fn no_core_dump_is_written() {
        forbid_core_dumps();
        assert_eq!(getrlimit(Resource::RLIMIT_CORE), Ok((0, 0)));
        assert_eq!(get_dumpable(), Ok(false));
    }

    #[test]
    fn what_the_site_does_not_need_is_for_announces() {
        assert_eq!(
            share(1_048_576, 100, 4096),
            ConnectionShares { announces: 1_040_284, site: 4096, webhooks: 64 }
        );
        assert_eq!(share(u64::MAX, 100, 1).site, 1);
    }

    #[test]
    fn a_low_limit_is_halved() {
        assert_eq!(
            share(300, 100, 4096),
            ConnectionShares { announces: 100, site: 50, webhooks: 3 }
        );
        assert_eq!(share(50, 100, 4096), ConnectionShares { announces: 1, site: 1, webhooks: 2 });
    }

    #[test]
    fn the_limit_that_is_asked_for_is_enough_and_the_least() {
        let wanted = wanted(100, 4096);
        assert_eq!(share(wanted, 100, 4096).site, 4096);
        assert!(share(wanted - 1, 100, 4096).site < 4096);
    }
}
