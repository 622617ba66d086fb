//! RSS 2.0 as torrent clients and podcast readers take it (BEP 36).
//!
//! The enclosure's length is that of the .torrent, as BEP 36 says; the content's stands beside it in
//! ezRSS's `contentLength`, where Sonarr looks. An entry's link is the
//! torrent's, as no page presents it. The `guid` holds no token, lest a rotated one lets everything be
//! downloaded again.

use std::io;

use club::FeedKind;
use jiff::Timestamp;
use jiff::fmt::rfc2822;
use jiff::tz::TimeZone;
use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesText, Event};

use super::masthead::Masthead;

/// A feed.
pub(super) struct Channel<'a> {
    pub(super) masthead: &'a Masthead,
    pub(super) kind: FeedKind,
    pub(super) own_url: &'a str,
    pub(super) home: &'a str,
    pub(super) entries: &'a [Entry],
}

/// An item in a feed.
pub(super) struct Entry {
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

type Out = Writer<Vec<u8>>;

impl Channel<'_> {
    /// The document, with the time of its last change.
    pub(super) fn write(&self, changed: u32) -> Vec<u8> {
        let mut out = Writer::new_with_indent(Vec::new(), b' ', 1);
        // Writing to memory does not fail.
        let _ = self.document(&mut out, changed);
        out.into_inner()
    }

    fn document(&self, out: &mut Out, changed: u32) -> io::Result<()> {
        out.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
        out.create_element("rss")
            .with_attributes([("version", "2.0")])
            .with_attributes(NAMESPACES)
            .write_inner_content(|out| {
                out.create_element("channel").write_inner_content(|out| {
                    self.head(out, changed)?;
                    self.entries.iter().try_for_each(|entry| entry.write(out))
                })?;
                Ok(())
            })?;
        Ok(())
    }

    fn head(&self, out: &mut Out, changed: u32) -> io::Result<()> {
        let Masthead { title, description, author, language, image, category, explicit } =
            self.masthead;
        text(out, "title", title)?;
        text(out, "link", self.home)?;
        text(out, "description", description)?;
        text(out, "language", language)?;
        text(out, "ttl", "30")?;
        text(out, "lastBuildDate", &date(changed))?;
        out.create_element("atom:link")
            .with_attributes([
                ("rel", "self"),
                ("type", "application/rss+xml"),
                ("href", self.own_url),
            ])
            .write_empty()?;
        if self.kind == FeedKind::Podcast {
            text(out, "itunes:author", author)?;
            text(out, "itunes:explicit", if *explicit { "true" } else { "false" })?;
            // What is personal is not to be listed in a directory.
            text(out, "itunes:block", "Yes")?;
            out.create_element("itunes:category")
                .with_attribute(("text", category.as_str()))
                .write_empty()?;
            if let Some(image) = image {
                out.create_element("itunes:image")
                    .with_attribute(("href", image.as_str()))
                    .write_empty()?;
            }
        }
        Ok(())
    }
}

impl Entry {
    fn write(&self, out: &mut Out) -> io::Result<()> {
        out.create_element("item").write_inner_content(|out| {
            text(out, "title", &self.title)?;
            text(out, "link", &self.torrent_url)?;
            if !self.description.is_empty() {
                text(out, "description", &self.description)?;
            }
            out.create_element("guid")
                .with_attribute(("isPermaLink", "false"))
                .write_text_content(BytesText::new(&self.guid))?;
            text(out, "pubDate", &date(self.published))?;
            match &self.media {
                Some(media) => self.write_media(out, media)?,
                None => {
                    enclosure(out, &self.torrent_url, &self.torrent_bytes.to_string(), TORRENT)?
                }
            }
            text(out, "torrent:infoHash", &self.info_hash)?;
            text(out, "torrent:contentLength", &self.size.to_string())
        })?;
        Ok(())
    }

    fn write_media(&self, out: &mut Out, media: &Media) -> io::Result<()> {
        enclosure(out, &media.url, &media.bytes.to_string(), &media.kind)?;
        text(out, "itunes:title", &self.title)?;
        if !self.description.is_empty() {
            text(out, "itunes:summary", &self.description)?;
        }
        let length = self.torrent_bytes.to_string();
        out.create_element("podcast:alternateEnclosure")
            .with_attributes([("type", TORRENT), ("length", length.as_str())])
            .write_inner_content(|out| {
                out.create_element("podcast:source")
                    .with_attribute(("uri", self.torrent_url.as_str()))
                    .write_empty()?;
                Ok(())
            })?;
        Ok(())
    }
}

fn text(out: &mut Out, name: &str, content: &str) -> io::Result<()> {
    // A character that XML has no way to write would make the whole feed unreadable.
    let content: String = content.chars().filter(|c| is_xml(*c)).collect();
    out.create_element(name).write_text_content(BytesText::new(&content))?;
    Ok(())
}

fn enclosure(out: &mut Out, url: &str, length: &str, kind: &str) -> io::Result<()> {
    out.create_element("enclosure")
        .with_attributes([("url", url), ("length", length), ("type", kind)])
        .write_empty()?;
    Ok(())
}

fn is_xml(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..)
}

fn date(unix: u32) -> String {
    let moment = Timestamp::from_second(unix.into()).unwrap_or_default();
    rfc2822::to_string(&moment.to_zoned(TimeZone::UTC)).unwrap_or_default()
}

const NAMESPACES: [(&str, &str); 4] = [
    ("xmlns:atom", "http://www.w3.org/2005/Atom"),
    ("xmlns:itunes", "http://www.itunes.com/dtds/podcast-1.0.dtd"),
    ("xmlns:podcast", "https://podcastindex.org/namespace/1.0"),
    ("xmlns:torrent", "http://xmlns.ezrss.it/0.1/"),
];
const TORRENT: &str = super::torrents::TORRENT;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_torrent_is_enclosed_as_clients_want_it() {
        let text = written(FeedKind::Club, None);
        for expected in [
            "<title>Reel &amp; 1</title>",
            "<lastBuildDate>Fri, 15 Jan 2027 08:00:00 +0000</lastBuildDate>",
            "<enclosure url=\"https://c/t/T/reel.torrent\" length=\"99\" type=\"application/x-bittorrent\"/>",
            "<guid isPermaLink=\"false\">urn:btih:c146</guid>",
            "<link>https://c/t/T/reel.torrent</link>",
            "<torrent:contentLength>734003200</torrent:contentLength>",
            "<atom:link rel=\"self\" type=\"application/rss+xml\" href=\"https://c/feed/F/club.xml\"/>",
        ] {
            assert!(text.contains(expected), "{expected} in {text}");
        }
        assert!(!text.contains("<itunes:"));
    }

    #[test]
    fn a_podcast_encloses_the_film_and_the_torrent_beside_it() {
        let media = Media {
            url: "https://c/ws/W/r.mp4".to_owned(),
            bytes: 7,
            kind: "video/mp4".to_owned(),
        };
        let text = written(FeedKind::Podcast, Some(media));
        for expected in [
            "<enclosure url=\"https://c/ws/W/r.mp4\" length=\"7\" type=\"video/mp4\"/>",
            "<podcast:alternateEnclosure type=\"application/x-bittorrent\" length=\"99\">",
            "<podcast:source uri=\"https://c/t/T/reel.torrent\"/>",
            "<itunes:explicit>false</itunes:explicit>",
            "<itunes:category text=\"Arts\"/>",
        ] {
            assert!(text.contains(expected), "{expected} in {text}");
        }
    }

    fn written(kind: FeedKind, media: Option<Media>) -> String {
        let entry = Entry {
            title: "Reel & \u{1}1".to_owned(),
            description: String::new(),
            guid: "urn:btih:c146".to_owned(),
            info_hash: "c146".to_owned(),
            published: 1_800_000_000,
            size: 734_003_200,
            torrent_url: "https://c/t/T/reel.torrent".to_owned(),
            torrent_bytes: 99,
            media,
        };
        let channel = Channel {
            masthead: &Masthead::default(),
            kind,
            own_url: "https://c/feed/F/club.xml",
            home: "https://c/",
            entries: &[entry],
        };
        String::from_utf8(channel.write(1_800_000_000)).unwrap()
    }
}
