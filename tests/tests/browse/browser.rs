//! A browser: Chromium without a window, driven by chromedriver.

use std::fmt::Debug;
use std::fs;
use std::future::Future;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::{panicking, sleep, spawn};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, geteuid};
use serde_json::{Value, json};
use tempfile::TempDir;
use tests::{eventually, skip_without};
use thirtyfour::error::WebDriverResult;
use thirtyfour::prelude::{By, DesiredCapabilities, ScriptRet, WebDriver, WebElement};
use thirtyfour::{ChromiumLikeCapabilities, LoggingPrefsLogLevel, TypingData};
use tokio::runtime::{Builder, Runtime};

/// A window of its own, with a profile that nobody used before.
pub(crate) struct Browser {
    runtime: Runtime,
    driver: Option<WebDriver>,
    chromedriver: Child,
    profile: TempDir,
}

/// What a browser does besides showing pages.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Mode {
    /// Records every request and response: see [`Browser::answers`].
    Recording,
    /// Runs no scripts of pages. Those of a test run all the same.
    Scriptless,
    /// As people have it.
    Usual,
}

/// The colours that a reader prefers.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Scheme {
    Dark,
    Light,
}

/// An answer that the browser got.
#[derive(Clone, Debug)]
pub(crate) struct WebAnswer {
    pub(crate) url: String,
    pub(crate) status: u64,
    /// The header `Content-Range`, or nothing.
    pub(crate) range: String,
}

impl Browser {
    /// Starts a browser; `None` where it is not installed, and the test is counted as skipped.
    #[track_caller]
    pub(crate) fn start(mode: Mode) -> Option<Self> {
        let is_there = |program| Command::new(program).arg("--version").output().is_ok();
        if !is_there("chromedriver") || !is_there("chromium") {
            skip_without("chromium");
            return None;
        }
        let profile = tempfile::tempdir().expect("a temporary folder");
        let mut chromedriver = Command::new("chromedriver")
            .arg("--port=0")
            .stdout(Stdio::piped())
            .spawn()
            .expect("chromedriver starts");
        let output = chromedriver.stdout.take().expect("its output");
        let mut lines = BufReader::new(output).lines().map_while(Result::ok);
        let port = lines.by_ref().find_map(|line| {
            let (_, port) = line.split_once("started successfully on port ")?;
            port.trim_end_matches('.').parse::<u16>().ok()
        });
        let port = port.expect("chromedriver says its port");
        // What it says later must go somewhere.
        spawn(move || lines.for_each(drop));
        let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
        let mut browser = Self { runtime, driver: None, chromedriver, profile };
        let wanted = capabilities(mode, browser.profile.path()).expect("capabilities");
        let driver = WebDriver::new(format!("http://127.0.0.1:{port}"), wanted);
        browser.driver = Some(browser.runtime.block_on(driver).expect("chromium starts"));
        let downloads = browser.downloads();
        fs::create_dir(&downloads).expect("a folder");
        let saved = json!({"behavior": "allow", "downloadPath": downloads});
        browser.devtools("Browser.setDownloadBehavior", saved);
        browser.look(1280, Scheme::Light);
        Some(browser)
    }

    /// Goes to an address.
    #[track_caller]
    pub(crate) fn open(&self, url: &str) {
        self.ask(self.driver().goto(url));
    }

    /// Where it is.
    #[track_caller]
    pub(crate) fn url(&self) -> String {
        self.ask(self.driver().current_url()).into()
    }

    /// Makes the window so wide, in CSS pixels, and prefers light or dark.
    #[track_caller]
    pub(crate) fn look(&self, width: u32, scheme: Scheme) {
        let is_phone = width < 600;
        let height = if is_phone { 844 } else { 900 };
        let size =
            json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": is_phone});
        self.devtools("Emulation.setDeviceMetricsOverride", size);
        let scheme = if scheme == Scheme::Dark { "dark" } else { "light" };
        let features = json!({"features": [{"name": "prefers-color-scheme", "value": scheme}]});
        self.devtools("Emulation.setEmulatedMedia", features);
    }

    /// Runs a script, whose `return` is the result.
    #[track_caller]
    pub(crate) fn run(&self, script: &str) -> Value {
        self.run_with(script, vec![])
    }

    /// The same with `arguments`.
    #[track_caller]
    pub(crate) fn run_with(&self, script: &str, arguments: Vec<Value>) -> Value {
        self.ask(self.driver().execute(script, arguments)).json().clone()
    }

    /// Runs a script that calls the last of its `arguments` with the result.
    #[track_caller]
    pub(crate) fn run_until_done(&self, script: &str) -> Value {
        self.ask(self.driver().execute_async(script, vec![])).json().clone()
    }

    /// Waits until a text can be read on the page.
    #[track_caller]
    pub(crate) fn sees(&self, text: &str) {
        let is_seen = || self.body().filter(|body| body.contains(text)).map(drop);
        eventually(&format!("\"{text}\" on the page"), is_seen);
    }

    /// Waits until it is at an address that ends so.
    #[track_caller]
    pub(crate) fn is_at(&self, end: &str) {
        let is_there = || self.url().ends_with(end).then_some(());
        eventually(&format!("the browser at {end}"), is_there);
    }

    /// Clicks on the link, button or summary of the page's own part whose text begins so, once there is one.
    #[track_caller]
    pub(crate) fn click(&self, text: &str) {
        let path = format!(
            "//main//*[self::a or self::button or self::summary][starts-with(normalize-space(), \"{text}\")]"
        );
        self.click_on(&By::XPath(path), text);
    }

    /// Clicks on what a CSS selector finds.
    #[track_caller]
    pub(crate) fn click_at(&self, selector: &str) {
        self.click_on(&By::Css(selector), selector);
    }

    /// Clicks on what is found, and looks anew where the page changes between the two.
    #[track_caller]
    fn click_on(&self, by: &By, what: &str) {
        let click = || {
            let found = self.runtime.block_on(self.driver().find(by.clone())).ok()?;
            self.runtime.block_on(found.click()).ok()
        };
        eventually(&format!("{what}, to be clicked on"), click);
    }

    /// Fills a field with a text, in place of what it held.
    #[track_caller]
    pub(crate) fn fill(&self, selector: &str, text: &str) {
        let field = self.element(selector);
        self.ask(field.clear());
        self.ask(field.send_keys(text));
    }

    /// Presses keys, on whatever has the focus.
    #[track_caller]
    pub(crate) fn press(&self, keys: impl Into<TypingData>) {
        self.ask(self.driver().action_chain().send_keys(keys).perform());
    }

    /// An attribute of what a CSS selector finds, as it is in the page's source.
    #[track_caller]
    pub(crate) fn attribute(&self, selector: &str, name: &str) -> String {
        let value = self.ask(self.element(selector).attr(name));
        value.unwrap_or_else(|| panic!("{selector} has no {name}"))
    }

    /// What can be read in what a CSS selector finds.
    #[track_caller]
    pub(crate) fn text(&self, selector: &str) -> String {
        self.ask(self.element(selector).text())
    }

    /// The page as it is now, as HTML.
    #[track_caller]
    pub(crate) fn source(&self) -> String {
        self.ask(self.driver().source())
    }

    /// How many elements a CSS selector finds now.
    #[track_caller]
    pub(crate) fn count(&self, selector: &str) -> usize {
        self.ask(self.driver().find_all(By::Css(selector))).len()
    }

    /// The first that a CSS selector finds, once there is one.
    #[track_caller]
    fn element(&self, selector: &str) -> WebElement {
        self.first(By::Css(selector), selector)
    }

    #[track_caller]
    fn first(&self, by: By, what: &str) -> WebElement {
        let find = || self.runtime.block_on(self.driver().find(by.clone())).ok();
        eventually(&format!("{what} on the page"), find)
    }

    /// What the console says of errors since the last call: failed scripts, and what the content security policy
    /// refused. A status that is an error is none: a page that is missing is an answer like any other.
    #[track_caller]
    pub(crate) fn errors(&self) -> Vec<String> {
        let log = self.ask(self.driver().browser_log());
        let severe = log.into_iter().filter(|entry| entry.level == "SEVERE");
        let messages = severe.map(|entry| entry.message);
        messages
            .filter(|message| !message.contains("Failed to load resource: the server"))
            .collect()
    }

    /// The answers since the last call from URLs that end so, of a browser that records them.
    #[track_caller]
    pub(crate) fn answers(&self, end: &str) -> Vec<WebAnswer> {
        let log = self.ask(self.driver().get_log("performance"));
        let events = log.into_iter().filter_map(|entry| serde_json::from_str(&entry.message).ok());
        let answers = events.filter_map(|event: Value| WebAnswer::read(&event["message"]));
        answers.filter(|answer| answer.url.ends_with(end)).collect()
    }

    /// Waits for a file of this name to be saved; returns its place.
    #[track_caller]
    pub(crate) fn saved(&self, name: &str) -> PathBuf {
        let place = self.downloads().join(name);
        // Until it is whole it has another name.
        eventually(&format!("{name} is saved"), || place.exists().then(|| place.clone()))
    }

    fn downloads(&self) -> PathBuf {
        self.profile.path().join("saved")
    }

    /// Forgets who is signed in at the site of the page.
    #[track_caller]
    pub(crate) fn forget(&self) {
        self.ask(self.driver().delete_all_cookies());
    }

    /// The folder that its processes name.
    pub(crate) fn profile(&self) -> &Path {
        self.profile.path()
    }

    /// What can be read on the page; `None` while it changes.
    fn body(&self) -> Option<String> {
        let script = "return document.body.innerText";
        let read = self.driver().execute(script, vec![]);
        let text: ScriptRet = self.runtime.block_on(read).ok()?;
        Some(text.json().as_str()?.to_owned())
    }

    #[track_caller]
    fn devtools(&self, command: &str, parameters: Value) {
        self.ask(self.driver().cdp().send_raw(command, parameters));
    }

    fn driver(&self) -> &WebDriver {
        self.driver.as_ref().expect("a browser that runs")
    }

    #[track_caller]
    fn ask<T: Debug>(&self, asked: impl Future<Output = WebDriverResult<T>>) -> T {
        self.runtime.block_on(asked).unwrap_or_else(|error| panic!("the browser refuses: {error}"))
    }
}

impl WebAnswer {
    /// Reads an event of the DevTools; `None` for whatever is not an answer.
    fn read(event: &Value) -> Option<Self> {
        if event["method"] != "Network.responseReceived" {
            return None;
        }
        let response = &event["params"]["response"];
        let headers = response["headers"].as_object()?;
        let range = headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("content-range"));
        Some(Self {
            url: response["url"].as_str()?.to_owned(),
            status: response["status"].as_u64()?,
            range: range.and_then(|(_, value)| value.as_str()).unwrap_or_default().to_owned(),
        })
    }

    /// The first byte of a part of a file; `None` for an answer that is whole.
    pub(crate) fn first_byte(&self) -> Option<u64> {
        let (first, _) = self.range.strip_prefix("bytes ")?.split_once('-')?;
        first.parse().ok().filter(|_| self.status == 206)
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        if let Some(driver) = self.driver.take() {
            if panicking() {
                let url = self.runtime.block_on(driver.current_url());
                let source = self.runtime.block_on(
                    driver
                        .execute("return document.title + '\\n' + document.body.innerText", vec![]),
                );
                let text = source.map(|text| text.json().clone());
                eprintln!("the browser is at {url:?} and shows:\n{text:?}");
            }
            let _ = self.runtime.block_on(driver.quit());
        }
        let _ = self.chromedriver.kill();
        let _ = self.chromedriver.wait();
        // A browser that did not end in order outlives its driver.
        for _ in 0..100 {
            let left = processes_of(self.profile.path());
            if left.is_empty() {
                return;
            }
            for process in left {
                let _ = kill(process, Signal::SIGKILL);
            }
            sleep(Duration::from_millis(50));
        }
    }
}

/// The processes whose command line names a folder.
pub(crate) fn processes_of(folder: &Path) -> Vec<Pid> {
    let folder = folder.as_os_str().as_encoded_bytes();
    let entries = fs::read_dir("/proc").expect("the processes").map_while(Result::ok);
    let names_it = |process: &Pid| {
        let line = fs::read(format!("/proc/{process}/cmdline")).unwrap_or_default();
        line.windows(folder.len()).any(|part| part == folder)
    };
    let numbers = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    numbers.map(Pid::from_raw).filter(names_it).collect()
}

fn capabilities(mode: Mode, profile: &Path) -> WebDriverResult<thirtyfour::ChromeCapabilities> {
    let mut wanted = DesiredCapabilities::chrome();
    for flag in FLAGS {
        wanted.add_arg(flag)?;
    }
    wanted.add_arg(&format!("--user-data-dir={}", profile.display()))?;
    // Chromium has no sandbox for root, as in a container.
    if geteuid().is_root() {
        wanted.add_arg("--no-sandbox")?;
    }
    wanted.set_logging_prefs("browser", LoggingPrefsLogLevel::All)?;
    match mode {
        Mode::Recording => wanted.set_logging_prefs("performance", LoggingPrefsLogLevel::All)?,
        Mode::Scriptless => {
            let refused = json!({"profile.managed_default_content_settings.javascript": 2});
            wanted.add_experimental_option("prefs", refused)?;
        }
        Mode::Usual => {}
    }
    Ok(wanted)
}

const FLAGS: [&str; 6] = [
    "--headless=new",
    "--disable-gpu",
    // Containers have little of it.
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--no-first-run",
];
