//! GitHub Apps: who signs as one, where it is installed, and the tokens of its installations.
//!
//! A signature is really checked, with the App's public key. A token is long, as they are since 2026, ends after an hour, and
//! sees what its installation covers and nothing of the account behind it.

use std::collections::{BTreeMap, HashMap};

use jiff::{SignedDuration, Timestamp};
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde::Deserialize;
use serde_json::{Value, json};

use super::model::Repo;
use super::{Call, Github, Hub, error, not_found};
use crate::reply::Reply;

/// How long a token of an installation lives.
const TOKEN_LIVES: SignedDuration = SignedDuration::from_hours(1);

/// How far ahead a signed text may end.
const LONGEST_CLAIM: i64 = 600;

/// Every App, and every token given to one.
#[derive(Default)]
pub(crate) struct Apps {
    apps: Vec<App>,
    tokens: HashMap<String, Issued>,
    given: u64,
    /// So many calls with a new token are refused, as long as not every server knows it.
    lag: u32,
}

struct App {
    id: u64,
    slug: String,
    key: DecodingKey,
    installations: Vec<Installation>,
}

struct Installation {
    id: u64,
    /// Lower-case.
    owner: String,
    suspended_at: Option<Timestamp>,
    permissions: BTreeMap<String, String>,
}

struct Issued {
    app: usize,
    installation: u64,
    ends_at: Timestamp,
    refusals: u32,
}

/// Whose credential a call carries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Who {
    /// An account, by its lower-case login.
    Account(String),
    /// An App itself.
    App(usize),
    /// An App's installation.
    Installation {
        /// Which App.
        app: usize,
        /// Lower-case.
        owner: String,
        /// Lower-case login of the App's account.
        bot: String,
        /// It may comment.
        writes: bool,
    },
}

impl Who {
    /// Whether a repository is shown to it.
    pub(crate) fn sees(&self, repo: &Repo) -> bool {
        match self {
            Who::Account(_) => true,
            Who::App(_) => false,
            Who::Installation { owner, .. } => !repo.private || repo.owner().eq_ignore_ascii_case(owner),
        }
    }

    /// The login it acts as.
    pub(crate) fn login(&self) -> &str {
        match self {
            Who::Account(login) => login,
            Who::App(_) => "",
            Who::Installation { bot, .. } => bot,
        }
    }
}

#[derive(Deserialize)]
struct Claims {
    iat: i64,
    exp: i64,
    iss: Value,
}

impl Hub {
    /// Whose token this is, where it belongs to an App or its installation. `None`: it does not look like one.
    pub(super) fn app_behind(&mut self, token: &str, now: Timestamp) -> Option<Result<Who, Reply>> {
        if token.starts_with("ghs_") {
            return Some(self.installation_behind(token, now));
        }
        let is_signed = token.split('.').count() == 3 && !self.apps.apps.is_empty();
        is_signed.then(|| self.signer_of(token, now))
    }

    fn installation_behind(&mut self, token: &str, now: Timestamp) -> Result<Who, Reply> {
        let bad = || error(401, "Bad credentials");
        let issued = self.apps.tokens.get_mut(token).filter(|issued| now < issued.ends_at).ok_or_else(bad)?;
        if issued.refusals > 0 {
            issued.refusals -= 1;
            return Err(bad());
        }
        let app = &self.apps.apps[issued.app];
        let installation = app.installations.iter().find(|one| one.id == issued.installation).ok_or_else(bad)?;
        if installation.suspended_at.is_some() {
            return Err(error(403, "This installation has been suspended"));
        }
        Ok(Who::Installation {
            app: issued.app,
            owner: installation.owner.clone(),
            bot: format!("{}[bot]", app.slug),
            writes: installation.permissions.get("issues").is_some_and(|level| level == "write"),
        })
    }

    fn signer_of(&self, token: &str, now: Timestamp) -> Result<Who, Reply> {
        let mut check = Validation::new(Algorithm::RS256);
        check.required_spec_claims.clear();
        (check.validate_exp, check.validate_aud) = (false, false);
        let signed_by = |app: &App| Some(jsonwebtoken::decode::<Claims>(token, &app.key, &check).ok()?.claims);
        let found = self.apps.apps.iter().enumerate().find_map(|(at, app)| Some((at, signed_by(app)?)));
        let Some((at, claims)) = found else { return Err(error(401, "A JSON web token could not be decoded")) };
        let now = now.as_second();
        let said = match () {
            () if claims.iss != json!(self.apps.apps[at].id) => "Integration not found",
            () if claims.iat > now => "'Issued at' claim ('iat') must be in the past",
            () if claims.exp <= now => "'Expiration time' claim ('exp') must be in the future",
            () if claims.exp - now > LONGEST_CLAIM => "'Expiration time' claim ('exp') is too far in the future",
            () => return Ok(Who::App(at)),
        };
        Err(error(401, said))
    }

    /// What an App may ask as itself. Nothing else is shown to it.
    pub(super) fn as_app(&mut self, call: &Call<'_>, app: usize, path: &[&str]) -> Reply {
        let post = call.asked.method == http::Method::POST;
        match path {
            ["app"] if !post => {
                let App { id, slug, .. } = &self.apps.apps[app];
                Reply::json(200, &json!({ "id": id, "slug": slug, "name": slug, "permissions": {}, "events": [] }))
            }
            ["app", "installations"] if !post => {
                let all: Vec<Value> =
                    self.apps.apps[app].installations.iter().map(|one| self.installation_json(one)).collect();
                Reply::json(200, &all)
            }
            ["app", "installations", id, "access_tokens"] if post => self.give_token(app, id, call.now),
            ["orgs", owner, "installation"] if !self.settings.persons.contains(&owner.to_lowercase()) => {
                self.installation_of(app, owner)
            }
            ["users", owner, "installation"] | ["repos", owner, _, "installation"] => self.installation_of(app, owner),
            _ => not_found(),
        }
    }

    fn installation_of(&self, app: usize, owner: &str) -> Reply {
        let mut all = self.apps.apps[app].installations.iter();
        let found = all.find(|one| one.owner.eq_ignore_ascii_case(owner));
        found.map_or_else(not_found, |one| Reply::json(200, &self.installation_json(one)))
    }

    fn installation_json(&self, one: &Installation) -> Value {
        json!({
            "id": one.id, "account": { "login": one.owner, "type": "Organization" }, "repository_selection": "all",
            "permissions": one.permissions, "suspended_at": one.suspended_at.map(|at| at.to_string()),
        })
    }

    fn give_token(&mut self, app: usize, id: &str, now: Timestamp) -> Reply {
        let found = self.apps.apps[app].installations.iter().find(|one| one.id.to_string() == id);
        let Some(installation) = found else { return not_found() };
        if installation.suspended_at.is_some() {
            return error(403, "This installation has been suspended");
        }
        self.apps.given += 1;
        let (id, permissions) = (installation.id, installation.permissions.clone());
        let ends_at = now.saturating_add(TOKEN_LIVES).unwrap_or(now);
        let token = format!("ghs_{}_{id}.{}.{}", self.apps.apps[app].id, self.apps.given, "s".repeat(400));
        let issued = Issued { app, installation: id, ends_at, refusals: self.apps.lag };
        self.apps.tokens.insert(token.clone(), issued);
        let body = json!({
            "token": token, "expires_at": ends_at.to_string(), "permissions": permissions, "repository_selection": "all",
        });
        Reply::json(201, &body)
    }

    /// Repositories an installation covers, a page of them.
    pub(super) fn covered(&self, call: &Call<'_>, owner: &str) -> Reply {
        let found = self.repos.iter().filter(|repo| !repo.hidden && repo.owner().eq_ignore_ascii_case(owner));
        let all: Vec<_> =
            found.filter_map(|repo| serde_json::value::to_raw_value(&self.repo_json(repo)).ok()).collect();
        let list = self.page_of(call, format!("{}{}", self.base, call.asked.path), &all);
        let rows = String::from_utf8_lossy(&list.body).into_owned();
        let mut reply = Reply::json_text(200, format!("{{\"total_count\":{},\"repositories\":{rows}}}", all.len()));
        reply.headers.extend(list.headers.into_iter().filter(|(name, _)| *name == "link"));
        reply
    }

    /// The slug of the App behind a bot's login.
    pub(super) fn app_of_bot(&self, login: &str) -> Option<(u64, &str)> {
        let slug = login.strip_suffix("[bot]")?;
        self.apps.apps.iter().find(|app| app.slug == slug).map(|app| (app.id, app.slug.as_str()))
    }
}

impl Github {
    /// Makes an App that signs with the key behind this public one (PEM), and its account, `SLUG[bot]`.
    pub fn app(&self, slug: &str, id: u64, public_key: &str) {
        self.bot(&format!("{slug}[bot]"));
        let key = read_key(public_key);
        self.hub().apps.apps.push(App { id, slug: slug.to_owned(), key, installations: Vec::new() });
    }

    /// Gives an App another key; what the old one signs is refused.
    pub fn app_key(&self, slug: &str, public_key: &str) {
        let key = read_key(public_key);
        self.with_app(slug, |app| app.key = key);
    }

    /// Installs an App for an owner, with leave to comment.
    pub fn install(&self, slug: &str, owner: &str) {
        let id = 51_000_000 + self.hub().apps.apps.iter().map(|app| app.installations.len() as u64).sum::<u64>();
        let grant = |level: &str| level.to_owned();
        let permissions =
            [("issues", grant("write")), ("metadata", grant("read")), ("organization_projects", grant("read"))];
        let permissions = permissions.into_iter().map(|(name, level)| (name.to_owned(), level)).collect();
        let owner = owner.to_lowercase();
        self.with_app(slug, |app| {
            app.installations.push(Installation { id, owner, suspended_at: None, permissions });
        });
    }

    /// Suspends an owner's installation, or lifts that.
    pub fn suspend(&self, slug: &str, owner: &str, suspended: bool) {
        let now = self.now();
        self.with_installation(slug, owner, |one| one.suspended_at = suspended.then_some(now));
    }

    /// Grants an owner's installation no more than to read issues, or to write them as well.
    pub fn may_comment(&self, slug: &str, owner: &str, may: bool) {
        let level = if may { "write" } else { "read" };
        self.with_installation(slug, owner, |one| {
            one.permissions.insert("issues".to_owned(), level.to_owned());
        });
    }

    /// Takes every token of every installation back.
    pub fn revoke_installation_tokens(&self) {
        self.hub().apps.tokens.clear();
    }

    /// How many tokens were given to installations.
    pub fn installation_tokens_given(&self) -> u64 {
        self.hub().apps.given
    }

    /// The first so many calls with a new token of an installation are refused.
    pub fn installation_token_lag(&self, calls: u32) {
        self.hub().apps.lag = calls;
    }

    fn with_app(&self, slug: &str, deed: impl FnOnce(&mut App)) {
        let mut hub = self.hub();
        let found = hub.apps.apps.iter_mut().find(|app| app.slug == slug);
        deed(found.unwrap_or_else(|| panic!("the simulator has no App {slug}")));
    }

    fn with_installation(&self, slug: &str, owner: &str, deed: impl FnOnce(&mut Installation)) {
        self.with_app(slug, |app| {
            let found = app.installations.iter_mut().find(|one| one.owner.eq_ignore_ascii_case(owner));
            deed(found.unwrap_or_else(|| panic!("{slug} is not installed for {owner}")));
        });
    }
}

fn read_key(public_key: &str) -> DecodingKey {
    DecodingKey::from_rsa_pem(public_key.as_bytes()).expect("a public RSA key in PEM form")
}
