//! What an operator may change while the tracker runs.

use policy::{Notices, Rules};
use swarm::SwarmLimits;

use crate::address::Nat;

/// Everything the configuration says of announces.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Tiers, policies, clients and ports.
    pub rules: Rules,
    /// The texts of refusals and warnings.
    pub notices: Notices,
    /// Own networks and their public addresses.
    pub nat: Nat,
    /// Hard caps of the swarms.
    pub limits: SwarmLimits,
    /// A peer or session that was silent for longer is gone, in seconds.
    pub max_age_secs: u32,
    /// Whether members' ports are to be tried.
    pub probe_ports: bool,
}
