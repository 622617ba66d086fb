//! Exports of other trackers: CSV with a header line, or JSON.
//!
//! Columns are known by the names that Gazelle, UNIT3D, NexusPHP, XBT, TorrentPier and plain lists
//! give them, in any case. Deliberately absent: the tier that a class has here.

use std::fmt;
use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};

use api::import::MIN_PASSKEY;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use thiserror::Error;

/// Somebody in an export.
#[derive(Clone, Eq, PartialEq)]
pub(super) struct Person {
    pub(super) name: String,
    pub(super) passkey: Option<String>,
    /// What they are there, where the export says it.
    pub(super) class: Option<String>,
}

/// An account that is not imported.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub(super) struct LeftOut {
    /// Its name there, or its place in the file where it has none.
    pub(super) name: String,
    /// The reason, for people.
    pub(super) why: String,
}

/// The accounts of an export.
pub(super) struct Export {
    pub(super) people: Vec<Person>,
    /// In the order of the file.
    pub(super) left_out: Vec<LeftOut>,
}

/// Reads a file of up to [`MAX_BYTES`], without the accounts that their tracker shut out and those
/// of the classes in `skip`.
pub(super) fn read(path: &Path, skip: &[String]) -> Result<Export, ExportError> {
    let io = |source| ExportError::Io { path: path.to_owned(), source };
    let mut text = String::new();
    let mut reader = BufReader::new(File::open(path).map_err(io)?).take(MAX_BYTES + 1);
    reader.read_to_string(&mut text).map_err(io)?;
    if u64::try_from(text.len()).is_ok_and(|len| len > MAX_BYTES) {
        return Err(ExportError::Large(path.to_owned()));
    }
    let text = text.trim_start_matches('\u{feff}');
    let is_json = text.trim_start().starts_with(['[', '{']);
    let rows = if is_json { json_rows(text)? } else { csv_rows(text)? };
    let (mut people, mut left_out) = (Vec::with_capacity(rows.len()), Vec::new());
    for (place, row) in rows {
        let name = value(&row, NAMES);
        let class = value(&row, CLASSES);
        if let Some(why) = shut_out(&row).or_else(|| skipped(class?, skip)) {
            let name = name.map_or_else(|| place.to_string(), str::to_owned);
            left_out.push(LeftOut { name, why });
            continue;
        }
        let name = name.ok_or(ExportError::NoName(place))?.to_owned();
        let passkey = value(&row, PASSKEYS).map(str::to_owned);
        if let Some(length) = passkey.as_ref().map(String::len).filter(|len| *len < MIN_PASSKEY) {
            return Err(ExportError::Passkey { place, name, length });
        }
        people.push(Person { name, passkey, class: class.map(str::to_owned) });
    }
    Ok(Export { people, left_out })
}

/// The value of the first column with one of these names, unless it is empty.
fn value<'a>(row: &'a Fields, names: &[&str]) -> Option<&'a str> {
    let field = row.iter().find(|(name, _)| names.contains(&name.as_str()));
    field.map(|(_, value)| value.as_str()).filter(|value| !value.is_empty())
}

/// Why an account cannot be used on its own tracker; `None` where nothing says so.
fn shut_out(row: &Fields) -> Option<String> {
    row.iter().filter(|(_, value)| !value.is_empty()).find_map(|(name, value)| {
        let (column, word) = (name.as_str(), value.to_lowercase());
        let word = word.as_str();
        let is_out = (MUST_BE_TRUE.contains(&column) && !TRUE.contains(&word))
            || (MUST_BE_FALSE.contains(&column) && !FALSE.contains(&word))
            || (MUST_BE_UNSET.contains(&column) && !is_unset(word))
            || (column == STATUS && SHUT_OUT.contains(&word));
        if is_out {
            return Some(format!("`{name}` is `{value}`"));
        }
        // A group's slug stands for its name, which may be translated.
        let class = column.strip_suffix(SLUG).unwrap_or(column);
        (CLASSES.contains(&class) && SHUT_OUT.contains(&word))
            .then(|| format!("its class is `{value}`"))
    })
}

/// Why an account of a class is left out; `None` where the operator does not skip the class.
fn skipped(class: &str, skip: &[String]) -> Option<String> {
    skip.iter().any(|other| other == class).then(|| format!("its class `{class}` is skipped"))
}

/// Whether a time is none: 0, or the zero date of MySQL.
fn is_unset(word: &str) -> bool {
    word == "0" || word.starts_with("0000-00-00") || FALSE.contains(&word)
}

/// Where somebody stands in a file.
#[derive(Clone, Copy, Debug)]
pub(super) enum FilePosition {
    /// Of a list, counted from 1.
    Entry(usize),
    /// Of the file, counted from 1.
    Line(u64),
}

impl fmt::Display for FilePosition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Entry(number) => write!(f, "entry {number} of the list"),
            Self::Line(number) => write!(f, "line {number}"),
        }
    }
}

/// Names in lower case and what stands under them.
type Fields = Vec<(String, String)>;

fn csv_rows(text: &str) -> Result<Vec<(FilePosition, Fields)>, ExportError> {
    let header = text.lines().next().unwrap_or_default();
    // What `mysql --batch` prints has tabs between columns, and no quotes.
    let has_tabs = header.contains('\t') && !header.contains(',');
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(if has_tabs { b'\t' } else { b',' })
        .quoting(!has_tabs)
        .trim(csv::Trim::All)
        .from_reader(text.as_bytes());
    let header: Vec<_> = reader.headers()?.iter().map(str::to_lowercase).collect();
    if let [only] = header.as_slice()
        && only.contains(';')
    {
        return Err(ExportError::Semicolons);
    }
    let fields = |record: csv::StringRecord| {
        let line = record.position().map_or(0, csv::Position::line);
        let named = header.iter().cloned().zip(record.iter());
        let fields = named.map(|(name, text)| {
            let is_null = text == "\\N" || (text == "NULL" && !NAMES.contains(&name.as_str()));
            (name, if is_null { String::new() } else { text.to_owned() })
        });
        let fields = fields.collect();
        (FilePosition::Line(line), fields)
    };
    reader.into_records().map(|record| Ok(fields(record?))).collect()
}

/// A list of objects, be it alone or the only list in an object.
fn json_rows(text: &str) -> Result<Vec<(FilePosition, Fields)>, ExportError> {
    let rows = match serde_json::from_str(text)? {
        Value::Array(rows) => rows,
        Value::Object(around) => {
            let mut lists = around.into_iter().filter_map(|(_, value)| match value {
                Value::Array(rows) => Some(rows),
                _ => None,
            });
            lists.next().ok_or(ExportError::NoList)?
        }
        _ => return Err(ExportError::NoList),
    };
    (1..)
        .zip(rows)
        .map(|(number, row)| match row {
            Value::Object(row) => Ok((FilePosition::Entry(number), json_fields(row))),
            _ => Err(ExportError::NoList),
        })
        .collect()
}

fn json_fields(row: Map<String, Value>) -> Fields {
    let text = |value| match value {
        Value::String(text) => text,
        Value::Null | Value::Object(_) => String::new(),
        other => other.to_string(),
    };
    let fields = row.into_iter().flat_map(|(name, value)| {
        let name = name.to_lowercase();
        match value {
            // A class, where the export nests it.
            Value::Object(mut nested) => {
                let mut part = |key| nested.remove(key).map(text).unwrap_or_default();
                vec![(format!("{name}{SLUG}"), part("slug")), (name, part("name"))]
            }
            value => vec![(name, text(value))],
        }
    });
    fields.collect()
}

/// Why an export can't be read.
#[derive(Debug, Error)]
pub(super) enum ExportError {
    /// The file is not CSV.
    #[error("the file is not CSV with a header line: {0}")]
    Csv(#[from] csv::Error),
    /// A file.
    #[error("cannot read {}: {source}", path.display())]
    Io {
        /// The path of the file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The file is not JSON.
    #[error("the file is not JSON: {0}")]
    Json(#[from] serde_json::Error),
    /// It is too much at once.
    #[error("{} is larger than {} MiB: split it", .0.display(), MAX_BYTES >> 20)]
    Large(PathBuf),
    /// It holds something else.
    #[error("the file holds no list of members: `[{{\"username\": …, \"passkey\": …}}, …]`")]
    NoList,
    /// Somebody has no name.
    #[error("{0} has no name: a column is called `name`, `username` or `login`")]
    NoName(FilePosition),
    /// A passkey that can be guessed.
    #[error(
        "{place}: the passkey of `{name}` can be guessed, having {length} of at least \
         {MIN_PASSKEY} characters: leave it empty, and `usher member show {name}` tells a new one"
    )]
    Passkey {
        /// Where.
        place: FilePosition,
        /// The member's name.
        name: String,
        /// What it has.
        length: usize,
    },
    /// Columns that are separated otherwise.
    #[error("the header line holds `;`, and a comma is expected between columns: replace each")]
    Semicolons,
}

const NAMES: &[&str] = &["name", "username", "user_name", "login"];
const PASSKEYS: &[&str] = &["passkey", "torrent_pass", "torrentpass"];
const CLASSES: &[&str] =
    &["tier", "group", "group_name", "class", "class_name", "permissionid", "group_id", "level"];
/// What follows a class's column where its slug is meant.
const SLUG: &str = ".slug";
/// Columns of Gazelle, UNIT3D, NexusPHP, XBT and TorrentPier that are true for an account in use.
/// Gazelle's `enabled` is 0 for one that is not confirmed, 1 for one in use, 2 for a disabled one.
const MUST_BE_TRUE: &[&str] = &[
    "active",
    "can_download",
    "can_leech",
    "downloadpos",
    "enabled",
    "user_active",
    "user_allow_passkey",
];
/// Columns that are false for an account in use.
const MUST_BE_FALSE: &[&str] =
    &["banned", "disabled", "is_banned", "is_disabled", "parked", "suspended"];
/// Columns with the time at which an account was shut out.
const MUST_BE_UNSET: &[&str] = &["banned_at", "bandate", "deleted_at", "disabled_at"];
/// The column with one of the words below, or another.
const STATUS: &str = "status";
/// Words for an account that is not in use, as a status or a class.
const SHUT_OUT: &[&str] = &[
    "banned",
    "closed",
    "deleted",
    "disabled",
    "inactive",
    "parked",
    "pending",
    "pruned",
    "suspended",
    "unconfirmed",
    "validating",
];
const TRUE: &[&str] = &["1", "active", "enabled", "true", "yes"];
const FALSE: &[&str] = &["0", "false", "no"];
/// A million members have less.
const MAX_BYTES: u64 = 256 << 20;

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_gazelle_export_is_read() {
        let csv = "ID,Username,torrent_pass,PermissionID,Enabled\n\
                   1,ada,0123456789abcdef0123456789abcdef,2,1\n\
                   2,\"bob, jr\",fedcba9876543210fedcba9876543210,3,2\n";
        check(csv, &[("ada", Some("0123456789abcdef0123456789abcdef"), Some("2"))], 1);
    }

    #[test]
    fn a_unit3d_export_is_read() {
        let json = r#"{"meta": 1, "data": [
            {"username": "ada", "passkey": "0123456789abcdef", "group": {"id": 3, "name": "Power User"}, "active": 1},
            {"username": "bob", "passkey": null, "group_id": 4, "active": true},
            {"username": "eve", "active": 0}]}"#;
        check(
            json,
            &[("ada", Some("0123456789abcdef"), Some("Power User")), ("bob", None, Some("4"))],
            1,
        );
    }

    #[test]
    fn a_plain_list_is_read() {
        check("\u{feff}name\nada\nbob\n", &[("ada", None, None), ("bob", None, None)], 0);
    }

    #[test]
    fn every_way_in_which_a_tracker_shuts_an_account_out_is_known() {
        #[track_caller]
        fn check(column: &str, value: &str, is_out: bool) {
            for json in [format!("\"{value}\""), value.to_owned()] {
                let text = format!(r#"[{{"username": "ada", "{column}": {json}}}]"#);
                let Ok(export) = read_text(&text) else { continue };
                assert_eq!(export.left_out.len(), usize::from(is_out), "{text}");
            }
            let csv = read_text(&format!("Username\t{column}\nada\t{value}\n")).unwrap();
            assert_eq!(csv.left_out.len(), usize::from(is_out), "{column} {value}");
        }
        for column in MUST_BE_TRUE {
            check(column, "1", false);
            check(column, "yes", false);
            check(column, "0", true);
            check(column, "no", true);
            check(column, "false", true);
        }
        check("enabled", "2", true);
        for column in MUST_BE_FALSE {
            check(column, "0", false);
            check(column, "no", false);
            check(column, "1", true);
            check(column, "yes", true);
        }
        for column in MUST_BE_UNSET {
            check(column, "0", false);
            check(column, "0000-00-00 00:00:00", false);
            check(column, "2024-05-01 10:00:00", true);
        }
        for column in ["status", "group", "class_name"] {
            check(column, "confirmed", false);
            check(column, "Banned", true);
            check(column, "Pruned", true);
        }
        check("class", "Bot", true);
        let translated =
            r#"[{"username": "ada", "group": {"name": "Verbannt", "slug": "banned"}}]"#;
        assert_eq!(read_text(translated).unwrap().left_out[0].why, "its class is `banned`");
    }

    #[test]
    fn what_a_database_writes_for_nothing_is_nothing() {
        let key = "0123456789abcdef";
        check(
            &format!("username\tpasskey\tgroup\nada\t{key}\tNULL\nNULL\t\\N\tUser\n"),
            &[("ada", Some(key), None), ("NULL", None, Some("User"))],
            0,
        );
        check(
            "username,passkey\nada,NULL\nbob,\\N\n",
            &[("ada", None, None), ("bob", None, None)],
            0,
        );
    }

    #[test]
    fn what_is_no_export_says_what_one_is() {
        refuses("user,key\nada,1\n", "line 2 has no name");
        refuses("name,passkey\nada\n", "not CSV");
        refuses("name;passkey\nada;1,2\n", "a comma is expected between columns");
        refuses("\u{feff}Name; Tier\nada;fan\n", "a comma is expected between columns");
        refuses("[1]", "no list of members");
        refuses("{\"a\": 1}", "no list of members");
        refuses("[{", "not JSON");
    }

    #[test]
    fn a_passkey_that_can_be_guessed_is_refused_by_its_place() {
        let key = "0123456789abcdef";
        let csv = format!("name,passkey\nada,{key}\n\"bob\n\",\ncleo,{}\n", &key[1..]);
        refuses(&csv, "line 5: the passkey of `cleo` can be guessed, having 15 of");
        let json = r#"[{"name": "ada"}, {"name": "bob", "passkey": "x"}]"#;
        refuses(json, "entry 2 of the list: the passkey of `bob` can be guessed, having 1 of");
    }

    #[track_caller]
    fn check(text: &str, expected: &[(&str, Option<&str>, Option<&str>)], left_out: usize) {
        let export = read_text(text).unwrap_or_else(|error| panic!("{error}"));
        let people: Vec<_> = export
            .people
            .iter()
            .map(|p| (p.name.as_str(), p.passkey.as_deref(), p.class.as_deref()))
            .collect();
        assert_eq!((people.as_slice(), export.left_out.len()), (expected, left_out));
    }

    #[track_caller]
    fn refuses(text: &str, expected: &str) {
        let error = read_text(text).err().map(|error| error.to_string()).unwrap_or_default();
        assert!(error.contains(expected), "{error}");
    }

    fn read_text(text: &str) -> Result<Export, ExportError> {
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(file.path(), text).unwrap();
        read(file.path(), &["Bot".to_owned()])
    }
}
