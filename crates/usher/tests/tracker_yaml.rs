//! Holds `tracker.yaml` and the defaults together.

use std::collections::BTreeSet;
use std::path::Path;

use serde_yaml::Value;
use usher::config::{Config, Raw, parse};

#[test]
fn tracker_yaml_says_what_is_in_force_without_it() {
    let config = Config::new(parse(TRACKER_YAML).unwrap(), Path::new("")).unwrap();
    assert_eq!(config, Config::default());
}

#[test]
fn tracker_yaml_names_every_key() {
    let documented = keys(&serde_yaml::from_str(TRACKER_YAML).unwrap());
    let known = keys(&serde_yaml::to_value(Raw::default()).unwrap());
    let missing: Vec<_> = known.difference(&documented).collect();
    assert!(missing.is_empty(), "not in tracker.yaml: {missing:?}");
}

#[test]
fn what_the_settings_print_reads_back() {
    let printed = serde_yaml::to_string(&Raw::default()).unwrap();
    assert_eq!(parse(&printed), Ok(Raw::default()));
}

/// The path of every key, entries of a list taken together.
fn keys(value: &Value) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    collect(value, "", &mut found);
    found
}

fn collect(value: &Value, path: &str, found: &mut BTreeSet<String>) {
    match value {
        Value::Mapping(map) => {
            for (key, value) in map {
                // Under `policies` the keys are names, as in a list.
                let below = match path {
                    ".policies" => path.to_owned(),
                    _ => format!("{path}.{}", key.as_str().unwrap_or_default()),
                };
                collect(value, &below, found);
                found.insert(below);
            }
        }
        Value::Sequence(list) => list.iter().for_each(|entry| collect(entry, path, found)),
        _ => (),
    }
}

const TRACKER_YAML: &str = include_str!("../../../tracker.yaml");
