//! Who changed what, and alerts for the operator.

pub(crate) mod alert;
pub(crate) mod log;
