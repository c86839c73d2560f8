//! Asana's webhooks on the running daemon: greeted once with a secret, that is kept; signed with it from then on; and only
//! waking.

use connector_kit::webhook::signature;
use connector_simulator::asana::TaskDraft;
use secrecy::SecretString;

use crate::commands::Shop;
use crate::lab::rows;
use crate::service::{ask, free};

/// The word in the webhook's address.
const DOOR: &str = "open-sesame-0123456789";
/// What Asana signs with.
const KEY: &str = "b537207f20cbfa02357cf448134da559e8bd39d61597dcd5631b8012eae53e81";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_greeting_is_answered_and_kept_and_what_is_signed_with_it_only_wakes() {
    let shop = Shop::open().await;
    let asana = shop.sim.asana();
    asana.person("ana", "Ana K.", "ana@example.org");
    asana.project("Web shop");
    asana.task("Web shop", TaskDraft::new("One"));
    let at = free();
    let table = format!(
        "\n[asana.acme]\nurl = \"{}\"\ntoken = \"test-token\"\npoll = \"1h\"\nwebhook_secret = \"{DOOR}\"\n\
         [server]\nlisten = \"{at}\"\n",
        shop.sim.asana_url()
    );
    shop.configure("mode = \"observe\"\n", &table);
    let daemon = shop.daemon();
    let titles = || rows(&shop.path("gapwatch.db"), "SELECT title FROM tasks WHERE url LIKE '%asana%' ORDER BY title");
    shop.until("the first task is read", || titles() == ["One"]);
    shop.until("the first reading is over", || {
        let sql = "SELECT count(*) FROM streams s JOIN connections n ON n.id = s.connection
          WHERE n.name = 'asana.acme' AND (s.read_at IS NULL AND s.kind < 2)";
        rows(&shop.path("gapwatch.db"), sql) == ["0"]
    });

    let greet = |path: &str| ask(at, &format!("POST {path}"), &[&format!("X-Hook-Secret: {KEY}")], b"");
    let hook = |body: &str, key: &str| {
        let signed = signature(&SecretString::from(key), body.as_bytes());
        ask(at, "POST /hooks/asana/acme", &[&format!("X-Hook-Signature: {signed}")], body.as_bytes()).0
    };
    let body = "{\"events\":[{\"action\":\"added\",\"resource\":{\"gid\":\"5\",\"resource_type\":\"task\"}}]}";
    assert_eq!(hook(body, KEY), 503, "nobody has greeted yet: it is to be sent again");
    assert_eq!(greet("/hooks/asana/acme").0, 401, "no word, no greeting");
    assert_eq!(greet("/hooks/asana/acme?door=guess").0, 401);
    assert_eq!(hook(body, KEY), 503, "and nothing was kept of it");
    let (status, answer) = greet(&format!("/hooks/asana/acme?door={DOOR}"));
    assert!(status == 200 || status == 204, "{status} {answer}");
    assert_eq!(hook("{\"events\":[]}", KEY), 202, "the first sign of life");
    assert_eq!(hook(body, "another key"), 401, "forged");

    // The program restarts, and still knows the secret, which comes only once.
    assert_eq!(daemon.stop().0, Some(0));
    let daemon = shop.daemon();
    shop.sim.forget_requests();
    asana.task("Web shop", TaskDraft::new("Two"));
    let polls = || shop.sim.requests().iter().filter(|asked| asked.path.ends_with("/events")).count();
    let before = polls();
    assert_eq!(hook(body, KEY), 202);
    shop.until("it is read at once", || titles() == ["One", "Two"]);
    assert!(polls() > before);
    assert!(titles().iter().all(|title| title != "5"), "what a hook tells is not believed");
    assert_eq!(daemon.stop().0, Some(0));
    let log = std::fs::read_to_string(shop.path("log")).unwrap();
    assert!(!log.contains(KEY) && !log.contains(DOOR), "secrets are in the log");
    let db = std::fs::read(shop.path("gapwatch.db")).unwrap();
    assert!(!db.windows(KEY.len()).any(|bytes| bytes == KEY.as_bytes()), "nor in the store");
}
