//! Names that nobody can guess.

use data_encoding::HEXLOWER;

use crate::values::error::Error;

/// 128 random bits, as 32 hexadecimal digits.
///
/// # Errors
///
/// The system gives no random numbers.
pub(crate) fn random_token() -> Result<String, Error> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(|_| Error::NoRandomness)?;
    Ok(HEXLOWER.encode(&bytes))
}
