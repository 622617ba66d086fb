//! Bodies and queries, refused in JSON where they don't fit.

use api::query::{DEFAULT_PAGE, MAX_PAGE};
use axum::extract::{FromRequest, FromRequestParts, Json, Query, Request};
use axum::http::request::Parts;
use club::PageRequest;
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
pub(super) fn page(
    after: Option<String>,
    limit: Option<u32>,
    newest: Option<bool>,
) -> Result<PageRequest, ApiError> {
    let limit = limit.unwrap_or(DEFAULT_PAGE);
    if !(1..=MAX_PAGE).contains(&limit) {
        let text = format!("{limit} is not a number of rows: expected 1 to {MAX_PAGE}");
        return Err(ApiError::unprocessable(text).in_field("limit"));
    }
    Ok(PageRequest { after, limit, newest: newest.unwrap_or(false) })
}

/// The time that a range of days covers, from its first second to before the second after its last.
pub(super) fn period(from: Option<Date>, to: Option<Date>) -> (Option<u32>, Option<u32>) {
    let midnight = |day: Date| {
        let moment =
            day.to_zoned(TimeZone::UTC).map_or(i64::MAX, |day| day.timestamp().as_second());
        u32::try_from(moment.max(0)).unwrap_or(u32::MAX)
    };
    let until = to.map(|day| day.tomorrow().map_or(u32::MAX, midnight));
    (from.map(midnight), until)
}

/// The one of `all` that a word in a query stands for.
pub(super) fn one_of<T: Copy>(
    field: &'static str,
    typed: Option<&str>,
    all: impl IntoIterator<Item = T>,
    text: fn(T) -> &'static str,
) -> Result<Option<T>, ApiError> {
    let Some(typed) = typed else { return Ok(None) };
    let all: Vec<T> = all.into_iter().collect();
    if let Some(found) = all.iter().find(|one| text(**one) == typed) {
        return Ok(Some(*found));
    }
    let known: Vec<_> = all.into_iter().map(text).collect();
    let text = format!("`{typed}` is not a {field}: expected one of {}", known.join(", "));
    Err(ApiError::unprocessable(text).in_field(field))
}

#[cfg(test)]
mod tests {
    use api::error::ProblemDocument;

    use super::*;

    #[test]
    fn a_period_holds_both_its_days_whole() {
        check("2027-01-01", "2027-03-31", (1_798_761_600, 1_806_537_600));
        check("1900-01-01", "1969-12-31", (0, 0));
        check("2200-01-01", "9999-12-31", (u32::MAX, u32::MAX));
        assert_eq!(period(None, None), (None, None));
    }

    #[test]
    fn a_page_has_1_to_1000_rows() {
        for limit in [0, 1001, u32::MAX] {
            let refused = ProblemDocument::from(page(None, Some(limit), None).unwrap_err());
            assert_eq!((refused.status, refused.field.as_deref()), (422, Some("limit")), "{limit}");
        }
        for (limit, expected) in [(None, 100), (Some(1), 1), (Some(1000), 1000)] {
            assert_eq!(page(None, limit, None).unwrap().limit, expected);
        }
    }

    #[track_caller]
    fn check(from: &str, to: &str, expected: (u32, u32)) {
        let (from, to) = (from.parse().ok(), to.parse().ok());
        assert_eq!(period(from, to), (Some(expected.0), Some(expected.1)));
    }
}
