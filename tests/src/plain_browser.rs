//! A browser without scripts: it keeps cookies, and sends the forms of the page that it was given last.

use std::net::IpAddr;

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use crate::{Daemon, Http, Response};

/// A browser at the site of a daemon.
#[derive(Clone)]
pub struct PlainBrowser {
    port: u16,
    source: IpAddr,
    cookies: Vec<(String, String)>,
    page: String,
}

impl PlainBrowser {
    /// A browser at 127.0.0.1.
    pub fn new(daemon: &Daemon) -> Self {
        Self::from_network(daemon, 0)
    }

    /// A browser in a network of its own, 127.0.N.1: limits count it apart from others.
    pub fn from_network(daemon: &Daemon, network: u8) -> Self {
        let port = daemon.listening().web.port();
        Self { source: [127, 0, network, 1].into(), ..Self::at(port) }
    }

    /// A browser at the site on a port of this machine.
    pub fn at(port: u16) -> Self {
        let (cookies, page) = (Vec::new(), String::new());
        Self { port, source: [127, 0, 0, 1].into(), cookies, page }
    }

    /// Opens a page.
    #[track_caller]
    pub fn get(&mut self, path: &str) -> Response {
        let response = self.request("GET", path, "", "");
        self.learn(&response);
        response
    }

    /// Opens a page that must be there, and returns its text.
    #[track_caller]
    pub fn read(&mut self, path: &str) -> String {
        let response = self.get(path);
        assert_eq!(response.status, 200, "{path}: {}", response.text());
        response.text()
    }

    /// Sends a form with these fields and the hidden ones of the last page.
    #[track_caller]
    pub fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Response {
        let body = self.form(fields);
        let headers = format!("Content-Type: {FORM}\r\nSec-Fetch-Site: same-origin\r\n");
        let response = self.request("POST", path, &headers, &body);
        self.learn(&response);
        response
    }

    /// Sends a form that must lead to another page; returns where to.
    #[track_caller]
    pub fn submit(&mut self, path: &str, fields: &[(&str, &str)]) -> String {
        let response = self.post(path, fields);
        assert_eq!(response.status, 303, "{path}: {}", response.text());
        response.headers["location"].clone()
    }

    /// The body of a form with these fields and the hidden ones of the last page.
    pub fn form(&self, fields: &[(&str, &str)]) -> String {
        let hidden = ["form_token", "key"].map(|name| (name, self.hidden(name)));
        let hidden =
            hidden.iter().filter(|(name, _)| !fields.iter().any(|(known, _)| known == name));
        let hidden = hidden.filter_map(|(name, value)| Some((*name, value.as_deref()?)));
        let pair = |(name, value): (&str, &str)| {
            format!("{name}={}", utf8_percent_encode(value, NON_ALPHANUMERIC))
        };
        hidden.chain(fields.iter().copied()).map(pair).collect::<Vec<_>>().join("&")
    }

    /// The value of a hidden field of the last page.
    pub fn hidden(&self, name: &str) -> Option<String> {
        let (_, rest) = self.page.split_once(&format!("name=\"{name}\" value=\""))?;
        rest.split('"').next().map(str::to_owned)
    }

    /// Sends a request with this browser's cookies, and learns nothing from its answer.
    #[track_caller]
    pub fn request(&self, method: &str, path: &str, headers: &str, body: &str) -> Response {
        let cookies: Vec<_> =
            self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let cookies = match cookies.join("; ") {
            none if none.is_empty() => none,
            some => format!("Cookie: {some}\r\n"),
        };
        let length = body.len();
        let mut line = Http::from(self.source, self.port);
        line.send(format!(
            "{method} {path} HTTP/1.1\r\nHost: localhost\r\nAccept: text/html,*/*;q=0.8\r\n{cookies}{headers}\
             Content-Length: {length}\r\nConnection: close\r\n\r\n{body}"
        ));
        // HEAD is answered without a body, whatever length it tells.
        let answer = if method == "HEAD" { line.receive_head() } else { line.receive() };
        answer.unwrap_or_else(|| panic!("no answer to {method} {path}"))
    }

    /// Signs in by a link or a path of one.
    #[track_caller]
    pub fn use_link(&mut self, url: &str) {
        let path = url.find("/sign-in/").map_or(url, |start| &url[start..]).to_owned();
        self.read(&path);
        self.submit(&path, &[]);
    }

    /// Signs in by a link that the publisher hands out.
    #[track_caller]
    pub fn sign_in(&mut self, daemon: &Daemon, member: &str) {
        let link = daemon.json(&["sign-in", "link", member]);
        self.use_link(link["url"].as_str().expect("a link"));
    }

    /// The value of a cookie.
    pub fn cookie(&self, name: &str) -> Option<&str> {
        self.cookies.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// Brings a cookie along from now on.
    pub fn set_cookie(&mut self, name: &str, value: &str) {
        self.cookies.retain(|(known, _)| known != name);
        if !value.is_empty() {
            self.cookies.push((name.to_owned(), value.to_owned()));
        }
    }

    fn learn(&mut self, response: &Response) {
        if let Some(cookie) = response.headers.get("set-cookie") {
            let pair = cookie.split(';').next().unwrap_or_default();
            let (name, value) = pair.split_once('=').expect("a cookie has a name");
            self.set_cookie(name, value);
        }
        let is_page =
            response.headers.get("content-type").is_some_and(|kind| kind.contains("html"));
        if is_page {
            self.page = response.text();
        }
    }
}

const FORM: &str = "application/x-www-form-urlencoded";
