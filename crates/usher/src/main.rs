//! The `usher` command; what it does is in the library.

#![forbid(unsafe_code)]

use std::env;
use std::io::{self, Write};
use std::process::ExitCode;

use clap::FromArgMatches;
use cli::CommandError;
use listen::clock::Clock;
use usher::args::{Args, Command};
use usher::config::Source;
use usher::demo::demo;
use usher::help;
use usher::offline::{self, RunError};
use usher::serve::serve;

fn main() -> ExitCode {
    usher::heap::settle();
    let command = help::command();
    let matches = command.clone().try_get_matches();
    let args = match matches.and_then(|matches| Args::from_arg_matches(&matches)) {
        Ok(args) => args,
        Err(error) => {
            // Help is no error, and a closed pipe is nobody's loss.
            let words: Vec<_> = env::args().collect();
            let error = cli::explain(error, &command, &words);
            let _ = error.print();
            return ExitCode::from(u8::from(error.use_stderr()));
        }
    };
    match run(&args) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Bad news is asked for as JSON too.
            if let Some(RunError::Command(CommandError::Unsound {
                document: Some(document), ..
            })) = error.downcast_ref()
            {
                let _ = io::stdout().write_all(document.as_bytes());
            }
            let _ = writeln!(io::stderr(), "usher: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(args: &Args) -> anyhow::Result<()> {
    if let Command::Serve = args.command() {
        return Ok(serve(&Source::find(args.config.clone()))?);
    }
    if let Command::Demo { port } = args.command() {
        return Ok(demo(*port)?);
    }
    let text = offline::run(args, Clock::start().now().unix)?;
    match io::stdout().write_all(text.as_bytes()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        written => Ok(written?),
    }
}
