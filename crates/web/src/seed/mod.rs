//! The publisher's own copy over HTTP: who may have which bytes of what, and how fast.
//!
//! Deliberately absent: the bytes themselves. Whoever holds the connection moves them.

mod alert_limit;
mod bucket;
mod file;
mod member_addresses;
mod pace;
mod range;
mod response;
mod served_bytes;
mod shared_bandwidth;
mod stream;
mod target;
mod verify;
mod web_seed;

pub use file::{AuthorizedFile, FileError};
pub use member_addresses::MemberAddresses;
pub use pace::{MIN_PIECE_BYTES, Pacer, PacingSettings, Payer, TierPacing};
pub use range::{RequestedRange, requested};
pub use response::{FilePart, FileResponse, RequestHeaders, deny, respond};
pub use served_bytes::ServedBytes;
pub use stream::{NextPiece, PacedStream};
pub use target::{Credential, FileTarget, is_of_goods};
pub use verify::router;
pub use web_seed::{Denied, ServiceLevel, WebSeed};
