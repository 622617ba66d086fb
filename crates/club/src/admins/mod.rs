//! Admins of the dashboard: their roles, what they prove themselves by, and vain attempts at it.

pub(crate) mod admin;
pub(crate) mod proof;
pub(crate) mod vain_attempt;
