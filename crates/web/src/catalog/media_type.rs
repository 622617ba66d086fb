//! The media type of a file by its name, as podcast players and browsers know it.
//!
//! Feeds promise it and the web seed serves it, so both ask here.

use std::path::Path;

use mime_guess::Mime;
use mime_guess::mime::APPLICATION_OCTET_STREAM;

/// The type that a file is served as. A page is served as bytes: its scripts would run as the site's own.
pub(crate) fn served_type(name: &str) -> Mime {
    media_type(name).filter(|mime| !is_page(mime)).unwrap_or(APPLICATION_OCTET_STREAM)
}

/// The type of a file that a player plays; `None` for any other.
pub(crate) fn playable_type(name: &str) -> Option<Mime> {
    let is_playlist = |mime: &Mime| mime.subtype() == "x-mpegurl";
    let is_played = |mime: &Mime| matches!(mime.type_().as_str(), "audio" | "video");
    media_type(name).filter(|mime| is_played(mime) && !is_playlist(mime))
}

fn media_type(name: &str) -> Option<Mime> {
    let extension = Path::new(name).extension().and_then(|extension| extension.to_str());
    let extension = extension.unwrap_or_default().to_ascii_lowercase();
    // mime_guess has types for these that no player knows.
    match extension.as_str() {
        "m4a" | "m4b" | "m4p" => "audio/mp4".parse().ok(),
        "m2ts" | "mts" | "ts" => "video/mp2t".parse().ok(),
        _ => mime_guess::from_path(name).first(),
    }
}

fn is_page(mime: &Mime) -> bool {
    [Some(mime.subtype()), mime.suffix()]
        .iter()
        .flatten()
        .any(|name| ["html", "xhtml", "xml"].contains(&name.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn players_know_the_type_of_what_they_play() {
        for (name, expected) in [
            ("a/Reel 1.mp4", Some("video/mp4")),
            ("a.mp3", Some("audio/mpeg")),
            ("a.m4a", Some("audio/mp4")),
            ("a.M4B", Some("audio/mp4")),
            ("a.m4v", Some("video/x-m4v")),
            ("a.mov", Some("video/quicktime")),
            ("a.mkv", Some("video/x-matroska")),
            ("a.ogg", Some("audio/ogg")),
            ("a.opus", Some("audio/ogg")),
            ("a.flac", Some("audio/flac")),
            ("a.ts", Some("video/mp2t")),
            ("a.m3u8", None),
            ("cover.jpg", None),
            ("README", None),
        ] {
            let found = playable_type(name).map(|mime| mime.to_string());
            assert_eq!(found.as_deref(), expected, "{name}");
            if let Some(expected) = expected {
                assert_eq!(served_type(name).to_string(), expected, "{name}");
            }
        }
    }

    #[test]
    fn a_page_is_served_as_bytes() {
        for page in ["a.html", "a.xhtml", "a.svg", "a.xml", "a.atom", "README"] {
            assert_eq!(served_type(page), APPLICATION_OCTET_STREAM, "{page}");
        }
        for (name, expected) in [("a.pdf", "application/pdf"), ("a.txt", "text/plain")] {
            assert_eq!(served_type(name).to_string(), expected, "{name}");
        }
    }
}
