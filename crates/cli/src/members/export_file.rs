//! Exports of other trackers: CSV with a header line, or JSON.
//!
//! Columns are known by the names that Gazelle, UNIT3D and plain lists give them, in any case.
//! Deliberately absent: what they mean here.

use std::fmt;
use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};

use api::import::MIN_PASSKEY;
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

/// An export, those with closed accounts only counted.
pub(super) struct Export {
    pub(super) people: Vec<Person>,
    pub(super) closed: usize,
}

/// Reads a file of up to [`MAX_BYTES`].
pub(super) fn read(path: &Path) -> Result<Export, ExportError> {
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
    let (mut people, mut closed) = (Vec::with_capacity(rows.len()), 0);
    for (place, row) in rows {
        let field = |names: &[&str]| row.iter().find(|(name, _)| names.contains(&name.as_str()));
        let value = |names| field(names).map(|(_, value)| value.clone()).filter(|v| !v.is_empty());
        if value(ENABLED).is_some_and(|enabled| !OPEN.contains(&enabled.to_lowercase().as_str())) {
            closed += 1;
            continue;
        }
        let name = value(NAMES).ok_or(ExportError::NoName(place))?;
        let passkey = value(PASSKEYS);
        if let Some(length) = passkey.as_ref().map(String::len).filter(|len| *len < MIN_PASSKEY) {
            return Err(ExportError::Passkey { place, name, length });
        }
        people.push(Person { name, passkey, class: value(CLASSES) });
    }
    Ok(Export { people, closed })
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
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(text.as_bytes());
    let header: Vec<_> = reader.headers()?.iter().map(str::to_lowercase).collect();
    if let [only] = header.as_slice()
        && only.contains(';')
    {
        return Err(ExportError::Semicolons);
    }
    let fields = |record: csv::StringRecord| {
        let line = record.position().map_or(0, csv::Position::line);
        let fields = header.iter().cloned().zip(record.iter().map(str::to_owned)).collect();
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
        Value::Null => String::new(),
        // What a class is called, where the export nests it.
        Value::Object(mut nested) => match nested.remove("name") {
            Some(Value::String(name)) => name,
            _ => String::new(),
        },
        other => other.to_string(),
    };
    row.into_iter().map(|(name, value)| (name.to_lowercase(), text(value))).collect()
}

/// Why an export can't be read.
#[derive(Debug, Error)]
pub(super) enum ExportError {
    /// It is neither this
    #[error("the file is no CSV with a header line: {0}")]
    Csv(#[from] csv::Error),
    /// A file.
    #[error("cannot read {}: {source}", path.display())]
    Io {
        /// Which.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// nor that.
    #[error("the file is no JSON: {0}")]
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
        /// Whose.
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
const ENABLED: &[&str] = &["enabled", "active"];
/// Gazelle: 0 is not confirmed, 1 is enabled, 2 is disabled.
const OPEN: &[&str] = &["1", "true", "yes", "enabled", "active"];
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
    fn what_is_no_export_says_what_one_is() {
        refuses("user,key\nada,1\n", "line 2 has no name");
        refuses("name,passkey\nada\n", "no CSV");
        refuses("name;passkey\nada;1,2\n", "a comma is expected between columns");
        refuses("\u{feff}Name; Tier\nada;fan\n", "a comma is expected between columns");
        refuses("[1]", "no list of members");
        refuses("{\"a\": 1}", "no list of members");
        refuses("[{", "no JSON");
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
    fn check(text: &str, expected: &[(&str, Option<&str>, Option<&str>)], closed: usize) {
        let export = read_text(text).unwrap_or_else(|error| panic!("{error}"));
        let people: Vec<_> = export
            .people
            .iter()
            .map(|p| (p.name.as_str(), p.passkey.as_deref(), p.class.as_deref()))
            .collect();
        assert_eq!((people.as_slice(), export.closed), (expected, closed));
    }

    #[track_caller]
    fn refuses(text: &str, expected: &str) {
        let error = read_text(text).err().map(|error| error.to_string()).unwrap_or_default();
        assert!(error.contains(expected), "{error}");
    }

    fn read_text(text: &str) -> Result<Export, ExportError> {
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(file.path(), text).unwrap();
        read(file.path())
    }
}
