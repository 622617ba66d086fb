//! Tables that fit the terminal's width.

use std::fmt::Display;
use std::io;

use comfy_table::{ContentArrangement, Table, presets};
use terminal_size::{Width, terminal_size_of};

/// A table with a header line, wrapped to the terminal's width; `none` where it has no rows.
pub(crate) fn list<const N: usize>(
    header: [&str; N],
    rows: impl IntoIterator<Item = [String; N]>,
) -> String {
    let mut table = new();
    if let Some((Width(width), _)) = terminal_size_of(io::stdout()) {
        table.set_content_arrangement(ContentArrangement::Dynamic).set_width(width);
    }
    table.set_header(header);
    table.add_rows(rows);
    if table.is_empty() { "none\n".to_owned() } else { text(&table) }
}

/// Names and values, one pair a line; never wrapped, so that a URL can be copied.
pub(crate) fn facts<'a>(facts: impl IntoIterator<Item = (&'a str, String)>) -> String {
    let mut table = new();
    table.add_rows(facts.into_iter().map(|(name, value)| [name.to_owned(), value]));
    text(&table)
}

/// A value, or a dash where there is none.
pub(crate) fn or_dash(value: Option<impl Display>) -> String {
    value.map_or_else(|| "-".to_owned(), |value| value.to_string())
}

fn new() -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table
}

/// The lines, without the spaces that pad the last column.
fn text(table: &Table) -> String {
    table.lines().map(|line| line.trim_end().to_owned() + "\n").collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_stand_under_their_names() {
        let rows = [["1".to_owned(), "ada".to_owned()], ["12".to_owned(), "bob".to_owned()]];
        assert_eq!(list(["ID", "NAME"], rows), " ID  NAME\n 1   ada\n 12  bob\n");
    }

    #[test]
    fn an_empty_list_says_so() {
        assert_eq!(list(["ID"], []), "none\n");
    }
}
