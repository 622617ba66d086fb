//! What `tracker.yaml` comes to for the tracker.

use club::Names;
use listen::forwarded::TrustedProxies;
use policy::Notices;
use tracker::{Mapping, Nat, Settings};
use web::api::HostRoots;
use web::catalog::{PrivatePaths, PublicUrls};
use web::mail::Letterhead;
use web::seed::{PacingSettings, TierPacing};

use super::memory;
use crate::config::{Config, Database, SecretSource, Source, Terms};

/// The settings that announces go by.
pub(crate) fn of_tracker(config: &Config) -> Settings {
    let limits = &config.tracker.limits;
    let mappings = config.tracker.nat.iter().filter_map(|(network, public)| {
        Mapping::new(network.0.addr(), network.0.prefix_len(), *public)
    });
    Settings {
        rules: config.rules.clone(),
        notices: Notices::new(&site(config)),
        nat: Nat::new(mappings.collect()),
        limits: swarm::SwarmLimits {
            max_memory_bytes: limits
                .max_memory_mib
                .map_or_else(memory::default_budget, |mib| u64::from(mib) << 20),
            max_torrents: limits.max_torrents,
            max_peers_per_address: limits.max_peers_per_address,
            max_peers_per_torrent: limits.max_peers_per_torrent,
            max_peers_per_prefix: limits.max_peers_per_prefix,
        },
        max_age_secs: u32::try_from(config.tracker.max_peer_age.as_secs()).unwrap_or(u32::MAX),
        probe_ports: config.tracker.reachability.enabled,
    }
}

/// What is never published: where secrets are, the books, and the copies of them.
pub(crate) fn private(source: &Source, config: &Config) -> PrivatePaths {
    let mut places =
        vec![config.state_dir.clone(), config.secret_file.clone(), config.backup.folder.clone()];
    places.extend(config.payments.secret_files());
    if let Some((_, SecretSource::File(path))) =
        config.mail.as_ref().and_then(|mail| mail.login.as_ref())
    {
        places.push(path.clone());
    }
    let tls = [&config.tracker.http.tls, &config.admin.tls];
    places.extend(tls.into_iter().flatten().map(|tls| tls.key.clone()));
    if let Database::File(path) = &config.database {
        places.push(path.clone());
    }
    if let Source::File(path) = source {
        places.push(path.clone());
    }
    PrivatePaths::new(places)
}

/// The folders on the host that tokens reach.
pub(crate) fn host_roots(config: &Config) -> HostRoots {
    HostRoots {
        items: config.items_dir.folder.clone(),
        backups: Some(config.backup.folder.clone()),
    }
}

/// What the club must know of the configuration.
pub(crate) fn names(config: &Config) -> Names {
    let has_mail = config.mail.is_some();
    let alerts_to = config.mail.as_ref().map(|mail| mail.alerts_to.clone());
    Names { tax: config.tax.clone(), has_mail, alerts_to, ..Names::from(&config.rules) }
}

/// The proxies whose word is taken.
pub(crate) fn proxies(config: &Config) -> TrustedProxies {
    TrustedProxies::new(config.tracker.trusted_proxies.iter().map(|network| network.0).collect())
}

/// Bytes that all connections hold together.
pub(crate) fn buffer_memory(config: &Config) -> usize {
    usize::try_from(config.tracker.limits.buffer_memory.0).unwrap_or(usize::MAX)
}

/// How fast the publisher's own copy serves each tier, and all together.
pub(crate) fn pace(config: &Config) -> PacingSettings {
    let tier = |terms: &Terms| TierPacing {
        enabled: terms.webseed.enabled,
        rate: terms.webseed.rate.0,
        concurrency: terms.webseed.concurrency.max(1),
    };
    let ids = config.rules.tiers.numbered().map(|(id, _)| id);
    PacingSettings {
        tiers: ids.zip(config.terms.iter().map(tier)).collect(),
        rate: config.web.rate,
    }
}

/// What the site's links and announce URLs begin with.
pub(crate) fn addresses(config: &Config, port: u16) -> PublicUrls {
    PublicUrls {
        site: site(config),
        announce: config.announce_url(port),
        web_seed_tiers: pace(config)
            .tiers
            .iter()
            .filter(|(_, tier)| tier.enabled)
            .map(|(id, _)| *id)
            .collect(),
    }
}

/// In whose name mail is sent.
pub(crate) fn letterhead(config: &Config) -> Letterhead {
    Letterhead { site: site(config), contact: config.appearance.contact.clone() }
}

/// Where refusals send members to.
pub(crate) fn site(config: &Config) -> String {
    config.public_url.to_string().trim_end_matches('/').to_owned()
}
