//! What the store must know of the configuration: tiers and policies by their names, the tax, and
//! whether mail is sent.

use policy::{PolicyId, Rules, TierId};

use crate::values::email::Email;
use crate::values::error::Error;
use crate::values::tax::Tax;

/// The ids of the configured tiers and policies, each with the number that the rules have for it,
/// the configured tax, and whether mail is sent.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Names {
    /// As configured, the best last; the first is the outsiders'.
    pub tiers: Vec<(String, TierId)>,
    /// In any order.
    pub policies: Vec<(String, PolicyId)>,
    /// The tax that is in every price.
    pub tax: Option<Tax>,
    /// Whether a mail server is configured. Without one, no mail is queued.
    pub has_mail: bool,
    /// Where the operator is told of alerts; `None` where they are not mailed.
    pub alerts_to: Option<Email>,
}

impl From<&Rules> for Names {
    fn from(rules: &Rules) -> Self {
        let policies = rules.policies.numbered();
        Self {
            tiers: rules.tiers.numbered().map(|(id, tier)| (tier.id.clone(), id)).collect(),
            policies: policies.map(|(id, policy)| (policy.id.clone(), id)).collect(),
            tax: None,
            has_mail: false,
            alerts_to: None,
        }
    }
}

impl Names {
    /// Names whose numbers are their places, for lists that no rules stand behind.
    pub fn counted(tiers: &[&str], policies: &[&str]) -> Self {
        fn counted<T>(names: &[&str], number: fn(u8) -> Option<T>) -> Vec<(String, T)> {
            let numbered = names.iter().zip(0..);
            numbered.map_while(|(name, n)| Some(((*name).to_owned(), number(n)?))).collect()
        }
        Self {
            tiers: counted(tiers, TierId::new),
            policies: counted(policies, PolicyId::new),
            tax: None,
            has_mail: false,
            alerts_to: None,
        }
    }

    pub(crate) fn tier(&self, name: &str) -> Option<TierId> {
        number(&self.tiers, name)
    }

    /// How good a tier is; `None` for one that is not configured, which is less than any.
    pub(crate) fn place(&self, tier: &str) -> Option<usize> {
        self.tiers.iter().position(|(known, _)| known == tier)
    }

    pub(crate) fn policy(&self, name: &str) -> Option<PolicyId> {
        number(&self.policies, name)
    }

    pub(crate) fn check_tier(&self, name: &str) -> Result<(), Error> {
        check("tier", &self.tiers, name)
    }

    pub(crate) fn check_policy(&self, name: &str) -> Result<(), Error> {
        check("policy", &self.policies, name)
    }
}

fn number<T: Copy>(names: &[(String, T)], name: &str) -> Option<T> {
    names.iter().find(|(known, _)| known == name).map(|(_, number)| *number)
}

fn check<T: Copy>(what: &'static str, names: &[(String, T)], name: &str) -> Result<(), Error> {
    if number(names, name).is_some() {
        return Ok(());
    }
    let known: Vec<_> = names.iter().map(|(known, _)| known.as_str()).collect();
    Err(Error::Unconfigured { what, name: name.to_owned(), known: known.join(", ") })
}
