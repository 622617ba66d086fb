//! The frame of the dashboard's pages. Each template has one as `layout`.

use club::AdminAccount;

use super::state::Dashboard;
use crate::site::Asset;

/// What `desk/layout.html` needs beside a page's own content.
pub(super) struct DeskLayout {
    pub(super) title: String,
    /// What the publisher is called.
    pub(super) club: String,
    pub(super) styles: Vec<String>,
    pub(super) script: String,
    pub(super) icon: String,
    /// The name and role of whoever is signed in.
    pub(super) admin: Option<(String, &'static str)>,
    pub(super) links: Vec<DeskLink>,
    /// For the page's forms.
    pub(super) token: String,
    pub(super) is_account: bool,
}

/// A link of the main navigation.
pub(super) struct DeskLink {
    pub(super) path: &'static str,
    pub(super) text: &'static str,
    pub(super) is_here: bool,
}

/// Where on the dashboard a page is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum DeskPlace {
    Account,
    Elsewhere,
    Events,
    Items,
    Members,
    Money,
    Now,
    Swarms,
    Upkeep,
}

impl DeskLayout {
    pub(super) fn new(
        desk: &Dashboard,
        admin: Option<&AdminAccount>,
        place: DeskPlace,
        title: String,
        token: String,
    ) -> Self {
        let look = desk.site.look();
        let shared = |name| look.asset(name).map(Asset::path).unwrap_or_default();
        let link = |(path, text, at)| DeskLink { path, text, is_here: at == place };
        Self {
            title,
            club: look.title().to_owned(),
            styles: vec![shared("style.css"), shared("theme.css"), desk.style.path()],
            script: desk.script.path(),
            icon: shared("icon.svg"),
            links: if admin.is_some() { LINKS.into_iter().map(link).collect() } else { Vec::new() },
            admin: admin.map(|admin| (admin.name.clone(), admin.role.text())),
            token,
            is_account: place == DeskPlace::Account,
        }
    }
}

const LINKS: [(&str, &str, DeskPlace); 7] = [
    ("/", "Now", DeskPlace::Now),
    ("/swarms", "Swarms", DeskPlace::Swarms),
    ("/items", "Items", DeskPlace::Items),
    ("/members", "Members", DeskPlace::Members),
    ("/orders", "Money", DeskPlace::Money),
    ("/events", "Events", DeskPlace::Events),
    ("/alerts", "Upkeep", DeskPlace::Upkeep),
];
