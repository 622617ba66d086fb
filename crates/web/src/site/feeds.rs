//! `/feed/public.xml`, `/feed/<token>/club.xml` and `/feed/<token>/podcast.xml`: what is new.
//!
//! A reader that has the present feed gets 304. A feed's date is that of its last change, because some readers look
//! no further if they know the date.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_TYPE, ETAG, HeaderMap, HeaderValue, IF_NONE_MATCH,
};
use axum::response::{IntoResponse, Response};
use club::{FeedKind, Goods, Item, Key, Member};
use metainfo::FileKind;
use sha2::{Digest, Sha256};

use super::feed_document::{Feed, FeedEntry, FeedNotice, Media};
use super::state::Site;
use super::token::{PageError, UNINDEXED};
use super::torrents::FREE;
use crate::catalog::{TorrentOwner, day, description_text, playable_type};
use crate::http::EntityTag;

/// Free items, for everybody.
pub(super) async fn public(
    State(site): State<Arc<Site>>,
    headers: HeaderMap,
) -> Result<Response, PageError> {
    site.feed(FeedKind::Public, None, "", &headers).await
}

/// What a member may have.
pub(super) async fn personal(
    State(site): State<Arc<Site>>,
    Path((token, file)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Response, PageError> {
    let kind = match file.as_str() {
        "club.xml" => FeedKind::Club,
        "podcast.xml" => FeedKind::Podcast,
        _ => return Err(PageError::Nothing),
    };
    let member = site.member_of(&token, Key::Feed).await?;
    site.feed(kind, Some(&member), &token, &headers).await
}

impl Site {
    async fn feed(
        &self,
        kind: FeedKind,
        member: Option<&Member>,
        token: &str,
        headers: &HeaderMap,
    ) -> Result<Response, PageError> {
        let mut entries = Vec::new();
        for item in self.club.newest(MAX_LOOKED_AT).await? {
            if entries.len() == MAX_ENTRIES {
                break;
            }
            entries.extend(self.entry(kind, member, item).await?);
        }
        let masthead = self.masthead();
        let own_url = self.links(|links| match kind {
            FeedKind::Public => format!("{}/feed/public.xml", links.urls.site),
            FeedKind::Club => links.feed(token, "club"),
            FeedKind::Podcast => links.feed(token, "podcast"),
        });
        let home = self.urls().site.clone() + "/";
        let notice = member.and_then(|member| self.lapse(member));
        let feed = Feed {
            masthead: &masthead,
            kind,
            own_url: &own_url,
            home: &home,
            notice: notice.as_ref(),
            entries: &entries,
        };
        let digest: [u8; 32] = Sha256::digest(feed.write(0)).into();
        let id = member.map(|member| member.id);
        let changed = self.club.feed_changed(id, kind, digest, self.now().unix).await?;

        let tag = etag(&digest, changed);
        let mut known = headers.get_all(IF_NONE_MATCH).iter();
        let is_known = known.any(|known| tag.is_weakly_in(known.as_bytes()));
        let control = if member.is_some() { "private, no-cache" } else { "public, max-age=300" };
        let control = (CACHE_CONTROL, HeaderValue::from_static(control));
        let tag = HeaderValue::from_str(&tag.to_string()).map_err(|_| PageError::Unavailable)?;
        let tag = (ETAG, tag);
        let head = [control, tag, UNINDEXED];
        if is_known {
            return Ok((StatusCode::NOT_MODIFIED, head).into_response());
        }
        Ok((head, [(CONTENT_TYPE, RSS)], feed.write(changed)).into_response())
    }

    /// What a member whose tier has ended must know. The feed stays valid: it has what they bought, and is whole again
    /// once they renew.
    fn lapse(&self, member: &Member) -> Option<FeedNotice> {
        let until = member.tier_until.filter(|until| *until <= self.now().unix)?;
        let look = self.look();
        let place = |tier: &str| look.tier_place(tier).unwrap_or(0);
        let earned = member.earned.as_deref().map_or(0, place);
        if place(&member.tier) <= earned {
            return None;
        }
        let link = format!("{}/club", self.urls().site);
        let (tier, end) = (&member.tier, day(until));
        Some(FeedNotice {
            guid: format!("usher:renew:{tier}:{until}"),
            title: "Your membership has ended: renew it".to_owned(),
            text: format!(
                "Your membership, {tier}, ended on {end}. Renew it at {link} and this feed has everything of it again. \
                 What you bought stays yours."
            ),
            link,
            since: until,
        })
    }

    /// An item as an entry; `None` where it does not belong into this feed.
    async fn entry(
        &self,
        kind: FeedKind,
        member: Option<&Member>,
        item: Item,
    ) -> Result<Option<FeedEntry>, PageError> {
        let owner = match member {
            Some(member) => match self.torrent_access().holds(member, &item) {
                Some(owner) => Some(owner),
                None => return Ok(None),
            },
            None if item.is_listed() && self.torrent_access().is_free(&item) => None,
            None => return Ok(None),
        };
        let Some(goods) = self.club.goods(item.id).await? else { return Ok(None) };
        let media = match (kind, owner) {
            (FeedKind::Podcast, Some(owner)) => match self.media(&goods, owner) {
                Some(media) => Some(media),
                None => return Ok(None),
            },
            _ => None,
        };
        let description = self.club.description(item.id).await?;
        let entry = self.describe(member, owner, item, &goods, media)?;
        Ok(Some(FeedEntry { description: description_text(&description, MAX_SUMMARY), ..entry }))
    }

    fn describe(
        &self,
        member: Option<&Member>,
        owner: Option<TorrentOwner>,
        item: Item,
        goods: &Goods,
        media: Option<Media>,
    ) -> Result<FeedEntry, PageError> {
        let (torrent, torrent_url) = self.links(|links| {
            let torrent = match owner {
                Some(owner) => links.personal(goods, &item.name, owner),
                None => links.public(goods, &item.name, true),
            };
            let token = member.map_or_else(
                || FREE.to_owned(),
                |member| links.download_token(member.id, self.club.key_generations(member.id)),
            );
            (torrent, links.torrent(&token, &item.name))
        });
        let torrent = torrent.map_err(|error| PageError::from(club::Error::from(error)))?;
        let v1 = goods.torrent.info_hash_v1.map(|hash| hash.to_string());
        let v2 = goods.torrent.info_hash_v2.map(|hash| format!("urn:btmh:1220{hash}"));
        let guid = v1.as_ref().map(|hash| format!("urn:btih:{hash}")).or(v2);
        Ok(FeedEntry {
            name: item.name,
            title: item.title,
            description: String::new(),
            guid: guid.unwrap_or_default(),
            info_hash: item.info_hashes.first().map(ToString::to_string).unwrap_or_default(),
            published: goods.offer.published,
            size: goods.torrent.length,
            torrent_url,
            torrent_bytes: torrent.len(),
            media,
        })
    }

    /// The largest film or sound of an item, for who has a right to the publisher's own copy.
    fn media(&self, goods: &Goods, owner: TorrentOwner) -> Option<Media> {
        owner.web_seed?;
        if goods.offer.broken.is_some() {
            return None;
        }
        let files = goods.torrent.files.iter().enumerate();
        let files = files.filter(|(_, file)| file.kind == FileKind::Data);
        let media = files.filter_map(|(index, file)| {
            Some((index, file, playable_type(&file.path.to_string())?))
        });
        let (index, file, kind) = media.max_by_key(|(_, file, _)| file.length)?;
        let path = goods.torrent.file_url("", index)?;
        let url = self.links(|links| links.media(goods, owner, &path));
        Some(Media { url, bytes: file.length, kind: kind.to_string() })
    }
}

fn etag(digest: &[u8; 32], changed: u32) -> EntityTag {
    let (head, _) = digest.split_first_chunk::<8>().unwrap_or((&[0; 8], &[]));
    EntityTag::new(format!("{:016x}-{changed:x}", u64::from_be_bytes(*head)))
}

const RSS: &str = "application/rss+xml; charset=utf-8";
/// The most characters of an item's description.
const MAX_SUMMARY: usize = 1000;
/// The most entries in a feed.
const MAX_ENTRIES: usize = 100;
/// The most items that are looked at for them, the newest.
const MAX_LOOKED_AT: u32 = 1000;
