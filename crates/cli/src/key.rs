//! Keys of requests that move money: one that comes twice is done once.

use super::error::CommandError;

/// The key that was typed, or one that no other request has.
pub(crate) fn given_or_fresh(key: Option<&str>) -> Result<String, CommandError> {
    if let Some(key) = key {
        return Ok(key.to_owned());
    }
    let (first, second) = (getrandom::u64()?, getrandom::u64()?);
    Ok(format!("cli:{first:016x}{second:016x}"))
}
