//! Whose fault an error is.

/// Whose fault an error is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Fault {
    /// The request does not fit what is there.
    Conflict,
    /// What was asked for is not there.
    Missing,
    /// The request could be answered; we can't.
    Ours,
    /// The request is wrong whatever is there.
    Request,
}
