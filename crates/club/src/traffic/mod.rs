//! What clients uploaded and downloaded, and what that earns.

pub(crate) mod earned;
pub(crate) mod item_traffic;
pub(crate) mod judge;
pub(crate) mod resumed;
pub(crate) mod reward;
pub(crate) mod served;
pub(crate) mod session;
pub(crate) mod totals;
pub(crate) mod verified;
pub(crate) mod window;
