//! The configured tiers and policies, by the names the store has for them, and the tax.

use policy::{PolicyId, Rules, TierId};

use crate::error::Error;
use crate::item::Item;
use crate::tax::Tax;

/// The ids of the configured tiers and policies, each at its place in the configuration, and the
/// configured tax.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Names {
    /// The first is the outsiders'.
    pub tiers: Vec<String>,
    /// In any order.
    pub policies: Vec<String>,
    /// The tax that is in every price.
    pub tax: Option<Tax>,
}

impl From<&Rules> for Names {
    fn from(rules: &Rules) -> Self {
        Self {
            tiers: rules.tiers.iter().map(|tier| tier.id.clone()).collect(),
            policies: rules.policies.iter().map(|policy| policy.id.clone()).collect(),
            tax: None,
        }
    }
}

impl Names {
    pub(crate) fn tier(&self, name: &str) -> Option<TierId> {
        TierId::new(place(&self.tiers, name)?)
    }

    /// The tier that has an item without buying it.
    pub(crate) fn tier_of(&self, item: &Item) -> Option<TierId> {
        self.tier(item.tier.as_deref()?)
    }

    pub(crate) fn policy(&self, name: &str) -> Option<PolicyId> {
        PolicyId::new(place(&self.policies, name)?)
    }

    pub(crate) fn check_tier(&self, name: &str) -> Result<(), Error> {
        check("tier", &self.tiers, name)
    }

    pub(crate) fn check_policy(&self, name: &str) -> Result<(), Error> {
        check("policy", &self.policies, name)
    }
}

fn place(names: &[String], name: &str) -> Option<u8> {
    u8::try_from(names.iter().position(|known| known == name)?).ok()
}

fn check(what: &'static str, names: &[String], name: &str) -> Result<(), Error> {
    if place(names, name).is_some() {
        return Ok(());
    }
    Err(Error::Unconfigured { what, name: name.to_owned(), known: names.join(", ") })
}
