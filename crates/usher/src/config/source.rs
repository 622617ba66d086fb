//! Where the settings come from: a file, or nothing but the defaults.

use std::path::{Path, PathBuf, absolute};
use std::{fmt, fs, io};

use thiserror::Error;

use super::invalid::Invalid;
use super::parse::{ParseError, parse};
use super::raw::Raw;
use super::settings::Config;

/// A place that settings are read from, again at each reload.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Source {
    /// No file: every setting has its default.
    BuiltIn,
    /// A file, which must be there.
    File(PathBuf),
}

/// What a source held.
#[derive(Clone, Debug, PartialEq)]
pub struct LoadedConfig {
    /// The settings, checked.
    pub config: Config,
    /// The same as a file could say them, every default spelt out.
    pub raw: Raw,
}

impl Source {
    /// The file that was asked for; else [`tracker.yaml`](Self::DEFAULT) in the working directory
    /// if there is one.
    pub fn find(asked_for: Option<PathBuf>) -> Self {
        match asked_for {
            Some(file) => Self::File(file),
            None if Path::new(Self::DEFAULT).exists() => Self::File(Self::DEFAULT.into()),
            None => Self::BuiltIn,
        }
    }

    /// What a reload reads: the same file; where there was none at the start, one that came since.
    pub fn again(&self) -> Self {
        match self {
            Self::BuiltIn => Self::find(None),
            Self::File(_) => self.clone(),
        }
    }

    /// Reads and checks the settings.
    ///
    /// # Errors
    ///
    /// Names the file, and in it the key that is wrong.
    pub fn load(&self) -> Result<LoadedConfig, SourceError> {
        let Self::File(path) = self else {
            return Ok(LoadedConfig { config: Config::default(), raw: Raw::default() });
        };
        let fails = |reason: Reason| SourceError { path: path.clone(), reason };
        let text = fs::read_to_string(path).map_err(|error| fails(error.into()))?;
        let raw = parse(&text).map_err(|error| fails(error.into()))?;
        // With its folder each path that is taken from there is whole, wherever it is used.
        let whole = absolute(path).map_err(|error| fails(error.into()))?;
        let folder = whole.parent().unwrap_or(&whole);
        let config = Config::new(raw.clone(), folder).map_err(|error| fails(error.into()))?;
        Ok(LoadedConfig { config, raw })
    }

    /// The file that is read where none is asked for.
    pub const DEFAULT: &str = "tracker.yaml";
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BuiltIn => f.write_str("the built-in defaults"),
            Self::File(path) => path.display().fmt(f),
        }
    }
}

/// Why a file gives no settings.
#[derive(Debug, Error)]
#[error("{}: {reason}", path.display())]
pub struct SourceError {
    path: PathBuf,
    reason: Reason,
}

#[derive(Debug, Error)]
enum Reason {
    #[error(transparent)]
    Invalid(#[from] Invalid),
    #[error(transparent)]
    Parse(#[from] ParseError),
    #[error("cannot read it: {0}")]
    Read(#[from] io::Error),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_taken_from_the_files_folder() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("club.yaml");
        fs::write(&file, "state_dir: kept\nadmin: {socket: /run/usher.sock}\n").unwrap();

        let config = Source::find(Some(file)).load().unwrap().config;
        assert_eq!(config.state_dir, folder.path().join("kept"));
        assert_eq!(config.secret_file, folder.path().join("kept/secret"));
        assert_eq!(config.admin.socket, Path::new("/run/usher.sock"));
    }

    #[test]
    fn every_path_is_whole_even_where_the_files_is_not() {
        let here = tempfile::tempdir_in(".").unwrap();
        let folder = Path::new(here.path().file_name().unwrap());
        let file = folder.join("club.yaml");
        fs::write(&file, "items_dir: drop\ndatabase_file: url\nbackup: {folder: copies}\n")
            .unwrap();
        let config = Source::find(Some(file)).load().unwrap().config;
        let expected = absolute(folder).unwrap();
        assert_eq!(config.state_dir, expected.join("state"));
        assert_eq!(config.items_dir.folder, Some(expected.join("drop")));
        assert_eq!(config.backup.folder, expected.join("copies"));
    }

    #[test]
    fn a_file_that_was_asked_for_must_be_there() {
        let missing = tempfile::tempdir().unwrap().path().join("gone.yaml");
        let error = Source::find(Some(missing)).load().unwrap_err().to_string();
        assert!(error.contains("gone.yaml: cannot read it"), "{error}");
    }

    #[test]
    fn errors_name_the_file_and_the_key() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("club.yaml");
        fs::write(&file, "admin: {listen: '0.0.0.0:1'}\n").unwrap();
        let error = Source::File(file).load().unwrap_err().to_string();
        assert!(error.contains("club.yaml: admin.listen: "), "{error}");
    }
}
