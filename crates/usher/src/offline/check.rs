//! `usher check`: what a configuration comes to.

use std::net::SocketAddr;

use serde::Serialize;

use crate::config::{Config, LoadedConfig, Raw, Source};

/// A configuration that is fine.
#[derive(Serialize)]
struct CheckReport {
    configuration: String,
    ok: bool,
    /// As a file would say them, every default spelt out.
    settings: Raw,
}

pub(super) fn report(
    source: &Source,
    loaded: &LoadedConfig,
    json: bool,
) -> Result<String, serde_json::Error> {
    if json {
        let settings = loaded.raw.clone().spelt_out(&loaded.config);
        let report = CheckReport { configuration: source.to_string(), ok: true, settings };
        return Ok(serde_json::to_string_pretty(&report)? + "\n");
    }
    Ok(format!("{source}: fine\n{}", summary(&loaded.config)))
}

fn summary(config: &Config) -> String {
    let Config { tracker, admin, rules, .. } = config;
    let tiers: Vec<_> = rules.tiers.iter().map(|tier| tier.id.as_str()).collect();
    let policies: Vec<_> = rules.policies.iter().map(|policy| policy.id.as_str()).collect();
    let front = if tracker.http.tls.is_some() { "https" } else { "http" };
    format!(
        "{front:9} {}\nudp       {}\nadmin     {} and {}\ntiers     {}\npolicies  {}\nstate     {}\n",
        addresses(&tracker.http.listen),
        addresses(&tracker.udp.listen),
        admin.socket.display(),
        admin.listen,
        tiers.join(", "),
        policies.join(", "),
        config.state_dir.display(),
    )
}

fn addresses(addresses: &[SocketAddr]) -> String {
    match addresses {
        [] => "nowhere".to_owned(),
        _ => addresses.iter().map(SocketAddr::to_string).collect::<Vec<_>>().join(", "),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_what_the_defaults_come_to() {
        let text = report(&Source::BuiltIn, &Source::BuiltIn.load().unwrap(), false).unwrap();
        assert_eq!(
            text,
            "the built-in defaults: fine\n\
             http      [::]:6969\n\
             udp       [::]:6969\n\
             admin     state/admin.sock and 127.0.0.1:6970\n\
             tiers     outsider, fan, seeder, patron\n\
             policies  club, free, priority\n\
             state     state\n"
        );
    }

    #[test]
    fn json_holds_every_setting() {
        let text = report(&Source::BuiltIn, &Source::BuiltIn.load().unwrap(), true).unwrap();
        let report: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(report["ok"], true);
        assert_eq!(report["settings"]["tracker"]["flush_interval"], "3s");
        for place in [
            "tracker/max_peer_age",
            "tiers/0/announce/numwant",
            "tiers/1/announce/numwant_cap",
            "policies/priority/guard/hold",
            "policies/free/max_clients_per_member",
        ] {
            let value = report.pointer(&format!("/settings/{place}"));
            assert!(value.is_some_and(|value| !value.is_null()), "{place}: {value:?}");
        }
    }
}
