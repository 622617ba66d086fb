//! A line at the bottom in which something is typed.

use ratatui::crossterm::event::KeyCode;

/// What is being typed, and what for.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Prompt {
    pub(super) kind: PromptKind,
    pub(super) text: String,
}

/// What a typed line is for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum PromptKind {
    /// Whose announces to show.
    Member,
    /// How many seeders are enough.
    NeedsSeeders,
    /// Which swarms to show.
    Search,
}

/// What a key did to a prompt.
#[derive(Debug, Eq, PartialEq)]
pub(super) enum Typed {
    /// It was given up.
    GivenUp,
    /// It goes on.
    More,
    /// It was entered.
    Entered,
}

impl Prompt {
    pub(super) const fn new(kind: PromptKind, text: String) -> Self {
        Self { kind, text }
    }

    /// Takes a key.
    pub(super) fn press(&mut self, key: KeyCode) -> Typed {
        match key {
            KeyCode::Esc => return Typed::GivenUp,
            KeyCode::Enter => return Typed::Entered,
            KeyCode::Backspace => {
                self.text.pop();
            }
            KeyCode::Char(c) if !c.is_control() && self.text.len() < MAX_TYPED => self.text.push(c),
            _ => {}
        }
        Typed::More
    }

    /// The prompt as it is shown.
    pub(super) fn line(&self) -> String {
        let asked = match self.kind {
            PromptKind::Member => "Announces of member (name or id)",
            PromptKind::NeedsSeeders => "Only swarms with fewer seeders than (empty: all)",
            PromptKind::Search => "Search for a name, a title or the beginning of an info hash",
        };
        format!("{asked}: {}", self.text)
    }
}

/// More than any name has.
const MAX_TYPED: usize = 100;
