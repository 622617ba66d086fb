//! A membership that is for sale, and what a member's present one means for it.
//!
//! The words say what the club does: days of the same tier, and periods of a subscription, are added to those that are
//! left, and what is left of a lesser tier waits until the better one is over.

use club::{Member, ProductRequest};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::buy_form::BuyFields;
use super::problem::{Field, Problem};
use super::wares::TermChoice;
use super::way::Way;
use crate::catalog::day;
use crate::pay::TierPlan;
use crate::site::pages::price::money;
use crate::site::pages::shown::capitalised;
use crate::site::pages::visitor::Visitor;

/// Where a membership is bought, below the site's home.
pub(in crate::site::pages) fn tier_path(tier: &str) -> String {
    format!("/club/{}/buy", utf8_percent_encode(tier, NON_ALPHANUMERIC))
}

/// A membership that is for sale.
pub(super) struct Membership {
    pub(super) tier: String,
    pub(super) plan: TierPlan,
    pub(super) step: MembershipStep,
}

/// What a member's present tier means for another one.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(in crate::site::pages) enum MembershipStep {
    /// They have a better tier.
    Above { tier: String },
    /// They have none that counts.
    Join,
    /// They have this one until then, in Unix seconds.
    Renew { until: u32 },
    /// They have this one without an end.
    Settled,
    /// They have a lesser tier, until then or without an end.
    Upgrade { from: String, until: Option<u32> },
}

impl MembershipStep {
    /// Of whoever asks, for a tier.
    pub(in crate::site::pages) fn of(visitor: &Visitor, tier: &str) -> Self {
        match &visitor.signed_in {
            Some(signed_in) => {
                let tiers = visitor.look.appearance.tiers.iter().map(|tier| &*tier.id);
                let tiers: Vec<_> = tiers.collect();
                Self::between(&signed_in.member, tier, &tiers, visitor.site.now().unix)
            }
            None => Self::Join,
        }
    }

    fn between(member: &Member, tier: &str, tiers: &[&str], now_unix: u32) -> Self {
        let place = |wanted: &str| tiers.iter().position(|known| *known == wanted);
        let (has, wants) = (place(&member.tier), place(tier));
        let is_live = member.tier_until.is_none_or(|until| now_unix < until);
        // The first tier is everybody's.
        let Some(has) = has.filter(|has| *has > 0 && is_live) else { return Self::Join };
        match (wants, member.tier_until) {
            (Some(wants), Some(until)) if wants == has => Self::Renew { until },
            (Some(wants), None) if wants == has => Self::Settled,
            (Some(wants), until) if wants > has => {
                Self::Upgrade { from: member.tier.clone(), until }
            }
            _ => Self::Above { tier: member.tier.clone() },
        }
    }

    /// What the button that leads to the form says; `None` where there is nothing to buy.
    pub(in crate::site::pages) const fn button(&self) -> Option<&'static str> {
        match self {
            Self::Above { .. } | Self::Settled => None,
            Self::Join => Some("Join"),
            Self::Renew { .. } => Some("Renew"),
            Self::Upgrade { .. } => Some("Upgrade"),
        }
    }

    /// Why a member can't buy it for themselves.
    pub(super) fn refusal(&self) -> Option<String> {
        match self {
            Self::Above { tier } => Some(format!(
                "You have {}, which holds more than this. There is nothing to add to it here.",
                capitalised(tier)
            )),
            Self::Settled => Some("You have this membership without an end.".to_owned()),
            Self::Join | Self::Renew { .. } | Self::Upgrade { .. } => None,
        }
    }

    /// What the present membership means for this one, in plain words.
    pub(in crate::site::pages) fn note(&self, tier: &str) -> Option<String> {
        let tier = capitalised(tier);
        match self {
            Self::Join => None,
            Self::Above { .. } | Self::Settled => self.refusal(),
            Self::Renew { until } => Some(format!(
                "You have {tier} until {}. The new days begin when those end.",
                day(*until)
            )),
            Self::Upgrade { from, until: Some(until) } => Some(format!(
                "You have {} until {}. Its days that are left wait, and go on when {tier} ends.",
                capitalised(from),
                day(*until)
            )),
            Self::Upgrade { from, until: None } => Some(format!(
                "You have {} without an end. You have it again when {tier} ends.",
                capitalised(from)
            )),
        }
    }
}

impl Membership {
    /// The tier as it is for sale; `None` where it is not.
    pub(super) fn find(visitor: &Visitor, tier: &str) -> Option<Self> {
        let plan = visitor.site.payments()?.plan(tier)?;
        let step = MembershipStep::of(visitor, tier);
        Some(Self { tier: tier.to_owned(), plan, step })
    }

    pub(super) fn heading(&self) -> String {
        let name = capitalised(&self.tier);
        match self.step {
            MembershipStep::Renew { .. } => format!("Renew {name}"),
            MembershipStep::Upgrade { .. } => format!("Upgrade to {name}"),
            MembershipStep::Above { .. } | MembershipStep::Join | MembershipStep::Settled => {
                format!("Join {name}")
            }
        }
    }

    pub(super) fn note(&self) -> Option<String> {
        self.step.note(&self.tier)
    }

    /// One period, or period after period where Stripe is set up.
    pub(super) fn terms(&self, visitor: &Visitor, wanted: &str) -> Vec<TermChoice> {
        let TierPlan { price, interval, days } = self.plan;
        let (listed, price) = (price, money(price));
        let once = TermChoice {
            value: ONCE,
            name: format!("{days} days"),
            price: price.clone(),
            listed,
            text: "Paid once. It ends by itself.".to_owned(),
            is_chosen: wanted != SUBSCRIPTION,
        };
        let mut terms = vec![once];
        if Way::at_providers(&visitor.site).contains(&Way::Stripe) {
            let begins = match self.step {
                MembershipStep::Renew { .. } => " Each period is added to the days that you have.",
                _ => "",
            };
            terms.push(TermChoice {
                value: SUBSCRIPTION,
                name: "Subscription".to_owned(),
                price: format!("{price} a {interval}"),
                listed,
                text: format!("Paid by card each {interval}, until you end it.{begins}"),
                is_chosen: wanted == SUBSCRIPTION,
            });
        }
        terms
    }

    pub(super) fn request(
        &self,
        visitor: &Visitor,
        fields: &BuyFields,
    ) -> Result<ProductRequest, Problem> {
        let (tier, price) = (self.tier.clone(), self.plan.price);
        let is_offered = |wanted: &str| self.terms(visitor, "").iter().any(|it| it.value == wanted);
        match &*fields.method {
            ONCE => Ok(ProductRequest::Tier { tier, days: self.plan.days, price }),
            SUBSCRIPTION if !is_offered(SUBSCRIPTION) => {
                Err(Problem::new(Field::Method, "A subscription is not offered. Choose the days."))
            }
            SUBSCRIPTION if fields.way != Way::Stripe.text() => {
                let text = "A subscription is paid by card. Choose that, or pay for one period.";
                Err(Problem::new(Field::Way, text))
            }
            SUBSCRIPTION => Ok(ProductRequest::Subscription { tier, price }),
            _ => Err(Problem::new(Field::Method, "Choose for how long.")),
        }
    }
}

const ONCE: &str = "days";
const SUBSCRIPTION: &str = "subscription";

#[cfg(test)]
mod tests {
    use policy::{Generation, MemberId, MemberState};

    use super::*;

    #[test]
    fn a_present_tier_decides_between_joining_renewing_and_upgrading() {
        let renew = MembershipStep::Renew { until: LATER };
        let up = |until| MembershipStep::Upgrade { from: "fan".to_owned(), until };
        let above = MembershipStep::Above { tier: "patron".to_owned() };
        for (has, until, wants, expected) in [
            ("outsider", None, "fan", MembershipStep::Join),
            ("fan", Some(NOW), "fan", MembershipStep::Join),
            ("gone", Some(LATER), "fan", MembershipStep::Join),
            ("fan", Some(LATER), "fan", renew),
            ("fan", None, "fan", MembershipStep::Settled),
            ("fan", Some(LATER), "patron", up(Some(LATER))),
            ("fan", None, "patron", up(None)),
            ("patron", Some(LATER), "fan", above),
            ("patron", Some(NOW), "fan", MembershipStep::Join),
        ] {
            let member = member(has, until);
            let found =
                MembershipStep::between(&member, wants, &["outsider", "fan", "patron"], NOW);
            assert_eq!(found, expected, "{has} {until:?} {wants}");
        }
    }

    fn member(tier: &str, tier_until: Option<u32>) -> Member {
        Member {
            id: MemberId::new(1).unwrap(),
            name: "ada".to_owned(),
            tier: tier.to_owned(),
            tier_until,
            tier_then: None,
            earned: None,
            state: MemberState::Active,
            generation: Generation::default(),
            old_key_until: None,
            created: 0,
            email: None,
            email_verified: None,
        }
    }

    const NOW: u32 = 1_800_000_000;
    const LATER: u32 = NOW + 1;
}
