//! Admins of the dashboard, and the links that set them up.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Adds an admin.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AddAdmin {
    /// The name, which does not change.
    pub name: String,
    /// `owner`, `staff` or `read-only`.
    pub role: String,
}

/// An admin of the dashboard.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
pub struct AdminView {
    /// The name.
    pub name: String,
    /// `owner`, `staff` or `read-only`.
    pub role: String,
    /// When the admin was added.
    pub created: Timestamp,
    /// Until when the link works; absent once it was used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub link_until: Option<Timestamp>,
    /// The number of recovery codes that were not used.
    pub recovery_codes: u32,
}

/// A link that sets up an admin's password and codes, once; it is secret.
#[derive(Clone, Deserialize, Serialize, ToSchema)]
pub struct AdminSetUp {
    /// The admin.
    pub admin: AdminView,
    /// The link.
    pub url: String,
    /// When it stops working.
    pub until: Timestamp,
}

impl fmt::Debug for AdminSetUp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AdminSetUp").field("admin", &self.admin).finish_non_exhaustive()
    }
}
