//! `/club`: the memberships side by side, with what belongs to each by the configuration.

use askama::Template;
use axum::response::Response;

use super::appearance::TierOffer;
use super::buy::membership_step::{MembershipStep, tier_path};
use super::layout::{Layout, Section};
use super::price::{money, size};
use super::shown::capitalised;
use super::visitor::Visitor;

#[derive(Template)]
#[template(path = "club.html")]
struct ClubPage {
    layout: Layout,
    lead: &'static str,
    tiers: Vec<TierCard>,
}

struct TierCard {
    id: String,
    name: String,
    price: String,
    per: Option<&'static str>,
    perks: Vec<String>,
    is_best: bool,
    /// Where it is bought, below the site's home, and what the button says.
    buy: Option<(String, &'static str)>,
    /// Where it is bought for somebody else, below the site's home.
    give: Option<String>,
    /// Whether it has a price, so that a voucher may be for it.
    is_sold: bool,
    /// What the member's present membership means for it.
    note: Option<String>,
}

pub(super) async fn show(visitor: Visitor) -> Response {
    let tiers = &visitor.look.appearance.tiers;
    let outsider_peers = tiers.first().map_or(0, |tier| tier.max_peers);
    let offered =
        tiers.iter().skip(1).filter(|tier| tier.price.is_some() || tier.earned_by.is_some());
    let best = offered.clone().rfind(|tier| tier.price.is_some()).map(|tier| &tier.id);
    let tiers: Vec<TierCard> =
        offered.map(|tier| card(&visitor, tier, outsider_peers, best == Some(&tier.id))).collect();
    let layout = visitor.layout(Section::Club, "Join the club").public("/club", LEAD);
    visitor.page(&ClubPage { layout, lead: LEAD, tiers })
}

fn card(visitor: &Visitor, tier: &TierOffer, outsider_peers: u32, is_best: bool) -> TierCard {
    let mut perks = Vec::new();
    if tier.entitles_all {
        perks.push("Everything in the catalogue, for as long as you are a member".to_owned());
    }
    if tier.is_inside {
        perks.push(
            "A seat in the club: where a swarm prefers members, you are among them".to_owned(),
        );
    }
    if let Some(rate) = tier.web_seed_rate {
        perks.push(format!(
            "Our own copy serves what you have a right to, at up to {}/s",
            size(rate)
        ));
    }
    if tier.max_peers > outsider_peers {
        perks.push(format!(
            "Up to {} peers at a time, where others get {outsider_peers}",
            tier.max_peers
        ));
    }
    if tier.earned_by.is_some() && tier.price.is_some() {
        perks.extend(tier.earned_by.map(|bytes| format!("Or earn it. {}", earned(bytes))));
    }
    let (price, per) = match (tier.price, tier.earned_by) {
        (Some((amount, per)), _) => (money(amount), Some(per)),
        (None, _) => ("Earned".to_owned(), None),
    };
    if let (None, Some(bytes)) = (tier.price, tier.earned_by) {
        perks.insert(0, earned(bytes));
    }
    let step = MembershipStep::of(visitor, &tier.id);
    let plan = visitor.site.payments().and_then(|payments| payments.plan(&tier.id));
    let button = step.button().filter(|_| plan.is_some());
    TierCard {
        give: plan.map(|_| format!("{}?gift=yes", tier_path(&tier.id))),
        buy: button.map(|button| (tier_path(&tier.id), button)),
        note: step.note(&tier.id),
        name: capitalised(&tier.id),
        id: tier.id.clone(),
        is_sold: tier.price.is_some(),
        price,
        per,
        perks,
        is_best,
    }
}

fn earned(bytes: u64) -> String {
    format!("Share {} in thirty days, as paying members confirm it", size(bytes))
}

const LEAD: &str =
    "Members pay once a period, have what their membership says, and help to carry it.";
