//! Events on the wire.

#![allow(clippy::unwrap_used)]

use connector_kit::clock::SetClock;
use connector_simulator::hook::{Receiver, SECRET, Trouble};

use super::*;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn webhook(url: &str, allow_private: bool) -> Webhook {
    let (secret, ca_file, proxy) = (Secret::fixed(SECRET), None, None);
    let config = Config { url: url.parse().unwrap(), secret, allow_private, ca_file, proxy };
    Webhook::new(config, Arc::new(SetClock::leaping(at("2026-03-17T10:00:00Z")))).unwrap()
}

#[test]
fn an_event_is_signed_as_the_specification_shows() {
    // The example of the specification's own libraries.
    let secret = SecretString::from("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
    let body = r#"{"test": 2432232314}"#;
    let signed =
        signature(&secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", Timestamp::from_second(1_614_265_330).unwrap(), body);
    assert_eq!(signed.unwrap(), "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
}

#[test]
fn a_secret_is_long_and_in_base64_and_no_word_says_it() {
    assert_eq!(is_secret(SECRET), Ok(()));
    for text in ["", "hush", "whsec_", "whsec_aHVzaA==", "whsec_h?ush", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaS"] {
        assert!(!is_secret(text).unwrap_err().contains("hush"), "{text}");
    }
}

#[test]
fn an_address_is_https_or_this_machines_own() {
    for text in ["https://example.org/hooks?key=1", "http://127.0.0.1:9000/x", "http://localhost/"] {
        assert!(address(text).is_ok(), "{text}");
    }
    for text in [
        "",
        "example.org",
        "http://example.org/",
        "http://10.0.0.1/",
        "https://user:hush@x.example/",
        "ftp://x/",
        "https://x/#a",
    ] {
        assert!(!address(text).unwrap_err().contains("hush"), "{text}");
    }
}

#[tokio::test]
async fn an_event_arrives_signed_and_with_its_query() {
    let receiver = Receiver::start().await.unwrap();
    let webhook = webhook(&format!("{}?key=a%20b&c=%2B", receiver.url()), true);
    webhook.post("msg_1", r#"{"type":"gap.opened"}"#).await.unwrap();
    let received = receiver.received();
    assert_eq!(received.len(), 1);
    let one = &received[0];
    assert!(one.verified && one.path.starts_with("/hooks/gapwatch?key=a+b&c=%2B"), "{one:?}");
    assert_eq!((one.id.as_str(), one.timestamp), ("msg_1", at("2026-03-17T10:00:00Z").as_second()));
    assert_eq!(one.body["type"], "gap.opened");
    assert!(webhook.check().await.is_ok());
    assert_eq!(receiver.received().len(), 1, "looking posts nothing");
}

#[tokio::test]
async fn only_2xx_is_taken_and_each_refusal_leads_to_its_own_next_step() {
    let word = |error: PostError| match error {
        PostError::Later { wait, .. } => ("later", wait.map(|wait| wait.as_secs())),
        PostError::Throttled { wait, .. } => ("throttled", wait.map(|wait| wait.as_secs())),
        PostError::Disabled { .. } => ("disabled", None),
    };
    let after = |secs: &str| vec![("retry-after", secs.to_owned())];
    for (trouble, expected) in [
        (Trouble::Answer(301, vec![("location", "https://evil.example/".to_owned())]), ("later", None)),
        (Trouble::Answer(307, vec![("location", "http://127.0.0.1:1/".to_owned())]), ("later", None)),
        (Trouble::Answer(400, Vec::new()), ("later", None)),
        (Trouble::Answer(401, Vec::new()), ("later", None)),
        (Trouble::Answer(403, Vec::new()), ("later", None)),
        (Trouble::Answer(404, Vec::new()), ("later", None)),
        (Trouble::Answer(410, Vec::new()), ("disabled", None)),
        (Trouble::Answer(429, after("120")), ("throttled", Some(120))),
        (Trouble::Answer(429, Vec::new()), ("throttled", None)),
        (Trouble::Answer(500, Vec::new()), ("later", None)),
        (Trouble::Answer(502, after("7")), ("throttled", Some(7))),
        (Trouble::Answer(503, after("60")), ("later", Some(60))),
        (Trouble::Answer(504, Vec::new()), ("throttled", None)),
        (Trouble::Answer(520, Vec::new()), ("later", None)),
        (Trouble::Reset, ("later", None)),
        (Trouble::KeepAndReset, ("later", None)),
    ] {
        let receiver = Receiver::start().await.unwrap();
        receiver.fail_next(trouble.clone(), 1);
        let error = webhook(&receiver.url(), true).post("msg_1", "{}").await.unwrap_err();
        assert!(!error.to_string().contains("evil"), "{error}");
        assert_eq!(word(error), expected, "{trouble:?}");
        assert_eq!(receiver.received().len(), 1, "{trouble:?}: one attempt is one request");
        webhook(&receiver.url(), true).post("msg_1", "{}").await.unwrap();
        assert_eq!(receiver.events().len(), 1, "{trouble:?}: a repeat has the same id");
    }
}

#[tokio::test]
async fn nothing_inside_is_connected_to_unless_that_is_meant() {
    let receiver = Receiver::start().await.unwrap();
    let port = receiver.url().rsplit(':').next().unwrap().to_owned();
    for host in ["127.0.0.1", "localhost", "2130706433", "0x7f.1", "[::ffff:127.0.0.1]", "0"] {
        let error = webhook(&format!("https://{host}:{port}"), false).post("msg_1", "{}").await;
        let Err(PostError::Later { because, .. }) = error else { panic!("{host}: {error:?}") };
        assert!(because.contains("private"), "{host}: {because}");
    }
    assert_eq!(receiver.received(), []);
}

#[tokio::test]
async fn what_was_looked_at_is_what_is_connected_to() {
    // The name means another machine by now; the address that was looked at still is this one.
    let receiver = Receiver::start().await.unwrap();
    let port: u16 = receiver.url().split(':').nth(2).unwrap().split('/').next().unwrap().parse().unwrap();
    let clock: Arc<dyn Clock> = Arc::new(SetClock::leaping(at("2026-03-17T10:00:00Z")));
    let config = HttpConfig {
        tool: TOOL,
        base: format!("http://localhost:{port}/").parse().unwrap(),
        also: Vec::new(),
        ca_file: None,
        proxy: None,
        deadline: DEADLINE,
        max_body: BODY_MAX,
        read_attempts: 1,
        limits: Arc::new(Limits::new(clock.clone())),
        clock,
    };
    let elsewhere = Http::pinned(config, &["192.0.2.1:1".parse().unwrap()]).unwrap();
    let sent = elsewhere.allow_writes(&[(Method::POST, "x")]);
    let sent =
        tokio::time::timeout(std::time::Duration::from_millis(300), sent.write(Request::post("x", BUDGET))).await;
    assert!(!matches!(sent, Ok(Ok(_))), "{sent:?}");
    assert_eq!(receiver.received(), [], "the name itself is not looked up");
}
