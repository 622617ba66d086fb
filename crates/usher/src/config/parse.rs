//! From the text of a file to its shape.

use thiserror::Error;

use super::raw::Raw;

/// Reads YAML; what it does not name keeps its default.
///
/// # Errors
///
/// Names the key and the line of the first thing that does not fit: an unknown key, a value of
/// another type or out of range, a word that is not in its unit, or text that is not YAML.
pub fn parse(text: &str) -> Result<Raw, ParseError> {
    serde_yaml::from_str(text).map_err(ParseError::new)
}

/// Why a file is not a configuration.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
#[error("{0}")]
pub struct ParseError(String);

impl ParseError {
    fn new(error: serde_yaml::Error) -> Self {
        let message = error.to_string();
        match error.location() {
            // The library leaves out the place where it is the very first character.
            Some(at) if !message.contains(" at line ") => {
                Self(format!("{message} at line {} column {}", at.line(), at.column()))
            }
            _ => Self(message),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_the_defaults() {
        for text in ["", "# nothing\n", "tracker:\n", "tracker: {limits: }\n"] {
            assert_eq!(parse(text), Ok(Raw::default()), "{text:?}");
        }
    }

    #[test]
    fn unknown_keys_are_named_with_their_line() {
        refuses("colour: red\n", &["`colour`", "line 1"]);
        refuses("state_dir: x\ncolour: red\n", &["`colour`", "line 2"]);
        refuses("tracker:\n  http:\n    tsl: x\n", &["tracker.http", "`tsl`", "line 3"]);
        refuses("tracker:\n  limits: {max: 1}\n", &["tracker.limits", "`max`", "line 2"]);
        refuses("tiers:\n  - id: outsider\n    cost: 5\n", &["tiers[0]", "`cost`", "line 3"]);
        refuses(
            "policies:\n  free:\n    seats:\n      share: \"0.5\"\n",
            &["policies.free.seats", "`share`", "line 4"],
        );
    }

    #[test]
    fn wrong_values_are_named_with_their_line() {
        refuses("tracker: {workers: 0}\n", &["tracker.workers", "`0`", "line 1"]);
        refuses("tracker:\n  sweep_interval: 30\n", &["tracker.sweep_interval", "`30`", "line 2"]);
        refuses("tracker:\n  sweep_interval: -3s\n", &["tracker.sweep_interval", "line 2"]);
        refuses("tracker:\n  sweep_interval: 3 parsecs\n", &["tracker.sweep_interval", "line 2"]);
        refuses("tracker:\n  unknown_torrents: maybe\n", &["unknown_torrents", "deny", "line 2"]);
        refuses("tracker:\n  udp:\n    listen: [6969]\n", &["tracker.udp.listen[0]", "line 3"]);
        refuses("tracker:\n  trusted_proxies: [proxy]\n", &["trusted_proxies[0]", "line 2"]);
        refuses("tracker:\n  forbidden_ports: [9-1]\n", &["forbidden_ports[0]", "9-1", "line 2"]);
        refuses("tracker:\n  limits:\n    max_torrents: -1\n", &["max_torrents", "line 3"]);
        refuses(
            "policies:\n  a: {seats: {seed_share: 0.5}}\n",
            &["seed_share", "quotes", "line 2"],
        );
        refuses("policies:\n  a: {seats: evenly}\n", &["policies.a.seats", "uniform", "line 2"]);
        refuses("tracker: {http: {tls: {key: k.pem}}}\n", &["tracker.http.tls", "certificate"]);
        refuses("log: {level: loud}\n", &["log.level", "loud", "line 1"]);
    }

    #[test]
    fn nothing_is_no_folder() {
        for nothing in ["null", "~", ""] {
            refuses(&format!("state_dir: {nothing}\n"), &["state_dir: empty: name a folder"]);
        }
        assert_eq!(parse("state_dir: 7").unwrap().state_dir, std::path::Path::new("7"));
    }

    #[test]
    fn every_duration_may_be_in_days() {
        for key in [
            "tracker: {max_peer_age: 1d}",
            "tracker: {flush_interval: 1d}",
            "tracker: {reachability: {keep: 1d}}",
            "items_settle: 1d",
            "tiers: [{id: outsider, announce: {interval: 1d}}]",
            "policies: {a: {guard: {hold: 1d}}}",
        ] {
            assert!(parse(key).is_ok(), "{key}: {:?}", parse(key));
        }
        refuses(
            "tracker:\n  flush_interval: soon\n",
            &["`soon` is not a duration", "7d", "line 2"],
        );
    }

    #[test]
    fn what_is_not_one_yaml_map_is_refused() {
        refuses("- tracker\n", &["line 1"]);
        refuses("tracker: [\n", &["tracker", "line"]);
        refuses("state_dir: a\nstate_dir: b\n", &["duplicate", "state_dir"]);
        refuses(
            "policies:\n  a: {who: anyone}\n  b: {who: anyone}\n  a: {who: entitled}\n",
            &["policies", "duplicate", "`a`", "line"],
        );
        refuses(
            "tracker:\n  nat: {10.0.0.0/8: 192.0.2.1, 10.0.0.0/8: 192.0.2.2}\n",
            &["tracker.nat", "duplicate", "`10.0.0.0/8`", "line 2"],
        );
        refuses("log: {}\n---\nlog: {}\n", &["more than one document"]);
    }

    #[track_caller]
    fn refuses(text: &str, expected: &[&str]) {
        let message = parse(text).unwrap_err().to_string();
        for part in expected {
            assert!(message.contains(part), "{part:?} is not in {message:?}");
        }
    }
}
