//! Why a request was refused: a problem document of RFC 9457.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::item::{ItemDetails, ItemPolicyView, ItemPrices};
use crate::member::MemberTier;

/// The answer to a request that was refused, as `application/problem+json`.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
pub struct ProblemDocument {
    /// The kind of problem: a URN that stays the same in later versions.
    #[serde(rename = "type")]
    pub kind: String,
    /// The kind of problem, for people.
    pub title: String,
    /// The status of the answer, once more.
    pub status: u16,
    /// A sentence for the operator: what was expected, what was found and what to do.
    pub detail: String,
    /// The field of the request that is wrong, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// What is there now, where it was changed since the request's `If-Match` was read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub current: Option<Box<CurrentState>>,
    /// The scope that the token lacks, where that is the problem.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
}

/// What is there now, as a GET of the same path shows it.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
#[serde(untagged)]
pub enum CurrentState {
    /// How an item is presented.
    Details(ItemDetails),
    /// The tier of a member.
    Tier(MemberTier),
    /// The policy of an item.
    Policy(ItemPolicyView),
    /// What an item costs.
    Prices(ItemPrices),
}

/// A kind of problem.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ProblemKind {
    /// The request cannot be read.
    BadRequest,
    /// The request does not fit what is there.
    Conflict,
    /// The daemon failed.
    Internal,
    /// The path does not take the method.
    Method,
    /// The body is of a type that the path does not take.
    MediaType,
    /// What the request names is not there.
    NotFound,
    /// A path on the host that tokens do not reach.
    OutsideRoots,
    /// The token lacks a scope, or the request is not for tokens.
    Scope,
    /// What is to be changed was changed since the request's `If-Match` was read.
    Stale,
    /// The body is larger than the path takes.
    TooLarge,
    /// Too many requests, or too many wrong secrets.
    TooMany,
    /// The request has no token, or one that does not work.
    Unauthenticated,
    /// The database, or what else the daemon needs, does not answer.
    Unavailable,
    /// The request is read, and asks for what cannot be.
    Unprocessable,
    /// A server that the daemon asked refused.
    Upstream,
}

impl ProblemKind {
    /// All of them.
    pub const ALL: [Self; 15] = [
        Self::BadRequest,
        Self::Conflict,
        Self::Internal,
        Self::Method,
        Self::MediaType,
        Self::NotFound,
        Self::OutsideRoots,
        Self::Scope,
        Self::Stale,
        Self::TooLarge,
        Self::TooMany,
        Self::Unauthenticated,
        Self::Unavailable,
        Self::Unprocessable,
        Self::Upstream,
    ];

    /// The URN.
    pub const fn urn(self) -> &'static str {
        match self {
            Self::BadRequest => "urn:usher:problem:bad-request",
            Self::Conflict => "urn:usher:problem:conflict",
            Self::Internal => "urn:usher:problem:internal",
            Self::Method => "urn:usher:problem:method",
            Self::MediaType => "urn:usher:problem:media-type",
            Self::NotFound => "urn:usher:problem:not-found",
            Self::OutsideRoots => "urn:usher:problem:outside-roots",
            Self::Scope => "urn:usher:problem:scope",
            Self::Stale => "urn:usher:problem:stale",
            Self::TooLarge => "urn:usher:problem:too-large",
            Self::TooMany => "urn:usher:problem:too-many",
            Self::Unauthenticated => "urn:usher:problem:unauthenticated",
            Self::Unavailable => "urn:usher:problem:unavailable",
            Self::Unprocessable => "urn:usher:problem:unprocessable",
            Self::Upstream => "urn:usher:problem:upstream",
        }
    }

    /// The title.
    pub const fn title(self) -> &'static str {
        match self {
            Self::BadRequest => "The request cannot be read",
            Self::Conflict => "The request conflicts with what is there",
            Self::Internal => "The daemon failed",
            Self::Method => "The path does not take this method",
            Self::MediaType => "The path does not take a body of this type",
            Self::NotFound => "Not found",
            Self::OutsideRoots => "The path on the host is outside the folders that tokens reach",
            Self::Scope => "The token does not allow this",
            Self::Stale => "It was changed since you looked at it",
            Self::TooLarge => "The body is too large",
            Self::TooMany => "Too many requests",
            Self::Unauthenticated => "A valid token is needed",
            Self::Unavailable => "The daemon cannot answer at the moment",
            Self::Unprocessable => "The request asks for what cannot be",
            Self::Upstream => "Another server refused",
        }
    }

    /// The status.
    pub const fn status(self) -> u16 {
        match self {
            Self::BadRequest => 400,
            Self::Conflict => 409,
            Self::Internal => 500,
            Self::Method => 405,
            Self::MediaType => 415,
            Self::NotFound => 404,
            Self::OutsideRoots | Self::Scope => 403,
            Self::Stale => 412,
            Self::TooLarge => 413,
            Self::TooMany => 429,
            Self::Unauthenticated => 401,
            Self::Unavailable => 503,
            Self::Unprocessable => 422,
            Self::Upstream => 502,
        }
    }

    /// The first kind with a status; those of a refusal or a failure where none has it.
    pub fn of(status: u16) -> Self {
        let found = Self::ALL.into_iter().find(|kind| kind.status() == status);
        found.unwrap_or(if status < 500 { Self::BadRequest } else { Self::Internal })
    }

    /// A document of this kind.
    pub fn because(self, detail: impl Into<String>) -> ProblemDocument {
        ProblemDocument {
            kind: self.urn().to_owned(),
            title: self.title().to_owned(),
            status: self.status(),
            detail: detail.into(),
            field: None,
            current: None,
            scope: None,
        }
    }
}

/// The media type of a problem document.
pub const PROBLEM_TYPE: &str = "application/problem+json";

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn each_kind_has_a_urn_of_its_own_and_a_status_of_a_refusal() {
        let urns: HashSet<_> = ProblemKind::ALL.iter().map(|kind| kind.urn()).collect();
        assert_eq!(urns.len(), ProblemKind::ALL.len());
        for kind in ProblemKind::ALL {
            assert!((400..600).contains(&kind.status()), "{kind:?}");
            assert_eq!(ProblemKind::of(kind.status()).status(), kind.status());
        }
        assert_eq!(ProblemKind::of(418), ProblemKind::BadRequest);
        assert_eq!(ProblemKind::of(504), ProblemKind::Internal);
    }

    #[test]
    fn each_kind_is_documented() {
        let page = include_str!("../../../docs/api.md");
        for kind in ProblemKind::ALL {
            let name = kind.urn().rsplit(':').next().unwrap();
            let row = format!("| `{name}` | {} |", kind.status());
            assert!(page.contains(&row), "docs/api.md lacks {row}");
        }
    }

    #[test]
    fn a_problem_has_the_members_of_rfc_9457() {
        let problem = ProblemKind::NotFound.because("no member `ada`");
        let text = serde_json::to_string(&problem).unwrap();
        let expected = r#"{"type":"urn:usher:problem:not-found","title":"Not found",
            "status":404,"detail":"no member `ada`"}"#;
        let value = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap();
        assert_eq!(value(&text), value(expected));
        assert_eq!(serde_json::from_str::<ProblemDocument>(&text).unwrap(), problem);
    }
}
