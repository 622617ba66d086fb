//! Where log lines go: to standard error, as text for people or JSON for machines.

use std::io::IsTerminal;

use tracing::level_filters::LevelFilter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Registry, fmt, reload};

use crate::config::{LogFormat, LogLevel};

/// Changes the level of a log that has begun.
pub(crate) struct Log {
    level: reload::Handle<LevelFilter, Registry>,
}

impl Log {
    /// Begins the log of this process. Only the first in a process has an effect.
    pub(crate) fn begin(level: LogLevel, format: LogFormat) -> Self {
        let (filter, level) = reload::Layer::new(filter(level));
        let lines =
            fmt::layer().with_writer(std::io::stderr).with_ansi(std::io::stderr().is_terminal());
        let log = tracing_subscriber::registry().with(filter);
        let begun = match format {
            LogFormat::Json => log.with(lines.json()).try_init(),
            LogFormat::Text => log.with(lines).try_init(),
        };
        // Another log is there already where a test runs two daemons in one process.
        let _ = begun;
        Self { level }
    }

    /// Lets graver or lighter lines through from now on.
    pub(crate) fn set_level(&self, level: LogLevel) {
        let _ = self.level.reload(filter(level));
    }
}

const fn filter(level: LogLevel) -> LevelFilter {
    match level {
        LogLevel::Error => LevelFilter::ERROR,
        LogLevel::Warn => LevelFilter::WARN,
        LogLevel::Info => LevelFilter::INFO,
        LogLevel::Debug => LevelFilter::DEBUG,
        LogLevel::Trace => LevelFilter::TRACE,
    }
}
