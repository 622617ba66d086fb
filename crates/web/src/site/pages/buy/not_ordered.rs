//! Why nothing was ordered: something the form can say, or something it can't.

use super::problem::Problem;
use crate::site::pages::failure::Failure;

/// Why nothing was ordered.
pub(super) enum NotOrdered {
    Club(club::Error),
    Failure(Failure),
    Problem(Problem),
}

impl NotOrdered {
    /// Whether the form needs another key: this one names another request.
    pub(super) const fn needs_key(&self) -> bool {
        match self {
            Self::Club(error) => Problem::needs_key(error),
            Self::Failure(_) | Self::Problem(_) => false,
        }
    }

    /// What the form says.
    ///
    /// # Errors
    ///
    /// It is not a matter of the form.
    pub(super) fn problem(self) -> Result<Problem, Failure> {
        match self {
            Self::Club(error) => Problem::of(error),
            Self::Failure(failure) => Err(failure),
            Self::Problem(problem) => Ok(problem),
        }
    }
}

impl From<club::Error> for NotOrdered {
    fn from(error: club::Error) -> Self {
        Self::Club(error)
    }
}

impl From<Failure> for NotOrdered {
    fn from(failure: Failure) -> Self {
        Self::Failure(failure)
    }
}

impl From<Problem> for NotOrdered {
    fn from(problem: Problem) -> Self {
        Self::Problem(problem)
    }
}
