//! Sign-ins: which browsers are signed in, the links and codes that sign one in, and vain attempts.

pub(crate) mod attempt;
pub(crate) mod link;
pub(crate) mod sign_in;
