//! Checks an item's files against its torrent.

use std::ffi::OsStr;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use club::{AlertKind, Goods, Item, NewAlert, Stamp};
use metainfo::MakeError;
use tokio::task::spawn_blocking;

use super::progress::Progress;
use super::publish_error::PublishError;
use super::publisher::{MAX_WARNINGS, Publisher, threads};

impl Publisher {
    /// Hashes an item's files anew, records whether they are what was published, and returns those
    /// that are not. Files that can't be read are an alert and say nothing of the item.
    ///
    /// # Errors
    ///
    /// There is no such item, it was removed or has no files; they can't be read.
    pub async fn verify(
        &self,
        stamp: &Stamp,
        item: &str,
        progress: &Arc<Progress>,
    ) -> Result<(Item, Vec<String>), PublishError> {
        let _turn = self.turn.lock().await;
        let item = self.club.item(item).await?;
        item.check_not_removed()?;
        let Some(goods) = self.club.goods(item.id).await? else {
            return Err(club::Error::NoGoods(item.name).into());
        };
        progress.of.store(goods.torrent.length, Ordering::Relaxed);
        let (content, job) = (Arc::clone(&goods), Arc::clone(progress));
        let found = spawn_blocking(move || {
            let watch = |bytes| job.watch(bytes);
            let bad = metainfo::verify(&content.bytes, &content.root, threads(), &watch)?;
            wrong(&content, bad)
        })
        .await
        .map_err(io::Error::from)?;
        // What changed meanwhile may be whole: nothing is known of it.
        let found = match found {
            Err(MakeError::Io(path, error)) => {
                let evidence = format!("{} cannot be read: {error}", path.display());
                let (kind, item) = (AlertKind::UnreadableItem, Some(item.id));
                let alert = NewAlert { kind, member: None, item, evidence };
                self.club.raise(stamp.now_unix, vec![alert]).await?;
                return Err(PublishError::Unreadable(path, error));
            }
            found => found?,
        };
        let bad = names(&goods, &found);
        let why = bad.first().map(|first| match bad.len() {
            1 => format!("{first} is not what was published"),
            count => format!("{first} and {} more are not what was published", count - 1),
        });
        if let Some(why) = &why {
            tracing::error!(item = item.name, why, "an item is broken and is not served");
        }
        Ok((self.club.set_broken(stamp, &item.id.to_string(), why).await?, bad))
    }
}

/// Of files that are not as their torrent says, those that can be looked at. A file that can't is no verdict.
///
/// # Errors
///
/// None can be looked at.
fn wrong(goods: &Goods, files: Vec<usize>) -> Result<Vec<usize>, MakeError> {
    let (mut wrong, mut unreadable) = (Vec::new(), None);
    for index in files {
        let path = place(goods, index);
        match path.symlink_metadata() {
            Err(error) if error.kind() != io::ErrorKind::NotADirectory => {
                unreadable = Some(MakeError::Io(path, error));
            }
            // It is there, or a folder on the way to it became a file.
            _ => wrong.push(index),
        }
    }
    match unreadable {
        Some(error) if wrong.is_empty() => Err(error),
        _ => Ok(wrong),
    }
}

/// Where a file is on the disk.
fn place(goods: &Goods, index: usize) -> PathBuf {
    match goods.torrent.files.get(index) {
        Some(file) if !goods.torrent.is_single_file() => {
            goods.root.join(OsStr::from_bytes(file.path.as_bytes()))
        }
        _ => goods.root.clone(),
    }
}

fn names(goods: &Goods, files: &[usize]) -> Vec<String> {
    let files = files.iter().filter_map(|index| goods.torrent.files.get(*index));
    files.take(MAX_WARNINGS).map(|file| file.path.to_string()).collect()
}
