//! Who comes with a token in the path, and what they are told where that is no good.
//!
//! A token that opens nothing, an item that is not there and a path that never was get the same
//! answer, so that nobody learns by trying which part was wrong. Who is known and may not is told so.

use axum::http::header::CACHE_CONTROL;
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use club::{Key, Member};
use policy::{ItemId, Label, MemberState};
use wire::Passkey;

use super::state::Site;
use crate::catalog::{LinkBuilder, TorrentAccess};
use crate::http::text;

/// Why a request gets nothing.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum PageError {
    /// There is nothing here for this token.
    Nothing,
    /// The member may not have it, now.
    Refused,
    /// The daemon can't say.
    Unavailable,
}

impl From<club::Error> for PageError {
    fn from(error: club::Error) -> Self {
        match error {
            club::Error::NotFound { .. } => Self::Nothing,
            error => {
                tracing::error!(%error, "a page can't be served");
                Self::Unavailable
            }
        }
    }
}

impl IntoResponse for PageError {
    fn into_response(self) -> Response {
        let answer = match self {
            Self::Nothing => text(StatusCode::NOT_FOUND, "nothing here\n"),
            Self::Refused => text(StatusCode::FORBIDDEN, "not yours, or not any more\n"),
            Self::Unavailable => text(StatusCode::SERVICE_UNAVAILABLE, "try again later\n"),
        };
        ([PRIVATE, UNINDEXED], answer).into_response()
    }
}

impl Site {
    /// The member whose token this is, for downloads or feeds.
    pub(super) async fn member_of(&self, token: &str, key: Key) -> Result<Member, PageError> {
        let label = match key {
            Key::Download => Label::Download,
            Key::Feed => Label::Feed,
            Key::Login => Label::Login,
            Key::WebSeed => Label::WebSeed,
        };
        let token = Passkey::new(token.as_bytes()).ok_or(PageError::Nothing)?;
        let grant = self.keyring.verify(label, &token).ok_or(PageError::Nothing)?;
        let is_current = grant.generation == self.club.key_generations(grant.member).of(key);
        if grant.item != ItemId::ANY || !is_current {
            return Err(PageError::Nothing);
        }
        let member = self.club.member(&grant.member.to_string()).await?;
        match member.state {
            MemberState::Active => Ok(member),
            MemberState::Removed => Err(PageError::Nothing),
            MemberState::Suspended => Err(PageError::Refused),
        }
    }

    /// Lets `make` make URLs.
    pub(super) fn links<T>(&self, make: impl FnOnce(LinkBuilder<'_>) -> T) -> T {
        make(LinkBuilder { keyring: &self.keyring, urls: &self.urls() })
    }

    /// Who may have what, now.
    pub(super) fn torrent_access(&self) -> TorrentAccess<'_> {
        TorrentAccess {
            club: &self.club,
            tracker: &self.tracker,
            urls: self.urls(),
            now: self.now(),
        }
    }
}

/// The URL is a secret and so is what it shows.
pub(super) const PRIVATE: (HeaderName, HeaderValue) =
    (CACHE_CONTROL, HeaderValue::from_static("private, no-store"));
/// A search engine that finds the URL somewhere must not tell others.
pub(super) const UNINDEXED: (HeaderName, HeaderValue) =
    (HeaderName::from_static("x-robots-tag"), HeaderValue::from_static("noindex"));
