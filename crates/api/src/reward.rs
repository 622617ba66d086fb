//! Rewards for verified upload.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::member::NamedId;
use crate::money::Money;

/// What a member earned by one item in one window.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
pub struct RewardView {
    /// The number.
    pub id: u32,
    /// The member who earned it.
    pub member: NamedId,
    /// The item.
    pub item: NamedId,
    /// When the window ended.
    pub window: Timestamp,
    /// The amount; once it is credited, the amount that was credited.
    pub money: Money,
    /// `pending` while it is held, `credited`, or `reversed`.
    pub state: String,
    /// When it is credited.
    pub due: Timestamp,
    /// The entry of the journal that credited it.
    pub entry: Option<u32>,
}
