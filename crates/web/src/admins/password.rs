//! Passwords of admins: hashed by argon2id with OWASP's parameters, off the runtime, a few at once.
//!
//! A hash takes 19 MiB and some hundredths of a second. Who waits for a turn waits here, and gives up after a while.

use std::time::Duration;

use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;
use tokio::time::timeout;

/// Hashes passwords, and compares them with hashes.
#[derive(Debug)]
pub(crate) struct Passwords {
    turns: Semaphore,
    longest_wait: Duration,
}

/// There was no turn in time, or the system has no memory for one.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Busy;

impl Passwords {
    pub(crate) fn new() -> Self {
        Self { turns: Semaphore::new(AT_ONCE), longest_wait: LONGEST_WAIT }
    }

    /// The hash of a password, as a PHC string.
    ///
    /// # Errors
    ///
    /// There was no turn in time.
    pub(crate) async fn hash(&self, password: String) -> Result<String, Busy> {
        self.turn(move || {
            let hash = argon2id()?.hash_password(password.as_bytes()).map_err(|_| Busy)?;
            Ok(hash.to_string())
        })
        .await
    }

    /// Whether a password is that of a hash. Without a hash it takes as long, and is not.
    ///
    /// # Errors
    ///
    /// There was no turn in time.
    pub(crate) async fn is_right(
        &self,
        password: String,
        hash: Option<String>,
    ) -> Result<bool, Busy> {
        self.turn(move || {
            let known = hash.is_some();
            let hash = hash.unwrap_or_else(|| NOBODYS.to_owned());
            let is_equal = argon2id()?.verify_password(password.as_bytes(), hash.as_str()).is_ok();
            Ok(known && is_equal)
        })
        .await
    }

    async fn turn<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, Busy> + Send + 'static,
    ) -> Result<T, Busy> {
        let turn = timeout(self.longest_wait, self.turns.acquire()).await;
        let _turn = turn.map_err(|_| Busy)?.map_err(|_| Busy)?;
        spawn_blocking(work).await.map_err(|_| Busy)?
    }
}

fn argon2id() -> Result<Argon2<'static>, Busy> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None).map_err(|_| Busy)?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

/// Of the OWASP Password Storage Cheat Sheet.
const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;
/// Hashes at once: 38 MiB.
const AT_ONCE: usize = 2;
const LONGEST_WAIT: Duration = Duration::from_secs(10);
/// A hash that no password is known to have, of the same parameters.
const NOBODYS: &str = "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA\
                       $AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_password_is_right_for_its_own_hash_alone() {
        let passwords = Passwords::new();
        let hash = passwords.hash("correct horse".to_owned()).await.unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        assert_ne!(passwords.hash("correct horse".to_owned()).await.unwrap(), hash);
        for (password, hash, expected) in [
            ("correct horse", Some(hash.clone()), true),
            ("correct horse ", Some(hash), false),
            ("", Some(NOBODYS.to_owned()), false),
            ("correct horse", None, false),
        ] {
            assert_eq!(passwords.is_right(password.to_owned(), hash).await, Ok(expected));
        }
    }

    #[tokio::test]
    async fn no_more_than_two_are_hashed_at_once() {
        let passwords = Passwords { longest_wait: Duration::ZERO, ..Passwords::new() };
        let _both = passwords.turns.acquire_many(2).await.unwrap();
        assert_eq!(passwords.hash(String::new()).await, Err(Busy));
    }
}
