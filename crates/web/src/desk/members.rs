//! `/members`: who they are, what their clients were told, and several suspended or resumed at once.

use api::ledger::BalanceView;
use api::member::{MemberDetail, MemberView, NamedId};
use api::right::RightView;
use api::swarm::RecentAnnounces;
use askama::Template;
use axum::extract::{Path, Query};
use axum::http::Method;
use axum::response::{IntoResponse, Redirect, Response};
use futures_util::StreamExt;
use futures_util::stream::iter;
use serde::Deserialize;

use super::call::ApiCalls;
use super::form::{ButtonOnly, DeskForm};
use super::layout::{DeskLayout, DeskPlace};
use super::stop::Stop;
use super::table::{Bulk, Cell, DeskRow, Filter, TableColumn, TablePage, path};
use super::visitor::AdminVisitor;
use super::words::{at, maybe, money, size};
use crate::site::Failure;

/// What narrows the table.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct MembersAsked {
    search: String,
    tier: String,
    state: String,
    after: String,
    done: String,
}

/// A change of several members.
#[derive(Deserialize)]
pub(super) struct BulkFields {
    action: String,
    /// Those that are ticked.
    #[serde(default)]
    row: Vec<u32>,
    /// `ticked` or `all`: all that the filters leave.
    #[serde(default)]
    which: String,
    #[serde(default)]
    search: String,
    #[serde(default)]
    tier: String,
    #[serde(default)]
    state: String,
    /// Whether the question was answered.
    #[serde(default)]
    sure: bool,
}

/// Asks before all that the filters leave are changed.
#[derive(Template)]
#[template(path = "desk/bulk.html")]
struct BulkPage {
    layout: DeskLayout,
    action: &'static str,
    count: usize,
    fields: Vec<(&'static str, String)>,
    back: String,
}

#[derive(Template)]
#[template(path = "desk/member.html")]
struct DeskMemberPage {
    layout: DeskLayout,
    member: MemberView,
    facts: Vec<(&'static str, String)>,
    balances: Vec<(String, String)>,
    announces: Vec<AnnounceLine>,
    rights: Vec<RightLine>,
    traffic: Vec<(NamedId, String, String)>,
}

struct AnnounceLine {
    at: String,
    item: String,
    said: String,
    told: String,
    is_refused: bool,
}

struct RightLine {
    item: String,
    granted: String,
    until: String,
}

/// The table.
pub(super) async fn list(
    own: AdminVisitor,
    Query(asked): Query<MembersAsked>,
) -> Result<Response, Stop> {
    let MembersAsked { search, tier, state, after, done } = asked;
    let narrowed = [("search", search.as_str()), ("tier", &tier), ("state", &state)];
    let query = [&narrowed[..], &[("after", after.as_str())]].concat();
    let found = own.calls().list::<MemberView>(&["members"], &query).await?;
    let next =
        found.next.map(|next| path("/members", &[&narrowed[..], &[("after", &next)]].concat()));
    let kept = narrowed.map(|(name, value)| (name, value.to_owned()));
    let may_change = own.admin.role != club::AdminRole::ReadOnly;
    let mut visitor = own.visitor;
    let page = TablePage {
        layout: visitor.layout(DeskPlace::Members, "Members"),
        lead: "",
        tabs: Vec::new(),
        filters: vec![
            Filter::text("search", "Name, id or e-mail address", &search),
            Filter::text("tier", "Tier", &tier),
            Filter::choice(
                "state",
                "State",
                &state,
                &[
                    ("", "All but removed"),
                    ("active", "Active"),
                    ("suspended", "Suspended"),
                    ("removed", "Removed"),
                ],
            ),
        ],
        notice: (!done.is_empty()).then(|| format!("{done} members were changed.")),
        caption: "Members",
        columns: ["Name", "Tier", "Until", "State", "E-mail address", "Since"]
            .map(TableColumn::text)
            .into(),
        rows: found.rows.into_iter().map(row).collect(),
        empty: "No member is like that.",
        next,
        total: found.total,
        bulk: may_change.then(|| Bulk {
            path: "/members/bulk",
            actions: vec![("suspend", "Suspend"), ("resume", "Resume")],
            kept: kept.into(),
        }),
        export: None,
    };
    Ok(visitor.page(&page))
}

fn row(member: MemberView) -> DeskRow {
    DeskRow {
        tick: Some(member.id),
        cells: vec![
            Cell::link(&*member.name, format!("/members/{}", member.id)),
            Cell::text(member.tier),
            Cell::text(maybe(member.tier_until)),
            Cell::text(&*member.state).bad_if(member.state == "suspended"),
            Cell::text(member.email.unwrap_or_default()),
            Cell::text(at(member.created)),
        ],
        name: member.name,
    }
}

/// Suspends or resumes those that are ticked, or all that the filters leave.
pub(super) async fn bulk(
    DeskForm { visitor, fields }: DeskForm<BulkFields>,
) -> Result<Response, Stop> {
    let own = AdminVisitor::of(visitor)?;
    let calls = own.calls();
    let action = match fields.action.as_str() {
        "suspend" => "suspend",
        "resume" => "resume",
        _ => return Err(Failure::bad_request("Choose what to do: suspend or resume.").into()),
    };
    let narrowed = [
        ("search", fields.search.clone()),
        ("tier", fields.tier.clone()),
        ("state", fields.state.clone()),
    ];
    let back = path("/members", &narrowed.each_ref().map(|(name, value)| (*name, value.as_str())));
    let ids =
        if fields.which == "all" { all(&calls, &narrowed).await? } else { fields.row.clone() };
    if ids.is_empty() {
        return Err(Failure::bad_request("No member was ticked, so nothing was changed.").into());
    }
    if ids.len() > MAX_BULK {
        let text = format!(
            "{} members at once, expected {MAX_BULK} at most: narrow the list. Nothing was changed.",
            ids.len()
        );
        return Err(Failure::bad_request(text).into());
    }
    if fields.which == "all" && !fields.sure {
        let mut visitor = own.visitor;
        let layout = visitor.layout(DeskPlace::Members, "Are you sure?");
        let page = BulkPage { layout, action, count: ids.len(), fields: narrowed.into(), back };
        return Ok(visitor.page(&page));
    }
    let changed = change(&calls, action, ids).await?;
    let separator = if back.contains('?') { '&' } else { '?' };
    Ok(Redirect::to(&format!("{back}{separator}done={changed}")).into_response())
}

/// All that the filters leave, at most one more than may be changed at once.
async fn all(calls: &ApiCalls, narrowed: &[(&str, String)]) -> Result<Vec<u32>, Stop> {
    let (mut ids, mut after) = (Vec::new(), String::new());
    loop {
        let mut query: Vec<_> =
            narrowed.iter().map(|(name, value)| (*name, value.as_str())).collect();
        query.extend([("after", after.as_str()), ("limit", "500")]);
        let found = calls.list::<MemberView>(&["members"], &query).await?;
        ids.extend(found.rows.iter().map(|member| member.id));
        match found.next {
            Some(next) if ids.len() <= MAX_BULK => after = next,
            _ => return Ok(ids),
        }
    }
}

/// Changes members, some at once; how many there were. Stops at what can't be changed.
async fn change(calls: &ApiCalls, action: &str, ids: Vec<u32>) -> Result<usize, Stop> {
    let one = async |id: u32| {
        let id = id.to_string();
        let answer = calls.send(Method::POST, &["members", &id, action], None).await?;
        if answer.status.is_success() {
            return Ok(());
        }
        Err(Stop::refused(answer.status, answer.detail()))
    };
    let mut changed = 0;
    let mut done = iter(ids).map(one).buffered(AT_ONCE);
    while let Some(outcome) = done.next().await {
        outcome?;
        changed += 1;
    }
    Ok(changed)
}

/// Suspends one member.
pub(super) async fn suspend(
    Path(member): Path<String>,
    form: DeskForm<ButtonOnly>,
) -> Result<Response, Stop> {
    one(form, &member, "suspend").await
}

/// Resumes one member.
pub(super) async fn resume(
    Path(member): Path<String>,
    form: DeskForm<ButtonOnly>,
) -> Result<Response, Stop> {
    one(form, &member, "resume").await
}

async fn one(
    DeskForm { visitor, .. }: DeskForm<ButtonOnly>,
    member: &str,
    action: &str,
) -> Result<Response, Stop> {
    let own = AdminVisitor::of(visitor)?;
    let answer = own.calls().send(Method::POST, &["members", member, action], None).await?;
    let member: MemberView = answer.document()?;
    Ok(Redirect::to(&format!("/members/{}", member.id)).into_response())
}

/// One member.
pub(super) async fn show(own: AdminVisitor, Path(member): Path<String>) -> Result<Response, Stop> {
    let calls = own.calls();
    let MemberDetail { key, rights, traffic, .. } = calls.get(&["members", &member], &[]).await?;
    let view = key.member;
    let id = view.id.to_string();
    let balances: Vec<BalanceView> = calls.get(&["members", &id, "balance"], &[]).await?;
    let recent: RecentAnnounces = calls.get(&["members", &id, "why"], &[]).await?;
    let mut visitor = own.visitor;
    let page = DeskMemberPage {
        layout: visitor.layout(DeskPlace::Members, view.name.clone()),
        facts: vec![
            ("State", view.state.clone()),
            ("Tier", view.tier.clone()),
            ("Until", maybe(view.tier_until)),
            ("E-mail address", view.email.clone().unwrap_or_default()),
            ("Since", at(view.created)),
        ],
        balances: balances
            .iter()
            .map(|balance| (money(&balance.prepaid), money(&balance.credit)))
            .collect(),
        announces: recent.announces.into_iter().take(SHOWN).map(announce_line).collect(),
        rights: rights
            .into_iter()
            .filter(|right| right.revoked.is_none())
            .map(right_line)
            .collect(),
        traffic: traffic
            .into_iter()
            .map(|traffic| (traffic.item, size(traffic.uploaded), size(traffic.downloaded)))
            .collect(),
        member: view,
    };
    Ok(visitor.page(&page))
}

fn announce_line(announce: api::swarm::AnnounceView) -> AnnounceLine {
    let told = match (&announce.message, announce.admitted) {
        (Some(message), _) => message.clone(),
        (None, true) => {
            format!("{} peers, {}", announce.peers, announce.side.as_deref().unwrap_or_default())
        }
        (None, false) => "refused".to_owned(),
    };
    AnnounceLine {
        at: announce.at.strftime("%Y-%m-%d %H:%M:%S").to_string(),
        item: announce.item.map_or(announce.info_hash, |item| item.name),
        said: match announce.event.as_str() {
            "none" => format!("announce over {}", announce.via),
            event => format!("{event} over {}", announce.via),
        },
        told,
        is_refused: !announce.admitted,
    }
}

fn right_line(right: RightView) -> RightLine {
    RightLine {
        item: right.item.name,
        granted: at(right.granted),
        until: right.until.map_or_else(|| "for ever".to_owned(), at),
    }
}

/// Members that are changed at once.
const MAX_BULK: usize = 1000;
/// Changes that wait for the store at once.
const AT_ONCE: usize = 32;
/// Announces that are shown.
const SHOWN: usize = 50;
