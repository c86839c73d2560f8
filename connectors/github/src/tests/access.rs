//! Tokens and GitHub Apps: what a call carries, and what becomes of a refusal.

mod installations;

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use connector_kit::http::Request;
use connector_kit::secret::Secret;
use connector_kit::{
    Block, Commenter, ConnectorError, Cursor, Found, MessageRef, Source, Span, StreamKind, Text, WriteError,
};
use connector_model::{AccountKind, Mark};
use jiff::{SignedDuration, Timestamp};
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use secrecy::SecretString;
use serde_json::{Value, json};

use super::server::{Answer, Asked, NOW, Server, answer, stream};
use crate::{AppKey, Credential, GitHub};

/// Made for the tests; they open nothing.
const KEY: &str = include_str!("../../../../tests/keys/app.pem");
const KEY_PKCS8: &str = include_str!("../../../../tests/keys/app_pkcs8.pem");
const PUBLIC: &str = include_str!("../../../../tests/keys/app_public.pem");
const OTHER_KEY: &str = include_str!("../../../../tests/keys/other.pem");

const TASK: &str = "1000/acme/web/4/I_4";

/// A secret that can be put in another's place.
#[derive(Clone)]
struct Drawer(Arc<Mutex<String>>);

impl Drawer {
    fn new(value: &str) -> Drawer {
        Drawer(Arc::new(Mutex::new(value.to_owned())))
    }

    fn put(&self, value: &str) {
        *self.0.lock().unwrap() = value.to_owned();
    }

    fn secret(&self) -> Secret {
        let drawer = self.0.clone();
        Secret::new(move || match drawer.lock().unwrap().as_str() {
            "" => Err("the drawer is empty".to_owned()),
            value => Ok(SecretString::from(value)),
        })
    }
}

fn app_with(key: &Drawer) -> Credential {
    Credential::App(AppKey { app_id: "4711".to_owned(), private_key: key.secret(), installation_id: None })
}

fn app() -> Credential {
    app_with(&Drawer::new(KEY))
}

/// The claims of a signed text, if its signature is the App's.
fn claims(asked: &Asked) -> Option<Value> {
    let signed = asked.header("authorization")?.strip_prefix("Bearer ")?;
    let mut check = Validation::new(Algorithm::RS256);
    check.required_spec_claims.clear();
    (check.validate_exp, check.validate_aud) = (false, false);
    let key = DecodingKey::from_rsa_pem(PUBLIC.as_bytes()).unwrap();
    Some(jsonwebtoken::decode::<Value>(signed, &key, &check).ok()?.claims)
}

/// GitHub as Apps see it: installed for acme (1) and umbrella (2), each token good for an hour.
#[derive(Default)]
struct Office {
    made: u32,
    /// Tokens that are not accepted.
    refused: BTreeSet<String>,
    /// So many calls with a token are refused before it is known everywhere.
    lag: u32,
    suspended: bool,
    issued_at: Vec<Timestamp>,
}

type Shared = Arc<Mutex<Office>>;

fn office(office: Office) -> Shared {
    Arc::new(Mutex::new(office))
}

/// A token as long as GitHub makes them now.
fn token_of(installation: &str, number: u32) -> String {
    format!("ghs_4711_{installation}_{number}_{}", "x".repeat(400))
}

async fn open(shared: &Shared) -> Server {
    let shared = shared.clone();
    Server::new(move |asked| respond(&mut shared.lock().unwrap(), asked)).await
}

fn respond(office: &mut Office, asked: &Asked) -> Answer {
    let path = asked.path();
    if path == "/meta" {
        return answer(200, "{}");
    }
    if path.starts_with("/app") || path.ends_with("/installation") {
        if claims(asked).is_none() {
            return answer(401, json!({"message": "A JSON web token could not be decoded"}));
        }
        return respond_to_app(office, asked);
    }
    let bearer = asked.header("authorization").unwrap().trim_start_matches("Bearer ").to_owned();
    if office.lag > 0 {
        office.lag -= 1;
        return answer(401, json!({"message": "Bad credentials"}));
    }
    if office.refused.contains(&bearer) || !bearer.starts_with("ghs_") {
        return answer(401, json!({"message": "Bad credentials"}));
    }
    if office.suspended {
        return answer(403, json!({"message": "This installation has been suspended"}));
    }
    match path {
        "/users/watch%5Bbot%5D" => answer(200, json!({"id": 9, "login": "watch[bot]", "type": "Bot"})),
        "/user" => answer(403, json!({"message": "Resource not accessible by integration"})),
        path if path.ends_with("/comments") && asked.method == "POST" => answer(201, json!({"id": 7})),
        _ => answer(200, "[]"),
    }
}

fn respond_to_app(office: &mut Office, asked: &Asked) -> Answer {
    let installed = |id: u32| answer(200, json!({"id": id, "account": {"login": "x"}, "suspended_at": null}));
    match asked.path() {
        "/app" => answer(200, json!({"id": 4711, "slug": "watch", "name": "Watch"})),
        "/orgs/acme/installation" => installed(1),
        "/users/Umbrella/installation" | "/users/umbrella/installation" => installed(2),
        "/app/installations" => {
            answer(200, json!([{"id": 1, "account": {"login": "acme"}}, {"id": 2, "account": {"login": "umbrella"}}]))
        }
        "/app/installations/1/access_tokens" | "/app/installations/2/access_tokens" if office.suspended => {
            answer(403, json!({"message": "This installation has been suspended"}))
        }
        path if path.ends_with("/access_tokens") => {
            office.made += 1;
            let now: Timestamp =
                claims(asked).unwrap()["iat"].as_i64().map(|at| Timestamp::from_second(at + 60)).unwrap().unwrap();
            office.issued_at.push(now);
            let installation = path.split('/').nth(3).unwrap();
            let ends = now + SignedDuration::from_hours(1);
            let permissions = json!({"issues": "write", "metadata": "read", "organization_projects": "read"});
            let body =
                json!({"token": token_of(installation, office.made), "expires_at": ends, "permissions": permissions});
            answer(201, body)
        }
        _ => answer(404, json!({"message": "Not Found"})),
    }
}

async fn read(github: &GitHub) -> Result<(), ConnectorError> {
    github.pull(&stream(StreamKind::Tasks), &Cursor::default()).await.map(|_| ())
}

fn bearers(server: &Server) -> Vec<String> {
    let is_read = |asked: &&Asked| asked.path().starts_with("/repos/");
    let asked = server.asked();
    asked.iter().filter(is_read).map(|one| one.header("authorization").unwrap()["Bearer ".len()..].to_owned()).collect()
}

#[tokio::test]
async fn an_app_says_who_it_is_and_reads_with_the_token_of_its_installation() {
    for key in [KEY, KEY_PKCS8] {
        let office = office(Office::default());
        let server = open(&office).await;
        let (github, _) = server.github_with(app_with(&Drawer::new(key)), &["acme/web"]);
        read(&github).await.unwrap();
        read(&github).await.unwrap();
        let asked = server.asked();
        let paths: Vec<String> = asked.iter().map(|asked| format!("{} {}", asked.method, asked.path())).collect();
        assert_eq!(
            paths,
            [
                "GET /orgs/acme/installation",
                "POST /app/installations/1/access_tokens",
                "GET /repos/acme/web/issues",
                "GET /repos/acme/web/issues"
            ]
        );
        let now = NOW.parse::<Timestamp>().unwrap().as_second();
        assert_eq!(claims(&asked[0]).unwrap(), json!({"iat": now - 60, "exp": now + 540, "iss": 4711}));
        assert_eq!(asked[2].header("authorization"), Some(format!("Bearer {}", token_of("1", 1)).as_str()));
    }
}

#[tokio::test]
async fn a_client_id_is_as_good_as_an_app_id() {
    let server = open(&office(Office::default())).await;
    let app = AppKey { app_id: "Iv23liAbC".to_owned(), private_key: Secret::fixed(KEY), installation_id: Some(2) };
    let (github, _) = server.github_with(Credential::App(app), &["acme/web"]);
    read(&github).await.unwrap();
    let asked = server.asked();
    assert_eq!(asked[0].path(), "/app/installations/2/access_tokens", "a given installation is not looked for");
    assert_eq!(claims(&asked[0]).unwrap()["iss"], "Iv23liAbC");
}

#[tokio::test]
async fn a_token_is_renewed_a_minute_before_it_ends_and_by_one_call_for_all() {
    let office = office(Office::default());
    let server = open(&office).await;
    let (github, clock) = server.github_with(app(), &["acme/web"]);
    read(&github).await.unwrap();
    clock.advance(SignedDuration::from_mins(58));
    read(&github).await.unwrap();
    assert_eq!(office.lock().unwrap().made, 1);
    clock.advance(SignedDuration::from_mins(1));
    let (one, two, three) = tokio::join!(read(&github), read(&github), read(&github));
    assert!(one.is_ok() && two.is_ok() && three.is_ok());
    assert_eq!(office.lock().unwrap().made, 2);
    assert_eq!(bearers(&server)[2..], [token_of("1", 2), token_of("1", 2), token_of("1", 2)]);
}

#[tokio::test]
async fn a_token_that_is_not_known_everywhere_yet_is_given_a_moment() {
    let office = office(Office { lag: 2, ..Office::default() });
    let server = open(&office).await;
    let (github, clock) = server.github_with(app(), &["acme/web"]);
    read(&github).await.unwrap();
    let waited = clock_since_start(&clock);
    assert_eq!((office.lock().unwrap().made, waited), (1, 3));
}

fn clock_since_start(clock: &connector_kit::clock::SetClock) -> i64 {
    use connector_kit::Clock;
    clock.now().duration_since(NOW.parse().unwrap()).as_secs()
}

#[tokio::test]
async fn a_token_that_was_revoked_is_renewed_once_and_then_no_more() {
    let office = office(Office::default());
    let server = open(&office).await;
    let (github, clock) = server.github_with(app(), &["acme/web"]);
    read(&github).await.unwrap();
    clock.advance(SignedDuration::from_mins(10));
    office.lock().unwrap().refused.insert(token_of("1", 1));
    read(&github).await.unwrap();
    assert_eq!(office.lock().unwrap().made, 2);
    clock.advance(SignedDuration::from_mins(10));
    office.lock().unwrap().lag = 1_000;
    let err = read(&github).await.unwrap_err();
    assert!(matches!(err, ConnectorError::Unauthorized { .. }), "{err}");
    assert_eq!(office.lock().unwrap().made, 3);
}

#[tokio::test]
async fn a_write_that_was_refused_for_its_token_was_not_done_and_is_made_with_a_new_one() {
    let office = office(Office::default());
    let server = open(&office).await;
    let (github, clock) = server.github_with(app(), &["acme/web"]);
    read(&github).await.unwrap();
    clock.advance(SignedDuration::from_mins(10));
    office.lock().unwrap().refused.insert(token_of("1", 1));
    assert_eq!(post(&github).await, MessageRef("7".to_owned()));
    assert_eq!(office.lock().unwrap().made, 2);
}

async fn post(github: &GitHub) -> MessageRef {
    let text = Text { summary: String::new(), blocks: vec![Block::Line(vec![Span::Plain("x".to_owned())])] };
    github.post(TASK, &text, &mark()).await.unwrap()
}

fn mark() -> Mark {
    Mark { wire: "0123456789abcdef".repeat(2), mac: "fedcba9876543210".repeat(2) }
}

#[tokio::test]
async fn a_key_that_is_refused_is_read_anew_and_its_successor_is_tried_at_once() {
    let key = Drawer::new(OTHER_KEY);
    let server = open(&office(Office::default())).await;
    let (github, _) = server.github_with(app_with(&key), &["acme/web"]);
    let err = read(&github).await.unwrap_err();
    assert!(matches!(&err, ConnectorError::Unauthorized { what, .. } if what.contains("4711")), "{err}");
    assert!(!github.renewed());
    key.put(KEY);
    assert!(github.renewed());
    read(&github).await.unwrap();
    assert!(!github.renewed());
    key.put("-----BEGIN RSA PRIVATE KEY-----\nnonsense\n-----END RSA PRIVATE KEY-----\n");
    let (github, _) = server.github_with(app_with(&key), &["acme/web"]);
    let err = read(&github).await.unwrap_err();
    assert!(matches!(&err, ConnectorError::Misconfigured { what, .. } if what.contains("PEM")), "{err}");
    assert!(!format!("{err:?}").contains("nonsense"));
}

#[tokio::test]
async fn where_the_clocks_differ_githubs_decides() {
    let there: Timestamp = NOW.parse::<Timestamp>().unwrap() + SignedDuration::from_mins(20);
    let date =
        format!("date: {}", jiff::fmt::rfc2822::DateTimePrinter::new().timestamp_to_rfc9110_string(&there).unwrap());
    let server = Server::new(move |asked| {
        let Some(claims) = claims(asked) else { return answer(200, "[]").with(&date) };
        let now = there.as_second();
        if claims["exp"].as_i64().unwrap() <= now || claims["iat"].as_i64().unwrap() > now {
            return answer(401, json!({"message": "'Expiration time' claim ('exp') is too far in the past"}))
                .with(&date);
        }
        match asked.path() {
            "/app/installations/1/access_tokens" => {
                let ends = there + SignedDuration::from_hours(1);
                answer(201, json!({"token": "ghs_1", "expires_at": ends})).with(&date)
            }
            _ => answer(200, json!({"id": 1})).with(&date),
        }
    })
    .await;
    let (github, clock) = server.github_with(app(), &["acme/web"]);
    read(&github).await.unwrap();
    // It is the length of its life that counts, not when it ends by another clock.
    clock.advance(SignedDuration::from_mins(58));
    server.asked();
    read(&github).await.unwrap();
    assert_eq!(server.asked().len(), 1);
}

#[tokio::test]
async fn a_token_that_was_exchanged_is_used_without_a_restart() {
    let drawer = Drawer::new("old");
    let server = Server::new(|asked| match asked.header("authorization") {
        Some("Bearer new") => answer(200, "[]"),
        _ => answer(401, json!({"message": "Bad credentials"})),
    })
    .await;
    let credential = Credential::Token { token: drawer.secret(), comment_token: None };
    let (github, _) = server.github_with(credential, &["acme/web"]);
    let err = read(&github).await.unwrap_err();
    assert!(matches!(&err, ConnectorError::Unauthorized { what, .. } if what.contains("revoked")), "{err}");
    assert_eq!((server.asked().len(), github.renewed()), (1, false), "the same token is not tried twice");
    drawer.put("new");
    assert!(github.renewed());
    read(&github).await.unwrap();
    assert!(!github.renewed());
    // While a file is being exchanged there may be none.
    drawer.put("");
    let err = read(&github).await.unwrap_err();
    assert!(matches!(&err, ConnectorError::Unauthorized { what, .. } if what.contains("empty")), "{err}");
    assert!(!github.renewed());
    drawer.put("new");
    assert!(github.renewed());
    read(&github).await.unwrap();
    assert!(!github.renewed());
}

#[tokio::test]
async fn a_token_that_has_ended_says_so() {
    use std::sync::atomic::{AtomicBool, Ordering};
    let ended = Arc::new(AtomicBool::new(false));
    let is_ended = ended.clone();
    let server = Server::new(move |_| match is_ended.load(Ordering::SeqCst) {
        false => answer(200, "[]").with("github-authentication-token-expiration: 2025-03-11 18:30:00 +0900"),
        true => answer(401, "{}"),
    })
    .await;
    let (github, clock) = server.github_with(super::server::token("t"), &["acme/web"]);
    read(&github).await.unwrap();
    ended.store(true, Ordering::SeqCst);
    clock.advance(SignedDuration::from_hours(1));
    let err = read(&github).await.unwrap_err().to_string();
    assert!(err.contains("ended at 2025-03-11T09:30:00Z"), "{err}");
}

#[tokio::test]
async fn comments_are_written_with_their_own_token_and_as_its_account() {
    let server = Server::new(|asked| {
        let login = if asked.header("authorization") == Some("Bearer writes") { "scribe" } else { "reader" };
        match (asked.method.as_str(), asked.path()) {
            ("POST", _) => answer(201, json!({"id": 7})),
            (_, "/user") => answer(200, json!({"id": login.len(), "login": login}))
                .with("github-authentication-token-expiration: 2025-03-12 09:00:00 UTC"),
            (_, "/meta") => answer(200, "{}"),
            _ => answer(200, "[]"),
        }
    })
    .await;
    let credential = Credential::Token { token: Secret::fixed("reads"), comment_token: Some(Secret::fixed("writes")) };
    let (github, _) = server.github_with(credential, &["acme/web"]);
    let who = github.whoami().await.unwrap();
    assert_eq!(who.account.unwrap().handle.as_deref(), Some("scribe"));
    assert!(who.warnings[0].starts_with("comment_token: the token ends") && who.warnings[1].starts_with("the token"));
    server.asked();
    post(&github).await;
    read(&github).await.unwrap();
    let asked = server.asked();
    assert_eq!(asked[0].header("authorization"), Some("Bearer writes"));
    assert_eq!(asked[1].header("authorization"), Some("Bearer reads"));
}

#[tokio::test]
async fn nothing_but_comments_and_a_token_can_be_written() {
    let server = Server::new(|_| answer(200, "{}")).await;
    let github = server.github();
    for path in [
        "app/installations/1",
        "app/installations/1/access_tokens/2",
        "repos/acme/web/issues/4",
        "repos/acme/web/issues",
        "repositories/1000/issues/4/labels",
        "app/installations/1/suspended",
    ] {
        let refused = github.http.write(Request::post(path, "core")).await;
        assert!(refused.is_err(), "{path}");
    }
    assert_eq!(server.asked().len(), 0);
}
