//! `/library`: everything that a member may have, with the links that get it.

use askama::Template;
use axum::extract::RawQuery;
use axum::response::Response;
use club::{CoverSize, Goods, Member};
use form_urlencoded::Serializer;
use metainfo::FileKind;
use serde::Deserialize;

use super::holdings::{Holding, HoldingSource, holdings};
use super::member_visitor::MemberVisitor;
use super::words::day;
use crate::catalog::playable_type;
use crate::site::pages::cover;
use crate::site::pages::failure::Failure;
use crate::site::pages::layout::{Layout, Section};
use crate::site::pages::price::size;
use crate::site::pages::shown::{capitalised, facts, title};
use crate::site::pages::visitor::Visitor;
use crate::site::state::Site;

#[derive(Template)]
#[template(path = "library.html")]
struct LibraryPage {
    layout: Layout,
    token: String,
    has_mail: bool,
    wanted: LibraryFilter,
    choices: Vec<Choice>,
    /// How many items the library has.
    count: usize,
    /// How many were found, where something was searched for.
    found: Option<String>,
    rows: Vec<HoldingRow>,
    previous: Option<String>,
    next: Option<String>,
    tier: String,
    tier_end: Option<String>,
    club_feed: String,
    podcast_feed: String,
}

/// What the query asks for. What is left out is empty.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(default)]
struct LibraryFilter {
    q: String,
    source: String,
    page: String,
}

struct Choice {
    text: &'static str,
    query: String,
    is_here: bool,
}

/// An item of the library.
struct HoldingRow {
    name: String,
    title: String,
    facts: String,
    source: String,
    /// That there is a later version than the member has.
    news: Option<String>,
    cover: String,
    torrent: String,
    magnet: Option<String>,
    files: Vec<FileLink>,
    /// What is not listed of the files.
    rest: Option<String>,
    player: Option<Player>,
}

/// A file that a browser saves, from where it stopped if need be.
struct FileLink {
    name: String,
    size: String,
    bytes: u64,
    url: String,
}

/// The largest film or sound, to be played in the page.
struct Player {
    label: &'static str,
    url: String,
    media_type: String,
    is_video: bool,
}

pub(in crate::site::pages) async fn show(
    own: MemberVisitor,
    RawQuery(query): RawQuery,
) -> Result<Response, Failure> {
    let MemberVisitor { mut visitor, member } = own;
    let token = visitor.form_token();
    let site = &visitor.site;
    let wanted = LibraryFilter::read(query.as_deref().unwrap_or_default());
    let all = holdings(site, &member).await?;
    let count = all.len();
    let matching: Vec<_> = all.iter().filter(|held| wanted.takes(held)).collect();
    let found = (!wanted.q.is_empty()).then(|| match matching.len() {
        1 => "1 item found.".to_owned(),
        found => format!("{found} items found."),
    });
    let pages = matching.len().div_ceil(ITEMS).max(1);
    let page = wanted.page.parse().unwrap_or(1).clamp(1, pages);
    let taken = site.club.taken(member.id).await?;
    let mut rows = Vec::new();
    for held in matching.into_iter().skip((page - 1) * ITEMS).take(ITEMS) {
        let news = news(held, taken.get(&held.item.id).copied());
        rows.push(HoldingRow { news, ..row(site, &member, held).await? });
    }
    let at = |page: usize| LibraryFilter { page: page.to_string(), ..wanted.clone() }.query();
    let feed_token =
        site.links(|links| links.feed_token(member.id, site.club.key_generations(member.id)));
    let (club_feed, podcast_feed) =
        site.links(|links| (links.feed(&feed_token, "club"), links.feed(&feed_token, "podcast")));
    let page = LibraryPage {
        layout: visitor.layout(Section::Library, "Your library"),
        token,
        has_mail: site.has_mail() && member.email.is_some(),
        choices: choices(&wanted),
        count,
        found,
        rows,
        previous: (page > 1).then(|| at(page - 1)),
        next: (page < pages).then(|| at(page + 1)),
        tier: tier_name(&visitor, &member),
        tier_end: member.tier_until.map(day),
        wanted,
        club_feed,
        podcast_feed,
    };
    Ok(visitor.page(&page))
}

/// The tier that a member is of, as people read it.
pub(super) fn tier_name(visitor: &Visitor, member: &Member) -> String {
    let is_over = member.tier_until.is_some_and(|until| until <= visitor.site.now().unix);
    let tiers = &visitor.look.appearance.tiers;
    let lowest = tiers.first().is_some_and(|lowest| lowest.id == member.tier);
    match &member.earned {
        Some(earned) if is_over || lowest => capitalised(earned),
        _ if is_over || lowest => "No membership".to_owned(),
        _ => capitalised(&member.tier),
    }
}

/// That an item has a later version than the member took, or than there was when they got it.
fn news(held: &Holding, taken: Option<u32>) -> Option<String> {
    let offer = held.item.offer.as_ref()?;
    let is_new = match taken {
        Some(version) => version < offer.version,
        None => offer.version > 1 && held.since < offer.published,
    };
    is_new.then(|| format!("New version {}, since {}", offer.version, day(offer.published)))
}

async fn row(site: &Site, member: &Member, held: &Holding) -> Result<HoldingRow, Failure> {
    let item = &held.item;
    let goods = site.club.goods(item.id).await?.ok_or_else(Failure::not_found)?;
    let mut files = files(site, member, held, &goods).await?;
    let player = player(&files);
    let beyond = files.len().saturating_sub(FILES);
    files.truncate(FILES);
    let (torrent, magnet) = site.links(|links| {
        let token = links.download_token(member.id, site.club.key_generations(member.id));
        let web_seed = links.open_web_seed(&goods, true);
        let magnet = || {
            let seeds = web_seed.as_deref();
            goods.torrent.magnet(&[&links.urls.announce], seeds.as_slice()).ok()
        };
        (links.torrent(&token, &item.name), if held.owner.free { magnet() } else { None })
    });
    Ok(HoldingRow {
        name: item.name.clone(),
        title: title(item),
        facts: facts(item),
        source: held.text(),
        news: None,
        cover: cover::path(item, CoverSize::Small),
        torrent,
        magnet,
        files,
        rest: (beyond > 0).then(|| format!("and {beyond} more files, in the torrent")),
        player,
    })
}

/// The files that the publisher's own copy gives this member: by the direct download where it was bought, else by the
/// web seed that stands in the member's torrent, else by the open one of a free item.
async fn files(
    site: &Site,
    member: &Member,
    held: &Holding,
    goods: &Goods,
) -> Result<Vec<FileLink>, Failure> {
    if goods.offer.broken.is_some() {
        return Ok(Vec::new());
    }
    let owner = held.owner;
    let is_direct = owner.entitled && site.club.bought_direct(member.id, held.item.id).await?;
    let data = || {
        let all = goods.torrent.files.iter().enumerate();
        all.filter(|(_, file)| file.kind == FileKind::Data).take(MAX_FILES)
    };
    let urls: Vec<String> = site.links(|links| {
        if is_direct {
            return links.direct(goods, member.id, site.club.key_generations(member.id));
        }
        let paths = data().filter_map(|(index, _)| goods.torrent.file_url("", index));
        if owner.web_seed.is_some() {
            return paths.map(|path| links.media(goods, owner, &path)).collect();
        }
        match links.open_web_seed(goods, owner.free) {
            Some(_) => {
                let base = format!("{}/ws/free/{}/", links.urls.site, goods.item.0);
                paths.map(|path| format!("{base}{path}")).collect()
            }
            None => Vec::new(),
        }
    });
    let link = |((_, file), url): ((_, &metainfo::File), String)| FileLink {
        name: file.path.to_string(),
        size: size(file.length),
        bytes: file.length,
        url,
    };
    Ok(data().zip(urls).map(link).collect())
}

fn player(files: &[FileLink]) -> Option<Player> {
    let playable = files.iter().filter_map(|file| Some((file, playable_type(&file.name)?)));
    let (file, kind) = playable.max_by_key(|(file, _)| file.bytes)?;
    let is_video = kind.type_() == "video";
    Some(Player {
        label: if is_video { "Watch" } else { "Listen" },
        url: file.url.clone(),
        media_type: kind.to_string(),
        is_video,
    })
}

fn choices(wanted: &LibraryFilter) -> Vec<Choice> {
    let choice = |(source, text): (&str, &'static str)| Choice {
        text,
        is_here: wanted.source == source,
        query: LibraryFilter { source: source.to_owned(), page: String::new(), ..wanted.clone() }
            .query(),
    };
    SOURCES.into_iter().map(choice).collect()
}

impl LibraryFilter {
    /// Reads a query; what can't be read is left out.
    fn read(query: &str) -> Self {
        let wanted: Self = serde_html_form::from_str(query).unwrap_or_default();
        let is_known = SOURCES.iter().any(|(source, _)| *source == wanted.source);
        Self {
            q: wanted.q.trim().chars().take(MAX_SEARCH).collect(),
            source: if is_known { wanted.source } else { String::new() },
            page: wanted.page,
        }
    }

    /// Whether an item is among what is asked for: each word is part of its title, subtitle, name or a tag.
    fn takes(&self, held: &Holding) -> bool {
        let is_of_source = match self.source.as_str() {
            "bought" => matches!(held.source, HoldingSource::Bought(_)),
            "free" => matches!(held.source, HoldingSource::Free | HoldingSource::Open),
            "gifts" => matches!(
                held.source,
                HoldingSource::Gift | HoldingSource::Granted | HoldingSource::Voucher
            ),
            "membership" => held.source == HoldingSource::Membership,
            _ => true,
        };
        let item = &held.item;
        let tags = item.tags.iter().map(|tag| tag.as_str()).collect::<Vec<_>>().join("\n");
        let text = format!("{}\n{}\n{}\n{tags}", item.title, item.subtitle, item.name);
        let text = text.to_lowercase();
        is_of_source && self.q.to_lowercase().split_whitespace().all(|word| text.contains(word))
    }

    /// The same as a query, with its `?`; nothing where nothing is asked for.
    fn query(&self) -> String {
        let pairs = [("q", &self.q), ("source", &self.source), ("page", &self.page)];
        let mut query = Serializer::new(String::new());
        for (key, value) in pairs.into_iter().filter(|(_, value)| !value.is_empty()) {
            query.append_pair(key, value);
        }
        let query = query.finish();
        if query.is_empty() { query } else { format!("?{query}") }
    }

    fn is_plain(&self) -> bool {
        self.q.is_empty() && self.source.is_empty()
    }
}

const SOURCES: [(&str, &str); 5] = [
    ("", "All"),
    ("bought", "Bought"),
    ("membership", "Membership"),
    ("gifts", "Gifts"),
    ("free", "Free"),
];
/// Items on a page; each costs up to two reads of the store.
const ITEMS: usize = 20;
/// Files that are listed one by one.
const FILES: usize = 50;
/// Files that are looked at, as many as the direct download has links for.
const MAX_FILES: usize = 1000;
/// Letters of a search.
const MAX_SEARCH: usize = 200;
