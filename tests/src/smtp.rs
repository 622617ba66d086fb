//! A mail server: aiosmtpd from `target/venv`, by a script beside the tests.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use serde_json::Value;

/// A mail server that takes messages, until it is dropped.
pub struct SmtpServer {
    child: Child,
    lines: Receiver<String>,
}

/// Who may send mail.
#[derive(Clone, Copy, Debug)]
pub struct Login<'a> {
    /// The user.
    pub user: &'a str,
    /// The password.
    pub password: &'a str,
}

impl SmtpServer {
    /// Whether the server is installed.
    pub fn is_installed() -> bool {
        let look = Command::new(python()).args(["-c", "import aiosmtpd"]).output();
        look.is_ok_and(|output| output.status.success())
    }

    /// Starts a server on a port of 127.0.0.1, for everybody or for one login alone.
    #[track_caller]
    pub fn start(port: u16, login: Option<Login<'_>>) -> Self {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("clients/smtp_server.py");
        let mut command = Command::new(python());
        command.arg(script).arg(port.to_string());
        if let Some(Login { user, password }) = login {
            command.args([user, password]);
        }
        let child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
        let mut child = child.expect("the mail server starts: scripts/test installs it");
        let output = BufReader::new(child.stdout.take().expect("its output"));
        let (send, lines) = channel();
        thread::spawn(move || {
            for line in output.lines().map_while(Result::ok) {
                if send.send(line).is_err() {
                    return;
                }
            }
        });
        let server = Self { child, lines };
        assert_eq!(server.line(), "ready");
        server
    }

    /// The next message: `from`, `to` and `content`.
    #[track_caller]
    pub fn message(&self) -> Value {
        serde_json::from_str(&self.line()).expect("a line of JSON")
    }

    #[track_caller]
    fn line(&self) -> String {
        self.lines.recv_timeout(PATIENCE).expect("the mail server says something")
    }
}

impl Drop for SmtpServer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn python() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/venv/bin/python")
}

const PATIENCE: Duration = Duration::from_secs(60);
