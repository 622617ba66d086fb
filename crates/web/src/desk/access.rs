//! Who may send which form: the one place that knows.
//!
//! [`DeskForm`](super::form::DeskForm) asks here before it reads a form, by the route that the request matched. A form
//! that is missing from the table is refused for everybody.

use club::AdminRole;

/// What a form wants of whoever sends it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Need {
    /// Nobody need be signed in.
    Nothing,
    /// Any admin may: it is about the own account.
    OwnAccount,
    /// As [`OwnAccount`](Self::OwnAccount), confirmed of late.
    OwnSecrets,
    /// Owners and staff may.
    Change,
    /// Owners and staff may, confirmed of late.
    Money,
    /// Owners may, confirmed of late.
    Owner,
}

impl Need {
    /// Whether a role may send it.
    pub(super) fn is_met_by(self, role: AdminRole) -> bool {
        match self {
            Self::Nothing | Self::OwnAccount | Self::OwnSecrets => true,
            Self::Change | Self::Money => role != AdminRole::ReadOnly,
            Self::Owner => role == AdminRole::Owner,
        }
    }

    /// Whether password or code must have been given in the last minutes.
    pub(super) fn wants_confirmation(self) -> bool {
        matches!(self, Self::OwnSecrets | Self::Money | Self::Owner)
    }
}

/// What the form of a route wants; `None` for a route that has none.
pub(super) fn need(route: &str) -> Option<Need> {
    FORMS.iter().find(|(known, _)| *known == route).map(|(_, need)| *need)
}

/// Every form, by its route.
pub(super) const FORMS: &[(&str, Need)] = &[
    ("/account/codes", Need::OwnSecrets),
    ("/account/sign-ins/{id}/end", Need::OwnAccount),
    ("/admins/{name}/remove", Need::Owner),
    ("/alerts/{alert}/ack", Need::Change),
    ("/confirm", Need::OwnAccount),
    ("/events/{event}/replay", Need::Money),
    ("/items/{item}/prices", Need::Money),
    ("/items/{item}/texts", Need::Change),
    ("/members/bulk", Need::Change),
    ("/members/{member}/resume", Need::Change),
    ("/members/{member}/suspend", Need::Change),
    ("/set-up/{token}", Need::Nothing),
    ("/sign-in", Need::Nothing),
    ("/sign-out", Need::OwnAccount),
];
