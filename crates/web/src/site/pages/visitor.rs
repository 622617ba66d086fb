//! Who asks for a page: every page handler takes a [`Visitor`], and answers by it.
//!
//! A cookie is set on pages with a form alone, so that all others may be kept by caches.

use std::net::{IpAddr, Ipv6Addr};
use std::sync::Arc;

use askama::Template;
use axum::extract::FromRequestParts;
use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderMap, HeaderValue, SET_COOKIE, VARY};
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use data_encoding::HEXLOWER;

use super::cookie;
use super::dress::HTML;
use super::failure::Failure;
use super::form_token::{self, Binding};
use super::layout::{Layout, MemberInMasthead, Section};
use super::look::Look;
use super::signed_in::{self, SignedIn};
use crate::http::{Action, Actor, Origin};
use crate::site::state::Site;

/// Who asks, and what answers go by.
pub(in crate::site) struct Visitor {
    pub(in crate::site) site: Arc<Site>,
    pub(in crate::site) look: Arc<Look>,
    /// `None` for a visitor whom nobody knows.
    pub(in crate::site) signed_in: Option<SignedIn>,
    /// Where the request comes from.
    pub(in crate::site) address: IpAddr,
    cookie: VisitorCookie,
    has_form: bool,
}

/// What tells one browser from another: random, and nothing is known by it.
struct VisitorCookie {
    value: String,
    is_new: bool,
}

impl Visitor {
    /// The frame of a page.
    pub(in crate::site) fn layout(&self, section: Section, title: impl Into<String>) -> Layout {
        let member = self.signed_in.as_ref().map(|signed_in| MemberInMasthead {
            name: signed_in.member.name.clone(),
            balance: signed_in.balance.clone(),
        });
        Layout::new(Arc::clone(&self.look), section, title, member)
    }

    /// The token for the forms of the page that is being made. `form.html` writes it.
    pub(in crate::site) fn form_token(&mut self) -> String {
        self.has_form = true;
        form_token::issue(&self.site.keyring, self.binding(), self.site.now().unix)
    }

    /// Whether a form's token was issued to this visitor, and not too long ago.
    pub(super) fn has_issued(&self, token: &str) -> bool {
        // A cookie that is made only now can't have come with the page.
        let is_known = self.signed_in.is_some() || !self.cookie.is_new;
        let now_unix = self.site.now().unix;
        is_known && form_token::is_valid(&self.site.keyring, self.binding(), token, now_unix)
    }

    /// Counts an action of the visitor's network.
    ///
    /// # Errors
    ///
    /// There were too many of late.
    pub(in crate::site) fn limit(&self, action: Action) -> Result<(), Failure> {
        Ok(self.site.limits.check(action, Actor::Network(self.address))?)
    }

    /// Answers with a page.
    pub(in crate::site) fn page(self, page: &impl Template) -> Response {
        self.page_with(StatusCode::OK, page)
    }

    /// Answers with a page and a status: one with a form that was refused, for instance.
    pub(in crate::site) fn page_with(self, status: StatusCode, page: &impl Template) -> Response {
        let html = match page.render() {
            Ok(html) => html,
            Err(error) => {
                tracing::error!(%error, "a page can't be written");
                return Failure::unavailable().into_response();
            }
        };
        let control = match (&self.signed_in, self.has_form, status) {
            (Some(_), ..) => "private, no-store",
            (None, false, StatusCode::OK) => "public, max-age=60",
            (None, ..) => "private, no-cache",
        };
        let mut response = (status, html).into_response();
        let head = response.headers_mut();
        head.insert(CONTENT_TYPE, HTML);
        head.insert(CACHE_CONTROL, HeaderValue::from_static(control));
        head.insert(VARY, HeaderValue::from_static("Cookie"));
        if self.has_form && self.cookie.is_new && self.signed_in.is_none() {
            let VisitorCookie { value, .. } = &self.cookie;
            let is_secure = self.look.is_trustworthy;
            let set = cookie::set(visitor_cookie(is_secure), value, is_secure, None);
            head.extend(set.map(|cookie| (SET_COOKIE, cookie)));
        }
        response
    }

    fn binding(&self) -> Binding<'_> {
        match &self.signed_in {
            Some(signed_in) => Binding::SignIn(&signed_in.cookie),
            None => Binding::Visitor(&self.cookie.value),
        }
    }
}

impl FromRequestParts<Arc<Site>> for Visitor {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, site: &Arc<Site>) -> Result<Self, Failure> {
        let look = site.look();
        let cookie = VisitorCookie::of(&parts.headers, look.is_trustworthy)?;
        // The listener says where each request comes from.
        let address = parts.extensions.get::<Origin>().map(|Origin(address)| *address);
        Ok(Self {
            signed_in: signed_in::find(site, &parts.headers).await?,
            site: Arc::clone(site),
            address: address.unwrap_or(IpAddr::V6(Ipv6Addr::UNSPECIFIED)),
            look,
            cookie,
            has_form: false,
        })
    }
}

impl VisitorCookie {
    fn of(headers: &HeaderMap, is_secure: bool) -> Result<Self, Failure> {
        let known = cookie::read(headers, visitor_cookie(is_secure));
        let is_ours =
            |value: &&str| value.len() == 2 * BYTES && HEXLOWER.decode(value.as_bytes()).is_ok();
        if let Some(value) = known.filter(is_ours) {
            return Ok(Self { value: value.to_owned(), is_new: false });
        }
        let mut bytes = [0; BYTES];
        getrandom::fill(&mut bytes).map_err(|error| {
            tracing::error!(%error, "the system gives no random numbers");
            Failure::unavailable()
        })?;
        Ok(Self { value: HEXLOWER.encode(&bytes), is_new: true })
    }
}

/// A cookie of this name can't be set by another host, nor over a connection that others read. Where the site
/// itself is on such a connection, browsers take none of that name.
const fn visitor_cookie(is_secure: bool) -> &'static str {
    if is_secure { "__Host-usher-visitor" } else { "usher-visitor" }
}

const BYTES: usize = 16;
