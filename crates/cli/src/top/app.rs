//! What is shown, and what a key does.

use std::time::Duration;

use api::query::{SwarmColumn, SwarmQuery};
use api::stats::Stats;
use api::swarm::{RecentAnnounces, SwarmDetail, SwarmPage};
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::prompt::{Prompt, PromptKind, Typed};
use super::question::{Question, Reply, ScreenDetails};

/// All that is shown.
#[derive(Default)]
pub(super) struct App {
    /// The place that is shown, and those to go back to.
    places: Vec<Screen>,
    pub(super) is_help: bool,
    pub(super) prompt: Option<Prompt>,
    pub(super) sort: SwarmColumn,
    /// Whether the order is the other one than the column's own.
    reversed: bool,
    pub(super) search: String,
    pub(super) needs_seeders: Option<u32>,
    /// The selected row.
    pub(super) row: usize,
    pub(super) stats: Option<Stats>,
    pub(super) rates: Rates,
    /// Since when the numbers of `rates` count.
    counted: Option<Counted>,
    pub(super) swarms: Option<SwarmPage>,
    pub(super) peers: Option<SwarmDetail>,
    pub(super) announces: Option<RecentAnnounces>,
    /// Why nothing new is shown.
    pub(super) trouble: Option<String>,
    /// What the daemon refused.
    pub(super) refused: Option<String>,
}

/// What can be shown below the totals.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(super) enum Screen {
    /// A member's last announces.
    Announces(String),
    /// A swarm's clients: the info hash.
    Peers(String),
    /// Refusals by reason.
    Refusals,
    /// All swarms.
    #[default]
    Swarms,
}

/// Announces a second, from the last two answers.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Rates {
    pub(super) announces: Option<f64>,
    pub(super) refused: Option<f64>,
}

/// The counters of an answer.
#[derive(Clone, Copy, Debug)]
struct Counted {
    at: Duration,
    announces: u64,
    refused: u64,
}

/// What happens after a key.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Next {
    /// The daemon is asked at once, for something else.
    Ask,
    /// It is shown anew.
    Draw,
    /// It ends.
    Quit,
}

impl App {
    /// What is shown below the totals.
    pub(super) fn place(&self) -> Screen {
        self.places.last().cloned().unwrap_or_default()
    }

    /// Whether the highest value comes first.
    pub(super) fn is_descending(&self) -> bool {
        (self.sort != SwarmColumn::Name) != self.reversed
    }

    /// What to ask the daemon for.
    pub(super) fn question(&self) -> Question {
        match self.place() {
            Screen::Announces(member) => Question::Announces(member),
            Screen::Peers(swarm) => Question::Peers(swarm),
            Screen::Refusals => Question::Stats,
            Screen::Swarms => Question::Swarms(SwarmQuery {
                search: Some(self.search.clone()).filter(|search| !search.is_empty()),
                needs_seeders: self.needs_seeders,
                sort: Some(self.sort),
                descending: Some(self.is_descending()),
                after: None,
                limit: Some(self.wanted_rows()),
            }),
        }
    }

    /// Some more rows than are selected, so that scrolling finds them.
    fn wanted_rows(&self) -> u32 {
        u32::try_from(self.row).unwrap_or(u32::MAX).saturating_add(MARGIN).min(MAX_ROWS)
    }

    /// Takes an answer that came at a time since the start.
    pub(super) fn take(&mut self, answer: Result<Reply, String>, at: Duration) {
        let Reply { stats, details } = match answer {
            Ok(reply) => reply,
            Err(trouble) => {
                self.trouble = Some(trouble);
                // The counters may begin anew.
                self.counted = None;
                self.rates = Rates::default();
                return;
            }
        };
        self.trouble = None;
        self.count(&stats, at);
        self.stats = Some(stats);
        self.refused = None;
        match details {
            ScreenDetails::Announces(announces) => self.announces = Some(*announces),
            ScreenDetails::Peers(peers) => self.peers = Some(*peers),
            ScreenDetails::Refused(why) => self.refused = Some(why),
            ScreenDetails::Stats => {}
            ScreenDetails::Swarms(swarms) => self.swarms = Some(swarms),
        }
        self.row = self.row.min(self.rows().saturating_sub(1));
    }

    fn count(&mut self, stats: &Stats, at: Duration) {
        let announces = stats.announces_http + stats.announces_udp;
        let refused = stats.announces.iter().map(|count| count.refused).sum();
        let now = Counted { at, announces, refused };
        if let Some(before) = self.counted.replace(now) {
            let seconds = at.saturating_sub(before.at).as_secs_f64();
            let rate = |now: u64, before: u64| {
                let more = u32::try_from(now.checked_sub(before)?).ok()?;
                (seconds > 0.0).then(|| f64::from(more) / seconds)
            };
            self.rates = Rates {
                announces: rate(announces, before.announces),
                refused: rate(refused, before.refused),
            };
        }
    }

    /// Rows of the table that is shown.
    pub(super) fn rows(&self) -> usize {
        match self.place() {
            Screen::Announces(_) => self.announces.as_ref().map_or(0, |why| why.announces.len()),
            Screen::Peers(_) => self.peers.as_ref().map_or(0, |swarm| swarm.peers.len()),
            Screen::Refusals => self.stats.as_ref().map_or(0, |stats| stats.refused.len()),
            Screen::Swarms => self.swarms.as_ref().map_or(0, |page| page.swarms.len()),
        }
    }

    /// Does what a key says.
    pub(super) fn press(&mut self, key: KeyEvent) -> Next {
        if key.modifiers.contains(KeyModifiers::CONTROL) {
            return if key.code == KeyCode::Char('c') { Next::Quit } else { Next::Draw };
        }
        if let Some(prompt) = &mut self.prompt {
            return match prompt.press(key.code) {
                Typed::More => Next::Draw,
                Typed::GivenUp => {
                    self.prompt = None;
                    Next::Draw
                }
                Typed::Entered => self.enter(),
            };
        }
        if self.is_help {
            self.is_help = false;
            return if key.code == KeyCode::Char('q') { Next::Quit } else { Next::Draw };
        }
        match key.code {
            KeyCode::Char('q') => return Next::Quit,
            KeyCode::Char('?' | 'h') => self.is_help = true,
            KeyCode::Up | KeyCode::Char('k') => self.move_to(self.row.saturating_sub(1)),
            KeyCode::Down | KeyCode::Char('j') => self.move_to(self.row + 1),
            KeyCode::PageUp => self.move_to(self.row.saturating_sub(PAGE)),
            KeyCode::PageDown => self.move_to(self.row + PAGE),
            KeyCode::Home | KeyCode::Char('g') => self.move_to(0),
            KeyCode::End | KeyCode::Char('G') => self.move_to(usize::MAX),
            KeyCode::Esc | KeyCode::Backspace | KeyCode::Left => return self.go_back(),
            KeyCode::Enter | KeyCode::Right => return self.open(),
            KeyCode::Char('f') => return self.go(Screen::Refusals),
            KeyCode::Char('m') => self.type_in(PromptKind::Member, String::new()),
            KeyCode::Char('/') => self.type_in(PromptKind::Search, self.search.clone()),
            KeyCode::Char('n') => {
                let few = self.needs_seeders.map_or_else(|| "1".to_owned(), |few| few.to_string());
                self.type_in(PromptKind::NeedsSeeders, few);
            }
            KeyCode::Char('s' | '>') => return self.sort_by(1),
            KeyCode::Char('S' | '<') => return self.sort_by(COLUMNS.len() - 1),
            KeyCode::Char('r') => {
                self.reversed = !self.reversed;
                return self.restart();
            }
            _ => {}
        }
        Next::Draw
    }

    fn type_in(&mut self, kind: PromptKind, text: String) {
        self.prompt = Some(Prompt::new(kind, text));
    }

    /// Does what was typed.
    fn enter(&mut self) -> Next {
        let Some(Prompt { kind, text }) = self.prompt.take() else { return Next::Draw };
        let text = text.trim().to_owned();
        match kind {
            PromptKind::Member if text.is_empty() => Next::Draw,
            PromptKind::Member => self.go(Screen::Announces(text)),
            PromptKind::NeedsSeeders => {
                self.needs_seeders = text.parse().ok();
                self.home()
            }
            PromptKind::Search => {
                self.search = text;
                self.home()
            }
        }
    }

    /// Shows the table of swarms from its beginning.
    fn home(&mut self) -> Next {
        self.places.clear();
        self.restart()
    }

    fn restart(&mut self) -> Next {
        self.row = 0;
        Next::Ask
    }

    fn sort_by(&mut self, steps: usize) -> Next {
        let place = COLUMNS.iter().position(|column| *column == self.sort).unwrap_or(0);
        let column = COLUMNS.get((place + steps) % COLUMNS.len());
        self.sort = column.copied().unwrap_or_default();
        self.reversed = false;
        self.home()
    }

    fn go(&mut self, place: Screen) -> Next {
        if self.place() != place {
            self.places.push(place);
            self.peers = None;
            self.announces = None;
        }
        self.restart()
    }

    fn go_back(&mut self) -> Next {
        if self.places.pop().is_none() {
            self.search.clear();
            self.needs_seeders = None;
        }
        self.restart()
    }

    /// Shows what is behind the selected row.
    fn open(&mut self) -> Next {
        let place = match self.place() {
            Screen::Announces(_) | Screen::Refusals => None,
            Screen::Peers(_) => {
                let peer = self.peers.as_ref().and_then(|swarm| swarm.peers.get(self.row));
                let member = peer.and_then(|peer| peer.member.as_ref());
                member.map(|member| Screen::Announces(member.id.to_string()))
            }
            Screen::Swarms => {
                let row = self.swarms.as_ref().and_then(|page| page.swarms.get(self.row));
                row.map(|row| Screen::Peers(row.info_hash.clone()))
            }
        };
        place.map_or(Next::Draw, |place| self.go(place))
    }

    fn move_to(&mut self, row: usize) {
        self.row = row.min(self.rows().saturating_sub(1));
    }
}

/// The columns in the order of the table.
pub(super) const COLUMNS: [SwarmColumn; 11] = [
    SwarmColumn::Peers,
    SwarmColumn::Name,
    SwarmColumn::Seeders,
    SwarmColumn::Leechers,
    SwarmColumn::Inside,
    SwarmColumn::Outside,
    SwarmColumn::Completed,
    SwarmColumn::LastAnnounce,
    SwarmColumn::Size,
    SwarmColumn::FromPeers,
    SwarmColumn::FromWebSeed,
];
const PAGE: usize = 15;
/// Rows that are asked for below the selected one.
const MARGIN: u32 = 100;
const MAX_ROWS: u32 = 1000;
