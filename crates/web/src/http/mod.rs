//! What every handler shares: the clock, a request's origin, entity tags, answers in plain text, and the health
//! routes.

mod clock;
mod etag;
pub mod health;
mod nul;
mod origin;
mod text;

pub use clock::TimeSource;
pub(crate) use etag::EntityTag;
pub(crate) use nul::{path_has_nul, query_has_nul};
pub use origin::Origin;
pub(crate) use text::text;
