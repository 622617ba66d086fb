//! The admin API over TCP: who has a token is answered, by TLS wherever strangers may listen.

use std::fs;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::path::Path;
use std::sync::Arc;

use nix::sys::signal::Signal;
use rcgen::CertifiedKey;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use serde_json::{Value, json};
use tests::{Daemon, Http, Response, eventually};

#[test]
fn a_program_with_a_token_does_what_its_scopes_allow() {
    let daemon = Daemon::start("", "");
    daemon.member("ada", "fan");
    let reader = token(&daemon, &["grafana", "--scope", "read:stats"]);
    let shop = token(&daemon, &["shop", "--scope", "write:members", "--until", "90d"]);
    let ask = |token: Option<&str>, request: &str, body: &str| {
        answer(Http::to(daemon.listening().admin.port()), token, request, body)
    };
    assert_eq!(ask(None, "GET /api/v1/stats", "").status, 401);
    assert_eq!(ask(Some(&reader), "GET /api/v1/stats", "").status, 200);
    let refused = ask(Some(&reader), "GET /api/v1/members", "");
    assert_eq!(refused.status, 403);
    assert_eq!(problem(&refused)["scope"], "read:members");
    assert!(refused.headers["ratelimit"].starts_with("\"token\";r="), "{refused:?}");
    assert_eq!(ask(Some(&shop), "GET /api/v1/members/ada", "").status, 200);
    let new = r#"{"name": "bob", "tier": "fan"}"#;
    assert_eq!(ask(Some(&shop), "POST /api/v1/members", new).status, 201);

    let record = daemon.json(&["audit"]).to_string();
    assert!(record.contains("token shop") && record.contains("socket"), "{record}");
    // On this machine, Prometheus and supervisors need no token.
    for path in ["/metrics", "/livez", "/readyz"] {
        assert_eq!(ask(None, &format!("GET {path}"), "").status, 200, "{path}");
    }
    daemon.json(&["token", "revoke", "shop"]);
    assert_eq!(ask(Some(&shop), "GET /api/v1/members", "").status, 401);
    let listed = daemon.json(&["token", "list"]).to_string();
    assert!(!listed.contains(&shop) && !listed.contains(&reader), "{listed}");
    let log = daemon.log();
    assert!(!log.contains(&shop[5..]) && !log.contains(&reader[5..]), "{log}");
}

#[test]
fn a_token_works_after_a_restart_and_not_out_of_a_stolen_backup() {
    let mut daemon = Daemon::start("", "");
    let secret = token(&daemon, &["shop", "--scope", "all"]);
    let backup = daemon.folder().join("stolen.db");
    daemon.json(&["backup", backup.to_str().expect("text")]);
    let bytes = fs::read(&backup).expect("a backup");
    let holds = |needle: &[u8]| bytes.windows(needle.len()).any(|window| window == needle);
    assert!(holds(b"shop") && !holds(&secret.as_bytes()[5..]));
    daemon.terminate();
    daemon.restart();
    let ask = |token: &str| {
        let http = Http::to(daemon.listening().admin.port());
        answer(http, Some(token), "GET /api/v1/tokens", "").status
    };
    assert_eq!(ask(&secret), 200);
    // What a thief has is the hash, in whatever spelling.
    let raw = data_encoding::BASE64URL_NOPAD.decode(&secret.as_bytes()[5..]).expect("base64");
    let hash = <sha2::Sha256 as sha2::Digest>::digest(raw);
    assert!(holds(&hash));
    let spelt = data_encoding::BASE64URL_NOPAD.encode(&hash);
    for guess in [format!("usht_{spelt}"), spelt, data_encoding::HEXLOWER.encode(&hash)] {
        assert_eq!(ask(&guess), 401, "{guess}");
    }
}

#[test]
fn tokens_reach_the_host_beneath_the_configured_folders_alone() {
    let home = tempfile::tempdir().expect("a folder");
    let items = home.path().join("items");
    fs::create_dir(&items).expect("a folder");
    let rest = format!("items_dir: '{}'\nitems_settle: 1h", items.display());
    let daemon = Daemon::start("", &rest);
    let writer = token(&daemon, &["films", "--scope", "write:items"]);
    let all = token(&daemon, &["ops", "--scope", "all"]);
    fs::write(home.path().join("outside.mp4"), "film").expect("a file");
    fs::write(items.join("film.mp4"), "film").expect("a file");
    std::os::unix::fs::symlink(home.path(), items.join("out")).expect("a link");
    let ask = |token: &str, request: &str, body: Value| {
        let http = Http::to(daemon.listening().admin.port());
        answer(http, Some(token), request, &body.to_string())
    };
    let publish =
        |path: &Path| ask(&writer, "POST /api/v1/publish", json!({"path": path, "policy": "free"}));
    for path in
        ["outside.mp4", "items/../outside.mp4", "items/out/outside.mp4", "items/out", "items"]
    {
        let refused = publish(&home.path().join(path));
        assert_eq!(refused.status, 403, "{path}: {}", refused.text());
        assert_eq!(problem(&refused)["type"], "urn:usher:problem:outside-roots", "{path}");
    }
    // The state directory, with its secret, may not be published whoever asks.
    assert_eq!(publish(&daemon.folder().join("state")).status, 403);
    let published = publish(&items.join("film.mp4"));
    assert!(published.text().contains("\"done\""), "{}", published.text());

    let backup = |file: &Path, with_secret: bool| {
        ask(&all, "POST /api/v1/backup", json!({"file": file, "with_secret": with_secret})).status
    };
    let backups = daemon.folder().join("state/backups");
    fs::create_dir_all(&backups).expect("a folder");
    assert_eq!(backup(&home.path().join("a.db"), false), 403);
    assert_eq!(backup(&backups.join("../a.db"), false), 403);
    assert_eq!(backup(&backups.join("a.db"), true), 403);
    assert_eq!(backup(&backups.join("a.db"), false), 201);
    assert!(!backups.join("a.db.secret").exists());
}

#[test]
fn a_listener_that_strangers_reach_speaks_tls_and_asks_for_a_token_everywhere() {
    let refused = Daemon::fails_to_start("", "admin: {listen: '0.0.0.0:0'}");
    assert!(refused.contains("admin.listen: 0.0.0.0 is not a loopback address"), "{refused}");
    assert!(refused.contains("admin.tls"), "{refused}");

    let folder = tempfile::tempdir().expect("a folder");
    let first = certificate(folder.path());
    let rest = format!(
        "admin: {{listen: '0.0.0.0:0', tls: {{certificate: '{}', key: '{}'}}}}",
        folder.path().join("cert.pem").display(),
        folder.path().join("key.pem").display()
    );
    let daemon = Daemon::start("", &rest);
    let reader = token(&daemon, &["grafana", "--scope", "read:stats"]);
    let money = token(&daemon, &["shop", "--scope", "money"]);
    let port = daemon.listening().admin.port();
    let ask = |token: Option<&str>, path: &str| {
        answer(Http::over(tls(port, &first)), token, &format!("GET {path}"), "")
    };
    for path in ["/metrics", "/api/v1/stats"] {
        let asked = [None, Some(money.as_str()), Some(reader.as_str())];
        assert_eq!(asked.map(|token| ask(token, path).status), [401, 403, 200], "{path}");
    }
    assert_eq!((ask(None, "/livez").status, ask(None, "/readyz").status), (200, 200));
    // Without TLS nothing is answered but TLS's alert.
    let mut plain = TcpStream::connect(("127.0.0.1", port)).expect("a connection");
    plain.write_all(b"GET /livez HTTP/1.1\r\nHost: t\r\n\r\n").expect("sent");
    let mut said = Vec::new();
    let _ = plain.read_to_end(&mut said);
    assert!(!said.starts_with(b"HTTP"), "{said:?}");

    // A reload takes a new certificate.
    let second = certificate(folder.path());
    daemon.signal(Signal::SIGHUP);
    let is_new = || connects(port, &second) && !connects(port, &first);
    eventually("the new certificate", || is_new().then_some(()));
}

/// Makes a token, and returns its secret.
#[track_caller]
fn token(daemon: &Daemon, arguments: &[&str]) -> String {
    let added = daemon.json(&[&["token", "add"], arguments].concat());
    added["secret"].as_str().expect("a secret").to_owned()
}

#[track_caller]
fn answer<S: Read + Write>(
    mut http: Http<S>,
    token: Option<&str>,
    request: &str,
    body: &str,
) -> Response {
    let bearer = token.map(|token| format!("Authorization: Bearer {token}\r\n"));
    http.send(format!(
        "{request} HTTP/1.1\r\nHost: t\r\nConnection: close\r\n{}Content-Type: application/json\r\n\
         Content-Length: {}\r\n\r\n{body}",
        bearer.unwrap_or_default(),
        body.len()
    ));
    http.receive_to_end().expect("a response")
}

fn problem(response: &Response) -> Value {
    serde_json::from_slice(&response.body).expect("a problem")
}

/// Writes a certificate and its key into a folder.
fn certificate(folder: &Path) -> CertificateDer<'static> {
    let CertifiedKey { cert, signing_key } =
        rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate");
    fs::write(folder.join("cert.pem"), cert.pem()).expect("a file");
    fs::write(folder.join("key.pem"), signing_key.serialize_pem()).expect("a file");
    cert.der().clone()
}

type TlsStream = StreamOwned<ClientConnection, TcpStream>;

fn tls(port: u16, trusted: &CertificateDer<'static>) -> TlsStream {
    let mut roots = RootCertStore::empty();
    roots.add(trusted.clone()).expect("a root");
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = ServerName::try_from("localhost").expect("a name");
    let client = ClientConnection::new(Arc::new(config), name).expect("a client");
    let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).expect("somebody listens");
    StreamOwned::new(client, stream)
}

/// Whether a handshake succeeds with this certificate alone trusted.
fn connects(port: u16, trusted: &CertificateDer<'static>) -> bool {
    tls(port, trusted).write_all(b"GET /livez HTTP/1.1\r\nHost: t\r\n\r\n").is_ok()
}
