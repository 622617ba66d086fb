//! `database` and `database_file`: where the club is kept.

use std::fmt;
use std::path::{Path, PathBuf};

use club::{BadUrl, PostgresUrl};
use serde::{Deserialize, Serialize, Serializer};

use super::invalid::Invalid;

/// Where the club is kept.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Database {
    /// In a PostgreSQL database whose URL is in a file.
    File(PathBuf),
    /// In `club.db` in the state directory.
    Sqlite,
    /// In a PostgreSQL database.
    Url(PostgresUrl),
}

impl Database {
    pub(super) fn new(
        url: Option<RawDatabase>,
        file: Option<PathBuf>,
        folder: &Path,
    ) -> Result<Self, Invalid> {
        match (url, file) {
            (None, None) => Ok(Self::Sqlite),
            (None, Some(file)) => Ok(Self::File(folder.join(file))),
            (Some(url), None) => {
                let invalid = |error: BadUrl| Invalid::new("database", error.to_string());
                url.0.parse().map(Self::Url).map_err(invalid)
            }
            (Some(_), Some(_)) => Err(Invalid::new("database_file", "there is `database` already")),
        }
    }
}

/// A URL as the file says it. It may hold a password, so it is shown without.
#[derive(Clone, Deserialize, Eq, PartialEq)]
#[serde(transparent)]
pub struct RawDatabase(String);

impl RawDatabase {
    fn shown(&self) -> String {
        let url: Result<PostgresUrl, BadUrl> = self.0.parse();
        url.map_or_else(|error| error.to_string(), |url| url.to_string())
    }
}

impl fmt::Debug for RawDatabase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RawDatabase({})", self.shown())
    }
}

impl Serialize for RawDatabase {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.shown())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Config, Raw, parse};

    #[test]
    fn the_club_is_in_sqlite_or_where_a_url_says() {
        check("", Ok(Database::Sqlite));
        let url = "postgres://ada:hunter2@db.example.org/usher";
        check(&format!("database: {url}"), Ok(Database::Url(url.parse().unwrap())));
        check("database_file: url", Ok(Database::File("/etc/usher/url".into())));
    }

    #[test]
    fn what_is_no_url_or_said_twice_is_refused() {
        let twice = "database: postgres://ada@localhost\ndatabase_file: url";
        check(twice, Err("database_file: there is `database` already"));
        let expected = "database: no PostgreSQL URL, expected one as \
                        postgres://user@host:5432/database";
        check("database: club.db", Err(expected));
        check("database: mysql://ada:hunter2@localhost", Err(expected));
    }

    #[test]
    fn a_password_is_not_shown() {
        let raw = parse("database: postgres://ada:hunter2@db.example.org/usher").unwrap();
        let shown = serde_json::to_string(&raw).unwrap() + &format!("{raw:?}");
        assert!(shown.contains("ada@db.example.org") && !shown.contains("hunter2"), "{shown}");
    }

    #[track_caller]
    fn check(file: &str, expected: Result<Database, &str>) {
        let raw: Raw = parse(file).unwrap();
        let found = Config::new(raw, Path::new("/etc/usher")).map(|config| config.database);
        assert_eq!(found.map_err(|error| error.to_string()), expected.map_err(str::to_owned));
    }
}
