//! What every page shares, worked out once from the settings and kept until they change.

use axum::body::Bytes;
use axum::http::Uri;

use super::appearance::Appearance;
use super::asset::Asset;
use crate::catalog::{PublicUrls, description_html};
use crate::site::masthead::Masthead;

/// What every page shares. Paths and URLs go into pages as they are.
#[derive(Debug)]
pub(crate) struct Look {
    /// What the settings say.
    pub(super) appearance: Appearance,
    /// What the publisher is called.
    pub(super) title: String,
    pub(super) headline: String,
    pub(super) tagline: String,
    pub(super) language: String,
    /// The site's URL without a last `/`.
    pub(super) site: String,
    /// What the paths of all pages begin with: empty, or `/shop` where the site lies below that.
    pub(super) home: String,
    /// Scheme, host and port of the site, as browsers write them in `Origin`.
    pub(super) origin: String,
    /// Host and port, as clients write them in `Host`.
    pub(super) host: String,
    /// Whether browsers take secure cookies from the site: over HTTPS, or from this very machine.
    pub(super) is_trustworthy: bool,
    pub(super) style: String,
    pub(super) theme: String,
    pub(super) stylesheet: Option<String>,
    pub(super) script: String,
    pub(super) icon: String,
    pub(super) logo: Option<String>,
    /// HTML.
    pub(super) footer: String,
    pub(super) contact: Option<String>,
    pub(super) has_about: bool,
    pub(super) has_terms: bool,
    pub(super) has_privacy: bool,
    pub(super) assets: Vec<Asset>,
}

impl Look {
    /// How good a tier is; 0 is everybody's, and `None` one that is not configured.
    pub(in crate::site) fn tier_place(&self, tier: &str) -> Option<usize> {
        self.appearance.tiers.iter().position(|known| known.id == tier)
    }

    /// What the publisher is called.
    pub(crate) fn title(&self) -> &str {
        &self.title
    }

    /// A file by its name.
    pub(crate) fn asset(&self, name: &str) -> Option<&Asset> {
        self.assets.iter().find(|asset| asset.name() == name)
    }

    pub(in crate::site) fn new(
        appearance: Appearance,
        masthead: &Masthead,
        urls: &PublicUrls,
    ) -> Self {
        let url: Uri = urls.site.parse().unwrap_or_default();
        let scheme = url.scheme_str().unwrap_or("http").to_ascii_lowercase();
        let host = host_of(&scheme, url.authority().map_or("", |authority| authority.as_str()));
        let home = url.path().trim_end_matches('/').to_owned();
        let or = |text: &str, other: &str| {
            if text.is_empty() { other.to_owned() } else { text.to_owned() }
        };

        let title = or(&masthead.title, "usher");
        let mut assets = Vec::new();
        let mut add = |name, media_type, bytes: Bytes| {
            let asset = Asset::new(name, media_type, bytes);
            let path = home.clone() + &asset.path();
            assets.push(asset);
            path
        };
        let style = add("style.css", CSS, Bytes::from_static(STYLE.as_bytes()));
        let script = add("script.js", SCRIPT_TYPE, Bytes::from_static(SCRIPT.as_bytes()));
        let theme = add("theme.css", CSS, appearance.accent.theme().into());
        let icon = add("icon.svg", "image/svg+xml", icon(&appearance, &title).into());
        let stylesheet = appearance.stylesheet.clone().map(|bytes| add("site.css", CSS, bytes));
        let logo = appearance.logo.clone();
        let logo = logo.map(|picture| add("logo", picture.media_type, picture.bytes));

        let texts = &appearance.texts;
        Self {
            headline: or(&appearance.headline, &title),
            tagline: or(&appearance.tagline, &masthead.description),
            language: or(&masthead.language, "en"),
            site: urls.site.clone(),
            origin: format!("{scheme}://{host}"),
            is_trustworthy: scheme == "https" || is_this_machine(url.host().unwrap_or_default()),
            footer: description_html(&texts.footer),
            contact: appearance.contact.clone(),
            has_about: !texts.about.is_empty(),
            has_terms: !texts.terms.is_empty(),
            has_privacy: !texts.privacy.is_empty(),
            title,
            home,
            host,
            style,
            theme,
            stylesheet,
            script,
            icon,
            logo,
            assets,
            appearance,
        }
    }
}

/// Host and port in lower case, without the scheme's own port.
pub(super) fn host_of(scheme: &str, authority: &str) -> String {
    let own = if scheme == "https" { ":443" } else { ":80" };
    let host = authority.to_ascii_lowercase();
    host.strip_suffix(own).map(str::to_owned).unwrap_or(host)
}

/// Whether browsers trust a host without TLS, as the machine they run on.
fn is_this_machine(host: &str) -> bool {
    let host = host.to_ascii_lowercase();
    host == "localhost"
        || host.ends_with(".localhost")
        || host == "[::1]"
        || host.starts_with("127.")
}

/// A square in the accent colour with the first letter of the title.
fn icon(appearance: &Appearance, title: &str) -> String {
    let letter = title.chars().find(|c| c.is_alphanumeric()).unwrap_or('u');
    let (back, front) = (appearance.accent, appearance.accent.on_top());
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 32 32\"><rect width=\"32\" height=\"32\" rx=\"7\" \
         fill=\"{back}\"/><text x=\"16\" y=\"23\" font-family=\"Georgia,serif\" font-size=\"21\" \
         text-anchor=\"middle\" fill=\"{front}\">{letter}</text></svg>"
    )
}

const STYLE: &str = include_str!("../../../assets/style.css");
const SCRIPT: &str = include_str!("../../../assets/script.js");
const CSS: &str = "text/css; charset=utf-8";
const SCRIPT_TYPE: &str = "text/javascript; charset=utf-8";
