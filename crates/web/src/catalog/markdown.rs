//! Descriptions, from Markdown to HTML that is safe to show, and to plain text.
//!
//! A description is the publisher's, but whoever gets at it must not get at the page: raw HTML is shown as text,
//! images are their alternative texts, because a remote one would tell another server who reads the page, and
//! headings stand below those of the page. What comes out is cleaned again by ammonia, which knows nothing of how
//! it was made.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::sync::LazyLock;

use ammonia::{Builder, UrlRelative};
use pulldown_cmark::html::write_html_fmt;
use pulldown_cmark::{Event, HeadingLevel, Options, Parser, Tag, TagEnd};

/// A description as HTML, of at most 256 KiB: what is longer is cut.
pub fn description_html(markdown: &str) -> String {
    let mut html = Bounded::default();
    // It fails where it is full, and what is there by then is shown.
    let _ = write_html_fmt(&mut html, events(markdown));
    CLEANER.clean(&html.text).to_string()
}

/// A description as plain text in one line, of at most so many characters: what is longer is cut after a word.
pub fn description_text(markdown: &str, max_chars: usize) -> String {
    let mut text = String::new();
    for event in events(markdown) {
        match event {
            Event::Text(part) | Event::Code(part) => text.push_str(&part),
            Event::End(
                TagEnd::Emphasis | TagEnd::Strong | TagEnd::Strikethrough | TagEnd::Link,
            )
            | Event::Start(_) => {}
            _ => text.push(' '),
        }
    }
    let mut line = String::new();
    let mut left = max_chars;
    for word in text.split_whitespace() {
        let length = word.chars().count() + usize::from(!line.is_empty());
        if length > left {
            // The ellipsis takes the place that the next word would not fit in.
            line.extend(left.checked_sub(1).map(|_| '…'));
            break;
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
        left -= length;
    }
    line
}

/// What is shown of a description. Blocks within blocks end at some depth.
fn events(markdown: &str) -> impl Iterator<Item = Event<'_>> {
    let mut depth = 0_usize;
    Parser::new_ext(markdown, Options::ENABLE_STRIKETHROUGH | Options::ENABLE_TABLES).filter_map(
        move |event| match event {
            Event::Start(Tag::Image { .. }) | Event::End(TagEnd::Image) => None,
            Event::Html(text) | Event::InlineHtml(text) => Some(Event::Text(text)),
            Event::Start(tag) => {
                depth += 1;
                (depth <= MAX_DEPTH).then(|| Event::Start(lowered(tag)))
            }
            Event::End(tag) => {
                depth = depth.saturating_sub(1);
                (depth < MAX_DEPTH).then(|| Event::End(lowered_end(tag)))
            }
            other => Some(other),
        },
    )
}

fn lowered(tag: Tag<'_>) -> Tag<'_> {
    match tag {
        Tag::Heading { level, .. } => {
            Tag::Heading { level: below(level), id: None, classes: Vec::new(), attrs: Vec::new() }
        }
        Tag::HtmlBlock => Tag::Paragraph,
        other => other,
    }
}

const fn lowered_end(tag: TagEnd) -> TagEnd {
    match tag {
        TagEnd::Heading(level) => TagEnd::Heading(below(level)),
        TagEnd::HtmlBlock => TagEnd::Paragraph,
        other => other,
    }
}

/// Two levels lower: a page has one first heading, and the description's own are within a section.
const fn below(level: HeadingLevel) -> HeadingLevel {
    match level {
        HeadingLevel::H1 => HeadingLevel::H3,
        HeadingLevel::H2 => HeadingLevel::H4,
        HeadingLevel::H3 => HeadingLevel::H5,
        HeadingLevel::H4 | HeadingLevel::H5 | HeadingLevel::H6 => HeadingLevel::H6,
    }
}

/// A text that takes no more than so much.
#[derive(Default)]
struct Bounded {
    text: String,
}

impl fmt::Write for Bounded {
    fn write_str(&mut self, more: &str) -> fmt::Result {
        if self.text.len() + more.len() > MAX_HTML_BYTES {
            return Err(fmt::Error);
        }
        self.text.push_str(more);
        Ok(())
    }
}

static CLEANER: LazyLock<Builder<'static>> = LazyLock::new(|| {
    let mut cleaner = Builder::empty();
    cleaner
        .tags(HashSet::from(TAGS))
        .tag_attributes(HashMap::from([
            ("a", HashSet::from(["href", "title"])),
            ("ol", HashSet::from(["start"])),
        ]))
        .url_schemes(HashSet::from(["http", "https", "mailto"]))
        .url_relative(UrlRelative::Deny)
        .link_rel(Some("nofollow noopener noreferrer"));
    cleaner
});

const TAGS: [&str; 23] = [
    "a",
    "blockquote",
    "br",
    "code",
    "del",
    "em",
    "h3",
    "h4",
    "h5",
    "h6",
    "hr",
    "li",
    "ol",
    "p",
    "pre",
    "strong",
    "table",
    "tbody",
    "td",
    "th",
    "thead",
    "tr",
    "ul",
];
/// Before it is cleaned, which closes what was cut.
const MAX_HTML_BYTES: usize = 256 << 10;
/// The most blocks and spans within each other.
const MAX_DEPTH: usize = 20;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn markdown_becomes_html() {
        for (markdown, html) in [
            ("A *quiet* **night**", "<p>A <em>quiet</em> <strong>night</strong></p>\n"),
            ("# Cast\n\n###### Crew", "<h3>Cast</h3>\n<h6>Crew</h6>\n"),
            ("- a\n- ~~b~~", "<ul>\n<li>a</li>\n<li><del>b</del></li>\n</ul>\n"),
            ("one\ntwo  \nthree", "<p>one\ntwo<br>\nthree</p>\n"),
            (
                "[site](https://example.org/?a=1&b=2 \"T\")",
                "<p><a href=\"https://example.org/?a=1&amp;b=2\" title=\"T\" \
                 rel=\"nofollow noopener noreferrer\">site</a></p>\n",
            ),
            ("3 < 4 & 5", "<p>3 &lt; 4 &amp; 5</p>\n"),
            ("", ""),
        ] {
            assert_eq!(description_html(markdown), html, "{markdown}");
        }
    }

    #[test]
    fn nothing_hostile_is_left() {
        for markdown in [
            "<script>alert(1)</script>",
            "a <img src=x onerror=alert(1)> b",
            "![alt](https://evil.example/track.gif)",
            "![alt][ref]\n\n[ref]: https://evil.example/track.gif",
            "[a](javascript:alert(1))",
            "[a](JaVaScRiPt&#58;alert(1))",
            "[a](data:text/html;base64,PHNjcmlwdD4=)",
            "[a](//evil.example/x)",
            "[a](/admin)",
            "<javascript:alert(1)>",
            "<div style=\"position:fixed\">x</div>",
            "<svg><style><img src=x onerror=alert(1)></style></svg>",
            "<math><mtext><table><mglyph><style><!--</style><img title=\"--&gt;&lt;img src=1 onerror=alert(1)&gt;\">",
            "<a href=\"https://x\" onclick=alert(1)>x</a>",
            "[a](https://x \"\\\" onmouseover=alert(1) \\\"\")",
            "```js\" onload=alert(1)\nx\n```",
            "<iframe src=https://evil.example>",
            "<base href=https://evil.example>",
            "| a |\n|:-:|\n| <script>x</script> |",
        ] {
            let html = description_html(markdown);
            let dom = Builder::default().clean(&html).to_string();
            let tags = tags_of(&html);
            assert!(tags.iter().all(|tag| TAGS.contains(&tag.as_str())), "{markdown}: {html}");
            for bad in [
                "<script",
                "<img",
                "<div",
                "<svg",
                "<iframe",
                "<base",
                "href=\"java",
                "href=\"data",
                "href=\"/",
            ] {
                assert!(!html.contains(bad), "{markdown}: {html}");
            }
            let is_bad = |name: &String| name.starts_with("on") || name.starts_with("style");
            assert!(!attributes_of(&html).iter().any(is_bad), "{html}");
            assert!(!dom.is_empty() || html.trim().is_empty(), "{markdown}: {html}");
        }
    }

    #[test]
    fn what_would_grow_is_cut() {
        let wide = format!("|{}\n|{}\n{}", "a|".repeat(900), "-|".repeat(900), "|\n".repeat(3000));
        let links = format!("[a]: https://x/{}\n{}", "x".repeat(4000), "[a]".repeat(1900));
        let deep = ">".repeat(10_000);
        let lists = (0..140).map(|depth| " ".repeat(depth) + "- a\n").collect::<String>();
        for (markdown, max) in [
            (wide, MAX_HTML_BYTES + 1000),
            (links, 2 * MAX_HTML_BYTES),
            (deep, 2 * MAX_HTML_BYTES),
            (lists, MAX_HTML_BYTES),
            ("*".repeat(10_000), MAX_HTML_BYTES),
            ("[".repeat(10_000), MAX_HTML_BYTES),
            ("<".repeat(10_000), MAX_HTML_BYTES),
        ] {
            let html = description_html(&markdown);
            assert!(html.len() <= max, "{} bytes of {:.20}", html.len(), markdown);
            assert!(html.matches("<blockquote>").count() <= MAX_DEPTH);
        }
    }

    #[test]
    fn a_text_is_one_line_that_ends_after_a_word() {
        for (markdown, max, text) in [
            (
                "# The *Bridge*\n\nA `quiet` [night](https://x)\n- one\n- two",
                99,
                "The Bridge A quiet night one two",
            ),
            ("![a cat](https://x) <b>bold</b>", 99, "a cat <b>bold</b>"),
            ("one two three", 9, "one two…"),
            ("one two", 7, "one two"),
            ("onetwothree", 5, "…"),
            ("one two three", 7, "one two"),
            ("", 5, ""),
            ("one", 0, ""),
        ] {
            assert_eq!(description_text(markdown, max), text, "{markdown}");
        }
    }

    proptest! {
        #[test]
        fn any_text_becomes_clean_html(markdown: String, max in 0_usize..50) {
            let html = description_html(&markdown);
            let tags = tags_of(&html);
            prop_assert!(tags.iter().all(|tag| TAGS.contains(&tag.as_str())), "{}", html);
            prop_assert!(description_text(&markdown, max).chars().count() <= max);
        }
    }

    /// The names of tags, of HTML in which every `<` of a text is escaped.
    fn tags_of(html: &str) -> Vec<String> {
        let name = |rest: &str| {
            let rest = rest.trim_start_matches('/');
            rest.chars().take_while(char::is_ascii_alphanumeric).collect()
        };
        html.split('<').skip(1).map(name).collect()
    }

    /// The names of attributes; none of our values holds a space before `=`.
    fn attributes_of(html: &str) -> Vec<String> {
        let inside = html.split('<').skip(1).filter_map(|rest| rest.split('>').next());
        let unquoted = inside.map(|tag| tag.split('"').step_by(2).collect::<String>());
        unquoted
            .flat_map(|tag| tag.split(' ').skip(1).map(str::to_owned).collect::<Vec<_>>())
            .collect()
    }
}
