//! What the publisher is called, in feeds and on pages.

/// What the publisher is called.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Masthead {
    /// Of the site and of each feed.
    pub title: String,
    /// A sentence or two.
    pub description: String,
    /// Who speaks in the podcast.
    pub author: String,
    /// A language tag, such as `en`.
    pub language: String,
    /// A square picture's URL.
    pub image: Option<String>,
    /// One of Apple's podcast categories.
    pub category: String,
    /// Whether the podcast is for adults.
    pub explicit: bool,
}

impl Default for Masthead {
    fn default() -> Self {
        Self {
            title: "usher".to_owned(),
            description: "New releases".to_owned(),
            author: String::new(),
            language: "en".to_owned(),
            image: None,
            category: "Arts".to_owned(),
            explicit: false,
        }
    }
}
