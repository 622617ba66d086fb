//! `site`: what the publisher is called, how the pages look, and what they say.

use std::collections::BTreeMap;
use std::fmt;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use club::{Amount, Currency, Email};
use http::Uri;
use policy::{Side, Tier, Tiers};
use serde::de::{Deserializer, MapAccess, Visitor, value::MapAccessDeserializer};
use serde::{Deserialize, Serialize};
use web::api::BandwidthPrice;
use web::site::{Appearance, Colour, Masthead, Picture, Texts, TierOffer, TopupAmounts};

use super::invalid::Invalid;
use super::tiers::{Period, Terms};
use super::units::AmountText;

/// `site`, as the file says it.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
#[expect(missing_docs, reason = "tracker.yaml says it")]
pub struct RawSite {
    pub pages: bool,
    pub title: String,
    pub description: String,
    pub headline: String,
    pub tagline: String,
    pub accent: String,
    pub logo: Option<PathBuf>,
    pub stylesheet: Option<PathBuf>,
    pub contact: Option<String>,
    pub about: RawText,
    pub terms: RawText,
    pub privacy: RawText,
    pub footer: RawText,
    pub consent: String,
    pub topups: BTreeMap<String, Vec<String>>,
    pub bandwidth_price: Option<RawBandwidthPrice>,
    pub author: String,
    pub language: String,
    pub image: Option<String>,
    pub category: String,
    pub explicit: bool,
}

/// `{amount: "0.02", currency: usd}`.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct RawBandwidthPrice {
    /// Up to six decimals.
    pub amount: AmountText,
    /// The currency's code.
    pub currency: String,
}

/// A text in Markdown: itself, or the file that holds it.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum RawText {
    /// `{file: terms.md}`.
    File(TextFile),
    /// The text.
    Inline(String),
}

/// The file of a text.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct TextFile {
    /// Where it is.
    pub file: PathBuf,
}

impl Default for RawText {
    fn default() -> Self {
        Self::Inline(String::new())
    }
}

impl Default for RawSite {
    fn default() -> Self {
        let Masthead { title, description, author, language, image, category, explicit } =
            Masthead::default();
        let Appearance { pages, accent, headline, tagline, contact, .. } = Appearance::default();
        Self {
            pages,
            headline,
            tagline,
            accent: accent.to_string(),
            logo: None,
            stylesheet: None,
            contact,
            about: RawText::default(),
            terms: RawText::default(),
            privacy: RawText::default(),
            footer: RawText::default(),
            consent: String::new(),
            topups: BTreeMap::new(),
            bandwidth_price: None,
            title,
            description,
            author,
            language,
            image,
            category,
            explicit,
        }
    }
}

impl<'de> Deserialize<'de> for RawText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TextVisitor)
    }
}

/// Reads the text or the map, so that an error in the map names its own key.
struct TextVisitor;

impl<'de> Visitor<'de> for TextVisitor {
    type Value = RawText;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text in Markdown, or `{file: FILE}`")
    }

    fn visit_str<E>(self, text: &str) -> Result<RawText, E> {
        Ok(RawText::Inline(text.to_owned()))
    }

    fn visit_unit<E>(self) -> Result<RawText, E> {
        Ok(RawText::default())
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<RawText, A::Error> {
        TextFile::deserialize(MapAccessDeserializer::new(map)).map(RawText::File)
    }
}

/// Checks what the pages look like and say, and reads the files that are named.
///
/// `form_targets` are the origins of payment providers, and `tiers` what members may become.
pub(super) fn resolve(
    raw: RawSite,
    form_targets: Vec<String>,
    tiers: Vec<TierOffer>,
    folder: &Path,
) -> Result<(Masthead, Appearance), Invalid> {
    let RawSite { title, description, author, language, image, category, explicit, .. } = raw;
    let masthead = Masthead { title, description, author, language, image, category, explicit };
    let accent = Colour::parse(&raw.accent)
        .map_err(|error| Invalid::new("site.accent", error.to_string()))?;
    let logo = match raw.logo {
        None => None,
        Some(path) => {
            let bytes = read("site.logo", &folder.join(path))?;
            let picture = Picture::new(bytes);
            Some(picture.map_err(|error| Invalid::new("site.logo", error.to_string()))?)
        }
    };
    let stylesheet = match raw.stylesheet {
        None => None,
        Some(path) => Some(read("site.stylesheet", &folder.join(path))?.into()),
    };
    let text = |key, text| markdown(key, text, folder);
    let appearance = Appearance {
        pages: raw.pages,
        accent,
        logo,
        stylesheet,
        headline: line("site.headline", raw.headline)?,
        tagline: line("site.tagline", raw.tagline)?,
        contact: raw.contact.map(|contact| link(&contact)).transpose()?,
        texts: Texts {
            about: text("site.about", raw.about)?,
            terms: text("site.terms", raw.terms)?,
            privacy: text("site.privacy", raw.privacy)?,
            footer: text("site.footer", raw.footer)?,
            consent: line("site.consent", raw.consent)?,
        },
        form_targets,
        tiers,
        topups: topups(raw.topups)?,
    };
    Ok((masthead, appearance))
}

/// What a GiB from the publisher's own copy costs.
pub(super) fn bandwidth_price(
    raw: Option<&RawBandwidthPrice>,
) -> Result<Option<BandwidthPrice>, Invalid> {
    let price = raw.map(|raw| BandwidthPrice::parse(&raw.amount.to_string(), &raw.currency));
    price.transpose().map_err(|error| Invalid::new("site.bandwidth_price", error.to_string()))
}

/// The amounts that a balance can be topped up by, by currency.
fn topups(raw: BTreeMap<String, Vec<String>>) -> Result<Vec<TopupAmounts>, Invalid> {
    raw.into_iter().map(|(code, texts)| topup_amounts(&code, &texts)).collect()
}

fn topup_amounts(code: &str, texts: &[String]) -> Result<TopupAmounts, Invalid> {
    let invalid = |why| Invalid::new(format!("site.topups.{code}"), why);
    let currency = Currency::parse(code).map_err(|error| invalid(error.to_string()))?;
    let amounts = texts.iter().map(|text| Amount::parse(text, currency));
    let amounts: Vec<_> =
        amounts.collect::<Result<_, _>>().map_err(|error| invalid(error.to_string()))?;
    let three = <[Amount; 3]>::try_from(amounts).ok().and_then(TopupAmounts::new);
    three.ok_or_else(|| {
        let found = texts.join(", ");
        invalid(format!("expected three amounts, the lowest first, and found `{found}`"))
    })
}

/// The tiers as pages present them.
pub(super) fn tier_offers(
    tiers: &Tiers,
    terms: &[Terms],
    plans: &BTreeMap<String, (Amount, Period)>,
) -> Vec<TierOffer> {
    let offer = |(tier, terms): (&Tier, &Terms)| TierOffer {
        id: tier.id.clone(),
        price: plans.get(&tier.id).map(|(amount, per)| (*amount, per.word())),
        earned_by: terms.earn.map(|earn| earn.verified_upload_30d.0),
        is_inside: tier.side == Side::Inside,
        entitles_all: tier.entitles_all,
        web_seed_rate: terms.webseed.enabled.then_some(terms.webseed.rate.0),
        max_peers: tier.peers.cap(),
    };
    tiers.iter().zip(terms).map(offer).collect()
}

fn line(key: &str, text: String) -> Result<String, Invalid> {
    if text.len() > MAX_LINE || text.contains(char::is_control) {
        let why = format!("expected one line of at most {MAX_LINE} bytes");
        return Err(Invalid::new(key, why));
    }
    Ok(text)
}

fn markdown(key: &str, text: RawText, folder: &Path) -> Result<String, Invalid> {
    let text = match text {
        RawText::Inline(text) => text,
        RawText::File(TextFile { file }) => {
            let path = folder.join(file);
            String::from_utf8(read(key, &path)?).map_err(|_| {
                Invalid::new(key, format!("{} is not text in UTF-8", path.display()))
            })?
        }
    };
    if text.len() > MAX_TEXT {
        let why = format!("the text has {} bytes: expected at most {MAX_TEXT}", text.len());
        return Err(Invalid::new(key, why));
    }
    Ok(text)
}

/// What a link to the publisher leads to.
fn link(contact: &str) -> Result<String, Invalid> {
    if let Ok(email) = Email::parse(contact) {
        return Ok(format!("mailto:{email}"));
    }
    let url: Option<Uri> = contact.parse().ok();
    let is_link = |url: &Uri| {
        matches!(url.scheme_str(), Some("http" | "https"))
            && url.host().is_some_and(|host| !host.is_empty())
    };
    if url.as_ref().is_some_and(is_link) {
        return Ok(contact.to_owned());
    }
    let why = format!(
        "`{contact}` is neither an e-mail address nor a URL such as https://example.org/contact"
    );
    Err(Invalid::new("site.contact", why))
}

/// The content of a file that is not too long.
fn read(key: &str, path: &Path) -> Result<Vec<u8>, Invalid> {
    let fails = |error| Invalid::new(key, format!("cannot read {}: {error}", path.display()));
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(fails)?;
    file.take(MAX_FILE_READ).read_to_end(&mut bytes).map_err(fails)?;
    if bytes.len() > MAX_FILE {
        let why =
            format!("{} is too long: expected at most {} KiB", path.display(), MAX_FILE >> 10);
        return Err(Invalid::new(key, why));
    }
    Ok(bytes)
}

const MAX_LINE: usize = 300;
const MAX_TEXT: usize = 64 << 10;
const MAX_FILE: usize = 256 << 10;
/// One more, to tell that there is more.
const MAX_FILE_READ: u64 = (256 << 10) + 1;

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::config::parse;

    #[test]
    fn an_empty_section_is_the_default() {
        let resolved = resolve(RawSite::default(), Vec::new(), Vec::new(), Path::new("")).unwrap();
        assert_eq!(resolved, (Masthead::default(), Appearance::default()));
    }

    #[test]
    fn texts_stand_in_the_file_or_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("terms.md"), "No *refunds*.").unwrap();
        let (_, appearance) =
            check("site: {about: Us., terms: {file: terms.md}, privacy: }", folder.path()).unwrap();
        let Texts { about, terms, privacy, .. } = appearance.texts;
        assert_eq!((&*about, &*terms, &*privacy), ("Us.", "No *refunds*.", ""));
    }

    #[test]
    fn a_contact_is_an_address_or_a_page() {
        for (contact, expected) in [
            ("Ada@example.org", "mailto:ada@example.org"),
            ("https://example.org/ask", "https://example.org/ask"),
        ] {
            let site = check(&format!("site: {{contact: '{contact}'}}"), Path::new("")).unwrap();
            assert_eq!(site.1.contact.as_deref(), Some(expected));
        }
        for contact in ["javascript:alert(1)", "example.org", "ftp://example.org", ""] {
            refuses(&format!("site: {{contact: '{contact}'}}"), "site.contact: ");
        }
    }

    #[test]
    fn what_cannot_be_shown_is_named() {
        refuses("site: {accent: red}", "site.accent: `red` is not a colour");
        refuses("site: {logo: gone.png}", "site.logo: cannot read ");
        refuses("site: {headline: \"a\\nb\"}", "site.headline: ");
        refuses(&format!("site: {{terms: {}}}", "x".repeat(MAX_TEXT + 1)), "site.terms: ");
        assert!(
            check(&format!("site: {{terms: {}}}", "x".repeat(MAX_TEXT)), Path::new("")).is_ok()
        );
        let error = parse("site: {terms: {flie: x}}").unwrap_err().to_string();
        assert!(error.contains("site.terms") && error.contains("flie"), "{error}");
    }

    #[test]
    fn a_logo_is_a_picture_of_bounded_size() {
        let folder = tempfile::tempdir().unwrap();
        let try_logo = |bytes: &[u8]| {
            fs::write(folder.path().join("logo"), bytes).unwrap();
            check("site: {logo: logo}", folder.path()).map_err(|error| error.to_string())
        };
        let mut png = b"\x89PNG\r\n\x1a\n".to_vec();
        png.resize(256 << 10, 0);
        assert!(try_logo(&png).is_ok());
        png.push(0);
        assert!(try_logo(&png).unwrap_err().contains("at most 256 KiB"));
        assert!(try_logo(b"<html>").unwrap_err().contains("not a picture"));
    }

    #[test]
    fn a_top_up_has_three_amounts_of_its_currency() {
        let found = check("site: {topups: {usd: ['2', '5.50', '12.00']}}", Path::new("")).unwrap();
        let usd = Currency::parse("usd").unwrap();
        let expected = TopupAmounts::new([usd.minor(200), usd.minor(550), usd.minor(1200)]);
        assert_eq!(found.1.topups, [expected.unwrap()]);
        for (amounts, why) in [
            ("usd: ['1', '2']", "site.topups.usd: expected three amounts"),
            ("usd: ['3', '2', '1']", "site.topups.usd: expected three amounts"),
            ("usd: ['0', '2', '3']", "site.topups.usd: expected three amounts"),
            ("jpy: ['1', '2', '3.5']", "site.topups.jpy: `3.5` is finer"),
            ("usd: ['1', '2', many]", "site.topups.usd: `many` is no amount"),
            ("xyz: ['1', '2', '3']", "site.topups.xyz: no currency `xyz`"),
        ] {
            refuses(&format!("site: {{topups: {{{amounts}}}}}"), why);
        }
    }

    #[test]
    fn a_gib_may_cost_less_than_a_cent() {
        let price =
            |file: &str| bandwidth_price(parse(file).unwrap().site.bandwidth_price.as_ref());
        assert_eq!(price("").unwrap(), None);
        let found = price("site: {bandwidth_price: {amount: '0.0085', currency: usd}}").unwrap();
        assert_eq!(found, Some(BandwidthPrice::parse("0.0085", "usd").unwrap()));
        for amount in ["0", "0.0000001"] {
            let file = format!("site: {{bandwidth_price: {{amount: '{amount}', currency: usd}}}}");
            let message = price(&file).unwrap_err().to_string();
            assert!(message.starts_with("site.bandwidth_price: "), "{message}");
        }
    }

    #[track_caller]
    fn refuses(file: &str, expected: &str) {
        let message = check(file, Path::new("")).unwrap_err().to_string();
        assert!(message.starts_with(expected), "{message}");
    }

    #[track_caller]
    fn check(file: &str, folder: &Path) -> Result<(Masthead, Appearance), Invalid> {
        resolve(parse(file).unwrap().site, Vec::new(), Vec::new(), folder)
    }
}
