//! Trello's webhooks on the running daemon: knocked at before they are made, signed over the body and the address, and only
//! waking.

use connector_kit::webhook::signature_sha1;
use connector_simulator::trello::CardDraft;
use secrecy::SecretString;

use crate::commands::Shop;
use crate::lab::rows;
use crate::service::{ask, free};

/// What Trello signs with.
const KEY: &str = "b537207f20cbfa02357cf448134da559";
/// The address that was given to Trello.
const ADDRESS: &str = "https://gapwatch.example.org/hooks/trello/acme";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_knock_is_answered_and_what_is_signed_only_wakes() {
    let shop = Shop::open().await;
    let trello = shop.sim.trello();
    trello.person("gapwatch", "Gapwatch");
    let board = trello.board("Studio");
    trello.list("Studio", "Doing");
    trello.join("Studio", "gapwatch");
    trello.token("key0123456789", "token0123456789", "gapwatch");
    trello.card("Studio", "Doing", CardDraft::new("One"));
    let at = free();
    let table = format!(
        "\n[trello.acme]\nurl = \"{}\"\nkey = \"key0123456789\"\ntoken = \"token0123456789\"\npoll = \"1h\"\n\
         webhook_secret = \"{KEY}\"\nwebhook_url = \"{ADDRESS}\"\n[server]\nlisten = \"{at}\"\n",
        shop.sim.trello_url()
    );
    shop.configure("mode = \"observe\"\n", &table);
    let daemon = shop.daemon();
    let titles = || rows(&shop.path("gapwatch.db"), "SELECT title FROM tasks WHERE url LIKE '%/c/%' ORDER BY title");
    shop.until("the first card is read", || titles() == ["One"]);
    shop.until("the first reading is over", || {
        let sql = "SELECT count(*) FROM streams s JOIN connections n ON n.id = s.connection
          WHERE n.name = 'trello.acme' AND (s.read_at IS NULL AND s.kind < 2)";
        rows(&shop.path("gapwatch.db"), sql) == ["0"]
    });

    assert_eq!(ask(at, "HEAD /hooks/trello/acme", &[], b"").0, 200, "Trello makes no hook for an address without it");
    assert_eq!(ask(at, "HEAD /hooks/trello/other", &[], b"").0, 404);
    let hook = |body: &str, key: &str, address: &str| {
        let signed = signature_sha1(&SecretString::from(key), &[body.as_bytes(), address.as_bytes()]);
        ask(at, "POST /hooks/trello/acme", &[&format!("X-Trello-Webhook: {signed}")], body.as_bytes()).0
    };
    let body = format!(
        "{{\"action\":{{\"id\":\"5a\",\"type\":\"createCard\",\"data\":{{\"board\":{{\"id\":\"{board}\"}},\
         \"card\":{{\"name\":\"not believed\"}}}}}},\"model\":{{\"id\":\"{board}\"}}}}"
    );
    trello.card("Studio", "Doing", CardDraft::new("Two"));
    shop.sim.forget_requests();
    assert_eq!(ask(at, "POST /hooks/trello/acme", &[], body.as_bytes()).0, 401, "not signed");
    assert_eq!(hook(&body, "another key", ADDRESS), 401, "forged");
    assert_eq!(hook(&body, KEY, "https://elsewhere.example.org/hooks/trello/acme"), 401, "signed for another address");
    assert_eq!(titles(), ["One"]);
    let polls = || shop.sim.requests().iter().filter(|asked| asked.path.ends_with("/cards")).count();
    assert_eq!(polls(), 0, "nothing forged wakes");
    assert_eq!(hook(&body, KEY, ADDRESS), 202);
    shop.until("it is read at once", || titles() == ["One", "Two"]);
    assert!(polls() > 0);
    assert_eq!(daemon.stop().0, Some(0));
    let log = std::fs::read_to_string(shop.path("log")).unwrap();
    assert!(!log.contains(KEY), "the secret is in the log");
}
