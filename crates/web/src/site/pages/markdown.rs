//! The publisher's texts as HTML: paragraphs, of which nothing is markup.

use std::fmt::Write;

/// Paragraphs, with everything else escaped.
pub(super) fn html(markdown: &str) -> String {
    let mut html = String::new();
    let text = markdown.replace("\r\n", "\n");
    for paragraph in text.split("\n\n").map(str::trim).filter(|text| !text.is_empty()) {
        // Writing to memory does not fail.
        let _ = writeln!(
            html,
            "<p>{}</p>",
            askama::filters::escape(paragraph, askama::filters::Html)
                .map_or_else(|_| String::new(), |safe| safe.to_string())
        );
    }
    html
}
