//! The form to buy, as it was filled in and as it is shown.

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;
use club::{Amount, Currency};
use serde::Deserialize;

use super::fields::{MAX_SHOWN, RequestKey, address, consent_text};
use super::problem::{Field, Problem};
use super::wares::{AmountField, TermChoice, Wares};
use super::way::{Way, WayChoice, choices};
use crate::site::pages::failure::Failure;
use crate::site::pages::layout::{Layout, Section};
use crate::site::pages::price::money;
use crate::site::pages::visitor::Visitor;

/// The form as it was filled in. A field that is missing is empty.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::site::pages) struct BuyFields {
    /// A delivery method, or the term of a membership.
    pub(super) method: String,
    pub(super) amount: String,
    pub(super) discount: String,
    pub(super) email: String,
    pub(super) way: String,
    pub(super) voucher: String,
    pub(super) consent: String,
    pub(super) key: String,
    /// `yes` makes it a voucher to pass on.
    pub(super) gift: String,
    /// The price that the button named, where it named one.
    pub(super) seen: String,
    /// What each method was listed at, as `direct 3.00 usd,torrent 2.25 usd`.
    pub(super) listed: String,
    /// `price` shows the form again, with what it would cost.
    pub(super) step: String,
}

#[derive(Template)]
#[template(path = "buy.html")]
struct BuyPage {
    layout: Layout,
    token: String,
    key: String,
    back: (String, &'static str),
    note: Option<String>,
    legend: &'static str,
    choices: Vec<TermChoice>,
    amount: Option<AmountField>,
    ways: Vec<WayChoice>,
    topup: Option<TopupHint>,
    is_signed_in: bool,
    fields: BuyFields,
    consent: String,
    /// What it would cost, once that was asked for.
    total: Option<String>,
    problem: Option<Problem>,
}

/// Why a top-up is of use.
struct TopupHint {
    text: String,
    currency: &'static str,
}

/// A way to pay that there is for this form.
pub(super) struct WayThere {
    pub(super) way: Way,
    label: String,
    /// What the balance holds.
    holds: Option<Amount>,
}

impl BuyFields {
    pub(super) fn is_gift(&self) -> bool {
        self.gift == "yes"
    }

    /// The price that the form showed: of the button or else of the method, unless the buyer chose one.
    pub(super) fn seen(&self, chosen: Option<Amount>) -> Result<Option<Amount>, Problem> {
        let mut listed = self.listed.split(',').filter_map(|it| it.split_once(' '));
        let text = match (&*self.seen, chosen) {
            ("", Some(_)) => return Ok(chosen),
            ("", None) => listed.find(|(method, _)| *method == self.method).map(|it| it.1),
            (seen, _) => Some(seen),
        };
        let read = |text: &str| {
            let (amount, code) = text.split_once(' ')?;
            Amount::parse(amount, Currency::parse(code).ok()?).ok()
        };
        text.map(|text| read(text).ok_or_else(unread)).transpose()
    }
}

impl BuyPage {
    /// What is the matter at a field.
    fn wrong(&self, field: Field) -> Option<&str> {
        Problem::at(self.problem.as_ref(), field)
    }
}

fn unread() -> Problem {
    let text = "The price that this page showed can't be read. Nothing was bought; buy it here if you like.";
    Problem::new(Field::Form, text)
}

/// What the form is shown for.
pub(super) enum ShownFor {
    Fresh,
    Quoted(Amount),
    Refused(Problem, RequestKey),
}

/// The ways to pay, with what is shown for each.
pub(super) async fn ways(visitor: &Visitor, wares: &Wares) -> Result<Vec<WayThere>, Failure> {
    let there = |way: Way| WayThere { way, label: way.label().to_owned(), holds: None };
    let mut ways = Vec::new();
    if let Some(signed_in) = &visitor.signed_in {
        let balances = visitor.site.club.balance(&signed_in.member.id.to_string()).await?;
        let fits = |currency| wares.currency() == Some(currency);
        if let Some(balance) = balances.iter().find(|balance| fits(balance.prepaid.currency)) {
            let holds = balance.prepaid.minor.saturating_add(balance.credit.minor);
            let holds = balance.prepaid.currency.minor(holds);
            let label = format!("{}: {}", Way::Balance.label(), money(holds));
            ways.push(WayThere { way: Way::Balance, label, holds: Some(holds) });
        }
    }
    ways.extend(Way::at_providers(&visitor.site).into_iter().map(there));
    ways.push(there(Way::Voucher));
    Ok(ways)
}

/// Shows the form.
pub(super) async fn form(
    mut visitor: Visitor,
    wares: &Wares,
    mut fields: BuyFields,
    outcome: ShownFor,
) -> Result<Response, Failure> {
    let offered = wares.choices(&visitor, &fields.method);
    if offered.is_empty() {
        return Err(Failure::not_found());
    }
    let ways = ways(&visitor, wares).await?;
    let topup = topup(&visitor, wares, &ways);
    let is_enough = |way: &&WayThere| match (way.holds, wares.least()) {
        (Some(holds), Some(least)) => holds.minor >= least.minor,
        _ => true,
    };
    let first = ways.iter().find(is_enough).map(|way| way.way);
    let ways = ways.into_iter().map(|way| (way.way, way.label)).collect();
    fields.listed = listed(&offered);
    fields.seen.clear();
    let (status, problem, total, key) = match outcome {
        ShownFor::Fresh => (StatusCode::OK, None, None, RequestKey::random()?),
        ShownFor::Quoted(amount) => {
            fields.seen = amount.to_string();
            (StatusCode::OK, None, Some(money(amount)), RequestKey::parse(&fields.key)?)
        }
        ShownFor::Refused(problem, key) => {
            (StatusCode::UNPROCESSABLE_ENTITY, Some(problem), None, key)
        }
    };
    if address(&fields.email).is_err() && fields.email.len() > MAX_SHOWN {
        fields.email.clear();
    }
    let section = match wares {
        Wares::Item(_) => Section::Catalogue,
        Wares::Membership(_) => Section::Club,
    };
    let page = BuyPage {
        token: visitor.form_token(),
        key: key.text().to_owned(),
        layout: visitor.layout(section, wares.heading()),
        back: wares.back(),
        note: wares.note(),
        legend: wares.legend(),
        choices: offered,
        amount: wares.amount_field(),
        ways: choices(ways, &fields.way, first),
        topup,
        is_signed_in: visitor.signed_in.is_some(),
        consent: consent_text(&visitor),
        fields,
        total,
        problem,
    };
    Ok(visitor.page_with(status, &page))
}

/// What each choice is listed at.
fn listed(choices: &[TermChoice]) -> String {
    let listed = choices.iter().map(|choice| format!("{} {}", choice.value, choice.listed));
    listed.collect::<Vec<_>>().join(",")
}

/// Where a balance is of use that is not there: money is paid in at a provider.
fn topup(visitor: &Visitor, wares: &Wares, ways: &[WayThere]) -> Option<TopupHint> {
    let currency = wares.currency()?.code();
    let holds = ways.iter().find_map(|way| way.holds);
    let least = wares.least().map_or(0, |least| least.minor);
    if holds.is_some_and(|holds| holds.minor >= least)
        || Way::at_providers(&visitor.site).is_empty()
    {
        return None;
    }
    let text = match (holds, visitor.signed_in.is_some()) {
        (Some(holds), _) => format!("Your balance of {} is not enough for this.", money(holds)),
        (None, true) => "Pay once, then buy with one click.".to_owned(),
        (None, false) => {
            "Is it not the only thing you want? Pay once, then buy with one click.".to_owned()
        }
    };
    Some(TopupHint { text, currency })
}
