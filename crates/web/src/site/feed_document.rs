//! RSS 2.0 as torrent clients and podcast readers accept it (BEP 36).
//!
//! The enclosure's length is that of the .torrent, as BEP 36 says. The content's length stands beside it in ezRSS's
//! `contentLength`, where Sonarr looks. An entry links to its torrent, because no page presents it. The `guid` holds no
//! token: otherwise a rotated token would make readers download everything again. What is empty is left out.

use std::collections::BTreeMap;

use club::FeedKind;
use jiff::Timestamp;
use jiff::fmt::rfc2822;
use jiff::tz::TimeZone;
use rss::extension::itunes::{ITunesCategory, ITunesChannelExtension, ITunesItemExtension};
use rss::extension::{Extension, ExtensionMap};
use rss::{Channel, Enclosure, Guid, Item};

use super::masthead::Masthead;

/// A feed.
pub(super) struct Feed<'a> {
    pub(super) masthead: &'a Masthead,
    pub(super) kind: FeedKind,
    pub(super) own_url: &'a str,
    pub(super) home: &'a str,
    /// What its reader must know, before everything else.
    pub(super) notice: Option<&'a FeedNotice>,
    pub(super) entries: &'a [FeedEntry],
}

/// An entry without files: a text and a link.
pub(super) struct FeedNotice {
    pub(super) guid: String,
    pub(super) title: String,
    pub(super) text: String,
    pub(super) link: String,
    /// In Unix seconds.
    pub(super) since: u32,
}

/// An item in a feed.
pub(super) struct FeedEntry {
    pub(super) name: String,
    pub(super) title: String,
    pub(super) description: String,
    pub(super) guid: String,
    pub(super) info_hash: String,
    /// In Unix seconds.
    pub(super) published: u32,
    /// Bytes of content.
    pub(super) size: u64,
    pub(super) torrent_url: String,
    pub(super) torrent_bytes: usize,
    /// What a podcast reader plays.
    pub(super) media: Option<Media>,
}

/// A file to play.
pub(super) struct Media {
    pub(super) url: String,
    pub(super) bytes: u64,
    pub(super) kind: String,
}

impl Feed<'_> {
    /// The document, dated with the time of its last change.
    pub(super) fn write(&self, changed: u32) -> Vec<u8> {
        // Writing to memory does not fail.
        self.channel(changed).write_to(Vec::new()).unwrap_or_default()
    }

    fn channel(&self, changed: u32) -> Channel {
        let Masthead { title, description, language, .. } = self.masthead;
        let link = text(self.home).unwrap_or_default();
        let title = text(title).unwrap_or_else(|| link.clone());
        let mut extensions = ExtensionMap::new();
        let own = [("rel", "self"), ("type", "application/rss+xml"), ("href", self.own_url)];
        extend(&mut extensions, element("atom:link", &own));
        if self.kind != FeedKind::Public {
            // What is personal is not to be taken over by another host, nor listed in a directory.
            extend(&mut extensions, value("podcast:locked", "yes".to_owned()));
            extend(&mut extensions, value("podcast:block", "yes".to_owned()));
        }
        // A channel must have one. Apps that show no entry without a file show this.
        let description = text(description).unwrap_or_else(|| title.clone());
        let description = match self.notice {
            Some(notice) => format!("{} {description}", notice.text),
            None => description,
        };
        let notice = self.notice.map(FeedNotice::item);
        Channel {
            description,
            title,
            link,
            language: text(language),
            ttl: Some("30".to_owned()),
            last_build_date: Some(date(changed)),
            items: notice.into_iter().chain(self.entries.iter().map(FeedEntry::item)).collect(),
            itunes_ext: match self.kind {
                FeedKind::Public => None,
                FeedKind::Club => Some(blocked()),
                FeedKind::Podcast => Some(self.podcast()),
            },
            namespaces: NAMESPACES.map(|(name, uri)| (name.to_owned(), uri.to_owned())).into(),
            extensions,
            ..Channel::default()
        }
    }

    fn podcast(&self) -> ITunesChannelExtension {
        let Masthead { author, image, category, explicit, .. } = self.masthead;
        let category = text(category).map(|text| ITunesCategory { text, subcategory: None });
        ITunesChannelExtension {
            author: text(author),
            categories: category.into_iter().collect(),
            explicit: Some(explicit.to_string()),
            image: image.as_deref().and_then(text),
            ..blocked()
        }
    }
}

/// What keeps a feed out of directories.
fn blocked() -> ITunesChannelExtension {
    ITunesChannelExtension { block: Some("Yes".to_owned()), ..ITunesChannelExtension::default() }
}

impl FeedNotice {
    fn item(&self) -> Item {
        Item {
            title: text(&self.title),
            link: Some(self.link.clone()),
            description: text(&self.text),
            guid: Some(Guid { value: self.guid.clone(), permalink: false }),
            pub_date: Some(date(self.since)),
            ..Item::default()
        }
    }
}

impl FeedEntry {
    fn item(&self) -> Item {
        let torrent_bytes = self.torrent_bytes.to_string();
        let title = text(&self.title).unwrap_or_else(|| self.name.clone());
        let description = text(&self.description);
        let mut extensions = ExtensionMap::new();
        extend(&mut extensions, value("torrent:infoHash", self.info_hash.clone()));
        extend(&mut extensions, value("torrent:contentLength", self.size.to_string()));
        if self.media.is_some() {
            extend(&mut extensions, value("itunes:title", title.clone()));
            let kind = [("type", TORRENT), ("length", torrent_bytes.as_str())];
            let mut torrent = element("podcast:alternateEnclosure", &kind);
            let source = element("podcast:source", &[("uri", self.torrent_url.as_str())]);
            torrent.children = BTreeMap::from([("source".to_owned(), vec![source])]);
            extend(&mut extensions, torrent);
        }
        let enclosure = match &self.media {
            Some(Media { url, bytes, kind }) => (url.clone(), bytes.to_string(), kind.clone()),
            None => (self.torrent_url.clone(), torrent_bytes, TORRENT.to_owned()),
        };
        let (url, length, mime_type) = enclosure;
        let summary = description.clone().filter(|_| self.media.is_some());
        Item {
            title: Some(title),
            link: Some(self.torrent_url.clone()),
            description,
            enclosure: Some(Enclosure { url, length, mime_type }),
            guid: Some(Guid { value: self.guid.clone(), permalink: false }),
            pub_date: Some(date(self.published)),
            itunes_ext: summary.map(|summary| ITunesItemExtension {
                summary: Some(summary),
                ..ITunesItemExtension::default()
            }),
            extensions,
            ..Item::default()
        }
    }
}

/// Text as XML can hold it; `None` if nothing is left. A character that XML has no way to write would make the
/// whole feed unreadable.
fn text(content: &str) -> Option<String> {
    let kept: String = content.chars().filter(|c| is_xml(*c)).collect();
    (!kept.trim().is_empty()).then_some(kept)
}

fn is_xml(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..)
}

/// An element of another namespace.
fn element(name: &str, attributes: &[(&str, &str)]) -> Extension {
    let attributes =
        attributes.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Extension { name: name.to_owned(), attrs: attributes.collect(), ..Extension::default() }
}

fn value(name: &str, value: String) -> Extension {
    Extension { value: Some(value), ..element(name, &[]) }
}

/// Adds an element, whose name has a prefix.
fn extend(extensions: &mut ExtensionMap, element: Extension) {
    let (prefix, name) = element.name.split_once(':').unwrap_or_default();
    let (prefix, name) = (prefix.to_owned(), name.to_owned());
    extensions.entry(prefix).or_default().entry(name).or_default().push(element);
}

fn date(unix: u32) -> String {
    let moment = Timestamp::from_second(unix.into()).unwrap_or_default();
    rfc2822::to_string(&moment.to_zoned(TimeZone::UTC)).unwrap_or_default()
}

const NAMESPACES: [(&str, &str); 4] = [
    ("atom", "http://www.w3.org/2005/Atom"),
    ("itunes", "http://www.itunes.com/dtds/podcast-1.0.dtd"),
    ("podcast", "https://podcastindex.org/namespace/1.0"),
    ("torrent", "http://xmlns.ezrss.it/0.1/"),
];
const TORRENT: &str = super::torrents::TORRENT;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_torrent_is_enclosed_as_clients_want_it() {
        let text = written(&Masthead::default(), FeedKind::Club, entry());
        for expected in [
            "<title>Reel &amp; 1</title>",
            "<lastBuildDate>Fri, 15 Jan 2027 08:00:00 +0000</lastBuildDate>",
            "<enclosure url=\"https://c/t/T/reel.torrent\" length=\"99\" type=\"application/x-bittorrent\"/>",
            "<guid isPermaLink=\"false\">urn:btih:c146</guid>",
            "<link>https://c/t/T/reel.torrent</link>",
            "<torrent:contentLength>734003200</torrent:contentLength>",
            "<torrent:infoHash>c146</torrent:infoHash>",
            "<atom:link href=\"https://c/feed/F/club.xml\" rel=\"self\" type=\"application/rss+xml\">",
        ] {
            assert!(text.contains(expected), "{expected} in {text}");
        }
        assert!(text.contains("<itunes:block>Yes</itunes:block>"), "{text}");
        assert!(text.contains("<podcast:locked>yes</podcast:locked>"), "{text}");
        assert!(!text.contains("<itunes:category"), "{text}");
        let public = written(&Masthead::default(), FeedKind::Public, entry());
        assert!(!public.contains("<itunes:") && !public.contains("<podcast:"), "{public}");
    }

    #[test]
    fn a_podcast_encloses_the_film_and_the_torrent_beside_it() {
        let media = Media {
            url: "https://c/ws/W/r.mp4".to_owned(),
            bytes: 7,
            kind: "video/mp4".to_owned(),
        };
        let entry =
            FeedEntry { media: Some(media), description: "]]> & more".to_owned(), ..entry() };
        let text = written(&Masthead::default(), FeedKind::Podcast, entry);
        for expected in [
            "<enclosure url=\"https://c/ws/W/r.mp4\" length=\"7\" type=\"video/mp4\"/>",
            "<podcast:alternateEnclosure length=\"99\" type=\"application/x-bittorrent\">",
            "<podcast:source uri=\"https://c/t/T/reel.torrent\">",
            "<itunes:title>Reel &amp; 1</itunes:title>",
            "<itunes:explicit>false</itunes:explicit>",
            "<itunes:category text=\"Arts\"></itunes:category>",
        ] {
            assert!(text.contains(expected), "{expected} in {text}");
        }
        let read = Channel::read_from(text.as_bytes()).unwrap();
        assert_eq!(read.items[0].description.as_deref(), Some("]]> & more"));
        assert_eq!(
            read.items[0].itunes_ext.as_ref().unwrap().summary.as_deref(),
            Some("]]> & more")
        );
    }

    #[test]
    fn what_is_empty_is_left_out_and_what_must_be_there_is_found_elsewhere() {
        let masthead = Masthead {
            title: " ".to_owned(),
            description: "\u{1}".to_owned(),
            author: String::new(),
            language: String::new(),
            image: Some(String::new()),
            category: String::new(),
            explicit: false,
        };
        let entry = FeedEntry { title: "\u{ffff}".to_owned(), ..entry() };
        let read = written(&masthead, FeedKind::Podcast, entry);
        let read = Channel::read_from(read.as_bytes()).unwrap();
        assert_eq!((read.title.as_str(), read.description.as_str()), ("https://c/", "https://c/"));
        assert_eq!(read.language, None);
        let itunes = read.itunes_ext.unwrap();
        assert_eq!((itunes.author, itunes.image, itunes.categories), (None, None, Vec::new()));
        assert_eq!(
            (read.items[0].title.as_deref(), &read.items[0].description),
            (Some("reel"), &None)
        );
    }

    #[test]
    fn any_text_makes_a_feed_that_can_be_read() {
        let text: String = ('\0'..='\u{ff}').chain(['\u{fffe}', '\u{1f3ac}']).collect();
        let masthead = Masthead {
            title: text.clone(),
            description: text.clone(),
            author: text.clone(),
            language: text.clone(),
            image: Some(text.clone()),
            category: text.clone(),
            explicit: true,
        };
        let entry = FeedEntry { title: text.clone(), description: text, ..entry() };
        let read = written(&masthead, FeedKind::Podcast, entry);
        assert!(read.chars().all(is_xml));
        Channel::read_from(read.as_bytes()).unwrap();
    }

    fn entry() -> FeedEntry {
        FeedEntry {
            name: "reel".to_owned(),
            title: "Reel & \u{1}1".to_owned(),
            description: String::new(),
            guid: "urn:btih:c146".to_owned(),
            info_hash: "c146".to_owned(),
            published: 1_800_000_000,
            size: 734_003_200,
            torrent_url: "https://c/t/T/reel.torrent".to_owned(),
            torrent_bytes: 99,
            media: None,
        }
    }

    fn written(masthead: &Masthead, kind: FeedKind, entry: FeedEntry) -> String {
        let feed = Feed {
            masthead,
            kind,
            own_url: "https://c/feed/F/club.xml",
            home: "https://c/",
            notice: None,
            entries: &[entry],
        };
        String::from_utf8(feed.write(1_800_000_000)).unwrap()
    }
}
