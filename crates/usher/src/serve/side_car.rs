//! Side-cars of the watched folder: `NAME.usher.yaml` says how `NAME` is published and presented, and an image
//! `NAME.usher.jpg`, `.png` or `.webp` is its cover.
//!
//! Neither is read through a link: whoever can write to the folder must not publish what lies elsewhere.

use std::ffi::OsString;
use std::fs::{self, Metadata, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use api::item::MAX_COVER_BYTES;
use api::publish::Publish;

/// What lies beside a file or folder.
#[derive(Clone, Debug)]
pub(crate) struct SideCar {
    /// How it is published; an empty side-car says nothing.
    pub(crate) wish: Publish,
    /// The image of its cover, as it lies there.
    pub(crate) cover: Option<Vec<u8>>,
    /// Another side-car, or cover, has another.
    pub(crate) digest: [u8; 32],
}

impl SideCar {
    /// Reads what lies beside a file or folder.
    ///
    /// # Errors
    ///
    /// The file and what is wrong with it.
    pub(crate) fn read(path: &Path) -> Result<Self, String> {
        let yaml = beside(path, YAML);
        let at = |file: &Path, error: String| format!("{}: {error}", file.display());
        let text = open(&yaml, MAX_YAML_BYTES).map_err(|error| at(&yaml, error))?;
        let wish = parse(&text).map_err(|error| at(&yaml, error))?;
        let mut cover = None;
        if let Some(image) = cover_of(path) {
            cover = Some(open(&image, MAX_IMAGE_BYTES).map_err(|error| at(&image, error))?);
        }
        let mut digest = blake3::Hasher::new();
        digest.update(blake3::hash(&text).as_bytes());
        digest.update(cover.as_deref().unwrap_or_default());
        Ok(Self { wish, cover, digest: digest.finalize().into() })
    }

    /// The file that says how something is published.
    pub(crate) fn path(of: &Path) -> PathBuf {
        beside(of, YAML)
    }

    /// Whether a file of this name belongs to another one.
    pub(crate) fn is_named(name: &[u8]) -> bool {
        [YAML].iter().chain(&IMAGES).any(|ending| name.ends_with(ending.as_bytes()))
    }

    /// What the system says of the files that lie beside a file or folder.
    pub(crate) fn metadata(of: &Path) -> (Option<Metadata>, Option<Metadata>) {
        let of_cover = cover_of(of).and_then(|image| fs::symlink_metadata(image).ok());
        (fs::symlink_metadata(beside(of, YAML)).ok(), of_cover)
    }
}

/// The first image that lies beside a file or folder.
fn cover_of(path: &Path) -> Option<PathBuf> {
    let mut images = IMAGES.iter().map(|ending| beside(path, ending));
    images.find(|image| fs::symlink_metadata(image).is_ok())
}

fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name: OsString = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

/// Reads a small file.
fn open(path: &Path, most: u64) -> Result<Vec<u8>, String> {
    let mut how = OpenOptions::new();
    // Neither through a link, nor waiting for the writer of a pipe.
    how.read(true).custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK);
    let text = |error: io::Error| error.to_string();
    let file = how.open(path).map_err(|error| match error.raw_os_error() {
        Some(libc::ELOOP) => "is a symbolic link: write a file".to_owned(),
        _ => error.to_string(),
    })?;
    let metadata = file.metadata().map_err(text)?;
    if !metadata.is_file() || metadata.len() > most {
        return Err(format!("is not a file of at most {most} bytes"));
    }
    let mut bytes = Vec::new();
    file.take(most).read_to_end(&mut bytes).map_err(text)?;
    Ok(bytes)
}

fn parse(bytes: &[u8]) -> Result<Publish, String> {
    let text = str::from_utf8(bytes).map_err(|error| error.to_string())?;
    if text.trim().is_empty() {
        return Ok(Publish::default());
    }
    serde_yaml::from_str(text).map_err(|error| error.to_string())
}

/// What the name of a side-car ends in, after that of what it describes.
const YAML: &str = ".usher.yaml";
/// What the names of covers end in; the first that is there counts.
const IMAGES: [&str; 4] = [".usher.jpg", ".usher.jpeg", ".usher.png", ".usher.webp"];
const MAX_YAML_BYTES: u64 = 64 << 10;
#[expect(clippy::as_conversions, reason = "a constant that fits")]
const MAX_IMAGE_BYTES: u64 = MAX_COVER_BYTES as u64;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_link_is_read_through_and_no_long_file() {
        let (folder, outside) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        fs::write(outside.path().join("a"), "title: secret\n").unwrap();
        let film = folder.path().join("film");
        let link = |ending| {
            std::os::unix::fs::symlink(outside.path().join("a"), beside(&film, ending)).unwrap();
        };
        link(YAML);
        assert!(SideCar::read(&film).unwrap_err().contains("is a symbolic link"));
        fs::remove_file(beside(&film, YAML)).unwrap();
        fs::create_dir(beside(&film, YAML)).unwrap();
        assert!(SideCar::read(&film).unwrap_err().contains("is not a file"));
        fs::remove_dir(beside(&film, YAML)).unwrap();
        fs::write(beside(&film, YAML), " ".repeat(64 << 10)).unwrap();
        assert!(SideCar::read(&film).is_ok());
        fs::write(beside(&film, YAML), " ".repeat((64 << 10) + 1)).unwrap();
        assert!(SideCar::read(&film).unwrap_err().contains("at most 65536 bytes"));
        fs::write(beside(&film, YAML), "").unwrap();
        link(".usher.png");
        assert!(SideCar::read(&film).unwrap_err().contains("film.usher.png: is a symbolic link"));
    }

    #[test]
    fn a_side_car_says_what_publish_does() {
        let folder = tempfile::tempdir().unwrap();
        let film = folder.path().join("film");
        let check = |text: &str| {
            fs::write(beside(&film, YAML), text).unwrap();
            SideCar::read(&film)
        };
        let read = check("policy: club\ntorrent_price: '2.25'\ncurrency: usd\n").unwrap();
        let wish = &read.wish;
        assert_eq!(
            (wish.policy.as_deref(), wish.torrent_price.as_deref()),
            (Some("club"), Some("2.25"))
        );
        let texts = "tags: [film, 4k]\nvisibility: draft\nreleased: 2026-11-30\n\
                     description: |\n  A *quiet*\n  night\n";
        let wish = check(texts).unwrap().wish;
        assert_eq!(wish.released.as_deref(), Some("2026-11-30"));
        assert_eq!(wish.description.as_deref(), Some("A *quiet*\nnight\n"));
        assert_eq!(wish.tags.unwrap(), ["film", "4k"]);
        assert!(check(" \n").unwrap().wish.policy.is_none());
        assert!(check("colour: red\n").unwrap_err().contains("`colour`"));
    }

    #[test]
    fn another_text_or_cover_is_another_side_car() {
        let folder = tempfile::tempdir().unwrap();
        let film = folder.path().join("film");
        fs::write(beside(&film, YAML), "title: a\n").unwrap();
        let first = SideCar::read(&film).unwrap();
        fs::write(beside(&film, ".usher.jpg"), "image").unwrap();
        let second = SideCar::read(&film).unwrap();
        assert_eq!((first.cover, second.cover.as_deref()), (None, Some(&b"image"[..])));
        assert_ne!(first.digest, second.digest);
        assert_eq!(SideCar::read(&film).unwrap().digest, second.digest);
        assert!(SideCar::is_named(b"film.usher.jpg") && SideCar::is_named(b"film.usher.yaml"));
        assert!(!SideCar::is_named(b"film.jpg"));
    }
}
