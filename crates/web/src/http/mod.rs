//! What every handler shares: the clock, a request's origin, answers in plain text, and the health routes.

mod clock;
pub mod health;
mod origin;
mod text;

pub use clock::Clock;
pub use origin::Origin;
pub(crate) use text::text;
