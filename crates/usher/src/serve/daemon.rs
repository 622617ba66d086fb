//! The daemon from its first line to its last.

mod reload;

use std::io::{self, Write};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use arc_swap::ArcSwap;
use axum::serve::Listener;
use club::{Club, Image};
use listen::admin::AdminListener;
use listen::admission::{Activity, ByteBudget, ConnectionLimits};
use listen::clock::Clock;
use listen::context::ListenContext;
use listen::limit::RequestLimit;
use listen::local::LocalListener;
use listen::proxy_watch::ProxyWatch;
use listen::shortage::Shortage;
use listen::site::listener::SiteListener;
use listen::site::pages::Pages;
use listen::tls::{ServerTls, TlsError};
use listen::udp::connection_id::ConnectionIds;
use policy::{Aliases, Entitlements, Keyring, Roster, TooManyNames};
use thiserror::Error;
use tokio::runtime::{Builder, Handle, Runtime};
use tokio::sync::watch;
use tracker::{Members, Tracker};
use web::admins::TotpKey;
use web::api::{Admin, Gate};
use web::desk::{self, Dashboard};
use web::hooks::WebhookSender;
use web::mail::Mailer;
use web::pay::{self, Payments};
use web::seed::{self, Pacer, WebSeed};
use web::site::{self, Site};

use crate::config::{Config, Source, SourceError};
use crate::serve::admin::{self, AdminError, listen};
use crate::serve::background_tasks::BackgroundTasks;
use crate::serve::budgets::{self, warn_at_maximum};
use crate::serve::folder::{StateDir, StateDirError};
use crate::serve::items_dir::ItemsDir;
use crate::serve::listeners::{ListenError, Listeners};
use crate::serve::log::Log;
use crate::serve::lost_club::{LostClub, refuse_lost};
use crate::serve::observe::Observer;
use crate::serve::providers::{self, MailError, NoSecret};
use crate::serve::proxies;
use crate::serve::registry::Registry;
use crate::serve::secret::{self, SecretError};
use crate::serve::signals::Signals;
use crate::serve::store::{self, StoreError};
use crate::serve::tick::tick;
use crate::serve::trim::trim_after_peaks;
use crate::serve::visitors::forget_idle;
use crate::serve::warnings::warn_of_unknown;
use crate::serve::{limits, served_bytes, settings, snapshot, totp_key};

/// Why the daemon does not start, or did not end well.
#[derive(Debug, Error)]
#[expect(missing_docs, reason = "each is what its own error says")]
pub enum ServeError {
    #[error(transparent)]
    Admin(#[from] AdminError),
    #[error(transparent)]
    Club(#[from] club::Error),
    #[error(transparent)]
    Config(#[from] SourceError),
    #[error(transparent)]
    Listen(#[from] ListenError),
    #[error("the system does not let the daemon start: {0}")]
    Io(#[from] io::Error),
    #[error(transparent)]
    LostClub(#[from] LostClub),
    #[error("traffic of {clients} clients could not be written and is lost: the log says why")]
    LostTraffic { clients: u64 },
    #[error(transparent)]
    Mail(#[from] MailError),
    #[error(transparent)]
    NoSecret(#[from] NoSecret),
    #[error("the system gives no random numbers: {0}")]
    Random(#[from] getrandom::Error),
    #[error(transparent)]
    Secret(#[from] SecretError),
    #[error(transparent)]
    StateDir(#[from] StateDirError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Tls(#[from] TlsError),
    #[error(transparent)]
    TooManyNames(#[from] TooManyNames),
}

/// Runs the daemon until it is told to stop.
///
/// # Errors
///
/// Fails where it cannot start; once it runs, only the operator ends it.
pub fn serve(source: &Source) -> Result<(), ServeError> {
    let config = source.load()?.config;
    let log = Log::begin(config.log_level, config.log_format);
    limits::raise_open_files();
    limits::forbid_core_dumps();
    // Announces have threads of their own; these are for the store, the admin API and the background tasks.
    let control = runtime("control", CONTROL_THREADS)?;
    // These serve the site, and may wait for disks. They end last: what was opened on them, such as
    // a connection to a database, works as long as they do.
    let web = runtime("web", web_threads())?;
    let ended = control.block_on(async {
        // Before what may take long: until somebody listens to it, a hangup kills.
        let mut signals = Signals::listen()?;
        let state = StateDir::take_when_free(&config.state_dir).await?;
        let daemon = tokio::select! {
            daemon = Daemon::prepare(source, config, log, state) => daemon?,
            () = signals.end() => {
                tracing::info!("stopped before the start was done");
                return Ok(());
            }
        };
        daemon.run(web.handle(), signals).await
    });
    web.shutdown_background();
    ended
}

/// Everything that runs.
struct Daemon {
    source: Source,
    /// What the daemon was started with, for what no reload changes.
    started: Arc<Config>,
    config: Arc<ArcSwap<Config>>,
    log: Log,
    // Held until the end, so that no other daemon takes the directory.
    _state: StateDir,
    clock: Clock,
    shared: Arc<ListenContext>,
    admin_tls: Option<Arc<ServerTls>>,
    club: Arc<Club>,
    payments: Arc<Payments>,
    keyring: Arc<Keyring>,
    /// `None` where its file can't be had; there is no dashboard then.
    totp_key: Option<Arc<TotpKey>>,
    tasks: BackgroundTasks,
}

impl Daemon {
    async fn prepare(
        source: &Source,
        config: Config,
        log: Log,
        state: StateDir,
    ) -> Result<Self, ServeError> {
        let clock = Clock::start();
        refuse_lost(&config)?;
        let store = store::open(&config.database, state.path()).await?;
        let secret = secret::of_club(&config.secret_file, &*store).await?;
        let keyring = Arc::new(Keyring::new(&secret, None));
        let totp_key = match totp_key::beside(&config.secret_file) {
            Ok(key) => Some(Arc::new(key)),
            Err(error) => {
                tracing::error!(%error, "there is no dashboard without the key of its admins' codes");
                None
            }
        };
        let members = Members {
            keyring: Arc::clone(&keyring),
            aliases: Arc::new(Aliases::default()),
            roster: Arc::new(Roster::new()),
            rights: Arc::new(Entitlements::default()),
        };
        let (roster, rights) = (Arc::clone(&members.roster), Arc::clone(&members.rights));
        let aliases = Arc::clone(&members.aliases);
        let tracker = Arc::new(Tracker::new(settings::of_tracker(&config), members, random()?));

        let items = Arc::new(Registry::new(Arc::clone(&tracker), clock));
        let image = Image { roster, rights, aliases, items };
        let (club, loaded) = Club::open(store, image, settings::names(&config)).await?;
        warn_of_unknown(&loaded);
        let path = snapshot::path_in(state.path());
        snapshot::read(&tracker, &path, clock.now());

        let tls = match &config.tracker.http.tls {
            Some(files) => {
                Some(ServerTls::load("tracker.http.tls", &files.certificate, &files.key)?)
            }
            None => None,
        };
        let admin_tls = match &config.admin.tls {
            Some(files) => {
                let tls = ServerTls::load("admin.tls", &files.certificate, &files.key)?;
                Some(Arc::new(tls))
            }
            None => None,
        };
        let shares = limits::share_open_files(&config);
        let limits = config.tracker.limits;
        let bytes = Arc::new(ByteBudget::new(settings::buffer_memory(&config)));
        let admission = |most, reserved| {
            let admission = ConnectionLimits::new(most, reserved, Arc::clone(&bytes), random()?);
            admission.set_most_per_network(limits.connections_per_prefix);
            Ok::<_, getrandom::Error>(admission)
        };
        let shared = Arc::new(ListenContext {
            tracker: Arc::clone(&tracker),
            proxies: Arc::new(ArcSwap::from_pointee(settings::proxies(&config))),
            proxy_watch: ProxyWatch::default(),
            requests: Arc::new(RequestLimit::new(limits.requests_per_prefix, random()?)),
            announces: admission(shares.announces, 0)?,
            site: admission(shares.site, shares.webhooks)?,
            bytes: Arc::clone(&bytes),
            shortage: Shortage::default(),
            tls,
            clock,
        });
        let club = Arc::new(club);
        let providers = providers::load(&config.payments)?;
        let time = Box::new(move || clock.now());
        let payments = Arc::new(Payments::new(Arc::clone(&club), providers, time)?);
        let time = Box::new(move || clock.now());
        let mailer = Arc::new(Mailer::new(Arc::clone(&club), time));
        mailer.set(providers::mail_connector(&config)?, settings::letterhead(&config));
        let time = Box::new(move || clock.now());
        let webhooks = WebhookSender::new(Arc::clone(&club), Arc::clone(&keyring), time);
        let webhooks = Arc::new(webhooks.map_err(|error| io::Error::other(error.to_string()))?);
        webhooks.allow_private(config.private_webhooks);
        let started = Arc::new(config);
        let config = Arc::new(ArcSwap::new(Arc::clone(&started)));
        let tasks = BackgroundTasks {
            tracker,
            club: Arc::clone(&club),
            payments: Arc::clone(&payments),
            mailer,
            webhooks,
            clock,
            config: Arc::clone(&config),
            failures: Arc::default(),
            snapshot: path,
            flows: Arc::default(),
            member_addresses: Arc::default(),
        };
        let source = source.clone();
        Ok(Self {
            source,
            started,
            config,
            log,
            _state: state,
            clock,
            shared,
            admin_tls,
            club,
            payments,
            keyring,
            totp_key,
            tasks,
        })
    }

    async fn run(self, web_runtime: &Handle, mut signals: Signals) -> Result<(), ServeError> {
        let (stop, stopped) = watch::channel(false);
        let ready = Arc::new(AtomicBool::new(false));

        let config = self.config.load_full();
        let listeners = Listeners::bind(&config).await?;
        let (http, udp) = (listeners.http_addresses.clone(), listeners.udp_addresses.clone());
        let port = http.iter().chain(&udp).next().map_or(0, SocketAddr::port);
        let (listener, admin_address) = listen("admin.listen", config.admin.listen).await?;
        let api = Arc::new(self.admin(port, admin_address));
        let site = Arc::new(self.site(port));
        let socket = admin::bind_socket(&config.admin.socket).await?;
        let socket = self.local(socket, ADMIN_CONNECTIONS, Activity::Pinned)?;
        tokio::spawn(admin::serve(socket, web::api::router(Arc::clone(&api)), stopped.clone()));
        let over_tcp = AdminListener::new(
            Arc::clone(&self.shared),
            self.places(limits::admin_connections(&config))?,
            self.admin_tls.clone(),
            self.over_tcp(&api, &ready).merge(self.desk(&site, &api)),
        );
        tokio::spawn(over_tcp.serve(listener, stopped.clone()));
        let (listener, web_address) = listen("web.listen", config.web.listen).await?;
        let web_seed = Arc::new(self.web_seed());
        let pages = site::router(Arc::clone(&site))
            .merge(seed::router(Arc::clone(&web_seed)))
            .merge(pay::router(Arc::clone(&self.payments)));
        let pages = Pages::new(pages, Arc::clone(&self.payments));
        let web =
            SiteListener::new(Arc::clone(&self.shared), Arc::clone(&web_seed), pages, random()?);
        let (stop_web, web_stopped) = watch::channel(false);
        let listener = listener.into_std()?;
        let web = web_runtime.spawn(web.serve(listener, web_stopped));

        let mut key = [0; 16];
        getrandom::fill(&mut key)?;
        let threads = listeners.serve(&self.shared, &ConnectionIds::new(&key))?;
        let mut running = self.tasks.start(&stopped);
        running.spawn(trim_after_peaks(Arc::clone(&self.shared), stopped.clone()));
        running.spawn(forget_idle(Arc::clone(&site), stopped.clone()));
        running.spawn(tick(Arc::clone(&api), self.clock, stopped.clone()));
        running.spawn(Arc::clone(&api).feed_stream(stopped.clone()));
        running.spawn(warn_at_maximum(Arc::clone(&self.shared), stopped.clone()));
        let (shared, club) = (Arc::clone(&self.shared), Arc::clone(&self.club));
        running.spawn(proxies::watch(shared, club, stopped.clone()));
        let items_dir = ItemsDir {
            admin: Arc::clone(&api),
            club: Arc::clone(&self.club),
            clock: self.clock,
            config: Arc::clone(&self.config),
        };
        running.spawn(items_dir.watch(stopped.clone()));
        let (club, settings) = (Arc::clone(&self.club), Arc::clone(&self.config));
        running.spawn(served_bytes::keep(
            Arc::clone(&web_seed),
            club,
            Arc::clone(&self.tasks.flows),
            self.clock,
            settings,
            stopped.clone(),
        ));
        ready.store(true, Ordering::Relaxed);
        if let Err(error) = announce_ready(&config, &http, &udp, admin_address, web_address) {
            tracing::warn!(%error, "ready, and standard output does not take the line that says so");
        }

        while signals.goes_on().await {
            self.reload(&api, &site, &web_seed, port).await;
        }
        tracing::info!("stopping: open requests end, traffic and swarms are written");
        ready.store(false, Ordering::Relaxed);
        // Requests first, so that what they change is in what is written.
        let _ = stop_web.send(true);
        let drained = tokio::task::spawn_blocking(move || threads.stop());
        if drained.await.is_err() || web.await.is_err() {
            tracing::error!("a worker could not be stopped");
        }
        let _ = stop.send(true);
        while running.join_next().await.is_some() {}
        self.tasks.snapshot().await;
        admin::remove_socket(&config.admin.socket);
        match self.tasks.failures.lost.load(Ordering::Relaxed) {
            0 => Ok(()),
            clients => Err(ServeError::LostTraffic { clients }),
        }
    }

    /// Gives a listener of this machine places of its own.
    fn local<L: Listener>(
        &self,
        listener: L,
        most: u32,
        while_busy: Activity,
    ) -> Result<LocalListener<L>, getrandom::Error> {
        Ok(LocalListener::new(listener, self.places(most)?, self.clock, while_busy))
    }

    /// Places that no other listener takes.
    fn places(&self, most: u32) -> Result<ConnectionLimits, getrandom::Error> {
        Ok(ConnectionLimits::new(most, 0, Arc::clone(&self.shared.bytes), random()?))
    }

    /// The dashboard; nothing where it has no key.
    fn desk(&self, site: &Arc<Site>, api: &Arc<Admin>) -> axum::Router {
        match &self.totp_key {
            Some(key) => {
                let api = web::api::router_for_admins(Arc::clone(api));
                let dashboard = Dashboard::new(Arc::clone(site), Arc::clone(key), api);
                desk::router(Arc::new(dashboard.with_tls(self.admin_tls.is_some())))
            }
            None => axum::Router::new(),
        }
    }

    fn admin(&self, port: u16, desk: SocketAddr) -> Admin {
        let config = self.config.load();
        let (clock, buffers) = (self.clock, Arc::clone(&self.shared.bytes));
        let admin = Admin::new(
            Arc::clone(&self.club),
            Arc::clone(&self.shared.tracker),
            Arc::clone(&self.keyring),
            settings::addresses(&config, port),
            config.secret_file.clone(),
            Box::new(move || clock.now()),
        )
        .with_payments(Arc::clone(&self.payments))
        .with_mailer(Arc::clone(&self.tasks.mailer))
        .with_webhooks(Arc::clone(&self.tasks.webhooks))
        .with_buffers(move || budgets::of_buffers(&buffers))
        .with_proxy_faults(proxies::faults(&self.shared));
        let admin = match &self.totp_key {
            Some(key) => {
                admin.with_desk(Arc::clone(key), format!("{}://{desk}", config.admin.scheme()))
            }
            None => admin,
        };
        admin.publisher().set_private(settings::private(&self.source, &config));
        admin.set_publisher_name(config.masthead.title.clone());
        admin.set_bandwidth_price(config.bandwidth_price);
        admin.set_roots(settings::host_roots(&config));
        admin
    }

    fn site(&self, port: u16) -> Site {
        let (clock, config) = (self.clock, self.config.load());
        let urls = settings::addresses(&config, port);
        let site = Site::new(
            Arc::clone(&self.club),
            Arc::clone(&self.shared.tracker),
            Arc::clone(&self.keyring),
            urls.clone(),
            Box::new(move || clock.now()),
        )
        .with_mailer(Arc::clone(&self.tasks.mailer))
        .with_payments(Arc::clone(&self.payments));
        site.set_face(urls, config.masthead.clone(), config.appearance.clone());
        site
    }

    fn web_seed(&self) -> WebSeed {
        let clock = self.clock;
        WebSeed::new(
            Arc::clone(&self.club),
            Arc::clone(&self.shared.tracker),
            Arc::clone(&self.keyring),
            Arc::new(Pacer::new(settings::pace(&self.config.load()))),
            Arc::clone(&self.tasks.member_addresses),
            Box::new(move || clock.now()),
        )
    }

    /// What the admin listener answers: the API to whoever has a token, metrics and health.
    fn over_tcp(&self, api: &Arc<Admin>, ready: &Arc<AtomicBool>) -> axum::Router {
        let config = &self.started.admin;
        let gate = Arc::new(Gate::new(Arc::clone(api), config.requests_per_token));
        let (metrics, health) = self.health(ready);
        // On this machine, Prometheus needs no token.
        let metrics = if config.is_public() { gate.for_readers(metrics) } else { metrics };
        gate.router().merge(metrics).merge(health)
    }

    fn health(&self, ready: &Arc<AtomicBool>) -> (axum::Router, axum::Router) {
        let observer = Observer::new(
            Arc::clone(&self.shared),
            Arc::clone(&self.payments),
            Arc::clone(&self.club),
            Arc::clone(&self.shared.bytes),
            Arc::clone(&self.tasks.failures),
        );
        let (clock, ready) = (self.clock, Arc::clone(ready));
        let club = Arc::clone(&self.club);
        let is_ready = move || {
            if !ready.load(Ordering::Relaxed) {
                return Err("starting or draining".to_owned());
            }
            club.check_place().map_err(|error| error.to_string())
        };
        let metrics = web::http::health::metrics(move || observer.render(clock.now()));
        (metrics, web::http::health::router(is_ready))
    }
}

/// Says that announces are answered now, and to a newcomer what to do next.
fn announce_ready(
    config: &Config,
    http: &[SocketAddr],
    udp: &[SocketAddr],
    admin: SocketAddr,
    web: SocketAddr,
) -> io::Result<()> {
    let scheme = if config.tracker.http.tls.is_some() { "https" } else { "http" };
    let admin_scheme = config.admin.scheme();
    let mut line = String::from("usher is ready:");
    for address in http {
        line.push_str(&format!(" {scheme}://{address}"));
    }
    for address in udp {
        line.push_str(&format!(" udp://{address}"));
    }
    let mut out = io::stdout().lock();
    writeln!(out, "{line} admin={admin_scheme}://{admin} web=http://{web}")?;
    writeln!(
        out,
        "next: `usher publish FILE --torrent-price 2.25 --currency usd` puts a file up for sale at {}",
        config.public_url
    )?;
    out.flush()
}

fn runtime(name: &str, threads: usize) -> io::Result<Runtime> {
    Builder::new_multi_thread().worker_threads(threads).thread_name(name).enable_all().build()
}

/// One a core, and some more: a thread that waits for a disk serves nobody else.
fn web_threads() -> usize {
    thread::available_parallelism().map_or(1, usize::from).max(LEAST_WEB_THREADS)
}

fn random() -> Result<u64, getrandom::Error> {
    getrandom::u64()
}

/// The store's writer, the admin API and the background tasks keep one busy now and then, not two.
const CONTROL_THREADS: usize = 2;
const LEAST_WEB_THREADS: usize = 4;
/// Commands that speak to the daemon at once.
const ADMIN_CONNECTIONS: u32 = 32;
