//! What follows from what members do: windows of traffic are closed, rewards posted, and signs of
//! leaks looked for. Old addresses are forgotten.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use club::{Presence, Stamp, WEB_SEED};
use policy::ItemId;
use tokio::sync::watch;
use tokio::task::spawn_blocking;
use tokio::time::sleep;

use crate::serve::background_tasks::BackgroundTasks;

impl BackgroundTasks {
    /// Looks, judges and forgets, again and again, until `stop` changes.
    pub(crate) async fn judge(self, mut stop: watch::Receiver<bool>) {
        let mut open = BTreeSet::new();
        let mut failing = false;
        loop {
            let window = self.config.load().standing.window_secs;
            tokio::select! {
                () = sleep(pace(window)) => {}
                _ = stop.changed() => return,
            }
            match self.judge_once(&mut open).await {
                Ok(()) if failing => {
                    failing = false;
                    tracing::info!("traffic is judged again; nothing was lost");
                }
                Ok(()) => {}
                Err(error) if !failing => {
                    failing = true;
                    tracing::error!(%error, "traffic is not judged: it is tried again");
                }
                Err(_) => {}
            }
        }
    }

    /// `open` are the items that strangers took from since the last window.
    async fn judge_once(&self, open: &mut BTreeSet<ItemId>) -> Result<(), club::Error> {
        let config = self.config.load_full();
        let settings = &config.standing;
        let tracker = Arc::clone(&self.tracker);
        let Ok(sight) = spawn_blocking(move || tracker.sight()).await else { return Ok(()) };
        open.extend(sight.taken_by_strangers);
        let mut members = sight.members;
        for (member, addresses) in self.member_addresses.take() {
            let ways = addresses.into_iter().map(|address| (address, WEB_SEED.to_owned()));
            members.entry(member).or_default().addresses.extend(ways);
        }
        let present: Vec<Presence> = members
            .into_iter()
            .map(|(member, seen)| Presence {
                member,
                at_once: u32::try_from(seen.clients.len()).unwrap_or(u32::MAX),
                clients: seen.addresses,
            })
            .collect();
        let now = self.clock.now().unix;
        self.club.keep_sightings(now, &present, settings.leaks).await?;
        self.club.forget_sightings(now.saturating_sub(settings.keep_addresses_secs)).await?;

        let stamp = Stamp { who: "usher".to_owned(), now_unix: now };
        let said_by = now.saturating_sub(config.longest_interval_secs());
        let ends = said_by - said_by % settings.window_secs;
        if ends > self.club.last_window().await? {
            let rules = config.reward_rules();
            if let Some(closed) = self.club.close_window(&stamp, ends, &rules, open).await? {
                open.clear();
                tracing::info!(
                    items = closed.items,
                    verified = closed.verified,
                    rewards = closed.rewards,
                    earned = closed.earned,
                    "a window of traffic is closed"
                );
            }
        }
        self.club.post_rewards(&stamp, settings.pool_permille).await?;
        Ok(())
    }
}

/// How often to look: a few times a window, and no less often than leaks want.
fn pace(window_secs: u32) -> Duration {
    (Duration::from_secs(window_secs.into()) / 4).clamp(Duration::from_millis(250), LOOK)
}

/// A client that stays shows in one look of many; one that leaves soon is missed.
const LOOK: Duration = Duration::from_secs(5 * 60);
