//! `/t/<token>/<item>.torrent`: a member's own torrent, and by the token `free` that of a free item.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use club::{Goods, Item, Key, Member, Visibility};

use super::state::Site;
use super::token::{PRIVATE, PageError, UNINDEXED};

pub(super) async fn show(
    State(site): State<Arc<Site>>,
    Path((token, file)): Path<(String, String)>,
) -> Result<Response, PageError> {
    let name = file.strip_suffix(".torrent").ok_or(PageError::Nothing)?;
    let (item, torrent) = if token == FREE {
        let (item, goods) = site.offered(name).await?;
        if !site.torrent_access().is_free(&item) {
            return Err(PageError::Nothing);
        }
        let torrent = site.links(|links| links.public(&goods, &item.name, true));
        (item, torrent)
    } else {
        let member = site.member_of(&token, Key::Download).await?;
        let (item, goods) = site.offered(name).await?;
        let owner = site.torrent_access().own(&member, &item).ok_or(PageError::Refused)?;
        let torrent = site.links(|links| links.personal(&goods, &item.name, owner));
        site.note_taken(&member, &goods).await;
        (item, torrent)
    };
    let torrent = torrent.map_err(|error| PageError::from(club::Error::from(error)))?;
    // A name is letters, digits, `.`, `_` and `-`.
    let file = format!("attachment; filename=\"{}.torrent\"", item.name);
    let kind = (CONTENT_TYPE, TORRENT.to_owned());
    Ok(([PRIVATE, UNINDEXED], [kind, (CONTENT_DISPOSITION, file)], torrent).into_response())
}

impl Site {
    /// Notes which version of an item a member has from now on. The torrent is given where that fails.
    pub(super) async fn note_taken(&self, member: &Member, goods: &Goods) {
        let noted = self.club.note_taken(member.id, goods.item, goods.offer.version).await;
        if let Err(error) = noted {
            tracing::debug!(%error, "a version that a member took is not noted");
        }
    }

    /// An item by its own name alone, as ids can be counted through, that is offered and no draft; and its files.
    async fn offered(&self, name: &str) -> Result<(Item, Arc<Goods>), PageError> {
        let item = self.club.item(name).await?;
        let goods = self.club.goods(item.id).await?.ok_or(PageError::Nothing)?;
        if item.name != name
            || item.removed
            || goods.offer.withdrawn
            || item.visibility == Visibility::Draft
        {
            Err(PageError::Nothing)
        } else {
            Ok((item, goods))
        }
    }
}

/// Stands where a member's token would, for items that are everybody's.
pub(super) const FREE: &str = "free";
/// What torrents are, to the letter: some readers take nothing else.
pub(super) const TORRENT: &str = "application/x-bittorrent";
