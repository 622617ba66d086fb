//! The command line.

use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::time::Duration;
use std::{fs, io::Write};

use anyhow::{Context, Result};
use clap::{Args, Parser, Subcommand};
use indicatif::{ProgressBar, ProgressStyle};
use ipnet::IpNet;
use load::{
    LoadError, LoadPace, LoadPlan, LoadTarget, Mix, Population, Sources, Spread, Transport,
};
use wire::Passkey;

/// Load for any tracker, and what it costs.
#[derive(Debug, Parser)]
#[command(name = "usher-load", version, arg_required_else_help = true, after_help = EXAMPLES)]
pub(crate) struct Cli {
    #[command(subcommand)]
    command: LoadCommand,
}

#[derive(Debug, Subcommand)]
enum LoadCommand {
    /// Drive a tracker for some time and measure it.
    Run(RunArgs),
    /// Have every peer announce once, and measure what they take in memory.
    Fill(FillArgs),
    /// Be the floor of UDP: answer datagrams by recvmmsg and sendmmsg, and do nothing else.
    Echo(FloorArgs),
    /// Be the floor of HTTP: answer requests in a bare epoll loop, and do nothing else.
    BareHttp(FloorArgs),
    /// Print the info hashes that run and fill announce, one a line: for an allow list, or items.
    Hashes(CrowdArgs),
}

#[derive(Args, Debug)]
struct RunArgs {
    #[command(flatten)]
    load: LoadArgs,
    /// Seconds to measure.
    #[arg(long, default_value_t = 10.0, value_name = "SECS")]
    duration: f64,
    /// Seconds before that, not measured.
    #[arg(long, default_value_t = 1.0, value_name = "SECS")]
    warm_up: f64,
    /// Open loop: so many requests a second, answered or not; latency counts from when each was
    /// meant to be sent.
    #[arg(long, value_name = "PER_SEC")]
    rate: Option<f64>,
    /// Share of requests that are a connect (UDP).
    #[arg(long, default_value_t = 0.0, value_name = "SHARE")]
    connects: f64,
    /// Share of requests that are a scrape, of 1 to 10 torrents.
    #[arg(long, default_value_t = 0.0, value_name = "SHARE")]
    scrapes: f64,
    /// Share of announces that say started.
    #[arg(long, default_value_t = 0.0, value_name = "SHARE")]
    started: f64,
    /// Share of announces that say stopped.
    #[arg(long, default_value_t = 0.0, value_name = "SHARE")]
    stopped: f64,
    /// Share of announces that say completed, if a seeder's.
    #[arg(long, default_value_t = 0.0, value_name = "SHARE")]
    completed: f64,
    /// Send what aquatic_udp_load_test sends: of 102 requests a connect, a scrape and 100
    /// announces, a peer being seeder (0.75) or leecher anew each time, over torrents spread its
    /// way.
    #[arg(long)]
    aquatic: bool,
}

#[derive(Args, Debug)]
struct FillArgs {
    #[command(flatten)]
    load: LoadArgs,
    /// Spread peers over torrents as aquatic_udp_load_test does.
    #[arg(long)]
    aquatic: bool,
    /// Peers that are there already: the first N do not announce.
    #[arg(long, default_value_t = 0, value_name = "N")]
    skip: u32,
}

/// What both have.
#[derive(Args, Debug)]
struct LoadArgs {
    /// The tracker: udp://HOST:PORT or http://HOST:PORT.
    target: LoadTarget,
    #[command(flatten)]
    crowd: CrowdArgs,
    /// Requests that are out at any time (closed loop); over HTTP, connections.
    #[arg(long, default_value_t = 256, value_name = "N")]
    outstanding: usize,
    /// Peers wanted in each announce; the tracker's choice if not given.
    #[arg(long, value_name = "N")]
    numwant: Option<u32>,
    /// Share of peers that have all pieces.
    #[arg(long, default_value_t = 0.75, value_name = "SHARE")]
    seeders: f64,
    /// Passkeys of members, one a line.
    #[arg(long, value_name = "FILE")]
    passkeys: Option<PathBuf>,
    /// Share of peers that announce with one of them.
    #[arg(long, default_value_t = 1.0, value_name = "SHARE")]
    members: f64,
    /// Source addresses.
    #[arg(long, default_value_t = 32, value_name = "N")]
    sources: u32,
    /// The network they are of; the loopback network if not given and the tracker is there.
    #[arg(long, value_name = "NET")]
    source_net: Option<IpNet>,
    /// One connection for each request (HTTP).
    #[arg(long)]
    close: bool,
    /// Threads that ask.
    #[arg(long, default_value_t = 1, value_name = "N")]
    threads: usize,
    /// Seconds after which a request without an answer is lost.
    #[arg(long, default_value_t = 1.0, value_name = "SECS")]
    patience: f64,
    /// The tracker's process, to read its CPU time and memory.
    #[arg(long)]
    pid: Option<u32>,
    /// Print the report as JSON.
    #[arg(long)]
    json: bool,
}

/// Who announces where.
#[derive(Args, Clone, Copy, Debug)]
struct CrowdArgs {
    /// Peers.
    #[arg(long, default_value_t = 100_000, value_name = "N")]
    peers: u32,
    /// Torrents.
    #[arg(long, default_value_t = 1000, value_name = "N")]
    torrents: u32,
    /// How uneven: a torrent has peers in proportion to 1 / rank^S; all alike at 0.
    #[arg(long, default_value_t = 0.0, value_name = "S")]
    zipf: f64,
    /// For other torrents and peers than those of seed 0.
    #[arg(long, default_value_t = 0)]
    seed: u64,
}

#[derive(Args, Debug)]
struct FloorArgs {
    /// Where to listen; the address is printed once it does.
    #[arg(long, default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// Bytes of an answer, over HTTP head and body.
    #[arg(long, default_value_t = 200)]
    bytes: usize,
}

impl Cli {
    /// Does what was asked for.
    pub(crate) fn run(self) -> Result<()> {
        match self.command {
            LoadCommand::Run(run) => {
                let (json, plan) = (run.load.json, run.plan()?);
                report(&plan, json)
            }
            LoadCommand::Fill(fill) => {
                let (json, plan) = (fill.load.json, fill.plan()?);
                report(&plan, json)
            }
            LoadCommand::Echo(floor) => {
                let socket = load::udp::listen(floor.listen).context("cannot listen")?;
                say(format_args!("{}", socket.local_addr()?))?;
                Ok(load::udp::echo(&socket, floor.bytes)?)
            }
            LoadCommand::BareHttp(floor) => {
                let listener = TcpListener::bind(floor.listen).context("cannot listen")?;
                say(format_args!("{}", listener.local_addr()?))?;
                Ok(load::http::bare(&listener, floor.bytes)?)
            }
            LoadCommand::Hashes(crowd) => {
                let mut out = std::io::BufWriter::new(std::io::stdout().lock());
                for info_hash in crowd.population().info_hashes() {
                    writeln!(out, "{info_hash}")?;
                }
                Ok(out.flush()?)
            }
        }
    }
}

impl RunArgs {
    fn plan(&self) -> Result<LoadPlan, LoadError> {
        let mut plan = self.load.plan(self.aquatic)?;
        plan.duration = Duration::from_secs_f64(self.duration);
        plan.warm_up = Duration::from_secs_f64(self.warm_up);
        if let Some(rate) = self.rate {
            plan.pace = LoadPace::Open(rate);
        }
        plan.mix = Mix {
            connect: if self.aquatic { 1.0 / 102.0 } else { self.connects },
            scrape: if self.aquatic { 1.0 / 102.0 } else { self.scrapes },
            started: self.started,
            stopped: self.stopped,
            completed: self.completed,
            redraw: self.aquatic,
            numwant: self.load.numwant,
        };
        if plan.target.transport == Transport::Http {
            plan.mix.connect = 0.0;
        }
        Ok(plan)
    }
}

impl FillArgs {
    fn plan(&self) -> Result<LoadPlan, LoadError> {
        let mut plan = self.load.plan(self.aquatic)?;
        plan.fill = true;
        plan.skip = self.skip;
        plan.mix = Mix { started: 1.0, numwant: self.load.numwant, ..Mix::default() };
        Ok(plan)
    }
}

impl LoadArgs {
    /// What run and fill have in common.
    fn plan(&self, aquatic: bool) -> Result<LoadPlan, LoadError> {
        let ip = self.target.address.ip();
        let mut sources = Sources::new(self.source_net, self.sources, ip);
        if self.target.transport == Transport::Http {
            let most = u32::try_from(self.outstanding).unwrap_or(u32::MAX);
            sources = Sources::new(self.source_net, self.sources.min(most), ip);
        }
        let mut population = self.crowd.population();
        population.seeders = self.seeders;
        population.sources = sources.count();
        if aquatic {
            population.spread = Spread::Aquatic;
        }
        if let Some(path) = &self.passkeys {
            population.members = self.members;
            population.passkeys = passkeys(path)?;
        }
        Ok(LoadPlan {
            target: self.target,
            population,
            sources,
            mix: Mix::default(),
            pace: LoadPace::Closed(self.outstanding),
            connections: self.outstanding,
            close: self.close,
            fill: false,
            skip: 0,
            threads: self.threads.max(1),
            warm_up: Duration::ZERO,
            duration: Duration::ZERO,
            patience: Duration::from_secs_f64(self.patience),
            pid: self.pid,
        })
    }
}

impl CrowdArgs {
    fn population(self) -> Population {
        Population {
            peers: self.peers,
            torrents: self.torrents,
            spread: Spread::Zipf(self.zipf),
            seeders: 0.0,
            members: 0.0,
            passkeys: Vec::new(),
            sources: 1,
            seed: self.seed,
        }
    }
}

fn passkeys(path: &Path) -> Result<Vec<Passkey>, LoadError> {
    let wrong = |error| LoadError::Passkeys { path: path.to_owned(), error };
    let text = fs::read_to_string(path).map_err(|error| wrong(Some(error)))?;
    let keys: Vec<_> =
        text.lines().filter_map(|line| Passkey::new(line.trim().as_bytes())).collect();
    if keys.is_empty() { Err(wrong(None)) } else { Ok(keys) }
}

/// Runs, shows how far it is where somebody looks, and prints what came out.
fn report(plan: &LoadPlan, json: bool) -> Result<()> {
    let bar = ProgressBar::new(1000);
    bar.set_style(ProgressStyle::with_template("{bar:40} {msg}")?);
    let done = plan.run(|answered, past| {
        let (part, whole) = if plan.fill {
            (answered, u64::from(plan.population.peers.saturating_sub(plan.skip)))
        } else {
            (u64::try_from(past.as_millis()).unwrap_or(u64::MAX), millis(plan.duration))
        };
        bar.set_position((part * 1000).checked_div(whole).unwrap_or_default());
        bar.set_message(format!("{answered} replies"));
    });
    bar.finish_and_clear();
    let report = done?;
    if json {
        say(format_args!("{}", serde_json::to_string(&report)?))
    } else {
        say(format_args!("{report}"))
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

fn say(line: std::fmt::Arguments<'_>) -> Result<()> {
    Ok(writeln!(std::io::stdout(), "{line}")?)
}

const EXAMPLES: &str = "\
Examples:
  What an announce costs a tracker on this machine, driven to its limit:
    usher-load run udp://127.0.0.1:6969 --numwant 30 --pid $(pidof usher)
  Latency at a fixed rate, over HTTP, one request a connection:
    usher-load run http://127.0.0.1:6969 --close --rate 5000 --json
  What a million peers in one swarm take in memory:
    usher-load fill udp://127.0.0.1:6969 --peers 1000000 --torrents 1 --pid $(pidof usher)
  Half of the peers with passkeys, some coming and going, popular torrents and others:
    usher-load run udp://127.0.0.1:6969 --passkeys keys.txt --members 0.5 \\
        --zipf 0.8 --started 0.02 --stopped 0.02 --scrapes 0.01
  What the kernel alone asks for, on one core:
    taskset -c 0 usher-load echo --listen 127.0.0.1:7000 --bytes 200";
