//! What `layout.html` needs beside a page's own content. Each template has one as `layout`.

use std::sync::Arc;

use super::look::Look;

/// The frame of a page.
pub(in crate::site) struct Layout {
    pub(super) look: Arc<Look>,
    pub(super) section: Section,
    pub(super) links: Vec<MainLink>,
    pub(super) member: Option<MemberInMasthead>,
    /// Empty for the catalogue itself.
    pub(super) title: String,
    pub(super) description: String,
    /// The page's own absolute URL, for pages that others may link to.
    pub(super) canonical: Option<String>,
    /// A picture's absolute URL, for previews elsewhere.
    pub(super) picture: Option<String>,
    /// Whether search engines must leave it alone.
    pub(super) is_private: bool,
}

/// Where in the site a page is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(in crate::site) enum Section {
    Catalogue,
    Club,
    Elsewhere,
    Feeds,
    Library,
    Me,
    Redeem,
    SignIn,
}

/// A link of the main navigation.
pub(super) struct MainLink {
    pub(super) path: &'static str,
    pub(super) text: &'static str,
    pub(super) is_here: bool,
}

/// Who is signed in, as the masthead says it.
pub(super) struct MemberInMasthead {
    pub(super) name: String,
    pub(super) balance: Option<String>,
}

impl Layout {
    pub(super) fn new(
        look: Arc<Look>,
        section: Section,
        title: impl Into<String>,
        member: Option<MemberInMasthead>,
    ) -> Self {
        let all = [
            ("/", "Catalogue", Section::Catalogue),
            ("/club", "Join the club", Section::Club),
            ("/feeds", "Feeds", Section::Feeds),
            ("/redeem", "Redeem", Section::Redeem),
            ("/library", "Library", Section::Library),
        ];
        let shown =
            all.into_iter().filter(|(_, _, at)| *at != Section::Library || member.is_some());
        let links = shown.map(|(path, text, at)| MainLink { path, text, is_here: at == section });
        Self {
            links: links.collect(),
            look,
            section,
            member,
            title: title.into(),
            description: String::new(),
            canonical: None,
            picture: None,
            is_private: true,
        }
    }

    /// Makes the page one that search engines and others may show, at its path below the site's home.
    pub(super) fn public(mut self, path: &str, description: &str) -> Self {
        self.is_private = false;
        self.canonical = Some(format!("{}{path}", self.look.site));
        self.description = description.chars().take(MAX_DESCRIPTION).collect();
        self
    }

    /// Names a picture for previews, by its path below the site's home.
    pub(super) fn with_picture(mut self, path: &str) -> Self {
        self.picture = Some(format!("{}{path}", self.look.site));
        self
    }
}

/// Characters of a description, of which search engines show fewer.
const MAX_DESCRIPTION: usize = 200;
