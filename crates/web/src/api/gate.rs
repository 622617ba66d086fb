//! Who may ask over TCP: whoever has a token, for what its scopes include, so often.
//!
//! A token is looked up by its hash, so how long that takes says nothing of the tokens there are. Deliberately
//! absent: the Unix socket, whose rights are the file system's business.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use api::error::ProblemKind;
use axum::Router;
use axum::extract::{MatchedPath, Request, State};
use axum::http::header::{RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderMap, HeaderValue, Method};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use club::{AccessScope, ApiSecret, ApiToken, MAX_TOKENS};

use super::admin::Admin;
use super::attempts::Attempts;
use super::caller::Caller;
use super::document::scope_of;
use super::error::ApiError;
use super::reference::reference;
use super::routes::{OTHER_PATHS, api_routes};
use crate::http::{Origin, TokenLimits, bearer, network};

/// What stands before the admin API where it is reached over TCP.
pub struct Gate {
    admin: Arc<Admin>,
    limits: TokenLimits,
    wrong: Attempts,
    seen: SeenTokens,
}

impl Gate {
    /// Lets programs ask `admin`, each so many times a second.
    pub fn new(admin: Arc<Admin>, requests: u32) -> Self {
        Self {
            admin,
            limits: TokenLimits::new(requests),
            wrong: Attempts::default(),
            seen: SeenTokens::default(),
        }
    }

    /// What a route needs.
    fn needs(&self, method: &Method, path: String) -> RouteNeed {
        let needed = |method: &Method| scope_of(method, &path).and_then(AccessScope::named);
        if let Some(scope) = needed(method) {
            return RouteNeed::Scope(scope, method.clone(), path);
        }
        // The path is for tokens with another method, so it says that it does not take this one.
        if METHODS.iter().any(|method| needed(method).is_some()) {
            return RouteNeed::AnyToken;
        }
        RouteNeed::NotForTokens(method.clone(), path)
    }

    /// Answers a request with what `next` says, where its token allows that.
    async fn pass(&self, needs: RouteNeed, mut request: Request, next: Next) -> Response {
        let from = request.extensions().get::<Origin>().map(|Origin(address)| *address);
        let token = match self.token(request.headers(), from).await {
            Ok(token) => token,
            Err(refused) => return refused,
        };
        let quota = self.limits.check(token.id);
        let mut response = match quota.retry_after_secs {
            Some(secs) => too_often(&token, secs),
            None => match needs.refuse(&token) {
                Some(refused) => refused,
                None => {
                    request.extensions_mut().insert(Caller::Token(token));
                    next.run(request).await
                }
            },
        };
        quota.note(response.headers_mut());
        response
    }

    /// The token of a request, where it works.
    async fn token(&self, headers: &HeaderMap, from: Option<IpAddr>) -> Result<ApiToken, Response> {
        let Some(sent) = bearer(headers) else { return Err(unauthenticated(None)) };
        let now_unix = self.admin.now().unix;
        let network = from.map(network);
        let secret = sent.and_then(ApiSecret::parse);
        // One that worked a moment ago is no guess, whatever its neighbours try.
        let is_known = secret.as_ref().is_some_and(|secret| self.seen.has(secret));
        if !is_known && !self.wrong.allow(network, now_unix) {
            return Err(guessed_often());
        }
        let found = match &secret {
            Some(secret) => self.admin.club.token(secret, now_unix).await,
            None => Ok(None),
        };
        match (found, secret) {
            (Ok(Some(token)), Some(secret)) => {
                if self.seen.note(&secret, now_unix) {
                    let (club, id) = (Arc::clone(&self.admin.club), token.id);
                    // Nobody waits for it; where it fails, the next use is noted.
                    tokio::spawn(async move { club.note_token_use(id, now_unix).await });
                }
                Ok(token)
            }
            (Ok(_), secret) => {
                if let Some(secret) = secret {
                    self.seen.forget(&secret);
                }
                self.wrong.failed(network, now_unix);
                Err(unauthenticated(Some(WRONG)))
            }
            (Err(error), _) => Err(ApiError::from(error).into_response()),
        }
    }
}

impl Gate {
    /// Routes the admin API for whoever has a token, and its description for anybody.
    pub fn router(self: &Arc<Self>) -> Router {
        let guarded =
            api_routes(Arc::clone(&self.admin)).layer(from_fn_with_state(Arc::clone(self), guard));
        guarded.merge(reference())
    }

    /// Lets only tokens ask a router that may read the numbers, such as Prometheus'.
    pub fn for_readers(self: &Arc<Self>, router: Router) -> Router {
        router.layer(from_fn_with_state(Arc::clone(self), guard_numbers))
    }
}

/// Lets through what the route's scope allows.
async fn guard(State(gate): State<Arc<Gate>>, request: Request, next: Next) -> Response {
    let path = request.extensions().get::<MatchedPath>().map(|path| path.as_str().to_owned());
    let needs = match path {
        // There is no such path, or no such method of it, which whoever has a token may know.
        None => RouteNeed::AnyToken,
        Some(path) if path == OTHER_PATHS => RouteNeed::AnyToken,
        Some(path) => gate.needs(request.method(), path),
    };
    gate.pass(needs, request, next).await
}

/// Lets through whoever may read the numbers.
async fn guard_numbers(State(gate): State<Arc<Gate>>, request: Request, next: Next) -> Response {
    let needs =
        RouteNeed::Scope(AccessScope::ReadStats, Method::GET, request.uri().path().to_owned());
    gate.pass(needs, request, next).await
}

/// Routes the admin API for the dashboard, whose requests have an admin as the [`Caller`] in their extensions. What is
/// not for the admin's role is refused.
pub fn router_for_admins(admin: Arc<Admin>) -> Router {
    api_routes(admin).layer(from_fn(check_role))
}

/// Answers an admin's request where the role allows it.
async fn check_role(request: Request, next: Next) -> Response {
    let path = request.extensions().get::<MatchedPath>().map(MatchedPath::as_str);
    let needed =
        path.and_then(|path| scope_of(request.method(), path)).and_then(AccessScope::named);
    let caller = request.extensions().get::<Caller>();
    let is_allowed = match (caller, needed) {
        (Some(caller), Some(needed)) => caller.may_ask(request.method(), needed),
        // Whatever is no route is refused as such.
        _ => true,
    };
    if is_allowed {
        return next.run(request).await;
    }
    let text = "your role does not allow this: ask an owner";
    ApiError::of(ProblemKind::Scope, text).into_response()
}

/// What a request needs.
enum RouteNeed {
    AnyToken,
    NotForTokens(Method, String),
    Scope(AccessScope, Method, String),
}

impl RouteNeed {
    /// The refusal for a token that does not do.
    fn refuse(&self, token: &ApiToken) -> Option<Response> {
        match self {
            Self::AnyToken => None,
            Self::NotForTokens(method, path) => {
                let text =
                    format!("{method} {path} is not for tokens: use the command line on the host");
                Some(ApiError::of(ProblemKind::Scope, text).into_response())
            }
            Self::Scope(needed, ..) if token.scopes.include(*needed) => None,
            Self::Scope(needed, method, path) => {
                let text = format!(
                    "token `{}` has the scopes {}, and {method} {path} needs {needed}: use a token \
                     that has it, from `usher token add NAME --scope {needed}`",
                    token.name, token.scopes
                );
                let error = ApiError::of(ProblemKind::Scope, text).lacking(needed.text());
                let mut response = error.into_response();
                let challenge =
                    format!("{REALM}, error=\"insufficient_scope\", scope=\"{needed}\"");
                challenge_with(&mut response, &challenge);
                Some(response)
            }
        }
    }
}

/// The tokens that worked of late, and when each was noted in the store.
#[derive(Debug, Default)]
struct SeenTokens {
    hasher: RandomState,
    /// By a keyed hash of the secret.
    noted: Mutex<HashMap<u64, u32>>,
}

impl SeenTokens {
    fn has(&self, secret: &ApiSecret) -> bool {
        self.noted().contains_key(&self.key(secret))
    }

    /// Whether a use should be written down, which is once a minute.
    fn note(&self, secret: &ApiSecret, now_unix: u32) -> bool {
        let key = self.key(secret);
        let mut noted = self.noted();
        if noted.get(&key).is_some_and(|at| now_unix < at.saturating_add(USE_PACE)) {
            return false;
        }
        if noted.len() >= MAX_SEEN {
            noted.clear();
        }
        noted.insert(key, now_unix);
        true
    }

    fn forget(&self, secret: &ApiSecret) {
        self.noted().remove(&self.key(secret));
    }

    fn key(&self, secret: &ApiSecret) -> u64 {
        self.hasher.hash_one(secret.expose())
    }

    fn noted(&self) -> MutexGuard<'_, HashMap<u64, u32>> {
        self.noted.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn unauthenticated(wrong: Option<&str>) -> Response {
    let error = ApiError::of(ProblemKind::Unauthenticated, wrong.unwrap_or(MISSING));
    let challenge = match wrong {
        // RFC 6750, 3.1: no error code for whoever sent nothing.
        None => REALM.to_owned(),
        Some(_) => format!("{REALM}, error=\"invalid_token\""),
    };
    let mut response = error.into_response();
    challenge_with(&mut response, &challenge);
    response
}

fn challenge_with(response: &mut Response, challenge: &str) {
    if let Ok(value) = HeaderValue::try_from(challenge) {
        response.headers_mut().insert(WWW_AUTHENTICATE, value);
    }
}

fn guessed_often() -> Response {
    let text = "too many wrong tokens came from this network: try again in a minute";
    let error = ApiError::of(ProblemKind::TooMany, text);
    ([(RETRY_AFTER, "60")], error).into_response()
}

fn too_often(token: &ApiToken, secs: u64) -> Response {
    let text = format!(
        "token `{}` asks too often: wait {secs} s, or raise admin.requests_per_token in tracker.yaml",
        token.name
    );
    let error = ApiError::of(ProblemKind::TooMany, text);
    ([(RETRY_AFTER, secs.to_string())], error).into_response()
}

const REALM: &str = "Bearer realm=\"usher\"";
const MISSING: &str = "this needs a token: send `Authorization: Bearer TOKEN` with one from `usher \
     token add NAME --scope SCOPE`";
const WRONG: &str = "this token does not work: it is mistyped, has ended or was revoked; `usher token \
     list` shows those that do";
const METHODS: [Method; 5] =
    [Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE];
/// Seconds between two notes of a token's use.
const USE_PACE: u32 = 60;
/// Enough for every token that works; beyond that they are noted anew.
#[expect(clippy::as_conversions, reason = "a constant that fits")]
const MAX_SEEN: usize = 2 * MAX_TOKENS as usize;
