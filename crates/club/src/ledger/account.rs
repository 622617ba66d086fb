//! The accounts of the books, each in one currency, made when first posted to.

use std::fmt;

use policy::{ItemId, MemberId};

/// An account.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Account<'a> {
    /// What disputes cost.
    Chargebacks,
    /// What a provider holds for us; `hand` for what was paid by hand.
    Clearing(&'a str),
    /// What a member has paid and not spent.
    Prepaid(MemberId),
    /// Store credit of a member: spent here, and never paid out.
    Rebate(MemberId),
    /// What store credit costs.
    Rebates,
    /// What a member owes.
    Receivable(MemberId),
    /// What an item brought in.
    Revenue(ItemId),
    /// Tax that is in what was sold.
    Tax,
    /// What a tier brought in.
    TierRevenue(&'a str),
    /// The worth of vouchers not redeemed.
    Vouchers,
}

impl Account<'_> {
    pub(crate) fn kind(self) -> &'static str {
        match self {
            Self::Chargebacks | Self::Rebates => "expense",
            Self::Clearing(_) | Self::Receivable(_) => "asset",
            Self::Prepaid(_) | Self::Rebate(_) | Self::Tax | Self::Vouchers => "liability",
            Self::Revenue(_) | Self::TierRevenue(_) => "revenue",
        }
    }

    /// Whether it must never be a debit: nobody spends more than was paid.
    pub(crate) fn is_floored(self) -> bool {
        matches!(self, Self::Prepaid(_) | Self::Rebate(_) | Self::Vouchers)
    }
}

impl fmt::Display for Account<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Chargebacks => f.write_str("expense:chargeback"),
            Self::Clearing(provider) => write!(f, "psp:{provider}:clearing"),
            Self::Prepaid(member) => write!(f, "member:{}:prepaid", member.value()),
            Self::Rebate(member) => write!(f, "member:{}:rebate", member.value()),
            Self::Rebates => f.write_str("expense:rebate"),
            Self::Receivable(member) => write!(f, "member:{}:receivable", member.value()),
            Self::Revenue(item) => write!(f, "revenue:item:{}", item.0),
            Self::Tax => f.write_str("tax:collected"),
            Self::TierRevenue(tier) => write!(f, "revenue:tier:{tier}"),
            Self::Vouchers => f.write_str("voucher:outstanding"),
        }
    }
}
