//! What an operator should hear when a configuration comes in force.

use crate::config::Config;

/// Tiers and policies that the books name and the configuration has no more.
pub(crate) fn warn_of_unknown(loaded: &club::Loaded) {
    for (tier, members) in &loaded.unknown_tiers {
        tracing::warn!(
            tier,
            members,
            "members have a tier that tracker.yaml does not: they are outsiders until it is there"
        );
    }
    for policy in &loaded.unknown_policies {
        tracing::warn!(policy, "items have a policy that tracker.yaml does not: they are closed");
    }
}

/// What a reload cannot change.
pub(crate) fn warn_of_unchanged(old: &Config, new: &Config) {
    let kept = [
        ("state_dir", old.state_dir == new.state_dir),
        ("secret_file", old.secret_file == new.secret_file),
        ("database", old.database == new.database),
        ("tracker.http.listen", old.tracker.http.listen == new.tracker.http.listen),
        ("tracker.http.tls", old.tracker.http.tls.is_some() == new.tracker.http.tls.is_some()),
        ("tracker.udp.listen", old.tracker.udp.listen == new.tracker.udp.listen),
        ("tracker.udp.io", old.tracker.udp.io == new.tracker.udp.io),
        ("tracker.workers", old.tracker.workers == new.tracker.workers),
        ("admin.socket", old.admin.socket == new.admin.socket),
        ("admin.listen", old.admin.listen == new.admin.listen),
        ("admin.tls", old.admin.tls.is_some() == new.admin.tls.is_some()),
        ("admin.requests_per_token", old.admin.requests_per_token == new.admin.requests_per_token),
        ("web.listen", old.web.listen == new.web.listen),
        ("web.connections", old.web.connections == new.web.connections),
        ("log.format", old.log_format == new.log_format),
    ];
    for (key, _) in kept.iter().filter(|(_, same)| !same) {
        tracing::warn!(key, "a change of this key takes effect at the next start");
    }
}
