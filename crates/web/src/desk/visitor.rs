//! Who asks for a page of the dashboard: an [`AdminVisitor`] who is signed in, or any [`DeskVisitor`].

use std::net::{IpAddr, Ipv6Addr};
use std::sync::Arc;

use askama::Template;
use axum::extract::FromRequestParts;
use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderMap, HeaderValue, SET_COOKIE};
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use club::{AdminAccount, SecretToken, SignInId, Subject};
use data_encoding::HEXLOWER;

use super::call::ApiCalls;
use super::cookies;
use super::layout::{DeskLayout, DeskPlace};
use super::state::Dashboard;
use super::stop::Stop;
use crate::http::{Action, Actor, Origin};
use crate::site::{Binding, Failure, form_token, read_cookie};

/// Who asks, and what answers go by.
pub(super) struct DeskVisitor {
    pub(super) desk: Arc<Dashboard>,
    pub(super) address: IpAddr,
    pub(super) signed_in: Option<SignedInAdmin>,
    cookie: String,
    is_new: bool,
    has_form: bool,
}

/// An admin who is signed in.
#[derive(Clone, Debug)]
pub(super) struct SignedInAdmin {
    pub(super) admin: AdminAccount,
    /// The sign-in's number.
    pub(super) id: SignInId,
    /// When password or code was given last, in Unix seconds.
    pub(super) confirmed: u32,
    cookie: String,
}

/// As [`DeskVisitor`]; whoever is not signed in is sent to sign in.
pub(super) struct AdminVisitor {
    pub(super) visitor: DeskVisitor,
    pub(super) admin: AdminAccount,
}

impl DeskVisitor {
    /// The frame of a page.
    pub(super) fn layout(&mut self, place: DeskPlace, title: impl Into<String>) -> DeskLayout {
        let token = self.form_token();
        let admin = self.signed_in.as_ref().map(|signed_in| &signed_in.admin);
        DeskLayout::new(&self.desk, admin, place, title.into(), token)
    }

    /// The token for the forms of the page that is being made.
    pub(super) fn form_token(&mut self) -> String {
        self.has_form = true;
        form_token::issue(&self.desk.site.keyring, self.binding(), self.desk.now_unix())
    }

    /// Whether a form's token was issued to this visitor, and not too long ago.
    pub(super) fn has_issued(&self, token: &str) -> bool {
        let is_known = self.signed_in.is_some() || !self.is_new;
        let (keyring, now) = (&self.desk.site.keyring, self.desk.now_unix());
        is_known && form_token::is_valid(keyring, self.binding(), token, now)
    }

    /// Counts an action of the visitor's network.
    ///
    /// # Errors
    ///
    /// There were too many of late.
    pub(super) fn limit(&self, action: Action) -> Result<(), Stop> {
        Ok(self.desk.site.limits.check(action, Actor::Network(self.address))?)
    }

    /// Whether whoever is signed in gave password or code in the last minutes.
    pub(super) fn is_confirmed(&self) -> bool {
        let now = self.desk.now_unix();
        let confirmed = self.signed_in.as_ref().map(|signed_in| signed_in.confirmed);
        confirmed.is_some_and(|at| now.saturating_sub(at) < CONFIRMED_SECS)
    }

    /// Answers with a page.
    pub(super) fn page(self, page: &impl Template) -> Response {
        self.page_with(StatusCode::OK, page)
    }

    /// Answers with a page and a status.
    pub(super) fn page_with(self, status: StatusCode, page: &impl Template) -> Response {
        let html = match page.render() {
            Ok(html) => html,
            Err(error) => {
                tracing::error!(%error, "a page of the dashboard can't be written");
                return Failure::unavailable().into_response();
            }
        };
        let mut response = (status, html).into_response();
        let head = response.headers_mut();
        head.insert(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
        head.insert(CACHE_CONTROL, HeaderValue::from_static("private, no-store"));
        if self.has_form && self.is_new && self.signed_in.is_none() {
            let set = cookies::set(cookies::VISITOR, &self.cookie, None);
            head.extend(set.map(|cookie| (SET_COOKIE, cookie)));
        }
        response
    }

    fn binding(&self) -> Binding<'_> {
        match &self.signed_in {
            Some(signed_in) => Binding::Admin(&signed_in.cookie),
            None => Binding::DeskVisitor(&self.cookie),
        }
    }
}

impl FromRequestParts<Arc<Dashboard>> for DeskVisitor {
    type Rejection = Stop;

    async fn from_request_parts(parts: &mut Parts, desk: &Arc<Dashboard>) -> Result<Self, Stop> {
        let (cookie, is_new) = visitor_cookie(&parts.headers)?;
        Ok(Self {
            signed_in: find(desk, &parts.headers).await?,
            desk: Arc::clone(desk),
            address: address(parts),
            cookie,
            is_new,
            has_form: false,
        })
    }
}

impl FromRequestParts<Arc<Dashboard>> for AdminVisitor {
    type Rejection = Stop;

    async fn from_request_parts(parts: &mut Parts, desk: &Arc<Dashboard>) -> Result<Self, Stop> {
        let visitor = DeskVisitor::from_request_parts(parts, desk).await?;
        Self::of(visitor)
    }
}

impl AdminVisitor {
    /// Calls of the admin API in the name of whoever is signed in.
    pub(super) fn calls(&self) -> ApiCalls {
        ApiCalls { router: self.visitor.desk.api.clone(), admin: self.admin.clone() }
    }

    /// Whoever is signed in.
    ///
    /// # Errors
    ///
    /// Nobody is.
    pub(super) fn of(visitor: DeskVisitor) -> Result<Self, Stop> {
        let admin = visitor.signed_in.as_ref().map(|signed_in| signed_in.admin.clone());
        let admin = admin.ok_or(Stop::SignIn)?;
        Ok(Self { visitor, admin })
    }
}

async fn find(desk: &Dashboard, headers: &HeaderMap) -> Result<Option<SignedInAdmin>, Stop> {
    let Some(value) = read_cookie(headers, cookies::SIGN_IN) else { return Ok(None) };
    let Some(token) = SecretToken::parse(value) else { return Ok(None) };
    let club = &desk.site.club;
    let Some(found) = club.sign_in(&token, desk.now_unix()).await? else { return Ok(None) };
    let Subject::Admin(id) = found.subject else { return Ok(None) };
    let Some(admin) = club.admin(id).await? else { return Ok(None) };
    let confirmed = found.confirmed.unwrap_or(0);
    Ok(Some(SignedInAdmin { admin, id: found.id, confirmed, cookie: value.to_owned() }))
}

/// Where a request comes from, as the listener says.
fn address(parts: &Parts) -> IpAddr {
    let origin = parts.extensions.get::<Origin>();
    origin.map_or(IpAddr::V6(Ipv6Addr::UNSPECIFIED), |Origin(address)| *address)
}

fn visitor_cookie(headers: &HeaderMap) -> Result<(String, bool), Stop> {
    let is_ours =
        |value: &&str| value.len() == 2 * BYTES && HEXLOWER.decode(value.as_bytes()).is_ok();
    if let Some(value) = read_cookie(headers, cookies::VISITOR).filter(is_ours) {
        return Ok((value.to_owned(), false));
    }
    let mut bytes = [0; BYTES];
    getrandom::fill(&mut bytes).map_err(|_| Failure::unavailable())?;
    Ok((HEXLOWER.encode(&bytes), true))
}

const BYTES: usize = 16;
/// How long a confirmation counts.
const CONFIRMED_SECS: u32 = 10 * 60;
