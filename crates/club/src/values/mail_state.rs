//! How far a mail is.

/// How far a mail is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum MailState {
    /// The server refused it for good.
    Bounced,
    /// It was tried until it was too old.
    Failed,
    /// It waits for its first or its next try.
    Queued,
    /// The server took it.
    Sent,
}

impl MailState {
    /// Every state.
    pub const ALL: [Self; 4] = [Self::Bounced, Self::Failed, Self::Queued, Self::Sent];

    /// One word for programs.
    pub const fn text(self) -> &'static str {
        match self {
            Self::Bounced => "bounced",
            Self::Failed => "failed",
            Self::Queued => "queued",
            Self::Sent => "sent",
        }
    }

    /// The state with this word.
    pub fn named(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.text() == text)
    }
}
