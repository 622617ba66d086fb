//! Bodies and queries, refused in JSON where they don't fit.

use api::query::{PageQuery, PeriodQuery};
use axum::extract::{FromRequest, FromRequestParts, Json, Query, Request};
use axum::http::request::Parts;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::de::DeserializeOwned;

use super::error::ApiError;

/// A JSON body.
pub(super) struct Body<T>(pub(super) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Body<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        let Json(body) = Json::from_request(request, state).await?;
        Ok(Self(body))
    }
}

/// The part of a URL after the `?`.
pub(super) struct Params<T>(pub(super) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Params<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        match Query::from_request_parts(parts, state).await {
            Ok(Query(params)) => Ok(Self(params)),
            Err(rejection) => Err(ApiError::new(rejection.status(), rejection.body_text())),
        }
    }
}

/// The page of a list that a query asks for.
pub(super) fn page(PageQuery { after, limit }: PageQuery) -> club::Page {
    club::Page { after, limit: limit.unwrap_or(club::Page::MAX) }
}

/// The time that a range of days covers, from its first second to before the second after its last, and
/// the page of it.
pub(super) fn period(query: PeriodQuery) -> (u32, u32, club::Page) {
    let PeriodQuery { from, to, after, limit } = query;
    let midnight = |day: Date| {
        let moment =
            day.to_zoned(TimeZone::UTC).map_or(i64::MAX, |day| day.timestamp().as_second());
        u32::try_from(moment.max(0)).unwrap_or(u32::MAX)
    };
    let from = from.map_or(0, midnight);
    let to = to.map_or(u32::MAX, |day| day.tomorrow().map_or(u32::MAX, midnight));
    (from, to, page(PageQuery { after, limit }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_period_holds_both_its_days_whole() {
        check("2027-01-01", "2027-03-31", (1_798_761_600, 1_806_537_600));
        check("1900-01-01", "1969-12-31", (0, 0));
        check("2200-01-01", "9999-12-31", (u32::MAX, u32::MAX));
        let (from, to, page) = period(PeriodQuery::default());
        assert_eq!((from, to, page), (0, u32::MAX, club::Page::FIRST));
    }

    #[track_caller]
    fn check(from: &str, to: &str, expected: (u32, u32)) {
        let (from, to) = (from.parse().ok(), to.parse().ok());
        let (from, to, _) = period(PeriodQuery { from, to, ..PeriodQuery::default() });
        assert_eq!((from, to), expected);
    }
}
