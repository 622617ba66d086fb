//! Double-entry bookkeeping: accounts, the journal, statements and balances.

pub(crate) mod account;
pub(crate) mod balance;
pub(crate) mod journal;
pub(crate) mod revenue;
pub(crate) mod statement;
