//! `mail`: the SMTP server, and in whose name mail is sent.

use std::net::IpAddr;
use std::path::Path;

use club::Email;
use http::Uri;
use serde::{Deserialize, Serialize};
use web::mail::Security;

use super::invalid::Invalid;
use super::payments::SecretSource;

/// `mail`, as the file says it.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
#[expect(missing_docs, reason = "tracker.yaml says it")]
pub struct RawMail {
    pub server: Option<String>,
    pub user: Option<String>,
    pub password_file: Option<SecretSource>,
    pub from: Option<String>,
    pub contact: Option<String>,
    pub alerts_to: Option<String>,
}

/// The mail server.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct MailSettings {
    /// Its name or address.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the connection is kept secret.
    pub security: Security,
    /// Who logs in there, and where the password is.
    pub login: Option<(String, SecretSource)>,
    /// Whom mail comes from.
    pub from: Email,
    /// Whom answers go to.
    pub contact: Email,
    /// Whom alerts go to.
    pub alerts_to: Email,
}

/// The mail server, where there is one.
pub(super) fn resolve(raw: RawMail, folder: &Path) -> Result<Option<MailSettings>, Invalid> {
    let from = raw.from.map(|text| address("mail.from", &text)).transpose()?;
    let contact = raw.contact.map(|text| address("mail.contact", &text)).transpose()?;
    let alerts_to = raw.alerts_to.map(|text| address("mail.alerts_to", &text)).transpose()?;
    let Some(url) = raw.server else { return Ok(None) };
    let (host, port, security) = server(&url)?;
    let from = from.ok_or_else(|| {
        Invalid::new("mail.from", "missing: name the address that mail comes from")
    })?;
    let login = match (raw.user, raw.password_file) {
        (None, None) => None,
        (Some(user), Some(SecretSource::File(path))) => {
            Some((user, SecretSource::File(folder.join(path))))
        }
        (Some(user), Some(source)) => Some((user, source)),
        (Some(_), None) => return Err(Invalid::new("mail.password_file", MISSING)),
        (None, Some(_)) => return Err(Invalid::new("mail.user", MISSING)),
    };
    let contact = contact.unwrap_or_else(|| from.clone());
    let alerts_to = alerts_to.unwrap_or_else(|| contact.clone());
    Ok(Some(MailSettings { host, port, security, login, from, contact, alerts_to }))
}

fn address(key: &str, text: &str) -> Result<Email, Invalid> {
    Email::parse(text).map_err(|error| Invalid::new(key, format!("`{text}`: {error}")))
}

/// Host, port and security of a server's URL.
fn server(text: &str) -> Result<(String, u16, Security), Invalid> {
    let fails = || Invalid::new("mail.server", format!("`{text}` is not {URL}"));
    let url: Uri = text.parse().map_err(|_| fails())?;
    let authority = url.authority().map_or("", |authority| authority.as_str());
    let host = url.host().unwrap_or_default().trim_matches(['[', ']']);
    let is_plain = !host.is_empty()
        && !authority.contains('@')
        && url.query().is_none()
        && matches!(url.path(), "" | "/")
        && (authority.ends_with(url.host().unwrap_or_default()) || url.port_u16().is_some());
    let is_here =
        host == "localhost" || host.parse().is_ok_and(|address: IpAddr| address.is_loopback());
    let (port, security) = match url.scheme_str() {
        Some("smtp") if is_here => (25, Security::None),
        Some("smtp") => (587, Security::StartTls),
        Some("smtps") => (465, Security::Tls),
        _ => return Err(fails()),
    };
    if !is_plain {
        return Err(fails());
    }
    Ok((host.to_owned(), url.port_u16().unwrap_or(port), security))
}

const URL: &str = "smtp://HOST:PORT or smtps://HOST:PORT, without a login";
const MISSING: &str = "missing: name both user and password_file, or neither";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Config, parse};

    #[test]
    fn a_servers_url_says_how_it_is_connected_to() {
        let check = |url: &str, host: &str, port: u16, security: Security| {
            assert_eq!(server(url), Ok((host.to_owned(), port, security)), "{url}");
        };
        check("smtp://mail.example.org", "mail.example.org", 587, Security::StartTls);
        check("smtp://mail.example.org:25/", "mail.example.org", 25, Security::StartTls);
        check("smtps://mail.example.org", "mail.example.org", 465, Security::Tls);
        check("smtp://localhost", "localhost", 25, Security::None);
        check("smtp://127.0.0.1:1025", "127.0.0.1", 1025, Security::None);
        check("smtps://[::1]:465", "::1", 465, Security::Tls);
        for url in [
            "mail.example.org",
            "smtp://",
            "smtp://ada:pw@mail.example.org",
            "https://mail.example.org",
            "smtp://mail.example.org:70000",
            "smtp://mail.example.org?tls=none",
            "smtp://mail.example.org/in",
        ] {
            assert!(server(url).is_err(), "{url}");
        }
    }

    #[test]
    fn what_is_missing_is_named() {
        let check = |text: &str, expected: &str| {
            let refused = Config::new(parse(text).unwrap(), Path::new("")).unwrap_err();
            let message = refused.to_string();
            assert!(message.starts_with(expected), "{message}");
        };
        check("mail: {server: 'smtp://localhost'}", "mail.from: missing");
        check("mail: {from: ada}", "mail.from: `ada`: this is not an e-mail address");
        let server = "server: 'smtp://localhost', from: shop@example.org";
        check(&format!("mail: {{{server}, user: u}}"), "mail.password_file: missing");
        check(&format!("mail: {{{server}, password_file: f}}"), "mail.user: missing");
    }

    #[test]
    fn answers_go_to_the_sender_unless_another_address_is_named() {
        let contact = |rest: &str| {
            let file =
                format!("mail: {{server: 'smtp://localhost', from: shop@example.org{rest}}}");
            let config = Config::new(parse(&file).unwrap(), Path::new("")).unwrap();
            config.mail.unwrap().contact.text().to_owned()
        };
        assert_eq!(contact(""), "shop@example.org");
        assert_eq!(contact(", contact: Help@example.org"), "help@example.org");
    }
}
