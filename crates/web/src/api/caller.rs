//! Who asks the admin API: for the record of changes, and for what not everybody may see or name.
//!
//! A layer notes the caller for the time of a request, where every handler and what it starts find it, so that no
//! handler can forget to say who makes a change.

use api::error::ProblemKind;
use axum::extract::Request;
use axum::http::Method;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use club::{AccessScope, AdminRole, ApiToken};

use super::error::ApiError;

/// Who asks. It is in the extensions of each request.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Caller {
    /// An admin who is signed in to the dashboard.
    Admin {
        /// The admin's name.
        name: String,
        /// What the admin may do.
        role: AdminRole,
    },
    /// The command line, or whoever else may open the Unix socket: the operator.
    Socket,
    /// A program with a token.
    Token(ApiToken),
}

tokio::task_local! {
    static CALLER: Caller;
}

impl Caller {
    /// Who asks what is answered now; `None` where nobody asked.
    pub fn current() -> Option<Self> {
        CALLER.try_with(Clone::clone).ok()
    }

    /// Whether somebody asks who may do what needs a scope.
    pub(super) fn may(scope: AccessScope) -> bool {
        CALLER.try_with(|caller| caller.has(scope)).unwrap_or(false)
    }

    /// Whether the caller may name any path on the host, and have the master secret copied.
    pub(super) fn owns_host() -> bool {
        CALLER.try_with(|caller| *caller == Self::Socket).unwrap_or(false)
    }

    /// The caller's name in the record of changes. A name has no space, so nobody else is called so.
    pub fn name(&self) -> String {
        match self {
            Self::Admin { name, .. } => format!("admin {name}"),
            Self::Socket => "socket".to_owned(),
            Self::Token(token) => format!("token {}", token.name),
        }
    }

    /// Whether the caller may do what needs a scope.
    pub fn has(&self, scope: AccessScope) -> bool {
        match self {
            Self::Admin { role, .. } => *role == AdminRole::Owner || scope != AccessScope::All,
            Self::Socket => true,
            Self::Token(token) => token.scopes.include(scope),
        }
    }

    /// The same of a route that is asked by a method: who is read-only changes nothing.
    pub(super) fn may_ask(&self, method: &Method, scope: AccessScope) -> bool {
        let is_read = matches!(*method, Method::GET | Method::HEAD);
        let is_read_only = matches!(self, Self::Admin { role: AdminRole::ReadOnly, .. });
        self.has(scope) && (is_read || !is_read_only)
    }

    /// Does something in this caller's name.
    pub async fn run<F: Future>(self, work: F) -> F::Output {
        CALLER.scope(self, work).await
    }

    /// Makes work of a task of its own, in the name of whoever asks now.
    pub(super) async fn keep<F: Future>(asked: Option<Self>, work: F) -> F::Output {
        match asked {
            Some(caller) => caller.run(work).await,
            None => work.await,
        }
    }
}

/// Answers each request in the name of the caller in its extensions.
pub(super) async fn in_its_name(request: Request, next: Next) -> Response {
    match request.extensions().get::<Caller>().cloned() {
        Some(caller) => caller.run(next.run(request)).await,
        // A listener that does not say who asks is a mistake of ours, and answers nobody.
        None => ApiError::of(ProblemKind::Internal, "nobody asked: see the log").into_response(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_are_told_apart_by_what_they_change() {
        let admin = |role| Caller::Admin { name: "ada".to_owned(), role };
        for (role, method, scope, expected) in [
            (AdminRole::Owner, Method::POST, AccessScope::All, true),
            (AdminRole::Staff, Method::POST, AccessScope::All, false),
            (AdminRole::Staff, Method::GET, AccessScope::All, false),
            (AdminRole::Staff, Method::POST, AccessScope::Money, true),
            (AdminRole::ReadOnly, Method::GET, AccessScope::Money, true),
            (AdminRole::ReadOnly, Method::POST, AccessScope::Money, false),
            (AdminRole::ReadOnly, Method::DELETE, AccessScope::WriteItems, false),
        ] {
            assert_eq!(admin(role).may_ask(&method, scope), expected, "{role} {method} {scope}");
        }
        assert_eq!(admin(AdminRole::Staff).name(), "admin ada");
    }
}
