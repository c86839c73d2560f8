//! The daemon as others see it: over HTTP, by signals, by its service manager, by hooks.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::unix::net::UnixDatagram;
use std::time::{Duration, Instant};

use connector_kit::webhook::signature;
use connector_simulator::{Fault, Tool};

use crate::commands::Shop;
use crate::lab::rows;
use crate::world::REPO;

const SECRET: &str = "a-secret-of-hooks";

/// An address that is free at present.
pub fn free() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

/// Asks with these lines of a head, written as they are; status and body.
pub fn ask(at: SocketAddr, first: &str, head: &[&str], body: &[u8]) -> (u16, String) {
    let mut stream = TcpStream::connect(at).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let host =
        if head.iter().any(|line| line.starts_with("Host:")) { String::new() } else { format!("Host: {at}\r\n") };
    let head: String = head.iter().map(|line| format!("{line}\r\n")).collect();
    let text = format!("{first} HTTP/1.1\r\n{host}{head}Content-Length: {}\r\n\r\n", body.len());
    stream.write_all(text.as_bytes()).unwrap();
    // A server that has answered already may have hung up.
    let _ = stream.write_all(body);
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let status = answer.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or_else(|| panic!("{answer}"));
    let body = answer.split_once("\r\n\r\n").map_or("", |(_, body)| body);
    (status, body.to_owned())
}

fn get(at: SocketAddr, path: &str) -> (u16, String) {
    ask(at, &format!("GET {path}"), &[], b"")
}

/// A shop whose daemon listens.
async fn shop(more: &str) -> (Shop, SocketAddr) {
    let (shop, at) = (Shop::open().await, free());
    shop.configure("mode = \"live\"\n", &format!("\n[server]\nlisten = \"{at}\"\n{more}"));
    (shop, at)
}

fn with_hooks(shop: &Shop) {
    let file = shop.path("gapwatch.toml");
    let text = std::fs::read_to_string(&file).unwrap();
    let text = text.replace("repos = [", &format!("webhook_secret = \"{SECRET}\"\nrepos = ["));
    std::fs::write(file, text).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn strangers_hear_a_word_and_this_machine_hears_more() {
    let (shop, at) = shop("").await;
    let daemon = shop.daemon();
    shop.until("the daemon tells", || !shop.sim.slack().messages().is_empty());
    for path in ["/livez", "/readyz", "/healthz", "/readyz?x=verbose"] {
        assert_eq!(get(at, path), (200, "ok\n".to_owned()), "{path}");
    }
    let (status, verbose) = get(at, "/readyz?verbose");
    assert!(status == 200 && verbose.contains("github.acme: read at "), "{verbose}");
    assert!(get(at, "/livez?verbose").1.contains("rounds: ok"));
    let proxied = "X-Forwarded-For: 203.0.113.9";
    assert_eq!(ask(at, "GET /readyz?verbose", &[proxied], b"").1, "ok\n", "passed on for a stranger");

    let (status, metrics) = get(at, "/metrics");
    assert_eq!(status, 200);
    for line in [
        "gapwatch_connection_last_success_timestamp_seconds{connection=\"github.acme\"} 1",
        "gapwatch_connection_requests_total{connection=\"github.acme\",status=\"200\"}",
        "gapwatch_gaps{rule=\"overdue\",stage=\"failure\"} 1",
        "gapwatch_messages_total{channel=\"slack\",result=\"sent\",reason=\"post\"} 1",
        "gapwatch_outbox_pending 0",
        "gapwatch_config_last_reload_successful 1",
        "gapwatch_evaluation_seconds_count",
    ] {
        assert!(metrics.contains(line), "{line}\n{metrics}");
    }
    for secret in ["Move billing", "Ana", "ana-k", "very-secret-token", REPO] {
        assert!(!metrics.contains(secret), "{secret}");
    }
    assert_eq!(ask(at, "GET /metrics", &[proxied], b"").0, 404);
    assert_eq!(ask(at, "POST /-/reload", &[proxied], b"").0, 404);

    for host in ["evil.example", "0.0.0.0:8080", "localhost.evil.example", "[::]"] {
        assert_eq!(ask(at, "GET /livez", &[&format!("Host: {host}")], b"").0, 421, "{host}");
    }
    for page in ["Origin: null", "Origin: http://evil.example", "Sec-Fetch-Site: cross-site"] {
        assert_eq!(ask(at, "POST /-/reload", &[page], b"").0, 403, "{page}");
    }
    for path in ["/", "/hooks/github/acme", "/metrics/", "/../etc/passwd"] {
        assert!([404, 405].contains(&get(at, path).0), "{path}");
    }
    assert_eq!(ask(at, "POST /hooks/github/acme", &[], b"{}").0, 404, "no secret, no hooks");
    assert_eq!(daemon.stop().0, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_configuration_opens_is_open_and_a_reload_closes_it_again() {
    let open = "metrics = \"all\"\npublic_url = \"https://gapwatch.example.org\"\n";
    let (shop, at) = shop(open).await;
    let daemon = shop.daemon();
    let asked = || {
        let public = ["Host: gapwatch.example.org", "X-Forwarded-For: 203.0.113.9"];
        (ask(at, "GET /metrics", &public[1..], b"").0, ask(at, "GET /livez", &public[..1], b"").0)
    };
    assert_eq!(asked(), (200, 200));
    // A proxy on this machine that passes on what strangers ask for, without a word of them.
    let silent = [["Host: gapwatch.example.org", "X-Y: z"], ["Connection: close", "X-Y: z"]];
    for head in &silent {
        assert_eq!(ask(at, "POST /-/reload", head, b"").0, 404, "{head:?}");
        assert_eq!(ask(at, "GET /readyz?verbose", head, b"").1, "ok\n", "{head:?}");
    }
    assert!(get(at, "/readyz?verbose").1.contains("store: ok"), "and this machine is answered still");
    let text = std::fs::read_to_string(shop.path("gapwatch.toml")).unwrap().replace(open, "");
    std::fs::write(shop.path("gapwatch.toml"), text).unwrap();
    assert_eq!(ask(at, "POST /-/reload", &[], b"").0, 200);
    assert_eq!(asked(), (404, 421));
    assert_eq!(daemon.stop().0, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn those_who_dawdle_keep_nobody_out() {
    let (shop, at) = shop("").await;
    let daemon = shop.daemon();
    let dawdlers: Vec<TcpStream> = (0..50)
        .map(|_| {
            let mut stream = TcpStream::connect(at).unwrap();
            stream.write_all(b"GET /livez HTTP/1.1\r\nHost: local").unwrap();
            stream
        })
        .collect();
    assert_eq!(get(at, "/livez").0, 200);
    let (code, took) = daemon.stop();
    assert!(code == Some(0) && took < Duration::from_secs(2), "{took:?}");
    drop(dawdlers);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_port_that_is_taken_stops_only_whoever_asked_for_it() {
    let held = TcpListener::bind("127.0.0.1:0").unwrap();
    let shop = Shop::open().await;
    let at = held.local_addr().unwrap();
    shop.configure("", &format!("[server]\nlisten = \"{at}\"\n"));
    let ended = shop.run(&["run"]);
    assert_eq!(ended.code, 75, "{}", ended.err);
    assert!(ended.err.contains(&format!("cannot listen at {at} (gapwatch.toml:")), "{}", ended.err);
    // Either this takes the default port, or somebody else has it.
    let _default = TcpListener::bind("127.0.0.1:8080");
    shop.configure("", "");
    let daemon = shop.daemon();
    let log = std::fs::read_to_string(shop.path("log")).unwrap();
    assert!(log.contains("server.unavailable"), "{log}");
    assert_eq!(daemon.stop().0, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_refused_changes_nothing_and_a_good_one_is_taken() {
    let (shop, at) = shop("").await;
    let daemon = shop.daemon();
    shop.until("the daemon tells", || !shop.sim.slack().messages().is_empty());
    let successful = |value: u8| get(at, "/metrics").1.contains(&format!("config_last_reload_successful {value}\n"));
    let good = std::fs::read_to_string(shop.path("gapwatch.toml")).unwrap();
    std::fs::write(shop.path("gapwatch.toml"), format!("{good}\n[rules.overdue]\nenabled = 7\nwhat = 1\n")).unwrap();
    let (status, words) = ask(at, "POST /-/reload", &[], b"");
    assert_eq!(status, 422);
    assert!(words.contains("bad-type") && words.contains("unknown-key") && words.contains("gapwatch.toml:"), "{words}");
    assert!(successful(0));
    assert_eq!(get(at, "/readyz").0, 200, "what ran before runs on");
    let log = std::fs::read_to_string(shop.path("log")).unwrap();
    assert_eq!(log.matches("config.refused").count(), 2, "each mistake has its line: {log}");

    std::fs::write(shop.path("gapwatch.toml"), good.replace("gapwatch.db", "other.db")).unwrap();
    let (status, words) = ask(at, "POST /-/reload", &[], b"");
    assert!(status == 422 && words.contains("needs a restart"), "{words}");

    // A second repository comes in by a signal, twice at once.
    let github = shop.sim.github();
    let (created, due) = ("2026-01-05T09:00:00Z", "2026-02-20");
    let issue = github.issue("acme/api", "Second").by("max-w").assignee("ana-k").created(created.parse().unwrap());
    issue.milestone("Then", crate::world::github_day(due)).open();
    let both = good.replace("repos = [\"acme/web\"]", "repos = [\"acme/web\", \"acme/api\"]");
    assert_ne!(both, good);
    std::fs::write(shop.path("gapwatch.toml"), &both).unwrap();
    daemon.signal("HUP");
    daemon.signal("HUP");
    shop.until("it is taken", || successful(1));
    shop.until("the second repository is judged", || {
        get(at, "/metrics").1.contains("gapwatch_gaps{rule=\"overdue\",stage=\"failure\"} 2")
    });
    assert_eq!(shop.run(&["reload"]).code, 0);
    let ours: Vec<_> = shop.sim.slack().messages().into_iter().filter(|message| message.ours).collect();
    let once: std::collections::BTreeSet<&str> = ours.iter().map(|message| message.text.as_str()).collect();
    assert_eq!(once.len(), ours.len(), "{ours:#?}");
    std::fs::write(shop.path("gapwatch.toml"), "nonsense = 1\n").unwrap();
    assert_eq!(shop.run(&["reload"]).code, 78);
    std::fs::write(shop.path("gapwatch.toml"), &both).unwrap();
    assert_eq!(daemon.stop().0, Some(0));
    assert_eq!(shop.run(&["reload"]).code, 69, "none is running");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_daemon_is_asked_how_it_is_whatever_its_file_has_become() {
    let (shop, _) = shop("").await;
    assert!(shop.run(&["health"]).err.contains("no daemon is running on this store"));
    let daemon = shop.daemon();
    shop.until("it has read", || shop.run(&["schedule"]).out.contains("github.acme: reads tasks"));
    let next = shop.run(&["schedule"]);
    assert!(!next.out.contains("no daemon is running"), "{}", next.out);
    assert_eq!(shop.run(&["schedule", "-o", "json"]).json()["daemon_runs"], true);
    let file = shop.path("gapwatch.toml");
    let before = std::fs::read_to_string(&file).unwrap();
    for text in [format!("x = 1\n{before}"), format!("{before}\n[messages\n")] {
        std::fs::write(&file, &text).unwrap();
        let asked = shop.run(&["health", "-o", "json"]);
        assert_eq!((asked.code, asked.json()["ok"].as_bool()), (0, Some(true)), "{text}\n{}", asked.err);
        assert!(asked.err.contains("goes on with the last good one"), "{}", asked.err);
        assert!(shop.run(&["-q", "health"]).err.is_empty());
    }
    std::fs::write(&file, format!("x = 1\n{before}")).unwrap();
    assert_eq!(daemon.stop().0, Some(0));
    let asked = shop.run(&["health"]);
    assert_eq!(asked.code, 78, "nobody answers, and nobody knows whether the right one was asked");
    assert!(asked.err.contains("error[unknown-key]"), "{}", asked.err);
    std::fs::write(&file, before).unwrap();
    let next = shop.run(&["schedule"]);
    assert!(next.out.starts_with("None of this happens yet: no daemon is running on this store"), "{}", next.out);
    assert_eq!(shop.run(&["schedule", "-o", "json"]).json()["daemon_runs"], false);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_end_does_not_wait_for_a_reload_that_waits_for_a_call() {
    let (shop, _) = shop("").await;
    shop.sim.fail_next(Tool::Slack, "chat.postMessage", Fault::Hang(25), 1);
    let daemon = shop.daemon();
    let calls = || shop.sim.requests().iter().filter(|call| call.path.ends_with("chat.postMessage")).count();
    shop.until("the call is under way", || calls() == 1);
    daemon.signal("HUP");
    std::thread::sleep(Duration::from_millis(500));
    assert!(!std::fs::read_to_string(shop.path("log")).unwrap().contains("config.reloaded"), "it waits for the call");
    let (code, took) = daemon.stop();
    assert!(code == Some(0) && took < Duration::from_secs(2), "{code:?} {took:?}");
    assert_eq!(calls(), 1, "and nothing was sent because of it");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hook_only_brings_the_next_read_forward() {
    let (shop, at) = shop("").await;
    with_hooks(&shop);
    let daemon = shop.daemon();
    shop.until("the daemon tells", || !shop.sim.slack().messages().is_empty());
    let reads = || shop.sim.requests().iter().filter(|request| request.path.ends_with("/issues")).count();
    shop.until("the first read is over", || get(at, "/metrics").1.contains("gapwatch_gaps"));
    let repo = rows(&shop.path("gapwatch.db"), "SELECT ext FROM containers WHERE name = 'acme/web'").remove(0);

    let hook = |event: &str, id: &str, body: &str, signed: &str| {
        let head = [
            format!("X-GitHub-Event: {event}"),
            format!("X-GitHub-Delivery: {id}"),
            format!("X-Hub-Signature-256: sha256={}", signature(&SECRET.into(), signed.as_bytes())),
            "Content-Type: application/json".to_owned(),
        ];
        ask(at, "POST /hooks/github/acme", &head.each_ref().map(String::as_str), body.as_bytes())
    };
    let body = format!("{{\"action\":\"opened\",\"repository\":{{\"id\":{repo}}}}}");
    shop.sim.forget_requests();
    assert_eq!(hook("issues", "f", &body, "something else"), (401, String::new()), "forged, without a word why");
    assert_eq!(ask(at, "POST /hooks/github/acme", &[], body.as_bytes()).0, 401, "not signed at all");
    assert_eq!(ask(at, "HEAD /hooks/github/acme", &[], b"").0, 405, "this tool does not knock first");
    assert_eq!(ask(at, "HEAD /hooks/github/nobody", &[], b"").0, 404);
    assert_eq!(hook("ping", "p", "{\"zen\":\"x\"}", "{\"zen\":\"x\"}").0, 202);
    let other = "{\"repository\":{\"id\":999999999}}";
    assert_eq!(hook("issues", "o", other, other).0, 202, "not ours");
    assert_eq!(hook("issues", "b", "no json", "no json").0, 400);
    let large = "x".repeat((1 << 20) + 1);
    assert_eq!(hook("issues", "l", &large, &large).0, 413);
    std::thread::sleep(Duration::from_secs(3));
    assert_eq!(reads(), 0, "nothing of that is read for");

    shop.sim.github().issue(REPO, "New").by("max-w").assignee("ana-k").open();
    let began = Instant::now();
    for at in 0..500 {
        let (status, _) = hook("issues", &format!("d-{}", at / 2), &body, &body);
        assert!([202, 429, 503].contains(&status), "{status}");
    }
    assert!(began.elapsed() < Duration::from_secs(20));
    shop.until("it is read", || rows(&shop.path("gapwatch.db"), "SELECT key FROM tasks").len() == 2);
    let polls = reads();
    assert!((1..=4).contains(&polls), "{polls} reads for 500 hooks");
    let metrics = get(at, "/metrics").1;
    assert!(metrics.contains("gapwatch_hooks_total{connection=\"github.acme\",result=\"forged\"} 2"), "{metrics}");
    assert!(metrics.contains("result=\"again\""), "{metrics}");
    assert_eq!(daemon.stop().0, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_service_manager_is_told_what_happens() {
    let (shop, at) = shop("").await;
    let socket = UnixDatagram::bind(shop.path("notify")).unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let daemon = shop.daemon_with(|command| {
        command.env("NOTIFY_SOCKET", shop.path("notify")).env("WATCHDOG_USEC", "1500000");
    });
    let told = |word: &str| {
        let mut buffer = [0; 512];
        for _ in 0..20 {
            let length = socket.recv(&mut buffer).unwrap();
            let text = String::from_utf8_lossy(&buffer[..length]).into_owned();
            if text.contains(word) {
                return text;
            }
        }
        panic!("nothing is said of {word}");
    };
    assert!(told("READY=1").contains("STATUS=live, 1 connection"));
    told("WATCHDOG=1");
    daemon.signal("HUP");
    assert!(told("RELOADING=1").contains("MONOTONIC_USEC="));
    told("READY=1");
    std::fs::write(shop.path("gapwatch.toml"), "nonsense = 1\n").unwrap();
    daemon.signal("HUP");
    told("RELOADING=1");
    assert!(told("READY=1").contains("the last reload was refused"));
    assert_eq!(get(at, "/livez").0, 200);
    assert_eq!(daemon.stop().0, Some(0));
    told("STOPPING=1");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_heartbeat_is_heard_and_its_address_is_seen_nowhere() {
    let doctor = TcpListener::bind("127.0.0.1:0").unwrap();
    let at = doctor.local_addr().unwrap();
    let (shop, _) = shop("").await;
    let token = shop.path("beat");
    std::fs::write(&token, format!("http://{at}/ping/s3cret-path?key=s3cret-key\n")).unwrap();
    let file = shop.path("gapwatch.toml");
    let text = std::fs::read_to_string(&file).unwrap();
    let beat = format!("\n[heartbeat]\nurl = {{ file = \"{}\" }}\nevery = \"1s\"\n", token.display());
    std::fs::write(&file, text + &beat).unwrap();
    let daemon = shop.daemon_with(|command| {
        command.args(["--log-level", "trace"]);
    });
    let (mut stream, _) = doctor.accept().unwrap();
    let mut heard = [0; 1024];
    let length = stream.read(&mut heard).unwrap();
    let heard = String::from_utf8_lossy(&heard[..length]).into_owned();
    assert!(heard.starts_with("GET /ping/s3cret-path?key=s3cret-key HTTP/1.1"), "{heard}");
    stream.write_all(b"HTTP/1.1 500 Oops\r\nContent-Length: 0\r\nConnection: close\r\n\r\n").unwrap();
    drop((stream, doctor));
    shop.until("the failure is told", || {
        std::fs::read_to_string(shop.path("log")).unwrap().contains("heartbeat.silent")
    });
    assert_eq!(daemon.stop().0, Some(0));
    let log = std::fs::read_to_string(shop.path("log")).unwrap();
    assert!(!log.contains("s3cret"), "the log keeps the secret");
    assert_eq!(log.matches("heartbeat.silent").count(), 1, "told once");
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_opens_the_end_of_mails_sees_a_button_and_only_pressing_it_counts() {
    let (shop, at) = shop("").await;
    let daemon = shop.daemon();
    shop.until("it answers", || TcpStream::connect(at).is_ok());
    let forged = format!("{}.{}", "0".repeat(32), "0".repeat(64));
    for mark in [forged.as_str(), "nonsense"] {
        let path = format!("/unsubscribe/{mark}");
        let (status, page) = get(at, &path);
        assert!(status == 200 && page.contains("<form method=\"post\"><button>"), "{status} {page}");
        assert!(!page.contains(mark), "nothing of the address is on the page");
        let posted =
            ask(at, &format!("POST {path}"), &[&format!("Origin: http://{at}")], b"List-Unsubscribe=One-Click");
        assert_eq!(posted.0, 404, "a mark that nobody signed: {}", posted.1);
    }
    assert_eq!(rows(&shop.path("gapwatch.db"), "SELECT count(*) FROM inbox WHERE source = 'mail'"), ["0"]);
    assert_eq!(rows(&shop.path("gapwatch.db"), "SELECT count(*) FROM mutes"), ["0"]);
    assert_eq!(daemon.stop().0, Some(0));
}
