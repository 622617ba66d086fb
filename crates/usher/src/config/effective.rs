//! The settings in force as a file would say them, with what tiers and policies take from elsewhere.

use std::time::Duration;

use policy::{GuardRule, ItemPolicy, Permille, SeatRule, Seating, Tier};

use super::policies::{Guard, InsideShare, RawPolicy, SeatShares, Seats, Who};
use super::raw::Raw;
use super::settings::Config;
use super::tiers::{Entitles, RawAnnounce, RawSide, RawTier, RawWebseed, Terms};
use super::units::Share;

impl Raw {
    /// Says what is in force where the file is silent.
    pub(crate) fn spelt_out(mut self, config: &Config) -> Self {
        let tiers = config.rules.tiers.iter().zip(&config.terms);
        self.tiers = tiers.map(|(rules, terms)| tier(rules, terms)).collect();
        let policies = config.rules.policies.iter();
        self.policies = policies.map(|rules| (rules.id.clone(), policy(rules))).collect();
        self.tracker.max_peer_age = Some(config.tracker.max_peer_age);
        self
    }
}

fn tier(rules: &Tier, terms: &Terms) -> RawTier {
    RawTier {
        id: rules.id.clone(),
        side: Some(match rules.side {
            policy::Side::Inside => RawSide::Inside,
            policy::Side::Outside => RawSide::Outside,
        }),
        announce: RawAnnounce {
            interval: Some(seconds(rules.intervals.regular_secs())),
            min_interval: Some(seconds(rules.intervals.min_secs())),
            numwant: Some(rules.peers.numwant()),
            numwant_cap: Some(rules.peers.cap()),
        },
        entitles: Some(if rules.entitles_all { Entitles::All } else { Entitles::Nothing }),
        webseed: RawWebseed {
            enabled: Some(terms.webseed.enabled),
            rate: Some(terms.webseed.rate),
            concurrency: Some(terms.webseed.concurrency),
        },
        price: terms.price.clone(),
        earn: terms.earn,
    }
}

fn policy(rules: &ItemPolicy) -> RawPolicy {
    RawPolicy {
        who: Some(match rules.who {
            policy::Audience::Anyone => Who::Anyone,
            policy::Audience::Entitled => Who::Entitled,
        }),
        private: Some(rules.private),
        seats: Some(match &rules.seats {
            Seating::Shares(rule) => Seats::Shares(shares(rule)),
            Seating::Uniform => Seats::Uniform,
        }),
        guard: rules.guard.as_ref().map(guard),
        max_clients_per_member: Some(rules.max_clients_per_member),
    }
}

fn shares(rule: &SeatRule) -> SeatShares {
    SeatShares {
        inside_share: InsideShare {
            inside: share(rule.inside_for_insiders),
            outside: share(rule.inside_for_outsiders),
        },
        min_outside: share(rule.min_outside),
        min_inside: share(rule.min_inside),
        seed_share: share(rule.seed_share),
    }
}

fn guard(rule: &GuardRule) -> Guard {
    Guard {
        progress_below: share(rule.progress_below),
        intervals: rule.intervals,
        min_outsiders: rule.min_outsiders,
        hold: seconds(rule.hold_secs),
    }
}

fn share(permille: Permille) -> Share {
    Share::from_permille(permille.value())
}

fn seconds(seconds: u32) -> Duration {
    Duration::from_secs(seconds.into())
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use crate::config::{Config, parse};

    #[test]
    fn what_is_spelt_out_is_the_same_and_leaves_nothing_open() {
        let text = "tiers: [{id: outsider}, {id: fan, announce: {numwant: 7}}]\n\
                    policies: {priority: {max_clients_per_member: 5}, press: {who: entitled}}\n";
        let raw = parse(text).unwrap();
        let config = Config::new(raw.clone(), Path::new("")).unwrap();
        let spelt = raw.spelt_out(&config);
        assert_eq!(Config::new(spelt.clone(), Path::new("")).unwrap(), config);

        let outsider = &spelt.tiers[0].announce;
        assert!(outsider.numwant.is_some() && outsider.numwant_cap.is_some());
        assert_eq!(spelt.tiers[1].announce.numwant, Some(7));
        assert!(spelt.policies["priority"].guard.is_some());
        assert_eq!(spelt.policies["press"].max_clients_per_member, Some(0));
        assert_eq!(spelt.tracker.max_peer_age, Some(config.tracker.max_peer_age));
    }
}
