//! Small types of the configuration that refuse a wrong value while it is read, and [`Refusal`]: what each of them says
//! about a value it refuses.
//!
//! A type refuses with serde's `invalid_value` and the *name* of what it wants; the texts around that name stand in one
//! table here, so that a message reads the same from a file and from the environment.

use std::fmt;
use std::net::IpAddr;
use std::path::{Path, PathBuf};

use serde::de::{self, Unexpected, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use url::Url;

use super::Length;

/// How a refused value is explained.
pub(super) struct Refusal {
    /// What was wanted, as the type names it.
    pub name: &'static str,
    /// Error id.
    pub id: &'static str,
    /// Beside the value: "expected …".
    pub label: &'static str,
    /// Below.
    pub help: &'static str,
}

const REPO: &str = "a repository";
const ONE_REPO: &str = "a repository or a whole owner";
const APP_ID: &str = "an id of a GitHub App";
const INSTALLATION: &str = "an id of an installation";
const PROJECT: &str = "a project";
const STORE: &str = "a store";
const HTTP_URL: &str = "an address";
const SAFE_URL: &str = "a safe address";
const BARE_URL: &str = "a bare address";
const ZONE: &str = "a time zone";
pub(super) const RHYTHM: &str = "a time for a digest";
pub(super) const DAYS: &str = "a day or a range of days";
pub(super) const STRETCH: &str = "a range of hours";
pub(super) const CAPACITY: &str = "a weekly working time";
pub(super) const LISTEN: &str = "an address to listen at";
pub(super) const SENDER: &str = "a sender of e-mail";
pub(super) const SMTP_URL: &str = "a mail server";
pub(super) const HOOK_URL: &str = "an address of a webhook";

/// Every value type with its texts.
pub(super) const REFUSALS: [Refusal; 20] = [
    Refusal {
        name: Length::NAME,
        id: "bad-duration",
        label: r#"expected e.g. "90m", "3 workdays", "2 workhours""#,
        help: "units: s m h d w, workhours, workdays",
    },
    Refusal {
        name: Length::BOUNDED_NAME,
        id: "bad-duration",
        label: "too long",
        help: "units: s m h d w, workhours, workdays",
    },
    Refusal {
        name: REPO,
        id: "bad-value",
        label: "expected \"owner/name\" or \"owner/*\"",
        help: "as in the address https://github.com/owner/name",
    },
    Refusal {
        name: ONE_REPO,
        id: "bad-value",
        label: "expected \"owner/name\" or \"owner/*\"",
        help: "`owner/*` means every repository of that owner; `*` cannot stand for a part of a name",
    },
    Refusal {
        name: APP_ID,
        id: "bad-value",
        label: "expected e.g. 123456 or \"Iv23liAbCdEf\"",
        help: "the App's settings show it as App ID and as Client ID; either will do",
    },
    Refusal {
        name: INSTALLATION,
        id: "bad-value",
        label: "expected e.g. 12345678",
        help: "the number at the end of the address of the installation's settings; leave it out to have it found",
    },
    Refusal {
        name: PROJECT,
        id: "bad-value",
        label: "expected \"owner/number\"",
        help: "as in the address https://github.com/orgs/owner/projects/number",
    },
    Refusal {
        name: STORE,
        id: "bad-value",
        label: "expected \"sqlite:PATH\"",
        help: "SQLite is the only store in this version, e.g. \"sqlite:/var/lib/gapwatch/gapwatch.db\"",
    },
    Refusal {
        name: HTTP_URL,
        id: "bad-url",
        label: "expected e.g. \"https://api.example.org\"",
        help: "an address begins with https:// and names a host",
    },
    Refusal {
        name: SAFE_URL,
        id: "bad-url",
        label: "expected https",
        help: "credentials are sent there, so plain http is allowed only to this machine (127.0.0.1, localhost)",
    },
    Refusal {
        name: BARE_URL,
        id: "bad-url",
        label: "expected no user, password, query or fragment",
        help: "credentials have settings of their own; if a proxy needs a password, leave `proxy` out and set HTTPS_PROXY",
    },
    Refusal {
        name: ZONE,
        id: "bad-zone",
        label: "expected e.g. \"Europe/Berlin\"",
        help: "use a name from the IANA time zone database: Area/City, or UTC",
    },
    Refusal {
        name: LISTEN,
        id: "bad-value",
        label: "expected address:port, e.g. \"127.0.0.1:8080\"",
        help: "use an IP address of this machine (0.0.0.0 and [::] mean all of them), or \"off\"",
    },
    Refusal {
        name: DAYS,
        id: "bad-value",
        label: "expected e.g. \"2027-01-01\" or \"2026-12-24..2026-12-26\"",
        help: "the last day is included, and cannot be before the first",
    },
    Refusal {
        name: STRETCH,
        id: "bad-value",
        label: "expected e.g. \"09:00-17:00\"",
        help: "from one time to a later one on the same day, 24:00 at the latest",
    },
    Refusal {
        name: CAPACITY,
        id: "bad-value",
        label: "expected e.g. \"32h/week\"",
        help: "working hours a week, 168 at most",
    },
    Refusal {
        name: SENDER,
        id: "bad-value",
        label: "expected e.g. \"gapwatch <gapwatch@example.org>\"",
        help: "a name and an address, or just the address; the domain in ASCII",
    },
    Refusal {
        name: SMTP_URL,
        id: "bad-url",
        label: "expected e.g. \"smtps://user@smtp.example.org:465\"",
        help: "smtps:// is encrypted from the start, smtp:// switches to TLS by STARTTLS; the password is a setting of its own",
    },
    Refusal {
        name: HOOK_URL,
        id: "bad-url",
        label: "expected e.g. \"https://example.org/hooks/gapwatch\"",
        help: "https (http only to this machine), without user, password or fragment",
    },
    Refusal {
        name: RHYTHM,
        id: "bad-value",
        label: r#"expected "start of work", a time of day, a cron line, or "off""#,
        help: r#""08:30" is that time on every working day; "0 15 * * 5" (minute, hour, day, month, weekday) is every Friday at 15:00"#,
    },
];

/// Reads a string and turns it into `T`, or names what it should have been.
pub(super) struct Parsed<T>(pub &'static str, pub fn(&str) -> Result<T, &'static str>);

impl<T> Visitor<'_> for Parsed<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<T, E> {
        (self.1)(text).map_err(|name| E::invalid_value(Unexpected::Str(text), &name))
    }
}

macro_rules! parsed {
    ($type:ty, $name:expr) => {
        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                deserializer.deserialize_str(Parsed($name, <$type>::parse))
            }
        }
    };
}

pub(super) use parsed;

parsed!(Repo, REPO);
parsed!(ProjectName, PROJECT);
parsed!(StoreUrl, STORE);
parsed!(BaseUrl, HTTP_URL);
parsed!(ProxyUrl, HTTP_URL);
parsed!(Zone, ZONE);

/// A repository, or all of an owner. GitHub takes upper and lower case for the same; the spelling is kept.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Repo {
    /// User or organisation.
    pub owner: String,
    /// The repository's own name; `*` for every one of the owner.
    pub name: String,
}

impl Repo {
    fn parse(text: &str) -> Result<Repo, &'static str> {
        let (owner, name) = text.split_once('/').ok_or(if text.contains('*') { ONE_REPO } else { REPO })?;
        if owner.contains('*') || (name.contains('*') && name != "*") {
            return Err(ONE_REPO);
        }
        let plain = |part: &str| {
            !part.is_empty()
                && !part.chars().all(|c| c == '.') // "." and ".." would leave the path of the request
                && part.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c))
        };
        if !plain(owner) || (name != "*" && !plain(name)) {
            return Err(REPO);
        }
        Ok(Repo { owner: owner.to_owned(), name: name.to_owned() })
    }

    /// Whether it stands for every repository of its owner.
    pub fn is_all(&self) -> bool {
        self.name == "*"
    }

    /// The form in which two spellings of one repository are equal.
    pub fn folded(&self) -> String {
        self.to_string().to_ascii_lowercase()
    }
}

impl fmt::Display for Repo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.owner, self.name)
    }
}

/// A GitHub App: its number, or its client id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppId(String);

impl AppId {
    fn parse(text: &str) -> Result<AppId, &'static str> {
        let plain = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
        let fits = (1..=100).contains(&text.len()) && text.chars().all(plain);
        if fits { Ok(AppId(text.to_owned())) } else { Err(APP_ID) }
    }

    /// As written.
    pub fn text(&self) -> &str {
        &self.0
    }
}

/// An installation of a GitHub App.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InstallationId(u64);

impl InstallationId {
    fn parse(text: &str) -> Result<InstallationId, &'static str> {
        text.trim().parse().ok().filter(|id| *id > 0).map(InstallationId).ok_or(INSTALLATION)
    }

    /// The number.
    pub fn number(self) -> u64 {
        self.0
    }
}

/// Reads a number or a text as the text it is written as.
struct Id<T>(&'static str, fn(&str) -> Result<T, &'static str>);

impl<T> Visitor<'_> for Id<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<T, E> {
        (self.1)(text).map_err(|name| E::invalid_value(Unexpected::Str(text), &name))
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<T, E> {
        let read = if number > 0 { (self.1)(&number.to_string()) } else { Err(self.0) };
        read.map_err(|name| E::invalid_value(Unexpected::Signed(number), &name))
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<T, E> {
        (self.1)(&number.to_string()).map_err(|name| E::invalid_value(Unexpected::Unsigned(number), &name))
    }
}

impl<'de> Deserialize<'de> for AppId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<AppId, D::Error> {
        deserializer.deserialize_any(Id(APP_ID, AppId::parse))
    }
}

impl<'de> Deserialize<'de> for InstallationId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<InstallationId, D::Error> {
        deserializer.deserialize_any(Id(INSTALLATION, InstallationId::parse))
    }
}

/// A project of an organisation or a user.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ProjectName {
    /// User or organisation.
    pub owner: String,
    /// The project's number there.
    pub number: u32,
}

impl ProjectName {
    fn parse(text: &str) -> Result<ProjectName, &'static str> {
        let (owner, number) = text.split_once('/').ok_or(PROJECT)?;
        let plain = !owner.is_empty() && owner.chars().all(|c| c.is_ascii_alphanumeric() || "-_".contains(c));
        let number = number.parse().ok().filter(|number| *number > 0).ok_or(PROJECT)?;
        if plain { Ok(ProjectName { owner: owner.to_owned(), number }) } else { Err(PROJECT) }
    }
}

impl fmt::Display for ProjectName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.owner, self.number)
    }
}

/// The key of a project of Jira, as written; that it can be one is checked with everything else, which knows what to
/// propose instead.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ProjectKey(String);

impl ProjectKey {
    /// As written.
    pub fn text(&self) -> &str {
        &self.0
    }

    pub(super) fn fits(&self) -> bool {
        is_key(&self.0)
    }

    /// The key that was probably meant: in small letters, of an issue, or in an address.
    pub(super) fn meant(&self) -> Option<String> {
        let last = self.0.trim().trim_end_matches('/').rsplit('/').next()?;
        let project = match last.rsplit_once('-') {
            Some((project, number)) if number.chars().all(|c| c.is_ascii_digit()) => project,
            _ => last,
        };
        Some(project.to_ascii_uppercase()).filter(|key| is_key(key))
    }
}

/// Capitals, digits and `_`, a capital first; two at least.
fn is_key(text: &str) -> bool {
    let more = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
    text.len() > 1 && text.starts_with(|c: char| c.is_ascii_uppercase()) && text.chars().all(more)
}

/// Where everything is kept: an SQLite file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoreUrl(PathBuf);

impl StoreUrl {
    fn parse(text: &str) -> Result<StoreUrl, &'static str> {
        let path = text.strip_prefix("sqlite:").ok_or(STORE)?;
        // `sqlite:///var/lib/x` is how others write `sqlite:/var/lib/x`; two slashes alone would name a host.
        let path = match path.strip_prefix("//") {
            Some(path) if path.starts_with('/') => path,
            Some(_) => return Err(STORE),
            None => path,
        };
        if path.is_empty() || path.ends_with('/') { Err(STORE) } else { Ok(StoreUrl(PathBuf::from(path))) }
    }

    /// The file; a relative path counts from the working directory.
    pub fn path(&self) -> &Path {
        &self.0
    }
}

/// Scheme, host and path of a service that is sent credentials: https, or http on this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BaseUrl(Url);

impl BaseUrl {
    fn parse(text: &str) -> Result<BaseUrl, &'static str> {
        let url = bare(text)?;
        if url.scheme() == "https" || is_loopback(&url) { Ok(BaseUrl(url)) } else { Err(SAFE_URL) }
    }

    /// The address.
    pub fn url(&self) -> &Url {
        &self.0
    }
}

/// An http or https proxy without a password. Plain http is fine: what goes through is encrypted itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProxyUrl(Url);

impl ProxyUrl {
    fn parse(text: &str) -> Result<ProxyUrl, &'static str> {
        bare(text).map(ProxyUrl)
    }

    /// The address.
    pub fn url(&self) -> &Url {
        &self.0
    }
}

fn bare(text: &str) -> Result<Url, &'static str> {
    let url = Url::parse(text).map_err(|_| HTTP_URL)?;
    if !matches!(url.scheme(), "http" | "https") || url.host().is_none() {
        return Err(HTTP_URL);
    }
    let extra =
        !url.username().is_empty() || url.password().is_some() || url.query().is_some() || url.fragment().is_some();
    if extra { Err(BARE_URL) } else { Ok(url) }
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(url::Host::Domain(name)) => name.eq_ignore_ascii_case("localhost"),
        Some(url::Host::Ipv4(ip)) => IpAddr::from(ip).is_loopback(),
        Some(url::Host::Ipv6(ip)) => IpAddr::from(ip).is_loopback(),
        None => false,
    }
}

/// A time zone by its name in the IANA database.
#[derive(Debug, Clone, PartialEq)]
pub struct Zone {
    name: String,
    zone: jiff::tz::TimeZone,
}

impl Zone {
    fn parse(text: &str) -> Result<Zone, &'static str> {
        let zone = jiff::tz::TimeZone::get(text).map_err(|_| ZONE)?;
        Ok(Zone { name: text.to_owned(), zone })
    }

    /// As written: `Europe/Berlin`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The zone.
    pub fn zone(&self) -> &jiff::tz::TimeZone {
        &self.zone
    }
}

impl Serialize for Zone {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.name)
    }
}

/// One text, or a list of them: `"ana-k"` is the same as `["ana-k"]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OneOrMany(pub Vec<String>);

impl<'de> Deserialize<'de> for OneOrMany {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<OneOrMany, D::Error> {
        deserializer.deserialize_any(OneOrManyVisitor)
    }
}

struct OneOrManyVisitor;

impl<'de> Visitor<'de> for OneOrManyVisitor {
    type Value = OneOrMany;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("text or a list of texts")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<OneOrMany, E> {
        Ok(OneOrMany(vec![text.to_owned()]))
    }

    fn visit_seq<A: de::SeqAccess<'de>>(self, mut seq: A) -> Result<OneOrMany, A::Error> {
        let mut all = Vec::new();
        while let Some(text) = seq.next_element()? {
            all.push(text);
        }
        Ok(OneOrMany(all))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_repository_is_an_owner_and_a_name() {
        let repo = Repo::parse("acme/web.site_2").unwrap();
        assert_eq!((repo.owner.as_str(), repo.name.as_str()), ("acme", "web.site_2"));
        assert!(Repo::parse("acme/*").unwrap().is_all());
        for text in ["acme/web*", "acme/**", "*/*", "*", "ac*/web", "acme/*/x"] {
            assert_eq!(Repo::parse(text), Err(ONE_REPO), "{text}");
        }
        for text in
            ["acme", "acme/", "/web", "acme/web/x", "acme/..", "../web", "acme/w b", "https://github.com/acme/web"]
        {
            assert_eq!(Repo::parse(text), Err(REPO), "{text}");
        }
    }

    #[test]
    fn an_app_is_known_by_its_number_or_its_client_id() {
        for text in ["123456", "Iv1.8a61f9b3a7aba766", "Iv23liAbCdEf"] {
            assert_eq!(AppId::parse(text).unwrap().text(), text);
        }
        for text in ["", "a b", "123/4", "https://github.com/apps/x"] {
            assert_eq!(AppId::parse(text), Err(APP_ID), "{text}");
        }
        assert_eq!(InstallationId::parse("77").unwrap().number(), 77);
        for text in ["", "0", "-1", "seven"] {
            assert_eq!(InstallationId::parse(text), Err(INSTALLATION), "{text}");
        }
    }

    #[test]
    fn a_project_is_an_owner_and_a_number() {
        let project = ProjectName::parse("acme/7").unwrap();
        assert_eq!((project.owner.as_str(), project.number, project.to_string().as_str()), ("acme", 7, "acme/7"));
        for text in ["acme", "acme/", "/7", "acme/0", "acme/-1", "acme/web", "acme/7/x", "ac me/7", "acme/99999999999"]
        {
            assert_eq!(ProjectName::parse(text), Err(PROJECT), "{text}");
        }
    }

    #[test]
    fn a_projects_key_is_in_capitals_and_near_misses_are_understood() {
        let key = |text: &str| ProjectKey(text.to_owned());
        assert!(["OPS", "WEB2", "A_B", "AB"].into_iter().all(|text| key(text).fits()));
        for (text, meant) in [
            ("ops", Some("OPS")),
            ("OPS-12", Some("OPS")),
            ("https://acme.atlassian.net/browse/web2-7", Some("WEB2")),
            ("A", None),
            ("2A", None),
            ("Web shop", None),
            ("", None),
        ] {
            assert!(!key(text).fits(), "{text}");
            assert_eq!(key(text).meant().as_deref(), meant, "{text}");
        }
    }

    #[test]
    fn a_store_is_a_file_of_sqlite() {
        for (text, path) in
            [("sqlite:gapwatch.db", "gapwatch.db"), ("sqlite:/a/b.db", "/a/b.db"), ("sqlite:///a/b", "/a/b")]
        {
            assert_eq!(StoreUrl::parse(text).unwrap().path(), Path::new(path));
        }
        for text in ["", "gapwatch.db", "sqlite:", "sqlite:/a/", "sqlite://host/a", "postgres://db/gapwatch"] {
            assert_eq!(StoreUrl::parse(text), Err(STORE), "{text}");
        }
    }

    #[test]
    fn credentials_go_over_https_or_stay_on_this_machine() {
        for text in ["https://api.github.com", "http://127.0.0.1:9000/api", "http://localhost:1", "http://[::1]:1/"] {
            assert!(BaseUrl::parse(text).is_ok(), "{text}");
        }
        for text in ["http://github.example.org", "http://10.0.0.1", "http://localhost.example.org"] {
            assert_eq!(BaseUrl::parse(text), Err(SAFE_URL), "{text}");
        }
        for text in ["github.com", "ftp://x", "https://", "", "sqlite:x"] {
            assert_eq!(BaseUrl::parse(text), Err(HTTP_URL), "{text}");
        }
        for text in ["https://u@x.org", "https://u:p@x.org", "https://x.org/?a=1", "https://x.org/#a"] {
            assert_eq!(BaseUrl::parse(text), Err(BARE_URL), "{text}");
        }
        assert!(ProxyUrl::parse("http://proxy.example.org:3128").is_ok());
    }

    #[test]
    fn every_name_a_type_asks_for_is_explained() {
        for name in [
            REPO,
            ONE_REPO,
            APP_ID,
            INSTALLATION,
            STORE,
            HTTP_URL,
            SAFE_URL,
            BARE_URL,
            ZONE,
            LISTEN,
            Length::NAME,
            Length::BOUNDED_NAME,
        ] {
            assert!(REFUSALS.iter().any(|refusal| refusal.name == name), "{name}");
        }
        assert!(REFUSALS[0].label.ends_with(Length::EXAMPLES) && REFUSALS[0].help.ends_with(Length::UNITS));
    }
}
