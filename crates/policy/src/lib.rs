//! May this peer announce, and whom is it told about: passkeys, tiers, the roster and the seat
//! plan.
//!
//! [`Authorizer::admit`] is the one function that decides; all else here is what it looks at, and how a
//! reply's seats are shared out afterwards. Deliberately absent: swarms and peers, I/O, clocks,
//! randomness, the configuration's file format, and everything that must last (the durable truth
//! is elsewhere; the roster and the rights are its image in memory).

#![forbid(unsafe_code)]

mod aliases;
mod authorizer;
mod base32;
mod clients;
mod form_tag;
mod guard;
mod ids;
mod interval;
mod item_access;
mod keys;
mod notices;
mod numbers;
mod permille;
mod ports;
mod record;
mod refusal;
mod rights;
mod roster;
mod rules;
mod seats;
mod tier;

pub use aliases::Aliases;
pub use authorizer::{AccessDetails, Admission, Authorizer, ItemRules};
pub use clients::{ClientList, PeerIdPrefix, TooManyPrefixes};
pub use form_tag::FormTag;
pub use guard::{GuardRule, StarvationGuard};
pub use ids::{Generation, ItemId, MemberId};
pub use interval::interval_secs;
pub use item_access::{AccessTerms, ItemAccess};
pub use keys::{AliasHash, KeyGrant, Keyring, Label, MasterSecret};
pub use notices::Notices;
pub use numbers::TooManyNames;
pub use permille::Permille;
pub use ports::{PortSet, PortsError};
pub use refusal::{Refusal, Warning};
pub use rights::{Entitlements, Right};
pub use roster::{MemberState, Roster, Standing};
pub use rules::{Audience, ItemPolicy, Policies, PoliciesError, PolicyId, Rules, UnknownTorrents};
pub use seats::{Headcount, Requester, SeatRule, Seating, Side, seat_plan, uniform_plan};
pub use tier::{Intervals, PeerLimit, Tier, TierError, TierId, Tiers};
