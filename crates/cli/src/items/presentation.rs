//! How an item is presented: the options of `usher publish` and `usher item set`.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use api::item::{ItemView, MAX_COVER_BYTES, SetItem};
use clap::Args;

use crate::daemon::{CommandContext, CommandError};

/// What to change of how an item is presented; what is not named stays.
#[derive(Args, Clone, Debug, Default)]
pub struct PresentationArgs {
    /// Line below the title, such as 'Film, 88 minutes'
    #[arg(long, value_name = "TEXT")]
    subtitle: Option<String>,
    /// Description that people see, in Markdown
    #[arg(long, value_name = "TEXT")]
    description: Option<String>,
    /// File with the description, in Markdown
    #[arg(long, value_name = "FILE", conflicts_with = "description")]
    description_file: Option<PathBuf>,
    /// Tag, instead of those it has; repeat it for several, empty for none
    #[arg(long = "tag", value_name = "TAG")]
    tags: Vec<String>,
    /// Who sees it on the site: nobody (draft), everybody (published), or whoever knows its address
    /// (unlisted)
    #[arg(long, value_name = "WHO", value_parser = ["draft", "published", "unlisted"], hide_possible_values = true)]
    visibility: Option<String>,
    /// Date of release, such as 2026-11-30; empty for the day of publication
    #[arg(long, value_name = "DATE")]
    released: Option<String>,
    /// Path of a file inside the item that anybody may play; empty for none
    #[arg(long, value_name = "PATH")]
    preview: Option<String>,
    /// Lowest tier that has it without buying it; empty for none
    #[arg(long)]
    tier: Option<String>,
    /// Item that comes with it, instead of those that do; repeat it for several, empty for none
    #[arg(long = "part", value_name = "ITEM")]
    parts: Vec<String>,
    /// Image for its cover: a JPEG, PNG or WebP file of at most 8 MiB
    #[arg(long, value_name = "FILE")]
    cover: Option<PathBuf>,
}

impl PresentationArgs {
    /// The change, with `title`; `None` where nothing is named but a cover.
    pub(super) fn change(&self, title: Option<String>) -> Result<Option<SetItem>, CommandError> {
        let Self { subtitle, tags, visibility, released, preview, tier, parts, .. } = self.clone();
        let description = match &self.description_file {
            Some(file) => Some(text(file)?),
            None => self.description.clone(),
        };
        let tags = Some(tags).filter(|tags| !tags.is_empty());
        let parts = Some(parts).filter(|parts| !parts.is_empty());
        let change = SetItem {
            title,
            subtitle,
            description,
            tags,
            visibility,
            released,
            preview,
            tier,
            parts,
        };
        let is_any = change != SetItem::default();
        Ok(is_any.then_some(change))
    }

    /// The image of the cover, where one is named.
    pub(super) fn cover(&self) -> Result<Option<Vec<u8>>, CommandError> {
        self.cover.as_deref().map(image).transpose()
    }
}

/// Gives an item a cover.
pub(super) async fn set_cover(
    context: &CommandContext,
    item: &str,
    cover: Vec<u8>,
) -> Result<ItemView, CommandError> {
    Ok(context.put(&["items", item, "cover"]).image(cover).answer().await?)
}

/// Reads an image, up to a byte more than the daemon takes: it says what is wrong.
fn image(path: &Path) -> Result<Vec<u8>, CommandError> {
    let most = u64::try_from(MAX_COVER_BYTES).unwrap_or(u64::MAX).saturating_add(1);
    let mut bytes = Vec::new();
    let read = File::open(path).and_then(|file| file.take(most).read_to_end(&mut bytes));
    read.map(|_| bytes).map_err(|error| cannot_read(path, error))
}

/// Reads a text of at most as many bytes as 10,000 characters can have, and one more.
fn text(path: &Path) -> Result<String, CommandError> {
    let most = fs::metadata(path).map(|metadata| metadata.len());
    if most.is_ok_and(|bytes| bytes > MAX_TEXT_BYTES) {
        let error = io::Error::other("a description has 10000 characters at most: shorten it");
        return Err(cannot_read(path, error));
    }
    fs::read_to_string(path).map_err(|error| cannot_read(path, error))
}

fn cannot_read(path: &Path, error: io::Error) -> CommandError {
    CommandError::File { path: path.to_owned(), error }
}

const MAX_TEXT_BYTES: u64 = 40_000;
