//! What admins prove themselves by: passwords, codes, and the key under which secrets of codes are stored.
//!
//! Deliberately absent: the store, and pages.

mod password;
mod seal;
mod totp;

pub(crate) use password::{Busy, Passwords};
pub use seal::TotpKey;
pub(crate) use totp::{Totp, new_secret};
