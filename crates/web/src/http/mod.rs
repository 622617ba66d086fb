//! What every handler shares: the clock, a request's origin, entity tags, compression, CSV, limits, answers in
//! plain text, and the health routes.

mod clock;
mod csv;
mod etag;
mod gzip;
pub mod health;
mod limit;
mod nul;
mod origin;
mod problem;
mod text;
mod token_limit;

pub use clock::TimeSource;
pub(crate) use csv::csv_line;
pub(crate) use etag::EntityTag;
pub(crate) use gzip::{gzip, takes_gzip};
pub(crate) use limit::network;
pub use limit::{Action, Actor, RateLimits, TooMany};
pub(crate) use nul::{path_has_nul, query_has_nul};
pub use origin::Origin;
pub(crate) use problem::{bearer, problem};
pub(crate) use text::text;
pub use token_limit::{TokenLimits, TokenQuota};
