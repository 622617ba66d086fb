//! Another configuration comes in force while the daemon runs.

use std::sync::Arc;

use listen::tls::ServerTls;
use web::api::Admin;
use web::seed::WebSeed;
use web::site::Site;

use super::{Daemon, ServeError};
use crate::config::Source;
use crate::serve::failure_counts::count;
use crate::serve::warnings::{warn_of_unchanged, warn_of_unknown};
use crate::serve::{providers, settings};

impl Daemon {
    /// Puts a changed `tracker.yaml` in force; one with a mistake changes nothing.
    pub(super) async fn reload(&self, api: &Admin, site: &Site, web_seed: &WebSeed, port: u16) {
        let source = self.source.again();
        match self.try_reload(&source, api, site, web_seed, port).await {
            Ok(()) => tracing::info!(%source, "reloaded"),
            Err(error) => {
                count(&self.tasks.failures.reload_failures);
                tracing::error!(%error, "not reloaded: what was in force stays so");
            }
        }
    }

    /// What can fail comes first. Rules, members' standings and items are then changed one after
    /// another; as names keep their numbers, nobody is judged by another tier's rights meanwhile.
    async fn try_reload(
        &self,
        source: &Source,
        api: &Admin,
        site: &Site,
        web_seed: &WebSeed,
        port: u16,
    ) -> Result<(), ServeError> {
        let mut config = source.load()?.config;
        config.rules = config.rules.following(&self.config.load().rules)?;
        let providers = providers::load(&config.payments)?;
        let mail_server = providers::mail_connector(&config)?;
        let pairs = [
            (self.shared.tls.as_ref(), "tracker.http.tls", &config.tracker.http.tls),
            (self.admin_tls.as_deref(), "admin.tls", &config.admin.tls),
        ];
        let mut replaced = Vec::new();
        for (tls, key, files) in pairs {
            if let (Some(tls), Some(files)) = (tls, files) {
                replaced.push((tls, ServerTls::load(key, &files.certificate, &files.key)?));
            }
        }
        let loaded = self.club.reload(settings::names(&config)).await?;
        warn_of_unknown(&loaded);
        for (tls, pair) in replaced {
            tls.replace(&pair);
        }
        warn_of_unchanged(&self.started, &config);
        self.log.set_level(config.log_level);
        self.shared.tracker.set_settings(settings::of_tracker(&config));
        self.shared.proxies.store(Arc::new(settings::proxies(&config)));
        let limits = config.tracker.limits;
        self.shared.requests.set(limits.requests_per_prefix);
        self.shared.announces.set_most_per_network(limits.connections_per_prefix);
        self.shared.site.set_most_per_network(limits.connections_per_prefix);
        self.shared.bytes.set(settings::buffer_memory(&config));
        self.payments.set_providers(providers);
        self.tasks.webhooks.allow_private(config.private_webhooks);
        self.tasks.mailer.set(mail_server, settings::letterhead(&config));
        api.set_publisher_name(config.masthead.title.clone());
        api.set_bandwidth_price(config.bandwidth_price);
        api.set_urls(settings::addresses(&config, port));
        api.set_roots(settings::host_roots(&config));
        api.publisher().set_private(settings::private(&self.source, &config));
        web_seed.pacer.set(settings::pace(&config));
        site.set_face(
            settings::addresses(&config, port),
            config.masthead.clone(),
            config.appearance.clone(),
        );
        self.config.store(Arc::new(config));
        Ok(())
    }
}
