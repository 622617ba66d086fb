//! Members, their keys, and where they were seen.

pub(crate) mod import;
pub(crate) mod keys;
pub(crate) mod member;
pub(crate) mod sighting;
pub(crate) mod standing;
