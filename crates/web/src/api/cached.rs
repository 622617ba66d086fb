//! An answer that is dear to make, kept for everybody who asks.
//!
//! It is made again when somebody asks for it after its pause: at most one at a time, and at most a twentieth of the
//! time is spent on it. Meanwhile the last one is shown, unless it is too old. Nobody asks: nothing is made, and
//! what was is dropped.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// An answer, and when the next one is due.
pub(super) struct Cached<T> {
    state: Mutex<CacheState<T>>,
    /// Held by whoever makes the next one.
    turn: Arc<tokio::sync::Mutex<()>>,
    pause: Duration,
}

struct CacheState<T> {
    known: Option<Arc<T>>,
    due: Instant,
    used: Instant,
}

impl<T: Send + Sync + 'static> Cached<T> {
    /// Nothing is known, and an answer is shown for `pause` before the next one is made.
    pub(super) fn new(pause: Duration) -> Self {
        let now = Instant::now();
        let state = CacheState { known: None, due: now, used: now };
        Self { state: Mutex::new(state), turn: Arc::default(), pause }
    }

    /// The answer, which `make` makes where it is due.
    ///
    /// # Errors
    ///
    /// Fails where there is none to show and `make` fails.
    pub(super) async fn get<E, F>(self: &Arc<Self>, make: impl FnOnce() -> F) -> Result<Arc<T>, E>
    where
        E: Send,
        F: Future<Output = Result<T, E>> + Send + 'static,
    {
        let (known, is_due) = self.look();
        if let Some(known) = known {
            if is_due && let Ok(turn) = Arc::clone(&self.turn).try_lock_owned() {
                let (cache, making) = (Arc::clone(self), make());
                tokio::spawn(async move {
                    let begun = Instant::now();
                    let made = making.await.ok();
                    cache.keep(made.map(Arc::new), begun);
                    drop(turn);
                });
            }
            return Ok(known);
        }
        let _turn = self.turn.lock().await;
        // Whoever had the turn before has made it.
        if let (Some(known), _) = self.look() {
            return Ok(known);
        }
        let begun = Instant::now();
        let made = Arc::new(make().await?);
        self.keep(Some(Arc::clone(&made)), begun);
        Ok(made)
    }

    /// Drops an answer that nobody asked for in a minute; whether there was one.
    pub(super) fn forget_unused(&self) -> bool {
        let mut state = self.state();
        state.used.elapsed() > UNUSED && state.known.take().is_some()
    }

    /// What may be shown, and whether the next one is due.
    fn look(&self) -> (Option<Arc<T>>, bool) {
        let mut state = self.state();
        let now = Instant::now();
        state.used = now;
        let is_shown = now < state.due + self.pause * MAX_STALE;
        (state.known.clone().filter(|_| is_shown), now >= state.due)
    }

    /// Keeps what was made since `begun`; where that failed, what is known.
    fn keep(&self, made: Option<Arc<T>>, begun: Instant) {
        let mut state = self.state();
        let now = Instant::now();
        state.due = now + self.pause.max((now - begun) * SHARE);
        if made.is_some() {
            state.known = made;
        }
    }

    fn state(&self) -> MutexGuard<'_, CacheState<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An answer takes at most a twentieth of the time to make.
const SHARE: u32 = 19;
/// Past its time, an answer is shown for so many pauses while the next one is made.
const MAX_STALE: u32 = 5;
const UNUSED: Duration = Duration::from_secs(60);

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    #[tokio::test]
    async fn an_answer_is_shown_until_its_pause_is_over_and_while_the_next_is_made() {
        let made = Arc::new(AtomicU32::new(0));
        let cache = Arc::new(Cached::new(Duration::from_secs(1)));
        let ask = async || {
            let made = Arc::clone(&made);
            let make = async move || Ok::<_, ()>(made.fetch_add(1, Ordering::Relaxed));
            *cache.get(make).await.unwrap()
        };
        assert_eq!((ask().await, ask().await), (0, 0));
        pass(&cache, 1);
        assert_eq!(ask().await, 0);
        tokio::task::yield_now().await;
        assert_eq!(ask().await, 1);
        // Too old to be shown.
        pass(&cache, 60);
        assert_eq!(ask().await, 2);
        pass(&cache, 61);
        assert!(cache.forget_unused());
        assert!(cache.state().known.is_none());
    }

    #[tokio::test]
    async fn a_failure_leaves_what_is_known() {
        let cache = Arc::new(Cached::new(Duration::from_secs(1)));
        assert_eq!(cache.get(async || Err::<u32, _>("gone")).await, Err("gone"));
        assert_eq!(*cache.get(async || Ok::<_, &str>(7)).await.unwrap(), 7);
        pass(&cache, 2);
        assert_eq!(*cache.get(async || Err::<u32, _>("gone")).await.unwrap(), 7);
        tokio::task::yield_now().await;
        assert_eq!(*cache.get(async || Err::<u32, _>("gone")).await.unwrap(), 7);
    }

    /// Makes what is known older.
    fn pass(cache: &Cached<u32>, secs: u64) {
        let mut state = cache.state();
        state.due -= Duration::from_secs(secs);
        state.used -= Duration::from_secs(secs);
    }
}
