//! Why a page of the dashboard is not shown, or a form not done.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};

use crate::admins::Busy;
use crate::http::TooMany;
use crate::site::Failure;

/// Why a request ends here.
#[derive(Debug)]
pub(super) enum Stop {
    /// Password or code must be given again; then the browser goes to this path.
    Confirm(String),
    /// A page says what went wrong.
    Failure(Failure),
    /// Nobody is signed in.
    SignIn,
}

impl Stop {
    /// The role does not allow it.
    pub(super) fn role(role: club::AdminRole) -> Self {
        let text = format!(
            "Your role is {role}, which may not change this. Nothing was changed. Ask an owner."
        );
        Failure::forbidden("Not allowed", text).into()
    }

    /// What the admin API answered instead of what was asked for.
    pub(super) fn refused(status: StatusCode, detail: String) -> Self {
        match status {
            StatusCode::NOT_FOUND => Failure::not_found_because(detail).into(),
            status if status.is_client_error() => Failure::bad_request(detail).into(),
            _ => Failure::unavailable().into(),
        }
    }
}

impl From<Failure> for Stop {
    fn from(failure: Failure) -> Self {
        Self::Failure(failure)
    }
}

impl From<club::Error> for Stop {
    fn from(error: club::Error) -> Self {
        Failure::from(error).into()
    }
}

impl From<TooMany> for Stop {
    fn from(too_many: TooMany) -> Self {
        Failure::from(too_many).into()
    }
}

impl From<Busy> for Stop {
    fn from(_: Busy) -> Self {
        Failure::unavailable().into()
    }
}

impl IntoResponse for Stop {
    fn into_response(self) -> Response {
        match self {
            Self::Confirm(back) => {
                let query = form_urlencoded::Serializer::new(String::new())
                    .append_pair("back", &back)
                    .finish();
                Redirect::to(&format!("/confirm?{query}")).into_response()
            }
            Self::Failure(failure) => failure.into_response(),
            Self::SignIn => Redirect::to("/sign-in").into_response(),
        }
    }
}
