//! Members, their keys and addresses, how they sign in, and where they were seen.

pub(crate) mod email;
pub(crate) mod import;
pub(crate) mod keys;
pub(crate) mod link;
pub(crate) mod member;
pub(crate) mod order_links;
pub(crate) mod sighting;
pub(crate) mod standing;
