//! The reference of the admin API in Markdown, from its OpenAPI document.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use axum::http::Method;
use serde_json::{Map, Value};
use utoipa::openapi::OpenApi;
use utoipa::openapi::path::Operation;

use super::document::{operations, scope};

/// The reference: routes and scopes, each operation, each type.
pub(super) fn markdown(document: &OpenApi) -> String {
    let mut routes = String::new();
    let mut tags: BTreeMap<String, String> = BTreeMap::new();
    for (path, item) in &document.paths.paths {
        for (method, operation) in operations(item) {
            let scope =
                scope(operation).map_or_else(|| "none".to_owned(), |scope| format!("`{scope}`"));
            let summary = one_line(operation.summary.as_deref().unwrap_or_default());
            let _ = writeln!(routes, "| `{method} {path}` | {scope} | {summary} |");
            let tag = operation.tags.iter().flatten().next().cloned().unwrap_or_default();
            tags.entry(tag).or_default().push_str(&of_operation(&method, path, operation));
        }
    }
    let mut text = format!("{HEAD}| route | scope | |\n|-|-|-|\n{routes}");
    for (tag, operations) in tags {
        let _ = write!(text, "\n## {}\n{operations}", capitalised(&tag));
    }
    text.push_str("\n## Types\n");
    let json = serde_json::to_value(&document.components).unwrap_or_default();
    for (name, schema) in json.get("schemas").and_then(Value::as_object).into_iter().flatten() {
        text.push_str(&of_type(name, schema));
    }
    text
}

fn of_operation(method: &Method, path: &str, operation: &Operation) -> String {
    let json = serde_json::to_value(operation).unwrap_or_default();
    let summary = one_line(text_of(&json, "summary"));
    let mut text = format!("\n### `{method} {path}`\n\n{summary}");
    let description = text_of(&json, "description");
    if !description.is_empty() {
        let _ = write!(text, " {}", one_line(description));
    }
    let _ = match scope(operation) {
        Some(scope) => writeln!(text, " Scope: `{scope}`."),
        None => writeln!(text, " Anybody may ask."),
    };
    let parameters: Vec<_> = list_of(&json, "parameters").iter().map(parameter).collect();
    if !parameters.is_empty() {
        let _ = write!(text, "\n| parameter | in | type | |\n|-|-|-|-|\n{}", parameters.concat());
    }
    if let Some(body) = json.get("requestBody") {
        let _ = write!(text, "\nBody: {}.\n", contents(body));
    }
    let mut refusals = BTreeSet::new();
    text.push('\n');
    for (status, response) in json.get("responses").and_then(Value::as_object).into_iter().flatten()
    {
        if status.starts_with('2') {
            let _ = writeln!(text, "Answer {status}: {}.", contents(response));
        } else {
            refusals.insert(status.as_str());
        }
    }
    let refusals: Vec<_> = refusals.into_iter().collect();
    if !refusals.is_empty() {
        let _ = writeln!(text, "Refusals: {}.", refusals.join(", "));
    }
    text
}

fn parameter(parameter: &Value) -> String {
    let schema = parameter.get("schema").unwrap_or(&Value::Null);
    let required = parameter.get("required").and_then(Value::as_bool).unwrap_or_default();
    let optional = if required { "" } else { ", optional" };
    format!(
        "| `{}` | {} | {}{optional} | {} |\n",
        text_of(parameter, "name"),
        text_of(parameter, "in"),
        type_text(schema).replace(" or `null`", ""),
        one_line(text_of(parameter, "description"))
    )
}

/// The types of a body with its media types.
fn contents(of: &Value) -> String {
    let each = of.get("content").and_then(Value::as_object).into_iter().flatten();
    let each: Vec<_> = each
        .map(|(media, content)| {
            let schema = content.get("schema").unwrap_or(&Value::Null);
            match media.as_str() {
                "application/json" => type_text(schema),
                media => format!("{} as `{media}`", type_text(schema)),
            }
        })
        .collect();
    each.join(", or ")
}

fn of_type(name: &str, schema: &Value) -> String {
    let mut text = format!("\n### {name}\n");
    let description = one_line(text_of(schema, "description"));
    if !description.is_empty() {
        let _ = write!(text, "\n{description}\n");
    }
    let mut rows = String::new();
    let (mut parents, mut variants) = (Vec::new(), Vec::new());
    let parts = list_of(schema, "allOf");
    let own = if parts.is_empty() { std::slice::from_ref(schema) } else { parts };
    for part in own {
        if part.get("$ref").is_some() {
            parents.push(type_text(part));
        }
        rows.push_str(&fields(part));
        for variant in list_of(part, "oneOf").iter().chain(list_of(part, "anyOf")) {
            let described = one_line(text_of(variant, "description"));
            let fields = fields_inline(variant);
            variants.push(match described.is_empty() {
                true => format!("- {fields}\n"),
                false => format!("- {fields}: {described}\n"),
            });
        }
    }
    if !parents.is_empty() {
        let _ = write!(text, "\nAll fields of {}.\n", parents.join(" and "));
    }
    if !variants.is_empty() {
        let _ = write!(text, "\nOne of:\n\n{}", variants.concat());
    }
    if !rows.is_empty() {
        let _ = write!(text, "\n| field | type | |\n|-|-|-|\n{rows}");
    }
    let words = words(schema);
    if !words.is_empty() {
        let _ = write!(text, "\nOne of {words}.\n");
    }
    text
}

/// A row for each field of an object.
fn fields(schema: &Value) -> String {
    let required = required(schema);
    let row = |(name, field): (&String, &Value)| {
        let type_text = type_text(field);
        let is_optional = !required.contains(name.as_str()) && !type_text.contains("`null`");
        let optional = if is_optional { ", optional" } else { "" };
        let description = description(field);
        format!("| `{name}` | {type_text}{optional} | {description} |\n")
    };
    properties(schema).map(row).collect()
}

/// The fields of a variant in one line.
fn fields_inline(schema: &Value) -> String {
    let each: Vec<_> = properties(schema)
        .map(|(name, field)| {
            let inner: Vec<_> = properties(field).collect();
            if inner.is_empty() {
                return format!("`{name}`: {}", type_text(field));
            }
            format!("`{name}`: {{{}}}", fields_inline(field))
        })
        .collect();
    if each.is_empty() { type_text(schema) } else { each.join(", ") }
}

/// A type in a few words.
fn type_text(schema: &Value) -> String {
    if let Some(reference) = schema.get("$ref").and_then(Value::as_str) {
        let name = reference.rsplit('/').next().unwrap_or_default();
        return format!("[{name}](#{})", name.to_lowercase());
    }
    let choices = [list_of(schema, "oneOf"), list_of(schema, "anyOf")].concat();
    if !choices.is_empty() {
        let (nulls, others): (Vec<_>, Vec<_>) =
            choices.iter().partition(|choice| text_of(choice, "type") == "null");
        let mut all: Vec<_> = others.into_iter().map(type_text).collect();
        all.extend(nulls.first().map(|_| "`null`".to_owned()));
        return all.join(" or ");
    }
    let words = words(schema);
    if !words.is_empty() {
        return words;
    }
    let kinds: Vec<&str> = match schema.get("type") {
        Some(Value::String(kind)) => vec![kind],
        Some(Value::Array(kinds)) => kinds.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    let format = text_of(schema, "format");
    let kinds = kinds.into_iter().map(|kind| match kind {
        "array" => {
            format!("list of {}", type_text(schema.get("items").unwrap_or(&Value::Null)))
        }
        "null" => "`null`".to_owned(),
        "string" if format == "date-time" => "time".to_owned(),
        "string" if format == "binary" => "bytes".to_owned(),
        "string" if format == "date" => "date".to_owned(),
        kind => kind.to_owned(),
    });
    kinds.collect::<Vec<_>>().join(" or ")
}

/// The words that a string may be.
fn words(schema: &Value) -> String {
    let words = list_of(schema, "enum").iter().filter_map(Value::as_str);
    words.map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ")
}

/// The description of a field; where it may be `null`, that stands beside its type.
fn description(field: &Value) -> String {
    let choices = list_of(field, "oneOf").iter();
    let all = std::iter::once(field).chain(choices).map(|of| one_line(text_of(of, "description")));
    all.into_iter().find(|text| !text.is_empty()).unwrap_or_default()
}

fn properties(schema: &Value) -> impl Iterator<Item = (&String, &Value)> {
    schema.get("properties").and_then(Value::as_object).map(Map::iter).into_iter().flatten()
}

fn required(schema: &Value) -> BTreeSet<&str> {
    list_of(schema, "required").iter().filter_map(Value::as_str).collect()
}

fn list_of<'a>(of: &'a Value, name: &str) -> &'a [Value] {
    of.get(name).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn text_of<'a>(of: &'a Value, name: &str) -> &'a str {
    of.get(name).and_then(Value::as_str).unwrap_or_default()
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").replace('|', "\\|")
}

fn capitalised(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

const HEAD: &str = "\
# API reference

Every operation of the admin API, generated from its OpenAPI document, which the daemon serves at `/openapi.json`.
[api.md](api.md) says how to use it.

Any operation may be refused with 400, 401, 403, 429 or 503. Each refusal is a
[ProblemDocument](#problemdocument) as `application/problem+json`. Times are RFC 3339 in UTC. Amounts of money are
whole numbers of the currency's smallest unit, with the currency beside them.

## Routes and scopes

";
