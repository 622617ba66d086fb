//! One run: threads that ask, and one that measures what their asking costs.

use std::cell::Cell;
use std::sync::atomic::{AtomicU8, AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::thread;
use std::time::{Duration, Instant};

use crate::error::LoadError;
use crate::plan::LoadPlan;
use crate::pool::ClientPool;
use crate::population::Population;
use crate::process::{self, Cpu};
use crate::report::{LoadReport, Sample};
use crate::tally::LoadTally;
use crate::target::Transport;
use crate::{clock, http, udp};

impl LoadPlan {
    /// Does it. Now and then `progress` hears how many answers there were, and after how long.
    ///
    /// # Errors
    ///
    /// Fails when sockets can't be had, the tracker does not answer, or there is no such process.
    pub fn run(&self, mut progress: impl FnMut(u64, Duration)) -> Result<LoadReport, LoadError> {
        let (peers, sources) = (self.population.peers, self.sources.count());
        if peers > Population::most_peers(sources) {
            return Err(LoadError::Ports { peers, sources });
        }
        let stage = &Stage::default();
        thread::scope(|scope| {
            let threads: Vec<_> =
                (0..self.threads).map(|part| scope.spawn(move || self.ask(part, stage))).collect();
            let finished = || threads.iter().filter(|thread| thread.is_finished()).count();
            let samples = self.measure(stage, finished, &mut progress);
            stage.phase.store(STOP, Relaxed);
            let mut tally = LoadTally::new()?;
            for thread in threads {
                match thread.join() {
                    Ok(part) => tally.add(part?),
                    Err(panic) => std::panic::resume_unwind(panic),
                }
            }
            Ok(LoadReport::new(self, &tally, samples?))
        })
    }

    /// Leads the threads through warm-up and measurement; returns what was sampled at the start of
    /// all, and before and after what is measured.
    fn measure(
        &self,
        stage: &Stage,
        finished: impl Fn() -> usize,
        progress: &mut impl FnMut(u64, Duration),
    ) -> Result<[Sample; 3], LoadError> {
        let begin = self.sample(stage)?;
        let mut before = begin;
        let tell = |past| progress(stage.answered.load(Relaxed), past);
        if self.fill {
            let heard = Cell::new((0, clock::now()));
            let is_over = || finished() == self.threads || self.is_silent(stage, &heard);
            watch(Duration::MAX, is_over, tell);
            if finished() < self.threads {
                return Err(LoadError::Silent(self.target.address));
            }
        } else {
            // A thread that ends before it is told to has failed.
            let failed = || finished() > 0;
            watch(Duration::MAX, || failed() || stage.ready.load(Relaxed) == self.threads, |_| {});
            watch(self.warm_up, failed, |_| {});
            before = self.sample(stage)?;
            stage.phase.store(MEASURE, Relaxed);
            watch(self.duration, failed, tell);
        }
        Ok([begin, before, self.sample(stage)?])
    }

    /// Whether nothing was answered for several times the patience: what is lost is asked again, so that a
    /// fill would never end. `heard` holds the answers so far, and since when there are as many.
    fn is_silent(&self, stage: &Stage, heard: &Cell<(u64, Instant)>) -> bool {
        let (count, since) = heard.get();
        let (answered, now) = (stage.answered.load(Relaxed), clock::now());
        if answered != count {
            heard.set((answered, now));
            return false;
        }
        now.saturating_duration_since(since) > SILENT_PATIENCES * self.patience
    }

    /// What one thread does: a share of the sources is its.
    fn ask(&self, part: usize, stage: &Stage) -> Result<LoadTally, LoadError> {
        let sources: Vec<_> =
            (0..self.sources.count()).skip(part).step_by(self.threads.max(1)).collect();
        match self.target.transport {
            Transport::Http => {
                let client = http::HttpClient::open(self, &sources, clock::now())?;
                self.drive(client, stage)
            }
            Transport::Udp => {
                let client = udp::UdpClient::open(self, &sources, clock::now())?;
                self.drive(client, stage)
            }
        }
    }

    fn drive(&self, mut clients: impl ClientPool, stage: &Stage) -> Result<LoadTally, LoadError> {
        stage.ready.fetch_add(1, Relaxed);
        let (mut phase, mut seen) = (WARM_UP, 0);
        while phase != STOP && !(self.fill && clients.is_done()) {
            let next = stage.phase.load(Relaxed);
            if phase == WARM_UP && next == MEASURE {
                clients.tally().clear();
                seen = 0;
            }
            phase = next;
            let now = clock::now();
            if !clients.pass(now, true) {
                thread::yield_now();
                let idle = clock::now().saturating_duration_since(now).as_nanos();
                stage.idle_nanos.fetch_add(u64::try_from(idle).unwrap_or_default(), Relaxed);
            }
            let replies = clients.tally().counts.replies();
            stage.answered.fetch_add(replies - seen, Relaxed);
            seen = replies;
        }
        // What is out still counts: as answered or as lost, but not as work done in the time.
        let end = clock::now() + self.patience * 2;
        while clients.out() > 0 && clock::now() < end {
            clients.pass(clock::now(), false);
        }
        Ok(clients.into_tally())
    }

    fn sample(&self, stage: &Stage) -> Result<Sample, LoadError> {
        let tracker = self.pid.map(|pid| {
            let of = || Ok((Cpu::of(pid)?, process::resident(pid)?));
            of().map_err(|error| LoadError::Process { pid, error })
        });
        Ok(Sample {
            tracker: tracker.transpose()?,
            idle: Duration::from_nanos(stage.idle_nanos.load(Relaxed)),
            dropped: process::dropped_datagrams(),
            answered: stage.answered.load(Relaxed),
            at: clock::now(),
        })
    }
}

/// What the threads and the one that measures share.
#[derive(Default)]
struct Stage {
    phase: AtomicU8,
    ready: AtomicUsize,
    answered: AtomicU64,
    idle_nanos: AtomicU64,
}

/// Waits for `limit`, or until it is `over` before that; `tell` hears how long it has been.
fn watch(limit: Duration, over: impl Fn() -> bool, mut tell: impl FnMut(Duration)) {
    let start = clock::now();
    loop {
        let past = clock::now().saturating_duration_since(start);
        tell(past);
        if past >= limit || over() {
            return;
        }
        thread::sleep(TICK.min(limit.saturating_sub(past)));
    }
}

/// Times the patience for one answer after which a tracker is taken for dead.
const SILENT_PATIENCES: u32 = 10;
const WARM_UP: u8 = 0;
const MEASURE: u8 = 1;
const STOP: u8 = 2;
const TICK: Duration = Duration::from_millis(50);
