//! The incoming webhook over the wire.

use super::*;
use crate::{Webhook, WebhookConfig};

fn hook(server: &Server, path: &str) -> Webhook {
    let url = Secret::fixed(&format!("{}{path}", server.url));
    let clock = Arc::new(Clockwork::new(at("2025-03-11T09:00:00Z")));
    Webhook::new(WebhookConfig { url, ca_file: None, proxy: None }, clock).unwrap()
}

async fn posted_by_hook(answers: Vec<Answer>) -> (Result<MessageRef, WriteError>, Server) {
    let server = Server::start([("XsecretX", answers)]).await;
    let sent = hook(&server, "/services/T1/B1/XsecretX").send(&channel("any"), &body(), &mark(), None).await;
    (sent, server)
}

#[tokio::test]
async fn a_message_goes_to_the_address_as_it_is_and_ok_is_a_word() {
    let (sent, server) = posted_by_hook(vec![Answer::status(200, "ok")]).await;
    assert!(sent.is_ok(), "{sent:?}");
    let call = &server.calls()[0];
    assert_eq!((call.verb.as_str(), call.path.as_str()), ("POST", "/services/T1/B1/XsecretX"));
    assert_eq!(call.header("authorization"), None);
    let said = call.json();
    assert_eq!((&said["text"], &said["blocks"][0]["type"]), (&json!("OPS-1 is late"), &json!("rich_text")));
    assert_eq!((&said["unfurl_links"], &said["unfurl_media"]), (&json!(false), &json!(false)));
    assert!(said.get("channel").is_none() && said.get("username").is_none());
}

#[tokio::test]
async fn each_refusal_of_a_webhook_leads_to_its_own_next_step_and_names_no_address() {
    type Is = fn(&WriteError) -> bool;
    let dead: Is = |error| matches!(error, WriteError::Unauthorized { .. });
    let refused: Is = |error| matches!(error, WriteError::Refused { .. });
    let unsure: Is = |error| matches!(error, WriteError::Unsure { .. });
    let later: Is = |error| matches!(error, WriteError::NotSent { .. });
    let cases: [(Answer, Is); 11] = [
        (Answer::status(404, "no_service"), dead),
        (Answer::status(404, "no_team"), dead),
        (Answer::status(410, ""), dead),
        (Answer::status(403, "invalid_token"), dead),
        (Answer::status(403, "action_prohibited"), refused),
        (Answer::status(410, "channel_is_archived"), refused),
        (Answer::status(429, "rate_limited").with("retry-after", "30"), later),
        (Answer::status(500, "rollup_error"), unsure),
        (Answer::status(200, "<html>a proxy's page</html>"), unsure),
        (Answer::status(200, ""), unsure),
        (Answer::Cut, unsure),
    ];
    for (answer, expected) in cases {
        let label = format!("{answer:?}");
        let (sent, server) = posted_by_hook(vec![answer]).await;
        let error = sent.unwrap_err();
        assert!(expected(&error), "{label}: {error}");
        assert!(!error.to_string().contains("XsecretX"), "{error}");
        assert_eq!(server.calls().len(), 1, "{label}");
    }
}

#[tokio::test]
async fn blocks_that_a_webhook_refuses_are_sent_once_more_as_plain_text() {
    let (sent, server) = posted_by_hook(vec![Answer::status(400, "invalid_blocks"), Answer::status(200, "ok")]).await;
    assert!(sent.is_ok(), "{sent:?}");
    assert_eq!(server.calls()[1].json()["blocks"], json!([]));
    let (sent, server) = posted_by_hook(vec![Answer::status(400, "invalid_payload"); 2]).await;
    assert!(matches!(sent, Err(WriteError::Refused { .. })), "{sent:?}");
    assert_eq!(server.calls().len(), 2);
}

#[tokio::test]
async fn a_webhook_reaches_no_person_edits_nothing_and_cannot_tell_what_it_sent() {
    let server = Server::start([]).await;
    let hook = hook(&server, "/services/T1/B1/XsecretX");
    assert!(!hook.reaches_people());
    assert!(matches!(hook.send(&user("U1"), &body(), &mark(), None).await, Err(WriteError::Refused { .. })));
    let at_ref = MessageRef("webhook".to_owned());
    assert!(matches!(hook.edit(&at_ref, &body(), &mark()).await, Err(WriteError::Refused { .. })));
    let found = hook.find(&channel("any"), &mark(), at("2025-03-11T09:00:00Z"), None).await.unwrap();
    assert!(matches!(found, Found::CannotTell(_)));
    assert_eq!(hook.whoami().await.unwrap(), Vec::<String>::new());
    assert!(server.calls().is_empty(), "nothing is posted to try it");
}

#[tokio::test]
async fn a_webhook_that_is_replaced_is_used_from_the_next_message_on() {
    let server =
        Server::start([("X1", vec![Answer::status(404, "no_service")]), ("X2", vec![Answer::status(200, "ok")])]).await;
    let path = Arc::new(std::sync::Mutex::new("/services/T/B/X1"));
    let (base, shared) = (server.url.clone(), path.clone());
    let url = Secret::new(move || Ok(format!("{base}{}", shared.lock().unwrap()).into()));
    let clock = Arc::new(Clockwork::new(at("2025-03-11T09:00:00Z")));
    let hook = Webhook::new(WebhookConfig { url, ca_file: None, proxy: None }, clock).unwrap();
    assert!(hook.send(&channel("any"), &body(), &mark(), None).await.is_err());
    *path.lock().unwrap() = "/services/T/B/X2";
    assert!(hook.send(&channel("any"), &body(), &mark(), None).await.is_ok());
}

#[tokio::test]
async fn one_message_a_second_goes_through_a_webhook_after_a_small_burst() {
    let server = Server::start([("X", vec![Answer::status(200, "ok"); 5])]).await;
    let clock = Arc::new(Clockwork::new(at("2025-03-11T09:00:00Z")));
    let url = Secret::fixed(&format!("{}/services/T/B/X", server.url));
    let hook = Webhook::new(WebhookConfig { url, ca_file: None, proxy: None }, clock.clone()).unwrap();
    for _ in 0..5 {
        hook.send(&channel("any"), &body(), &mark(), None).await.unwrap();
    }
    assert_eq!(clock.now(), at("2025-03-11T09:00:02Z"));
}

#[tokio::test]
async fn an_address_that_is_no_webhooks_sends_nothing_and_is_not_shown() {
    let url = Secret::fixed("https://evil.example/services/T/B/XsecretX");
    let clock = Arc::new(Clockwork::new(at("2025-03-11T09:00:00Z")));
    let made = Webhook::new(WebhookConfig { url, ca_file: None, proxy: None }, clock);
    let Err(error) = made else { panic!("it is refused") };
    assert!(matches!(error, ConnectorError::Misconfigured { .. }) && !format!("{error:?}").contains("XsecretX"));
}
