//! Pages that are a table: what narrows it, its rows, and a link to those that follow.

use askama::Template;

use super::layout::DeskLayout;

/// A page with one table.
#[derive(Template)]
#[template(path = "desk/table.html")]
pub(super) struct TablePage {
    pub(super) layout: DeskLayout,
    /// A sentence below the title.
    pub(super) lead: &'static str,
    /// Pages of the same topic.
    pub(super) tabs: Vec<Tab>,
    pub(super) filters: Vec<Filter>,
    /// What there is to tell after a change.
    pub(super) notice: Option<String>,
    pub(super) caption: &'static str,
    pub(super) columns: Vec<TableColumn>,
    pub(super) rows: Vec<DeskRow>,
    /// What stands in place of the table without rows.
    pub(super) empty: &'static str,
    /// The path of the next rows.
    pub(super) next: Option<String>,
    pub(super) total: Option<u64>,
    /// What can be done with rows that are ticked.
    pub(super) bulk: Option<Bulk>,
    /// A file with all of it.
    pub(super) export: Option<&'static str>,
}

/// A link to a page of the same topic.
pub(super) struct Tab {
    pub(super) path: &'static str,
    pub(super) text: &'static str,
    pub(super) is_here: bool,
}

/// What narrows a table.
pub(super) struct Filter {
    pub(super) name: &'static str,
    pub(super) label: &'static str,
    pub(super) value: String,
    /// What there is to choose, each with its text; empty for a field to type into.
    pub(super) choices: Vec<(&'static str, &'static str)>,
}

/// The head of a column.
pub(super) struct TableColumn {
    pub(super) text: &'static str,
    pub(super) is_number: bool,
    /// A path that sorts by it.
    pub(super) sort: Option<String>,
    pub(super) is_sorted: bool,
}

/// A row of a table.
#[derive(Default)]
pub(super) struct DeskRow {
    /// The id, where the row can be ticked.
    pub(super) tick: Option<u32>,
    pub(super) name: String,
    pub(super) cells: Vec<Cell>,
}

/// A field of a table.
#[derive(Default)]
pub(super) struct Cell {
    pub(super) text: String,
    pub(super) link: Option<String>,
    pub(super) is_number: bool,
    pub(super) is_bad: bool,
    /// The share that is drawn as a bar, in percent.
    pub(super) bar: Option<u32>,
    /// A form with a button: its path and text, and the page that it is on.
    pub(super) button: Option<(String, &'static str, &'static str)>,
}

/// What can be done with several rows at once.
pub(super) struct Bulk {
    pub(super) path: &'static str,
    pub(super) actions: Vec<(&'static str, &'static str)>,
    /// Fields that say what the table was narrowed by.
    pub(super) kept: Vec<(&'static str, String)>,
}

impl Filter {
    /// A field to type into.
    pub(super) fn text(name: &'static str, label: &'static str, value: &str) -> Self {
        Self { name, label, value: value.to_owned(), choices: Vec::new() }
    }

    /// A choice, of which the first means everything.
    pub(super) fn choice(
        name: &'static str,
        label: &'static str,
        value: &str,
        choices: &[(&'static str, &'static str)],
    ) -> Self {
        Self { name, label, value: value.to_owned(), choices: choices.to_vec() }
    }
}

impl TableColumn {
    pub(super) fn text(text: &'static str) -> Self {
        Self { text, is_number: false, sort: None, is_sorted: false }
    }

    pub(super) fn number(text: &'static str) -> Self {
        Self { is_number: true, ..Self::text(text) }
    }
}

impl DeskRow {
    pub(super) fn of(cells: Vec<Cell>) -> Self {
        Self { cells, ..Self::default() }
    }
}

impl Cell {
    pub(super) fn text(text: impl Into<String>) -> Self {
        Self { text: text.into(), ..Self::default() }
    }

    pub(super) fn number(text: impl Into<String>) -> Self {
        Self { is_number: true, ..Self::text(text) }
    }

    pub(super) fn link(text: impl Into<String>, link: impl Into<String>) -> Self {
        Self { link: Some(link.into()), ..Self::text(text) }
    }

    pub(super) fn bad_if(self, is_bad: bool) -> Self {
        Self { is_bad, ..self }
    }
}

/// A path with what a table is narrowed by, and where its next rows begin.
pub(super) fn path(path: &str, pairs: &[(&str, &str)]) -> String {
    let filled: Vec<_> = pairs.iter().filter(|(_, value)| !value.is_empty()).collect();
    if filled.is_empty() {
        return path.to_owned();
    }
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(filled);
    format!("{path}?{}", query.finish())
}
