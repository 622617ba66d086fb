//! The OpenAPI document of the admin API, from the annotations of its handlers and the types of their answers.
//!
//! What all operations have in common is added here and stands in no annotation: the refusals, the
//! descriptions of path parameters, and the security scheme. The scope of each route is read from the
//! document, so that it stands in one place.

use std::collections::HashMap;
use std::sync::LazyLock;

use api::error::{PROBLEM_TYPE, ProblemDocument};
use axum::http::{Method, StatusCode};
use utoipa::openapi::path::{Operation, Parameter, ParameterIn, PathItem};
use utoipa::openapi::response::Response;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{Components, ContentBuilder, InfoBuilder, OpenApi, Ref, RefOr};
use utoipa::{PartialSchema, ToSchema};

use super::reference;
use super::routes::documented;

/// The document.
pub fn document() -> &'static OpenApi {
    &DOCUMENT
}

/// The scope that a request needs, by its method and the path of its route, such as
/// `/api/v1/members/{member}`. `None` for a route that is not in the document.
pub fn scope_of(method: &Method, path: &str) -> Option<&'static str> {
    // Whoever may get something may ask for its head.
    let method = if method == Method::HEAD { &Method::GET } else { method };
    let of_path = SCOPES.get(path)?;
    of_path.iter().find(|(of, _)| of == method).map(|(_, scope)| scope.as_str())
}

/// The scopes of the methods of each path.
type ScopesByPath = HashMap<String, Vec<(Method, String)>>;

static SCOPES: LazyLock<ScopesByPath> = LazyLock::new(|| {
    let scopes = |item: &PathItem| {
        operations(item)
            .filter_map(|(method, operation)| Some((method, scope(operation)?)))
            .collect()
    };
    DOCUMENT.paths.paths.iter().map(|(path, item)| (path.clone(), scopes(item))).collect()
});

/// The operations of a path with their methods.
pub(super) fn operations(item: &PathItem) -> impl Iterator<Item = (Method, &Operation)> {
    let all = [
        (Method::GET, &item.get),
        (Method::PUT, &item.put),
        (Method::POST, &item.post),
        (Method::PATCH, &item.patch),
        (Method::DELETE, &item.delete),
    ];
    all.into_iter().filter_map(|(method, operation)| Some((method, operation.as_ref()?)))
}

/// The one scope that an operation names; `None` where it needs no token.
pub(super) fn scope(operation: &Operation) -> Option<String> {
    // The scopes of a requirement can be read in JSON alone.
    let requirement = serde_json::to_value(operation.security.as_ref()?.first()?).ok()?;
    requirement.get(SCHEME)?.get(0)?.as_str().map(str::to_owned)
}

static DOCUMENT: LazyLock<OpenApi> = LazyLock::new(|| {
    let (_, mut document) = documented().merge(reference::documented()).split_for_parts();
    document.info = InfoBuilder::new()
        .title("usher")
        .version("1")
        .description(Some(ABOUT))
        .license(None)
        .build();
    for (path, item) in &mut document.paths.paths {
        finish(path, item);
    }
    let components = document.components.get_or_insert_with(Components::new);
    let token = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).description(Some(TOKEN)).build();
    components.add_security_scheme(SCHEME, SecurityScheme::Http(token));
    let mut schemas = vec![(ProblemDocument::name().into_owned(), ProblemDocument::schema())];
    ProblemDocument::schemas(&mut schemas);
    components.schemas.extend(schemas);
    document
});

/// Adds to the operations of a path what no annotation says.
fn finish(path: &str, item: &mut PathItem) {
    let is_doubled = item.put.is_some() && item.patch.is_some();
    if let Some(patch) = item.patch.as_mut().filter(|_| is_doubled) {
        // One handler for both methods, and an id may stand once.
        patch.operation_id = patch.operation_id.take().map(|id| format!("{id}_by_patch"));
    }
    let changes = [&mut item.put, &mut item.post, &mut item.patch, &mut item.delete];
    for operation in changes.into_iter().flatten() {
        refusals(operation, &[StatusCode::CONFLICT, StatusCode::UNPROCESSABLE_ENTITY]);
    }
    let all = [&mut item.get, &mut item.put, &mut item.post, &mut item.patch, &mut item.delete];
    for operation in all.into_iter().flatten() {
        if scope(operation).is_some() {
            refusals(operation, &ANY_OPERATION);
        }
        if path.contains('{') {
            refusals(operation, &[StatusCode::NOT_FOUND]);
        }
        if operation.parameters.iter().flatten().any(is_in_query) {
            refusals(operation, &ANY_QUERY);
        }
        if operation.request_body.is_some() {
            refusals(operation, &ANY_BODY);
        }
        for parameter in operation.parameters.iter_mut().flatten() {
            let RefOr::T(parameter) = parameter else { continue };
            if parameter.parameter_in != ParameterIn::Path {
                continue;
            }
            let known = PARAMETERS.iter().find(|(name, _)| *name == parameter.name);
            parameter.description = known.map(|(_, text)| (*text).to_owned());
        }
        for (status, response) in &mut operation.responses.responses {
            if let RefOr::T(response) = response {
                describe(status, response);
            }
        }
    }
}

fn is_in_query(parameter: &RefOr<Parameter>) -> bool {
    matches!(parameter, RefOr::T(parameter) if parameter.parameter_in == ParameterIn::Query)
}

/// Adds refusals that the operation does not describe itself.
fn refusals(operation: &mut Operation, statuses: &[StatusCode]) {
    for status in statuses {
        let response = RefOr::T(Response::new(""));
        operation.responses.responses.entry(status.as_str().to_owned()).or_insert(response);
    }
}

/// Gives a response the description and the content that it lacks.
fn describe(status: &str, response: &mut Response) {
    let status = StatusCode::from_bytes(status.as_bytes()).unwrap_or_default();
    if response.description.is_empty() {
        status.canonical_reason().unwrap_or_default().clone_into(&mut response.description);
    }
    if !status.is_success() && response.content.is_empty() {
        let body = Ref::from_schema_name(ProblemDocument::name());
        let content = ContentBuilder::new().schema(Some(body)).build();
        response.content.insert(PROBLEM_TYPE.to_owned(), content.into());
    }
}

/// The name of the security scheme.
const SCHEME: &str = "token";
const ABOUT: &str = "The admin API of usher, a BitTorrent tracker that knows who paid.";
const TOKEN: &str = "A token of `usher token add`. Each operation names the scope that it needs.";

/// What may be answered to any request.
const ANY_OPERATION: [StatusCode; 5] = [
    StatusCode::BAD_REQUEST,
    StatusCode::UNAUTHORIZED,
    StatusCode::FORBIDDEN,
    StatusCode::TOO_MANY_REQUESTS,
    StatusCode::SERVICE_UNAVAILABLE,
];

/// What may be answered to a request with a query, which may name what is not there.
const ANY_QUERY: [StatusCode; 2] = [StatusCode::NOT_FOUND, StatusCode::UNPROCESSABLE_ENTITY];

/// What may be answered to a request with a body, which may name what is not there.
const ANY_BODY: [StatusCode; 3] =
    [StatusCode::NOT_FOUND, StatusCode::PAYLOAD_TOO_LARGE, StatusCode::UNSUPPORTED_MEDIA_TYPE];

/// The parameters of paths.
const PARAMETERS: [(&str, &str); 17] = [
    ("admin", "Name of the admin."),
    ("alert", "Number of the alert."),
    ("checkout", "Number of the checkout."),
    ("code", "Discount code."),
    ("delivery", "Number of the delivery to a webhook."),
    ("event", "Number of the event."),
    ("item", "Name, id or info hash of the item."),
    ("key", "Kind of key: `download`, `feed`, `login` or `webseed`."),
    ("mail", "Number of the mail."),
    ("member", "Name or id of the member."),
    ("order", "Number of the order."),
    ("reward", "Number of the reward."),
    ("sign_in", "Number of the sign-in."),
    ("swarm", "Info hash, or name or id of an item."),
    ("token", "Name or number of the token."),
    ("voucher", "Number of the voucher."),
    ("webhook", "Number of the webhook."),
];
