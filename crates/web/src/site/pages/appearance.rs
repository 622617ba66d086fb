//! What the publisher decides about the pages: colours, logo, texts, and whether there are any.

use axum::body::Bytes;
use club::Amount;
use thiserror::Error;

use super::colour::Colour;
use super::topup_amounts::TopupAmounts;

/// How the pages look and what they say. The default is what an empty `tracker.yaml` means.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Appearance {
    /// Whether there are pages at all; otherwise people get the plain answers that programs get.
    pub pages: bool,
    /// The colour of buttons and links.
    pub accent: Colour,
    /// Stands for the title at the top.
    pub logo: Option<Picture>,
    /// A style sheet, used after usher's own.
    pub stylesheet: Option<Bytes>,
    /// The heading of the catalogue; empty for the title.
    pub headline: String,
    /// Stands below it; empty for the description.
    pub tagline: String,
    /// Where people write to: the target of a link.
    pub contact: Option<String>,
    /// Pages in Markdown, and what stands at the end of each; empty where there is none.
    pub texts: Texts,
    /// Origins of payment providers, to which a form may lead.
    pub form_targets: Vec<String>,
    /// The tiers, from the lowest, which is everybody else's.
    pub tiers: Vec<TierOffer>,
    /// What a balance can be topped up by, once for each currency. Empty: the usual amounts of the currencies in use.
    pub topups: Vec<TopupAmounts>,
}

/// A tier, as pages present it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct TierOffer {
    /// Its name.
    pub id: String,
    /// What it costs and the period of which, in one word; `None` where it is not for sale.
    pub price: Option<(Amount, &'static str)>,
    /// The upload in thirty days that earns it, in bytes; `None` where nothing does.
    pub earned_by: Option<u64>,
    /// Whether its members are in the club.
    pub is_inside: bool,
    /// Whether its members have a right to every item.
    pub entitles_all: bool,
    /// Bytes a second at which the publisher's own copy serves it; `None` where it does not.
    pub web_seed_rate: Option<u64>,
    /// The most peers in a reply.
    pub max_peers: u32,
}

/// Texts of the publisher's, in Markdown.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Texts {
    /// The page `/about`.
    pub about: String,
    /// The page `/terms`.
    pub terms: String,
    /// The page `/privacy`.
    pub privacy: String,
    /// At the end of every page.
    pub footer: String,
    /// What a buyer agrees to; empty for usher's own sentence. Not Markdown.
    pub consent: String,
}

impl Default for Appearance {
    fn default() -> Self {
        Self {
            pages: true,
            accent: Colour::DEFAULT,
            logo: None,
            stylesheet: None,
            headline: String::new(),
            tagline: String::new(),
            contact: None,
            texts: Texts::default(),
            form_targets: Vec::new(),
            tiers: Vec::new(),
            topups: Vec::new(),
        }
    }
}

/// A picture of a type that browsers show, known by its content.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Picture {
    pub(super) bytes: Bytes,
    pub(super) media_type: &'static str,
}

/// Not a picture.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[error("not a picture that browsers show: expected PNG, JPEG, GIF, WebP, AVIF or SVG")]
pub struct BadPicture;

impl Picture {
    /// Takes the content of a file, whatever its name is.
    ///
    /// # Errors
    ///
    /// It is no PNG, JPEG, GIF, WebP, AVIF or SVG.
    pub fn new(bytes: Vec<u8>) -> Result<Self, BadPicture> {
        let media_type = media_type(&bytes).ok_or(BadPicture)?;
        Ok(Self { bytes: bytes.into(), media_type })
    }
}

fn media_type(bytes: &[u8]) -> Option<&'static str> {
    let begins =
        |start: &[u8], at: usize| bytes.get(at..).is_some_and(|rest| rest.starts_with(start));
    match bytes {
        _ if begins(b"\x89PNG\r\n\x1a\n", 0) => Some("image/png"),
        _ if begins(b"\xff\xd8\xff", 0) => Some("image/jpeg"),
        _ if begins(b"GIF87a", 0) || begins(b"GIF89a", 0) => Some("image/gif"),
        _ if begins(b"RIFF", 0) && begins(b"WEBP", 8) => Some("image/webp"),
        _ if begins(b"ftypavif", 4) || begins(b"ftypavis", 4) => Some("image/avif"),
        _ => is_svg(bytes).then_some("image/svg+xml"),
    }
}

/// A text whose first element is `svg`, after a declaration and comments.
fn is_svg(bytes: &[u8]) -> bool {
    let Ok(mut text) = str::from_utf8(bytes) else { return false };
    text = text.trim_start_matches('\u{feff}').trim_start();
    for (start, end) in [("<?xml", "?>"), ("<!--", "-->"), ("<!DOCTYPE", ">"), ("<!--", "-->")] {
        if let Some(rest) = text.strip_prefix(start) {
            text = rest.split_once(end).map_or("", |(_, rest)| rest).trim_start();
        }
    }
    text.starts_with("<svg")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_is_known_by_its_content() {
        for (bytes, expected) in [
            (&b"\x89PNG\r\n\x1a\nrest"[..], Some("image/png")),
            (b"\xff\xd8\xff\xe0", Some("image/jpeg")),
            (b"GIF89a", Some("image/gif")),
            (b"RIFF\0\0\0\0WEBPVP8 ", Some("image/webp")),
            (b"\0\0\0\x20ftypavif", Some("image/avif")),
            (b"<svg xmlns='http://www.w3.org/2000/svg'/>", Some("image/svg+xml")),
            (b"\xef\xbb\xbf<?xml version='1.0'?>\n<!-- ours --><svg/>", Some("image/svg+xml")),
            (b"<html><svg/></html>", None),
            (b"<?xml version='1.0'?><html/>", None),
            (b"RIFF\0\0\0\0WAVE", None),
            (b"", None),
        ] {
            let found = Picture::new(bytes.to_vec()).map(|picture| picture.media_type);
            assert_eq!(found.ok(), expected, "{bytes:?}");
        }
    }
}
