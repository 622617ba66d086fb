//! Events of payment providers: what may be typed, what is asked, and how the answer looks.

use api::event::{EventDetail, EventView, Replayed};
use clap::Subcommand;
use http::Method;

use super::ask::{CommandContext, path};
use super::error::CommandError;
use super::table::{facts, list, or_dash};

/// `usher events`.
#[derive(Clone, Debug, Subcommand)]
pub enum EventsCommand {
    /// List what came, oldest first, with what was thought of it
    List,
    /// Show an event, and what came as it came
    Show {
        /// The event's number
        event: u32,
    },
    /// Do what an event says as if it came now; what was done stays done once
    Replay {
        /// The event's number
        event: u32,
    },
}

impl CommandContext {
    pub(crate) async fn events(&self, command: &EventsCommand) -> Result<String, CommandError> {
        match command {
            EventsCommand::List => {
                let events = self.list(&["events"], |event: &EventView| event.id).await?;
                self.print(&events, |events| list_text(events))
            }
            EventsCommand::Show { event } => {
                self.print(&self.get(&["events", &event.to_string()]).await?, event_text)
            }
            EventsCommand::Replay { event } => {
                let path = path(&["events", &event.to_string(), "replay"]);
                self.print(&self.client.ask(Method::POST, &path).await?, replayed_text)
            }
        }
    }
}

fn list_text(events: &[EventView]) -> String {
    let rows = events.iter().map(|event| {
        [
            event.id.to_string(),
            event.received.to_string(),
            event.provider.clone(),
            event.kind.clone(),
            event.verdict.clone(),
            event.effect.clone(),
        ]
    });
    list(["ID", "RECEIVED", "PROVIDER", "KIND", "VERDICT", "EFFECT"], rows)
}

fn event_text(detail: &EventDetail) -> String {
    let event = &detail.event;
    let head = facts([
        ("id", event.id.to_string()),
        ("provider", event.provider.clone()),
        ("key", or_dash(event.key.as_ref())),
        ("kind", event.kind.clone()),
        ("received", event.received.to_string()),
        ("came again", format!("{} times", event.again)),
        ("verdict", event.verdict.clone()),
        ("effect", event.effect.clone()),
    ]);
    match detail.erased {
        Some(at) => format!("{head}\nWhat came was erased with its member, at {at}.\n"),
        None => format!("{head}\n{}\n{}\n", detail.headers, detail.body),
    }
}

fn replayed_text(replayed: &Replayed) -> String {
    format!("{}: {}.\n", replayed.verdict, replayed.effect)
}

pub(crate) const EVENTS: &str = "\
Examples:
  usher events list
  usher events show 12 --json
  usher events replay 12      once what held it is set right";
