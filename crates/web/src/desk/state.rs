//! What the dashboard stands on.

use std::fmt;
use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use club::{AdminAccount, Stamp};

use crate::admins::{Passwords, TotpKey};
use crate::site::{Asset, Site};

/// What every page of the dashboard may use.
pub struct Dashboard {
    pub(super) site: Arc<Site>,
    pub(super) key: Arc<TotpKey>,
    /// The admin API, for whoever is signed in.
    pub(super) api: Router,
    pub(super) passwords: Passwords,
    pub(super) style: Asset,
    pub(super) script: Asset,
    /// Whether browsers speak TLS with it, so that no other name can lead here.
    pub(super) has_tls: bool,
}

impl Dashboard {
    /// Joins the parts. The site lends its style, its form tokens and its limits. `api` is the admin API, which asks
    /// for no token.
    pub fn new(site: Arc<Site>, key: Arc<TotpKey>, api: Router) -> Self {
        Self {
            site,
            key,
            api,
            passwords: Passwords::new(),
            style: Asset::new("desk.css", "text/css; charset=utf-8", bytes(STYLE)),
            script: Asset::new("desk.js", "text/javascript; charset=utf-8", bytes(SCRIPT)),
            has_tls: false,
        }
    }

    /// With TLS on its listener.
    #[must_use]
    pub fn with_tls(self, has_tls: bool) -> Self {
        Self { has_tls, ..self }
    }

    /// For the record of what an admin does.
    pub(super) fn stamp_of(&self, admin: &AdminAccount) -> Stamp {
        Stamp { who: format!("admin {}", admin.name), now_unix: self.now_unix() }
    }

    pub(super) fn now_unix(&self) -> u32 {
        self.site.now().unix
    }
}

impl fmt::Debug for Dashboard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Dashboard").finish_non_exhaustive()
    }
}

fn bytes(text: &'static str) -> Bytes {
    Bytes::from_static(text.as_bytes())
}

const STYLE: &str = include_str!("../../assets/desk.css");
const SCRIPT: &str = include_str!("../../assets/desk.js");
