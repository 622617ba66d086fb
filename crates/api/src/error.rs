//! Why a request was refused.

use serde::{Deserialize, Serialize};

/// The answer to a request that was refused.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct ErrorBody {
    /// A sentence for the operator: what was expected, what was found and what to do.
    pub error: String,
}
