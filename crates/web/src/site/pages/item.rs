//! `/items/<name>`: one item, and how to get it.

use std::sync::Arc;

use askama::Template;
use axum::extract::Path;
use axum::response::Response;
use club::{CoverSize, Goods, Item, TakenBytes};
use metainfo::{File, FileKind};
use policy::{Headcount, Seating};
use serde_json::json;

use super::buy::one_click::OneClick;
use super::catalogue::{TagLink, tag_link};
use super::cover;
use super::failure::Failure;
use super::layout::{Layout, Section};
use super::offers::{BuyingOption, offers};
use super::price::{money, size};
use super::shown::{capitalised, facts, is_shown, title};
use super::visitor::Visitor;
use crate::catalog::{description_html, description_text, playable_type, served_type};
use crate::site::Site;

#[derive(Template)]
#[template(path = "item.html")]
struct ItemPage {
    layout: Layout,
    name: String,
    cover: String,
    facts: String,
    tags: Vec<TagLink>,
    /// HTML.
    description: String,
    files: Vec<FileRow>,
    /// What stands for files beyond those.
    rest: Option<String>,
    size: String,
    /// What comes with it.
    parts: Vec<ItemLink>,
    /// What it comes with.
    collections: Vec<ItemLink>,
    preview: Option<Preview>,
    /// Whether the reader has it already, so that nothing of it is for sale to them.
    is_owned: bool,
    owned_button: &'static str,
    /// Whether it can be bought for somebody else.
    is_gift: bool,
    free: Option<FreeLinks>,
    offers: Vec<BuyingOption>,
    /// Buys at once, from the balance.
    one_click: Option<OneClick>,
    /// What the button says.
    buy: Option<String>,
    is_for_members: bool,
    members_text: String,
    tier: Option<TierHint>,
    live: Option<LiveLine>,
    /// How often it was downloaded, and by whom it was carried.
    carried: Option<String>,
    /// JSON without `<`.
    json_ld: Option<String>,
}

/// A file that a buyer gets.
struct FileRow {
    name: String,
    kind: String,
    size: String,
}

/// Another item.
struct ItemLink {
    name: String,
    title: String,
    /// Its subtitle and size, or its price.
    text: String,
}

/// What anybody may play.
struct Preview {
    label: String,
    url: String,
    media_type: String,
    is_video: bool,
}

/// How anybody gets a free item.
struct FreeLinks {
    torrent: String,
    magnet: Option<String>,
}

/// The membership that has the item.
struct TierHint {
    text: String,
    price: String,
}

/// Who shares it now.
struct LiveLine {
    text: String,
    is_quiet: bool,
}

pub(super) async fn show(
    mut visitor: Visitor,
    Path(name): Path<String>,
) -> Result<Response, Failure> {
    let site = Arc::clone(&visitor.site);
    let item = site.club.item(&name).await?;
    // Its name alone: ids can be counted through, and some items are for those who know the address.
    if item.name != name || !is_shown(&item) {
        return Err(Failure::not_found());
    }
    let goods = site.club.goods(item.id).await?.ok_or_else(Failure::not_found)?;
    let markdown = site.club.description(item.id).await?;
    let is_free = site.torrent_access().is_free(&item);
    let description = description_text(&markdown, DESCRIPTION_CHARS);

    let mut layout = visitor.layout(Section::Catalogue, title(&item));
    if item.is_listed() {
        layout = layout.public(&format!("/items/{name}"), &description);
    }
    let picture = cover::path(&item, CoverSize::Large);
    if item.cover.is_some() {
        layout = layout.with_picture(&picture);
    }
    let all = goods.torrent.files.iter().filter(|file| file.kind == FileKind::Data);
    let files: Vec<FileRow> = all.clone().take(FILES).map(FileRow::of).collect();
    let beyond = all.count() - files.len();
    // What is free is not for sale, whatever price it has.
    let offers = if is_free { Vec::new() } else { offers(&item) };
    let tier = tier_hint(&visitor, &item);
    let is_for_members = !is_free && offers.is_empty();
    let owner = visitor.signed_in.as_ref();
    let owner = owner.and_then(|signed_in| site.torrent_access().own(&signed_in.member, &item));
    // What is open to every member without a right can still be bought: the right seats its buyer in the club.
    let is_owned = !is_free && owner.is_some_and(|owner| owner.entitled || offers.is_empty());
    let one_click = if is_free || is_owned || is_for_members {
        None
    } else {
        OneClick::of(&mut visitor, &item).await?
    };
    let live = site.tracker.open_headcount(&item.info_hashes);
    let parts = site.club.parts(item.id).await?;
    let collections = site.club.collections_of(item.id).await?;
    let page = ItemPage {
        parts: parts.iter().filter(|part| is_shown(part)).map(ItemLink::to_part).collect(),
        // Who has it already needs no offer of more.
        collections: collections
            .iter()
            .filter(|it| it.is_listed() && !is_owned)
            .map(ItemLink::to_collection)
            .collect(),
        json_ld: item.is_listed().then(|| json_ld(&visitor, &item, &description)),
        cover: picture,
        facts: facts(&item),
        tags: item.tags.iter().map(tag_link).collect(),
        description: description_html(&markdown),
        rest: (beyond > 0).then(|| format!("and {beyond} more files")),
        size: size(goods.torrent.length),
        preview: preview(&visitor, &item, &goods, is_free),
        is_owned,
        owned_button: owned_button(&goods),
        is_gift: !is_free && !offers.is_empty(),
        free: is_free.then(|| free_links(&site, &item, &goods)),
        one_click,
        buy: offers.last().map(|offer| format!("Buy for {}", offer.price)),
        offers,
        is_for_members,
        members_text: match &tier {
            Some(_) => "It comes with a membership.".to_owned(),
            None => "It is not for sale. Members who have a right to it find it in their library."
                .to_owned(),
        },
        tier: tier.filter(|_| !is_free && !is_owned),
        carried: carried_line(&site, &item, live.is_some()).await?,
        live: live.map(LiveLine::of),
        layout,
        name,
        files,
    };
    Ok(visitor.page(&page))
}

impl ItemLink {
    fn to_part(item: &Item) -> Self {
        Self { name: item.name.clone(), title: title(item), text: facts(item) }
    }

    fn to_collection(item: &Item) -> Self {
        let price = offers(item).into_iter().next_back().map(|offer| offer.price);
        Self { name: item.name.clone(), title: title(item), text: price.unwrap_or_default() }
    }
}

impl FileRow {
    fn of(file: &File) -> Self {
        let name = file.path.to_string();
        Self { kind: kind(&name), size: size(file.length), name }
    }
}

/// What a file is, by its name.
fn kind(name: &str) -> String {
    let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
    let short = extension.len() <= 5 && extension.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let extension = if short { extension.to_uppercase() } else { String::new() };
    let mime = served_type(name);
    match (extension.as_str(), mime.type_().as_str()) {
        ("SRT" | "VTT" | "ASS" | "SUB", _) => "Subtitles".to_owned(),
        (_, kind @ ("audio" | "video")) => format!("{extension} {kind}"),
        (_, "image") => format!("{extension} picture"),
        ("", _) => "File".to_owned(),
        ("ZIP" | "TAR" | "GZ" | "XZ" | "7Z" | "RAR", _) => format!("{extension} archive"),
        _ => extension,
    }
}

/// What who has the item can do with it.
fn owned_button(goods: &Goods) -> &'static str {
    let files = goods.torrent.files.iter().filter(|file| file.kind == FileKind::Data);
    let kinds = files.filter_map(|file| playable_type(&file.path.to_string()));
    let kinds: Vec<_> = kinds.map(|mime| mime.type_() == "video").collect();
    if kinds.contains(&true) {
        "Download or watch"
    } else if kinds.is_empty() {
        "Download"
    } else {
        "Download or listen"
    }
}

fn free_links(site: &Site, item: &Item, goods: &Goods) -> FreeLinks {
    site.links(|links| {
        let web_seed = links.open_web_seed(goods, true);
        let magnet = goods.torrent.magnet(&[&links.urls.announce], web_seed.as_deref().as_slice());
        FreeLinks { torrent: links.torrent("free", &item.name), magnet: magnet.ok() }
    })
}

/// The publisher's preview, or the largest film or sound that anybody may have from the publisher's own copy.
fn preview(visitor: &Visitor, item: &Item, goods: &Goods, is_free: bool) -> Option<Preview> {
    if let Some(path) = &item.preview
        && goods.offer.broken.is_none()
        && let Some(mime) = playable_type(path)
    {
        let url = visitor.site.links(|links| links.preview(goods))?;
        let is_video = mime.type_() == "video";
        let label = if is_video { "Watch a preview" } else { "Listen to a preview" }.to_owned();
        return Some(Preview { label, url, media_type: mime.to_string(), is_video });
    }
    let is_open = visitor.site.links(|links| links.open_web_seed(goods, is_free)).is_some();
    if !is_open || goods.offer.broken.is_some() {
        return None;
    }
    let files = goods.torrent.files.iter().enumerate();
    let files = files.filter(|(_, file)| file.kind == FileKind::Data);
    let playable = files.filter_map(|(index, file)| {
        Some((index, file.length, playable_type(&file.path.to_string())?))
    });
    let (index, _, mime) = playable.max_by_key(|(_, length, _)| *length)?;
    let base = format!("{}/ws/free/{}/", visitor.look.home, item.id.0);
    let is_video = mime.type_() == "video";
    Some(Preview {
        label: if is_video { "Watch it here" } else { "Listen here" }.to_owned(),
        url: goods.torrent.file_url(&base, index)?,
        media_type: mime.to_string(),
        is_video,
    })
}

/// The cheapest membership with which one has the item.
fn tier_hint(visitor: &Visitor, item: &Item) -> Option<TierHint> {
    let tiers = &visitor.look.appearance.tiers;
    let least = item.tier.as_ref().and_then(|tier| tiers.iter().position(|it| it.id == *tier));
    let has_it = |place: usize| {
        tiers.get(place).is_some_and(|tier| tier.entitles_all)
            || least.is_some_and(|least| place >= least)
    };
    let sold = tiers.iter().enumerate().filter(|(place, _)| has_it(*place));
    let (_, tier, price) = sold
        .filter_map(|(place, tier)| Some((place, tier, tier.price?)))
        .min_by_key(|(_, _, (amount, _))| amount.minor)?;
    let prefers = visitor
        .site
        .tracker
        .policy(&item.policy)
        .is_some_and(|policy| policy.seats != Seating::Uniform);
    let has = if tier.entitles_all { "this and everything else we make" } else { "this" };
    let meets = if tier.is_inside && prefers { ", and download from each other first" } else { "" };
    let (amount, per) = price;
    Some(TierHint {
        text: format!("{} members have {has}{meets}.", capitalised(&tier.id)),
        price: format!("{} a {per}", money(amount)),
    })
}

impl LiveLine {
    fn of(people: Headcount) -> Self {
        let seeds = people.inside_seeders.saturating_add(people.outside_seeders);
        let leechers = people.inside_leechers.saturating_add(people.outside_leechers);
        let inside = people.inside_seeders.saturating_add(people.inside_leechers);
        if people.total() == 0 {
            return Self { text: "Nobody is sharing it at the moment".to_owned(), is_quiet: true };
        }
        let s = if seeds == 1 { "" } else { "s" };
        let mut text = format!("{seeds} seed{s}, {leechers} downloading");
        if inside > 0 {
            text.push_str(&format!(", {inside} in the club"));
        }
        Self { text, is_quiet: false }
    }
}

/// How often an item was downloaded, and how much of that peers carried, where everybody may know who shares it. A few
/// downloads are nothing to show, nor is a part of peers that is small.
async fn carried_line(site: &Site, item: &Item, is_open: bool) -> Result<Option<String>, Failure> {
    let downloads = site.tracker.completed(&item.info_hashes);
    if !is_open || downloads < LEAST_DOWNLOADS {
        return Ok(None);
    }
    let taken = site.taken.of(&site.club, item.id, site.now().secs).await?;
    Ok(Some(carried_text(downloads, taken)))
}

fn carried_text(downloads: u32, taken: TakenBytes) -> String {
    if taken.all == 0 || taken.from_peers < taken.all.div_ceil(2) {
        return format!("{downloads} downloads");
    }
    let (peers, all) = (size(taken.from_peers), size(taken.all));
    format!("{downloads} downloads. Peers carried {peers} of the {all} that members took")
}

/// What search engines read (schema.org).
fn json_ld(visitor: &Visitor, item: &Item, description: &str) -> String {
    let site = &visitor.look.site;
    let url = format!("{site}/items/{}", item.name);
    let prices = [item.prices.torrent, item.prices.direct];
    let offers: Vec<_> = prices
        .into_iter()
        .flatten()
        .map(|price| {
            json!({
                "@type": "Offer",
                "price": price.decimal(),
                "priceCurrency": price.currency.code().to_uppercase(),
                "availability": "https://schema.org/InStock",
                "url": url,
            })
        })
        .collect();
    let mut product = json!({
        "@context": "https://schema.org",
        "@type": "Product",
        "name": title(item),
        "url": url,
        "brand": { "@type": "Brand", "name": visitor.look.title },
    });
    if let Some(product) = product.as_object_mut() {
        if !description.is_empty() {
            product.insert("description".to_owned(), json!(description));
        }
        if item.cover.is_some() {
            let picture = cover::path(item, CoverSize::Large);
            product.insert("image".to_owned(), json!(format!("{site}{picture}")));
        }
        if !offers.is_empty() {
            product.insert("offers".to_owned(), json!(offers));
        }
    }
    // Within a script element `<` could end it.
    product.to_string().replace('<', "\\u003c")
}

/// Files that are listed one by one.
const FILES: usize = 100;
/// The fewest downloads that are shown.
const LEAST_DOWNLOADS: u32 = 10;
const DESCRIPTION_CHARS: usize = 200;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_peers_carried_is_shown_from_half_on() {
        let taken = |all, from_peers| TakenBytes { all, from_peers };
        for (taken, expected) in [
            (taken(0, 0), "42 downloads"),
            (taken(10_000_000, 4_999_999), "42 downloads"),
            (
                taken(10_000_000, 5_000_000),
                "42 downloads. Peers carried 5.0 MB of the 10 MB that members took",
            ),
        ] {
            assert_eq!(carried_text(42, taken), expected);
        }
    }
}
