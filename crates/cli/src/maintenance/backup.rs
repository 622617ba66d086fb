//! `usher backup`, and the daemon's part of `usher verify`.

use std::path::PathBuf;

use api::backup::{Backup, MakeBackup, Soundness};
use bytesize::ByteSize;
use clap::Args;

use crate::daemon::{ClientError, CommandContext, CommandError};

/// `usher backup`.
#[derive(Args, Clone, Debug)]
#[command(after_help = BACKUP)]
pub struct BackupArgs {
    /// The file, which must not exist yet
    file: PathBuf,
    /// Copy the master secret too, to FILE.secret; whoever has it can make passkeys
    #[arg(long)]
    with_secret: bool,
}

impl BackupArgs {
    pub(crate) async fn run(&self, context: &CommandContext) -> Result<String, CommandError> {
        // The daemon's working directory is another.
        let file = std::path::absolute(&self.file)
            .map_err(|error| CommandError::File { path: self.file.clone(), error })?;
        let backup = MakeBackup { file, with_secret: self.with_secret };
        let request = context.post(&["backup"]).json(&backup).patient();
        context.print(&request.answer().await?, backup_text)
    }
}

impl CommandContext {
    /// The daemon's report on the books; `None` where no daemon runs.
    ///
    /// # Errors
    ///
    /// Fails where the daemon does not answer, or refuses.
    pub async fn books(&self) -> Result<Option<Soundness>, CommandError> {
        match self.get(&["verify"]).patient().answer().await {
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
        let printed = self.print(books, |_| "The books are sound.\n".to_owned())?;
        if books.clean {
            return Ok(printed);
        }
        let flaws = books.flaws.iter().map(|flaw| format!("\n  {}: {}", flaw.place, flaw.what));
        let sentence = format!("the books are not sound:{}", flaws.collect::<String>());
        Err(CommandError::Unsound { sentence, document: self.json().then_some(printed) })
    }
}

fn backup_text(backup: &Backup) -> String {
    let mut text = format!("{}, {}\n", backup.file.display(), ByteSize(backup.bytes).display());
    match &backup.secret {
        Some(secret) => text += &format!("{}, the master secret\n", secret.display()),
        None => text += "The master secret is not part of it: keep a copy of that elsewhere.\n",
    }
    text
}

const BACKUP: &str = "\
Examples:
  usher backup /var/backups/usher-2027-01-31.db
  usher backup club.db --with-secret      with the secret in club.db.secret

The daemon makes backups by itself: see `backup` in tracker.yaml.";
