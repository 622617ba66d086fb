//! Items: publishing them, changing them, and their torrents.

mod item;
mod price;
mod publish;
mod torrent;

pub(crate) use item::ITEM;
pub use item::{ItemCommand, SetItemArgs};
pub use price::PriceArgs;
pub use publish::{DetailArgs, PublishArgs};
pub use torrent::TorrentArgs;
pub(crate) use torrent::{MAGNET, magnet};
