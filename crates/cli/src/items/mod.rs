//! Items: publishing them, changing them, and their torrents.

mod item;
mod presentation;
mod price;
mod publish;
mod torrent;

pub(crate) use item::ITEM;
pub use item::{ItemCommand, ItemListArgs, SetItemArgs};
pub use presentation::PresentationArgs;
pub use price::PriceArgs;
pub use publish::PublishArgs;
pub use torrent::TorrentArgs;
pub(crate) use torrent::{MAGNET, magnet};
