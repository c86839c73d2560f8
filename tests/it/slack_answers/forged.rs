//! What is not Slack's, or not now, changes nothing and learns nothing; and what is secret stays so.

use connector_simulator::Posted;
use jiff::SignedDuration;
use serde_json::{Value, json};

use super::{APP_TOKEN, Office, SIGNING_SECRET, Way, buttons, lines, until};
use crate::commands::Shop;
use crate::lab::rows;
use crate::matrix::canaries::{count, files, forms};
use crate::service::{ask, free};
use crate::world::World;

/// The same with one header changed.
fn with(posted: &Posted, name: &str, value: &str) -> Posted {
    let mut changed = posted.clone();
    for header in changed.headers.iter_mut().filter(|header| header.0 == name) {
        header.1 = value.to_owned();
    }
    changed
}

#[tokio::test]
async fn forged_replayed_and_stale_presses_are_refused_without_a_word() {
    let mut office = Office::open(Way::Http).await;
    let slack = office.world.slack();
    let payload = slack.press("U0ANA", &office.message("U0ANA"), "3 days");
    let now = office.world.now();
    let good = slack.signed(&payload, SIGNING_SECRET, now);
    let signature = good.headers[1].1.clone();
    let other = slack.press("U0ANA", &office.message("U0ANA"), "It's done");
    let moved = slack.signed(&other, SIGNING_SECRET, now);
    let refused = [
        slack.signed(&payload, "another secret of the same length!", now),
        slack.signed(&payload, "", now),
        slack.signed(&payload, SIGNING_SECRET, now - SignedDuration::from_secs(301)),
        slack.signed(&payload, SIGNING_SECRET, now + SignedDuration::from_secs(301)),
        with(&good, "X-Slack-Signature", ""),
        with(&good, "X-Slack-Signature", &signature.replace("v0=", "v1=")),
        with(&good, "X-Slack-Signature", &signature[..signature.len() - 1]),
        with(&good, "X-Slack-Request-Timestamp", "0"),
        with(&good, "X-Slack-Request-Timestamp", "soon"),
        Posted { headers: Vec::new(), ..good.clone() },
        Posted { body: moved.body, ..good.clone() },
        Posted { body: format!("{}&x=y", good.body), ..good.clone() },
    ];
    for (at, posted) in refused.into_iter().enumerate() {
        assert_eq!(office.post(posted).await, 401, "{at}");
    }
    for body in [json!({}), json!([]), json!({ "type": 7 }), json!("x")] {
        assert_eq!(office.post(slack.signed(&body, SIGNING_SECRET, now)).await, 400, "{body}");
    }
    let huge = Posted { body: "x".repeat(2 << 20), ..good.clone() };
    assert_eq!(office.post(huge).await, 413);
    office.world.decide_and_deliver().await;
    assert_eq!((office.kept().as_str(), slack.whispers().len()), ("0", 0));
    // The real one, and the same once more by somebody who has seen it.
    for _ in 0..2 {
        assert_eq!(office.post(good.clone()).await, 200);
    }
    office.world.later(SignedDuration::from_secs(400)).run().await;
    assert_eq!(office.post(good).await, 401, "seen too long ago");
    assert_eq!(office.kept(), "1");
    assert!(office.world.last_words("@ana").contains("snoozed until Fri 20 Mar"));
}

#[tokio::test]
async fn words_that_no_button_has_are_read_like_any_others() {
    let mut office = Office::open(Way::Http).await;
    let slack = office.world.slack();
    let gap = office.world.gap("overdue").await.alert.gap.0;
    let said = |words: String| {
        let mut payload = slack.press("U0ANA", &office.message("U0ANA"), "It's done");
        payload["actions"][0]["selected_option"]["value"] = json!(words);
        payload
    };
    let payloads: Vec<Value> = [
        "done".to_owned(),
        "zzzzzzzzzz done".to_owned(),
        format!("{gap} snooze the whole thing"),
        format!("{gap} rm -rf / <!channel>"),
        format!("{gap} {}", "x".repeat(5_000)),
        String::new(),
    ]
    .map(said)
    .into();
    for payload in &payloads {
        assert_eq!(office.send(Way::Http, payload).await, 200);
        office.world.decide_and_deliver().await;
    }
    until("they are told", || slack.whispers().len() == 4).await;
    let told = slack.whispers();
    assert!(told.iter().any(|(_, words)| words.contains("is no answer I know")), "{told:?}");
    assert!(told.iter().all(|(_, words)| !words.contains("<!channel>")), "{told:?}");
    assert!(!office.world.last_words("@ana").contains("quiet until"), "nothing was done");
}

#[tokio::test]
async fn a_hostile_title_can_neither_mention_nor_inject() {
    const TITLE: &str =
        "</x> <!channel> @here <https://evil.example|Jira> *b* \u{202e}`c` \"}],\"value\":\"zz done\" {{x}}";
    let plan = World::plan().slack(&format!("{}{}", lines(Way::Http), lines(Way::Socket)));
    let mut office = Office::of(plan, TITLE).await;
    office.listen(Way::Socket).await;
    office.press(Way::Http, "U0ANA", "New date…").await;
    let slack = office.world.slack();
    until("a form is opened", || slack.forms().len() == 1).await;
    let form = slack.forms().remove(0);
    let about = &form.view["blocks"][0]["text"];
    assert_eq!(about["type"], "plain_text");
    let shown = about["text"].as_str().unwrap();
    assert!(shown.starts_with("acme/web#1 “</x>"), "{shown}");
    for bad in ["<!channel>", "@here", "\u{202e}"] {
        assert!(!shown.contains(bad), "{shown}");
    }
    let message = office.message("U0ANA");
    let blocks = message.blocks.clone().unwrap();
    let actions = blocks.as_array().unwrap().iter().filter(|block| block["type"] == "actions");
    for element in actions.flat_map(|block| block["elements"].as_array().cloned().unwrap()) {
        assert!(!element.to_string().contains("evil") && !element.to_string().contains("channel"), "{element}");
    }
    office.fill(Way::Socket, 1, &[("The new date", "2026-03-20")]).await;
    assert!(office.world.last_words("@ana").contains("you say it gets another date"));
    assert_eq!(buttons(&office.message("U0ANA")), ["Undo"]);
}

#[tokio::test]
async fn hostile_words_in_a_form_stay_words() {
    let mut office = Office::open(Way::Http).await;
    office.press(Way::Http, "U0ANA", "with a reason…").await;
    let why = "<!channel> @here <https://evil.example|x> \u{202e} \u{0} because of done undo";
    office.fill(Way::Http, 1, &[("Why?", why)]).await;
    let message = office.message("U0ANA");
    assert!(message.text.contains("snoozed until Fri 20 Mar"), "{}", message.text);
    let all = format!("{} {}", message.text, message.blocks.clone().unwrap());
    for bad in ["<!channel>", "@here ", "\u{202e}"] {
        assert!(!all.contains(bad), "{bad}: {all}");
    }
    assert!(!message.text.contains("<https://evil.example|x>"), "{}", message.text);
    let elsewhere = office.world.our_comment(1);
    assert!(!elsewhere.contains("@here "), "{elsewhere}");
}

/// The built program, with all that it logs and keeps.
#[tokio::test(flavor = "multi_thread")]
async fn no_secret_of_presses_is_written_anywhere() {
    let (shop, at) = (Shop::open().await, free());
    shop.configure("mode = \"live\"\n", &format!("\n[server]\nlisten = \"{at}\"\n"));
    let file = shop.path("gapwatch.toml");
    let text = std::fs::read_to_string(&file).unwrap();
    for (name, secret) in [("app", APP_TOKEN), ("signing", SIGNING_SECRET)] {
        std::fs::write(shop.path(name), secret).unwrap();
    }
    let path = |name: &str| shop.path(name).display().to_string();
    let more = format!(
        "channel = \"#delivery\"\napp_token = {{ file = \"{}\" }}\nsigning_secret = {{ file = \"{}\" }}\n",
        path("app"),
        path("signing")
    );
    std::fs::write(&file, text.replace("channel = \"#delivery\"\n", &more)).unwrap();
    let daemon = shop.daemon_with(|command| {
        command.env("GAPWATCH_LOG_LEVEL", "trace");
    });
    let slack = shop.sim.slack();
    shop.until("ana is told, and presses are heard", || {
        slack.sockets() == 1 && slack.messages().iter().any(|one| one.user.is_some())
    });
    let message = || slack.messages().into_iter().find(|one| one.user.is_some()).unwrap();
    slack.over_socket(&slack.press("U0ANA", &message(), "with a reason…")).unwrap();
    shop.until("a form is opened", || slack.forms().len() == 1);
    let filled = slack.fill(&slack.forms()[0], &[("Why?", "the vendor")]);
    slack.over_socket(&filled).unwrap();
    shop.until("it is shown", || message().text.contains("snoozed until"));
    let stranger = slack.press("U0EVE", &message(), "Undo");
    let posted = slack.signed(&stranger, SIGNING_SECRET, jiff::Timestamp::now());
    let lines: Vec<String> = posted.headers.iter().map(|(name, value)| format!("{name}: {value}")).collect();
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    assert_eq!(ask(at, "POST /slack/interactions", &lines, posted.body.as_bytes()).0, 200);
    shop.until("the stranger is told", || slack.whispers().len() == 1);
    let (_, metrics) = ask(at, "GET /metrics", &[], b"");
    assert!(metrics.contains("gapwatch_hooks_total{connection=\"slack\",result=\"taken\"} 2"), "{metrics}");
    let doctor = shop.run(&["doctor"]);
    assert!(doctor.out.contains("the app token is taken"), "{}{}", doctor.out, doctor.err);
    let said = rows(&shop.path("gapwatch.db"), "SELECT args FROM inbox ORDER BY id");
    assert_eq!(said.len(), 2, "{said:?}");
    assert_eq!(daemon.stop().0, Some(0));

    let reply = stranger["response_url"].as_str().unwrap().rsplit('/').next().unwrap().to_owned();
    let trigger = stranger["trigger_id"].as_str().unwrap().to_owned();
    let mut written = files(&shop.path("."));
    written.retain(|(name, _)| !["app", "signing", "gapwatch.toml"].iter().any(|own| name.ends_with(own)));
    assert!(written.iter().any(|(name, bytes)| name.ends_with("log") && !bytes.is_empty()));
    written.push(("doctor".to_owned(), format!("{}{}", doctor.out, doctor.err).into_bytes()));
    written.push(("metrics".to_owned(), metrics.into_bytes()));
    // Of a short one, a form that leaves out its edges would be found anywhere.
    let short = [format!("/slack/actions/{reply}"), "ticket=".to_owned(), trigger].map(String::into_bytes);
    let whole = [APP_TOKEN, SIGNING_SECRET].into_iter().flat_map(forms);
    for form in whole.chain(short) {
        for (name, bytes) in &written {
            assert_eq!(count(bytes, &form), 0, "{} in {name}", String::from_utf8_lossy(&form));
        }
    }
}
