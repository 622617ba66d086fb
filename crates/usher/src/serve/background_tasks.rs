//! What the daemon does by itself, again and again: sweeps, flushes, snapshots, probes.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use arc_swap::ArcSwap;
use club::{BackupError, Club};
use jiff::Timestamp;
use listen::clock::Clock;
use tokio::sync::watch;
use tokio::task::{JoinSet, spawn_blocking};
use tokio::time::{Instant, MissedTickBehavior, interval, sleep};
use tracker::Tracker;
use web::hooks::WebhookSender;
use web::mail::{DeliveryRound, Mailer};
use web::pay::{Payments, Polled};
use web::seed::MemberAddresses;

use crate::config::Config;
use crate::serve::backup::{self, ScheduleError};
use crate::serve::failure_counts::{FailureCounts, count};
use crate::serve::flows::Flows;
use crate::serve::flush::Flush;
use crate::serve::history::HistoryKeeper;
use crate::serve::reachability::PortProber;
use crate::serve::snapshot;

/// What the tasks work on.
#[derive(Clone)]
pub(crate) struct BackgroundTasks {
    /// Whose swarms are swept.
    pub(crate) tracker: Arc<Tracker>,
    /// Whose books are kept.
    pub(crate) club: Arc<Club>,
    /// What members pay at providers.
    pub(crate) payments: Arc<Payments>,
    /// What sends mail.
    pub(crate) mailer: Arc<Mailer>,
    /// What tells other programs of orders and alerts.
    pub(crate) webhooks: Arc<WebhookSender>,
    /// Where time comes from.
    pub(crate) clock: Clock,
    /// The settings in force.
    pub(crate) config: Arc<ArcSwap<Config>>,
    /// What went wrong.
    pub(crate) failures: Arc<FailureCounts>,
    /// Where the snapshot lies.
    pub(crate) snapshot: PathBuf,
    /// What items' bytes came to, for the history.
    pub(crate) flows: Arc<Flows>,
    /// From where the publisher's own copy was asked for.
    pub(crate) member_addresses: Arc<MemberAddresses>,
}

impl BackgroundTasks {
    /// Starts all tasks. Each ends when `stop` changes; the one that flushes traffic does so once more.
    pub(crate) fn start(&self, stop: &watch::Receiver<bool>) -> JoinSet<()> {
        let mut tasks = JoinSet::new();
        tasks.spawn(self.clone().sweep(stop.clone()));
        tasks.spawn(self.clone().flush(stop.clone()));
        tasks.spawn(self.clone().save(stop.clone()));
        tasks.spawn(self.clone().reach(stop.clone()));
        tasks.spawn(self.clone().prune(stop.clone()));
        tasks.spawn(self.clone().judge(stop.clone()));
        tasks.spawn(self.clone().follow(stop.clone()));
        tasks.spawn(self.clone().back_up(stop.clone()));
        tasks.spawn(self.clone().poll(stop.clone()));
        tasks.spawn(self.clone().turn(stop.clone()));
        tasks.spawn(self.clone().cancel(stop.clone()));
        tasks.spawn(self.clone().list(stop.clone()));
        tasks.spawn(self.clone().deliver(stop.clone()));
        tasks.spawn(self.history().keep(stop.clone()));
        tasks.spawn(self.clone().tell(stop.clone()));
        tasks.spawn(self.clone().watch_conditions(stop.clone()));
        tasks
    }

    fn history(&self) -> HistoryKeeper {
        HistoryKeeper {
            tracker: Arc::clone(&self.tracker),
            club: Arc::clone(&self.club),
            flows: Arc::clone(&self.flows),
            clock: self.clock,
            config: Arc::clone(&self.config),
        }
    }

    /// Puts into the catalogue what an older version published, and ends.
    async fn list(self, mut stop: watch::Receiver<bool>) {
        let mut is_told = false;
        loop {
            let pause = match self.club.list_due().await {
                Ok(0) => return,
                Ok(left) if !is_told => {
                    is_told = true;
                    tracing::info!(
                        left,
                        "items of an older version are being listed in the catalogue"
                    );
                    LIST_PAUSE
                }
                Ok(_) => LIST_PAUSE,
                Err(error) => {
                    tracing::error!(%error, "items cannot be listed in the catalogue: this is tried again");
                    LIST_PAUSE * 100
                }
            };
            tokio::select! {
                () = sleep(pause) => {}
                _ = stop.changed() => return,
            }
        }
    }

    /// Sweeps a little at a time, so that a whole sweep takes the sweep interval.
    async fn sweep(self, mut stop: watch::Receiver<bool>) {
        let mut step = 0;
        loop {
            let whole = self.config.load().tracker.sweep_interval;
            let batch = batch_of(whole);
            tokio::select! {
                () = sleep(whole * batch / STEPS) => {}
                _ = stop.changed() => return,
            }
            let (tracker, now) = (Arc::clone(&self.tracker), self.clock.now());
            let steps = step..step + batch;
            let swept = spawn_blocking(move || {
                steps.filter_map(|step| usize::try_from(step).ok()).for_each(|step| {
                    let rest = || std::thread::sleep(BREATH);
                    tracker.sweep(step % Tracker::SWEEP_STEPS, now, rest);
                });
            });
            if swept.await.is_err() {
                tracing::error!("a sweep panicked");
            }
            step = (step + batch) % STEPS;
        }
    }

    async fn flush(self, mut stop: watch::Receiver<bool>) {
        let mut flush =
            Flush::new(Arc::clone(&self.tracker), Arc::clone(&self.club), Arc::clone(&self.flows));
        let mut failing = false;
        let mut pause = Duration::ZERO;
        loop {
            let period = self.config.load().tracker.flush_interval;
            let stopped = tokio::select! {
                () = sleep(period.max(pause)) => false,
                _ = stop.changed() => true,
            };
            let begun = Instant::now();
            let flushed = flush.run(self.clock.now()).await;
            pause = LONGEST_FLUSH_PAUSE.min(begun.elapsed() * FLUSH_SHARE);
            self.failures.flush_fails.store(flushed.is_err(), Ordering::Relaxed);
            if flushed.is_err() {
                count(&self.failures.flush_failures);
            }
            match flushed {
                Err(error) if stopped => {
                    let lost = flush.unwritten(self.clock.now());
                    self.failures
                        .lost
                        .store(u64::try_from(lost).unwrap_or(u64::MAX), Ordering::Relaxed);
                    tracing::error!(%error, lost, "traffic could not be written at the end");
                }
                Ok(_) if failing => {
                    failing = false;
                    tracing::info!("traffic is written again; nothing was lost");
                }
                Ok(_) => {}
                Err(error) if !failing => {
                    failing = true;
                    tracing::error!(%error, "traffic cannot be written: it waits in memory");
                }
                Err(_) => {}
            }
            if stopped {
                return;
            }
        }
    }

    /// Puts in force what other daemons on the same database changed.
    async fn follow(self, mut stop: watch::Receiver<bool>) {
        let mut failing = false;
        loop {
            tokio::select! {
                () = sleep(FOLLOW_PACE) => {}
                _ = stop.changed() => return,
            }
            let caught_up = self.club.catch_up().await;
            self.failures.follow_fails.store(caught_up.is_err(), Ordering::Relaxed);
            match caught_up {
                Ok(_) if failing => {
                    failing = false;
                    tracing::info!("the database is there again");
                }
                Ok(_) => {}
                Err(error) if !failing => {
                    failing = true;
                    tracing::error!(%error, "announces go on from memory");
                }
                Err(_) => {}
            }
        }
    }

    async fn save(self, mut stop: watch::Receiver<bool>) {
        loop {
            let period = self.config.load().tracker.snapshot_interval;
            tokio::select! {
                () = sleep(period) => self.snapshot().await,
                _ = stop.changed() => return,
            }
        }
    }

    /// Writes a snapshot; a failure is said in the log, and the old one stays.
    pub(crate) async fn snapshot(&self) {
        let (tracker, path, now) =
            (Arc::clone(&self.tracker), self.snapshot.clone(), self.clock.now());
        let written = spawn_blocking(move || snapshot::write(&tracker, &path, now)).await;
        if !matches!(written, Ok(Ok(_))) {
            count(&self.failures.snapshot_failures);
        }
        match written {
            Ok(Ok(saved)) => {
                tracing::debug!(peers = saved.peers, sessions = saved.sessions, "snapshot written")
            }
            Ok(Err(error)) => tracing::error!(
                path = %self.snapshot.display(),
                %error,
                "the snapshot cannot be written: is the disk full?"
            ),
            Err(_) => tracing::error!("writing the snapshot panicked"),
        }
    }

    async fn reach(self, mut stop: watch::Receiver<bool>) {
        let mut prober = PortProber::new(Arc::clone(&self.tracker), self.clock);
        let mut pace = interval(REACH_PACE);
        pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                _ = pace.tick() => prober.round(&self.config.load().tracker.reachability),
                _ = stop.changed() => return,
            }
        }
    }

    /// Copies the club whenever a copy is due. One that fails is tried again after a while.
    async fn back_up(self, mut stop: watch::Receiver<bool>) {
        if let Some(last) = backup::last(&self.config.load().backup, self.timestamp()) {
            self.failures.backed_up(last);
        }
        loop {
            let config = self.config.load_full();
            let due = config.backup.every.map(|every| {
                let wait = backup::due_in(&config.backup, every, self.timestamp());
                if wait.is_zero() { wait } else { wait.min(LOOK_AGAIN) }
            });
            tokio::select! {
                () = sleep(due.unwrap_or(LOOK_AGAIN)) => {}
                _ = stop.changed() => return,
            }
            if due.is_none_or(|wait| !wait.is_zero()) {
                continue;
            }
            let made =
                backup::make(&self.club, &config.backup, &config.secret_file, self.timestamp());
            match made.await {
                Ok(file) => {
                    self.failures.backed_up(self.timestamp());
                    tracing::info!(file = %file.display(), "backed up");
                }
                Err(ScheduleError::Backup(BackupError::Elsewhere)) => return,
                Err(error) => {
                    count(&self.failures.backup_failures);
                    tracing::error!(%error, "no backup was made, another try follows");
                    tokio::select! {
                        () = sleep(LOOK_AGAIN) => {}
                        _ = stop.changed() => return,
                    }
                }
            }
        }
    }

    /// Asks BTCPay about open checkouts and refunds, for webhooks that never came.
    async fn poll(self, mut stop: watch::Receiver<bool>) {
        loop {
            let period = self.config.load().payments.btcpay.as_ref().map(|btcpay| btcpay.poll);
            tokio::select! {
                () = sleep(period.unwrap_or(NO_POLL)) => {}
                _ = stop.changed() => return,
            }
            match self.payments.poll().await {
                Ok(Polled { failed: 0, .. }) => {}
                Ok(Polled { failed, .. }) => {
                    tracing::warn!(failed, "BTCPay did not say what became of some checkouts");
                }
                Err(error) => {
                    tracing::warn!(%error, "open checkouts are asked about again later");
                }
            }
        }
    }

    /// Goes on to the next tier for members whose present one is over.
    async fn turn(self, mut stop: watch::Receiver<bool>) {
        loop {
            if let Err(error) = self.club.turn_tiers(self.clock.now().unix).await {
                tracing::warn!(%error, "members whose tier is over get the next one later");
            }
            tokio::select! {
                () = sleep(TURN_PACE) => {}
                _ = stop.changed() => return,
            }
        }
    }

    /// Has subscriptions of members who were removed cancelled at their provider.
    async fn cancel(self, mut stop: watch::Receiver<bool>) {
        loop {
            tokio::select! {
                () = sleep(CANCEL_PACE) => {}
                _ = stop.changed() => return,
            }
            if let Err(error) = self.payments.cancel_subscriptions_of_nobody().await {
                tracing::warn!(%error, "subscriptions of removed members are cancelled later");
            }
        }
    }

    /// Sends mail that is due. A try under way is finished before the end: it may have arrived.
    async fn deliver(self, mut stop: watch::Receiver<bool>) {
        let mut failing = false;
        loop {
            tokio::select! {
                () = sleep(MAIL_PACE) => {}
                _ = stop.changed() => return,
            }
            match self.mailer.deliver().await {
                Ok(DeliveryRound { away: Some(why), .. }) if !failing => {
                    failing = true;
                    tracing::warn!(why, "mail waits: the mail server takes nothing");
                }
                Ok(DeliveryRound { tried, away: None }) if failing && tried > 0 => {
                    failing = false;
                    tracing::info!("mail is sent again");
                }
                Ok(_) => {}
                Err(error) => tracing::warn!(%error, "mail waits: the club can't be asked for it"),
            }
        }
    }

    /// Tells the operator of alerts, and other programs of them and of orders. A try under way is finished before
    /// the end: it may have arrived.
    async fn tell(self, mut stop: watch::Receiver<bool>) {
        loop {
            tokio::select! {
                () = sleep(MAIL_PACE) => {}
                _ = stop.changed() => return,
            }
            if let Err(error) = self.club.tell_of_alerts(self.clock.now().unix).await {
                tracing::debug!(%error, "alerts are told of later");
            }
            for _ in 0..MOST_DELIVERIES {
                match self.webhooks.deliver().await {
                    Ok(0) => break,
                    Ok(_) if *stop.borrow() => return,
                    Ok(_) => {}
                    Err(error) => {
                        tracing::debug!(%error, "webhooks wait: the club can't be asked for them");
                        break;
                    }
                }
            }
        }
    }

    fn timestamp(&self) -> Timestamp {
        Timestamp::from_second(self.clock.now().unix.into()).unwrap_or_default()
    }

    async fn cancel_abandoned_orders(&self) {
        let Some(wait) = self.config.load().payments.unpaid_orders else { return };
        let now = self.clock.now().unix;
        let before = now.saturating_sub(u32::try_from(wait.as_secs()).unwrap_or(u32::MAX));
        match self.club.cancel_abandoned_orders(before, now).await {
            Ok(0) => {}
            Ok(orders) => tracing::info!(orders, "visitors' orders that nobody paid are cancelled"),
            Err(error) => {
                tracing::warn!(%error, "visitors' unpaid orders stay pending until tomorrow");
            }
        }
    }

    async fn prune(self, mut stop: watch::Receiver<bool>) {
        // A daemon that is started anew every night prunes as well.
        let mut wait = HOUR;
        loop {
            tokio::select! {
                () = sleep(wait) => wait = DAY,
                _ = stop.changed() => return,
            }
            if let Err(error) = self.club.prune_sessions(self.clock.now().unix).await {
                tracing::warn!(%error, "old sessions stay in the store until tomorrow");
            }
            self.cancel_abandoned_orders().await;
            if let Err(error) = self.club.prune_mail(self.clock.now().unix).await {
                tracing::warn!(%error, "old mail stays in the store until tomorrow");
            }
            if let Err(error) = self.club.prune_webhook_deliveries(self.clock.now().unix).await {
                tracing::warn!(%error, "old webhook deliveries stay in the store until tomorrow");
            }
            if let Err(error) = self.club.prune_sign_ins(self.clock.now().unix).await {
                tracing::warn!(%error, "sign-ins that ended stay in the store until tomorrow");
            }
        }
    }
}

/// How many steps to take at once, so that the pauses between are no shorter than [`SHORTEST`].
fn batch_of(whole: Duration) -> u32 {
    let pauses = (whole.as_millis() / SHORTEST.as_millis()).max(1);
    STEPS.div_ceil(u32::try_from(pauses).unwrap_or(STEPS)).clamp(1, STEPS)
}

const SHORTEST: Duration = Duration::from_millis(20);
const FOLLOW_PACE: Duration = Duration::from_secs(1);
const CANCEL_PACE: Duration = Duration::from_secs(60);
const MAIL_PACE: Duration = Duration::from_secs(1);
/// Rounds of deliveries between two looks at alerts.
const MOST_DELIVERIES: u32 = 100;
const REACH_PACE: Duration = Duration::from_millis(500);
/// A changed schedule is heeded within so long, and a failed backup tried again.
const LOOK_AGAIN: Duration = Duration::from_secs(60);
/// Pages show the tier of before for so long.
const TURN_PACE: Duration = Duration::from_secs(10);
/// How often a reload is looked for that brings a provider to ask.
const NO_POLL: Duration = Duration::from_secs(60);
/// A flush takes at most a twentieth of the time: what it costs must not grow with the announces.
const FLUSH_SHARE: u32 = 19;
const LONGEST_FLUSH_PAUSE: Duration = Duration::from_secs(60);
/// Between items that are listed, for whoever else writes to the club.
const LIST_PAUSE: Duration = Duration::from_millis(50);
const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(86_400);
/// [`Tracker::SWEEP_STEPS`], as the arithmetic of pauses wants it.
const STEPS: u32 = 1024;
const _: () = assert!(Tracker::SWEEP_STEPS == 1024);
/// Others have so long at a large swarm between two segments of its sweep: a thread wakes sooner.
const BREATH: Duration = Duration::from_micros(250);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sweep_takes_its_interval_in_steps_that_are_not_too_short() {
        assert_eq!(batch_of(Duration::from_secs(120)), 1);
        assert_eq!(batch_of(Duration::from_secs(1)), 21);
        assert_eq!(batch_of(Duration::from_millis(1)), STEPS);
    }
}
