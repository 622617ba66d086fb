//! What a run is asked to do.

use std::time::Duration;

use crate::pace::LoadPace;
use crate::population::Population;
use crate::script::{AnnounceOrder, Mix};
use crate::sources::Sources;
use crate::target::LoadTarget;

/// Everything about a run.
#[derive(Clone, Debug)]
pub struct LoadPlan {
    /// The tracker.
    pub target: LoadTarget,
    /// Who announces.
    pub population: Population,
    /// From where.
    pub sources: Sources,
    /// What.
    pub mix: Mix,
    /// How hard.
    pub pace: LoadPace,
    /// Connections (HTTP alone).
    pub connections: usize,
    /// Whether each request has a connection of its own (HTTP alone).
    pub close: bool,
    /// Whether every peer announces once and the run ends then, instead of after a time.
    pub fill: bool,
    /// Peers that are there already: the first so many do not announce in a fill.
    pub skip: u32,
    /// Threads that ask.
    pub threads: usize,
    /// What is not measured, at the start.
    pub warm_up: Duration,
    /// What is.
    pub duration: Duration,
    /// How long an answer may take before its request counts as lost.
    pub patience: Duration,
    /// The tracker's process, where it is on this machine.
    pub pid: Option<u32>,
}

impl LoadPlan {
    /// In which order the peers of a source announce.
    pub(crate) fn order(&self, source: u32) -> AnnounceOrder {
        if !self.fill {
            return AnnounceOrder::Random;
        }
        let all = &self.population;
        AnnounceOrder::once(all.first_of(source, self.skip), all.peers_of(source))
    }
}
