//! Waiting for what a process that was just killed holds still.
//!
//! The kernel lets go of a killed process's files and sockets a moment after its end; of sockets that its
//! `io_uring` holds, later than of everything else. A supervisor starts the next daemon at once.

use std::fmt::Display;
use std::time::Duration;

use tokio::time::sleep;

/// Attempts something until it succeeds, fails for another reason than that somebody holds it, or
/// five seconds are over. `what` names it in the log, which says at once that the start waits.
///
/// # Errors
///
/// Returns the last attempt's.
pub(crate) async fn until_let_go<T, E: Display>(
    what: impl Display,
    is_held: impl Fn(&E) -> bool,
    attempt: impl AsyncFnMut() -> Result<T, E>,
) -> Result<T, E> {
    with_pauses(PAUSE, what, is_held, attempt).await
}

async fn with_pauses<T, E: Display>(
    pause: Duration,
    what: impl Display,
    is_held: impl Fn(&E) -> bool,
    mut attempt: impl AsyncFnMut() -> Result<T, E>,
) -> Result<T, E> {
    for number in 0..ATTEMPTS {
        match attempt().await {
            Err(error) if is_held(&error) => {
                if number == 0 {
                    tracing::info!(
                        %error,
                        "another process holds {what}, perhaps an usher that was just killed: waiting for up \
                         to 5 s"
                    );
                }
            }
            done => return done,
        }
        sleep(pause).await;
    }
    attempt().await
}

const PAUSE: Duration = Duration::from_millis(20);
/// Attempts before the last one: five seconds.
const ATTEMPTS: u32 = 250;

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_is_let_go_in_time_is_taken() {
        assert_eq!(check(ATTEMPTS).await, (Ok(ATTEMPTS), ATTEMPTS + 1));
        assert_eq!(check(0).await, (Ok(0), 1));
    }

    #[tokio::test]
    async fn patience_ends() {
        assert_eq!(check(u32::MAX).await, (Err("held"), ATTEMPTS + 1));
    }

    #[tokio::test]
    async fn another_error_is_not_waited_for() {
        let gone = async || Err::<(), _>("gone");
        let outcome = with_pauses(Duration::MAX, "it", |error| *error == "held", gone);
        assert_eq!(outcome.await, Err("gone"));
    }

    /// What comes of something that is held for so many attempts, and how many there were.
    async fn check(held: u32) -> (Result<u32, &'static str>, u32) {
        let mut attempts = 0;
        let outcome = with_pauses(
            Duration::ZERO,
            "it",
            |_| true,
            async || {
                attempts += 1;
                if attempts > held { Ok(held) } else { Err("held") }
            },
        );
        let outcome = outcome.await;
        (outcome, attempts)
    }
}
