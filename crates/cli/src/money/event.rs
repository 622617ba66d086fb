//! `usher event`.

use api::event::{EventDetail, EventView, Replayed};
use api::page::EventPage;
use api::query::EventQuery;
use clap::{Args, Subcommand};

use crate::daemon::{CommandContext, CommandError, DayArgs, RowArgs};
use crate::text::{facts, list, or_dash};

/// `usher event`.
#[derive(Clone, Debug, Subcommand)]
pub enum EventCommand {
    /// List events, oldest first, and what became of them
    #[command(after_help = LIST)]
    List(EventListArgs),
    /// Show an event, with the headers and body the provider sent
    #[command(after_help = "Example:\n  usher event show 12 --json")]
    Show {
        /// The event's number
        event: u32,
    },
    /// Apply an event again, as if it arrived now; what it did once is not repeated
    #[command(after_help = REPLAY)]
    Replay {
        /// The event's number
        event: u32,
    },
}

/// `usher event list`.
#[derive(Args, Clone, Debug)]
pub struct EventListArgs {
    /// List only the event with this number, or a provider's id that begins so
    #[arg(long, value_name = "TEXT")]
    search: Option<String>,
    /// List only events of this provider
    #[arg(long)]
    provider: Option<String>,
    /// List only events with this verdict, such as held
    #[arg(long)]
    verdict: Option<String>,
    /// List only events about the checkout with this number
    #[arg(long)]
    checkout: Option<u32>,
    #[command(flatten)]
    days: DayArgs,
    #[command(flatten)]
    rows: RowArgs,
}

impl EventListArgs {
    async fn run(&self, context: &CommandContext) -> Result<String, CommandError> {
        let query = EventQuery {
            search: self.search.clone(),
            provider: self.provider.clone(),
            verdict: self.verdict.clone(),
            checkout: self.checkout,
            from: self.days.from,
            to: self.days.to,
            newest: self.rows.newest(),
            ..EventQuery::default()
        };
        let events = context.list::<EventPage>(&["events"], query, self.rows).await?;
        context.print(&events, |events| events_text(events))
    }
}

impl EventCommand {
    pub(crate) async fn run(&self, context: &CommandContext) -> Result<String, CommandError> {
        match self {
            Self::List(args) => args.run(context).await,
            Self::Show { event } => {
                let event = context.get(&["events", &event.to_string()]).answer().await?;
                context.print(&event, event_text)
            }
            Self::Replay { event } => {
                let request = context.post(&["events", &event.to_string(), "replay"]);
                context.print(&request.answer().await?, |replayed: &Replayed| {
                    format!("{}: {}.\n", replayed.verdict, replayed.effect)
                })
            }
        }
    }
}

fn events_text(events: &[EventView]) -> String {
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
        ("repeated", format!("{} times", event.again)),
        ("verdict", event.verdict.clone()),
        ("effect", event.effect.clone()),
    ]);
    match detail.erased {
        Some(at) => format!("{head}\nHeaders and body were erased with their member, at {at}.\n"),
        None => format!("{head}\n{}\n{}\n", detail.headers, detail.body),
    }
}

pub(crate) const EVENT: &str = "\
Examples:
  usher event list
  usher event show 12 --json
  usher event replay 12";
const REPLAY: &str = "\
Example:
  usher event replay 12      once the cause that held it is fixed";
const LIST: &str = "\
Examples:
  usher event list
  usher event list --verdict held
  usher event list --search evt_1PxK";
