//! The terminal: keys come in, frames go out, and the daemon is asked once a second.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use jiff::Timestamp;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::crossterm::event::{self, Event, KeyEventKind};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::time::{Instant, sleep_until};

use super::app::{App, Next};
use super::question::ask;
use super::view::draw;
use crate::daemon::{CommandContext, CommandError};

/// One screen as text.
pub(super) async fn once(context: &CommandContext) -> Result<String, CommandError> {
    let mut app = App::default();
    let answer = ask(context, app.question()).await.map_err(CommandError::Input)?;
    app.take(Ok(answer), Duration::ZERO);
    let (width, height) = ONCE;
    let Ok(mut terminal) = Terminal::new(TestBackend::new(width, height));
    let Ok(frame) = terminal.draw(|frame| draw(frame, &app, context.now()));
    let cells = frame.buffer.content();
    let lines = cells.chunks(usize::from(width)).map(|line| {
        let text: String = line.iter().map(|cell| cell.symbol()).collect();
        text.trim_end().to_owned() + "\n"
    });
    // The keys are of no use here.
    Ok(lines.take(usize::from(height) - 1).collect())
}

/// Shows swarms until somebody quits. The terminal is as before when this returns, and when it panics.
pub(super) async fn run(context: &CommandContext) -> Result<(), CommandError> {
    let mut terminal = ratatui::try_init()?;
    let is_over = Arc::new(AtomicBool::new(false));
    let (keys, pressed) = channel(MAX_WAITING);
    let (is_read, reader) = (Arc::clone(&is_over), thread::Builder::new().name("keys".to_owned()));
    let outcome = match reader.spawn(move || read_keys(&keys, &is_read)) {
        Ok(_) => show(context, &mut terminal, pressed).await,
        Err(error) => Err(error.into()),
    };
    is_over.store(true, Ordering::Relaxed);
    ratatui::restore();
    outcome
}

async fn show(
    context: &CommandContext,
    terminal: &mut ratatui::DefaultTerminal,
    mut pressed: Receiver<Event>,
) -> Result<(), CommandError> {
    let (mut ended, mut hung_up) =
        (signal(SignalKind::terminate())?, signal(SignalKind::hangup())?);
    let begun = Instant::now();
    let mut app = App::default();
    loop {
        let mut asking = pin!(ask(context, app.question()));
        let mut answered = None;
        // Until the next question.
        loop {
            terminal.draw(|frame| draw(frame, &app, Timestamp::now()))?;
            let due = answered.unwrap_or(begun) + PACE;
            tokio::select! {
                event = pressed.recv() => match event {
                    Some(Event::Key(key)) if key.kind != KeyEventKind::Release => match app.press(key) {
                        Next::Ask => break,
                        Next::Draw => {}
                        Next::Quit => return Ok(()),
                    },
                    Some(_) => {}
                    None => return Ok(()),
                },
                answer = &mut asking, if answered.is_none() => {
                    answered = Some(Instant::now());
                    app.take(answer, begun.elapsed());
                }
                () = sleep_until(due), if answered.is_some() => break,
                _ = ended.recv() => return Ok(()),
                _ = hung_up.recv() => return Ok(()),
            }
        }
    }
}

/// Reads keys and resizes until it is over; there is no waiting for them without a thread.
fn read_keys(keys: &Sender<Event>, is_over: &AtomicBool) {
    while !is_over.load(Ordering::Relaxed) {
        match event::poll(KEY_WAIT).and_then(|is_there| is_there.then(event::read).transpose()) {
            Ok(None) => {}
            Ok(Some(event)) => {
                if keys.blocking_send(event).is_err() {
                    return;
                }
            }
            // The terminal is gone.
            Err(_) => return,
        }
    }
}

/// How often the daemon is asked.
const PACE: Duration = Duration::from_secs(1);
const KEY_WAIT: Duration = Duration::from_millis(100);
/// Keys that wait to be heeded.
const MAX_WAITING: usize = 64;
/// Columns and lines of one screen.
const ONCE: (u16, u16) = (80, 24);
