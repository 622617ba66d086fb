//! Backups, and whether the books are sound.

use std::path::Path;

use api::backup::{Backup, MakeBackup, Soundness};
use bytesize::ByteSize;
use http::Method;

use super::ask::CommandContext;
use super::client::{Client, ClientError};
use super::error::CommandError;

/// Asks the daemon for a copy; the path becomes absolute here, in the working directory of whoever
/// typed it.
pub(crate) async fn backup(
    client: &Client,
    file: &Path,
    with_secret: bool,
) -> Result<Backup, CommandError> {
    let file = std::path::absolute(file)
        .map_err(|error| CommandError::File { path: file.to_owned(), error })?;
    let asked = MakeBackup { file, with_secret };
    Ok(client.patient().tell(Method::POST, "/api/v1/backup", &asked).await?)
}

pub(crate) fn backed_up(backup: &Backup) -> String {
    let mut text = format!("{}, {}\n", backup.file.display(), ByteSize(backup.bytes).display());
    match &backup.secret {
        Some(secret) => text += &format!("{}, the master secret\n", secret.display()),
        None => text += "The master secret is not in it: keep a copy of that apart.\n",
    }
    text
}

impl CommandContext {
    /// The daemon's report on the books; `None` where no daemon runs.
    ///
    /// # Errors
    ///
    /// Fails where the daemon does not answer or refuses.
    pub async fn books(&self) -> Result<Option<Soundness>, CommandError> {
        match self.client.patient().ask(Method::GET, "/api/v1/verify").await {
            Err(ClientError::NotRunning { .. }) => Ok(None),
            answer => Ok(Some(answer?)),
        }
    }

    /// A report on the books, as it is printed.
    ///
    /// # Errors
    ///
    /// [`CommandError::Unsound`] lists the flaws, if there are any.
    pub fn print_books(&self, books: &Soundness) -> Result<String, CommandError> {
        let printed = self.print(books, |_| "the books are sound\n".to_owned())?;
        if books.clean {
            return Ok(printed);
        }
        Err(CommandError::Unsound {
            sentence: flaws(books),
            document: self.json.then_some(printed),
        })
    }
}

/// The flaws, for the message that goes with exit code 1.
fn flaws(books: &Soundness) -> String {
    let flaws = books.flaws.iter().map(|flaw| format!("\n  {}: {}", flaw.place, flaw.what));
    format!("the books are not sound:{}", flaws.collect::<String>())
}
