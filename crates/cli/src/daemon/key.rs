//! Keys of requests that move money: the daemon carries out a request once, however often it arrives.

use super::error::CommandError;

/// The key that was given, or a new one.
pub(crate) fn given_or_fresh(key: Option<&str>) -> Result<String, CommandError> {
    if let Some(key) = key {
        return Ok(key.to_owned());
    }
    let (first, second) = (getrandom::u64()?, getrandom::u64()?);
    Ok(format!("cli:{first:016x}{second:016x}"))
}
