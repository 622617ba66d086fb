//! A command as somebody types it, and the daemon that it is typed at.

use std::collections::HashMap;
use std::fs;
use std::sync::{Arc, Mutex};

use api::error::ProblemKind;
use axum::Router;
use axum::body::Bytes;
use axum::http::{Method, StatusCode, Uri};
use clap::{CommandFactory, Parser};
use cli::{CommandContext, CommandError, DaemonCommand};
use serde::Serialize;
use tempfile::TempDir;
use tokio::net::UnixListener;
use tokio::runtime::Builder;

/// The command line, as far as the daemon is asked.
#[derive(Debug, Parser)]
#[command(name = "usher")]
pub(crate) struct CommandLine {
    #[command(subcommand)]
    command: DaemonCommand,
}

/// A command that was typed, and the answers that the daemon has for it.
pub(crate) struct Typed {
    line: String,
    /// By method and path.
    answers: HashMap<String, Vec<u8>>,
    /// Stands as `FOLDER` in the line and in what is kept.
    folder: TempDir,
}

/// Types a command after `usher`.
pub(crate) fn typed(line: &str) -> Typed {
    let folder = tempfile::tempdir().unwrap();
    Typed { line: line.to_owned(), answers: HashMap::new(), folder }
}

impl Typed {
    /// With the only page of a list as the answer to a request.
    pub(crate) fn list<T: Serialize>(self, request: &str, name: &str, rows: &[T]) -> Self {
        self.answer(request, &serde_json::json!({ name: rows, "next": null }))
    }

    /// With a document as the answer to a request, such as `GET /orders/7`.
    pub(crate) fn answer(self, request: &str, document: &impl Serialize) -> Self {
        self.bytes(request, serde_json::to_vec(document).unwrap())
    }

    /// With bytes as the answer.
    pub(crate) fn bytes(mut self, request: &str, bytes: Vec<u8>) -> Self {
        self.answers.insert(request.to_owned(), bytes);
        self
    }

    /// With a file in the folder.
    pub(crate) fn file(self, name: &str, content: &str) -> Self {
        fs::write(self.folder.path().join(name), content).unwrap();
        self
    }

    /// Compares what is asked and printed with the snapshot of the command.
    pub(crate) fn check(self) {
        let name = self.name();
        self.check_as(&name);
    }

    /// Compares with a snapshot of the command that says what is special.
    pub(crate) fn check_with(self, what: &str) {
        let name = format!("{}-{what}", self.name());
        self.check_as(&name);
    }

    fn check_as(self, name: &str) {
        let (asked, text) = self.run(false);
        let (_, json) = self.run(true);
        let kept =
            format!("$ usher {0}\n{asked}\n{text}\n$ usher {0} --json\n{json}", self.line.trim());
        let kept = kept.replace(self.folder.path().to_str().unwrap(), "FOLDER");
        let mut settings = insta::Settings::clone_current();
        settings.set_prepend_module_to_snapshot(false);
        settings.set_omit_expression(true);
        settings.bind(|| insta::assert_snapshot!(name, kept));
    }

    /// The words of the command, without its arguments.
    fn name(&self) -> String {
        let mut command = CommandLine::command();
        let mut words = Vec::new();
        for word in self.line.split_whitespace() {
            let Some(below) = command.find_subcommand(word).cloned() else { break };
            words.push(word);
            command = below;
        }
        words.join("-")
    }

    /// The requests that the command sends, and what it prints.
    fn run(&self, json: bool) -> (String, String) {
        let line = self.line.replace("FOLDER", self.folder.path().to_str().unwrap());
        let words = ["usher"].into_iter().chain(line.split_whitespace());
        let CommandLine { command } = CommandLine::try_parse_from(words).unwrap();
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let socket = self.folder.path().join("admin.sock");
            let listener = UnixListener::bind(&socket).unwrap();
            let requests = Arc::<Mutex<Vec<String>>>::default();
            let router = daemon(self.answers.clone(), Arc::clone(&requests));
            tokio::spawn(async move { axum::serve(listener, router).await });
            let tiers = ["outsider", "fan", "patron"].map(str::to_owned).to_vec();
            let context = CommandContext::new(&socket, tiers, json, NOW).unwrap();
            let printed = command.run(&context).await;
            fs::remove_file(socket).unwrap();
            let asked = requests.lock().unwrap().concat();
            (asked, printed.unwrap_or_else(|error| refused(&error)))
        })
    }
}

/// What the program prints of an error.
fn refused(error: &CommandError) -> String {
    let document = match error {
        CommandError::Unsound { document: Some(document), .. } => document.as_str(),
        _ => "",
    };
    format!("{document}usher: {error}\n")
}

/// A daemon that notes what it is asked.
fn daemon(answers: HashMap<String, Vec<u8>>, requests: Arc<Mutex<Vec<String>>>) -> Router {
    Router::new().fallback(async move |method: Method, uri: Uri, body: Bytes| {
        let path = uri.path().trim_start_matches("/api/v1");
        let query = uri.query().unwrap_or_default();
        let mark = if query.is_empty() { "" } else { "?" };
        let body = String::from_utf8_lossy(&body);
        let request = format!("> {method} {path}{mark}{query} {body}");
        requests.lock().unwrap().push(request.trim_end().to_owned() + "\n");
        match answers.get(&format!("{method} {path}")) {
            Some(answer) => (StatusCode::OK, answer.clone()),
            None => {
                let problem = ProblemKind::NotFound.because("no such path");
                (StatusCode::NOT_FOUND, serde_json::to_vec(&problem).unwrap())
            }
        }
    })
}

/// 22 November 2026, 12:00 UTC.
const NOW: u32 = 1_795_348_800;
