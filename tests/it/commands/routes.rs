//! `route test`, and routes in what is asked about gaps.

use super::*;

const OPS: &str = "[[routes]]\nname = \"ops\"\nmatch = \"task.project == 'acme/web' and task.priority in [1, 2]\"\nsteps = [\n\
                   { to = \"owner\", via = \"slack\" },\n{ to = \"manager\", via = \"slack\", after = \"2 workhours\" },\n\
                   { to = \"#delivery\", after = \"1 workday\" },\n]\n\
                   [people.max]\nname = \"Max W.\"\ntz = \"Etc/UTC\"\nalso = { github = \"max-w\", slack = \"U0MAX\" }\n";

fn people(document: &Value) -> Vec<String> {
    let steps = document["gaps"][0]["steps"].as_array().unwrap();
    let who = |step: &Value| step["person"].as_str().or(step["place"].as_str()).unwrap().to_owned();
    steps.iter().filter(|step| step["reason"] != "repeated").map(who).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_shown_who_would_hear_when_and_by_which_route_and_nothing_is_sent() {
    let shop = Shop::open().await;
    shop.configure("mode = \"observe\"\n", OPS);
    assert_eq!(shop.run(&["sync"]).code, 0);
    let ladder = shop.run(&["route", "test", "acme/web#1", "-o", "json"]);
    assert_eq!(ladder.code, 0, "{}", ladder.err);
    let ladder = ladder.json();
    assert_eq!(ladder["schema"], "gapwatch.route/1");
    assert_eq!(ladder["gaps"][0]["route"], Value::Null, "it has no priority");
    assert_eq!(ladder["gaps"][0]["steps"][0]["person"], "ana");
    let fields = ["--field", "project=acme/web", "--field", "owners=ana", "--field", "priority=1"];
    let test = |more: &[&str]| shop.run(&[&["route", "test"], &fields[..], more].concat());
    let routed = test(&["-o", "json"]);
    assert_eq!(routed.code, 0, "{}", routed.err);
    let routed = routed.json();
    assert_eq!(routed["gaps"][0]["route"]["name"], "ops");
    assert!(routed["gaps"][0]["route"]["origin"].as_str().unwrap().contains("gapwatch.toml:"), "{routed}");
    assert_eq!(people(&routed), ["ana", "ana", "#delivery"], "Slack, the comment, and the channel: nobody leads her");
    assert_eq!(test(&["--expect", "ana", "--expect", "#delivery", "--expect", "ops"]).code, 0);
    assert_eq!(test(&["--expect", "#delivery", "--expect", "ana"]).code, 10, "not in this order");
    assert_eq!(test(&["--expect", "eve"]).code, 10);
    let shown = test(&["--stage", "opens"]);
    assert!(shown.out.contains("the usual ladder") && shown.out.contains("digest"), "{}", shown.out);
    let shown = test(&["--rule", "stalled", "--stage", "widens"]);
    assert!(shown.out.contains("as if stalled widens: route ops (gapwatch.toml:"), "{}", shown.out);
    assert!(shown.out.contains("Nothing was sent."), "{}", shown.out);
    assert!(shop.sim.slack().messages().iter().all(|message| !message.ours));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_asked_wrongly_is_told_with_what_was_meant() {
    let shop = Shop::open().await;
    shop.configure("mode = \"observe\"\n", "");
    assert_eq!(shop.run(&["sync"]).code, 0);
    for (args, words) in [
        (&["route", "test"][..], "name a TASK or a gap"),
        (&["route", "test", "--field", "projekt=acme/web"], "did you mean project?"),
        (&["route", "test", "--field", "project"], "expected KEY=VALUE"),
        (&["route", "test", "--field", "project=acme/wep"], "did you mean acme/web?"),
        (&["route", "test", "--field", "owners=nobody-here"], "nobody is called so"),
        (&["route", "test", "acme/web#1", "--rule", "overdu"], "did you mean overdue?"),
        (&["route", "test", "acme/web#99"], "no task that gapwatch has read"),
    ] {
        let ended = shop.run(args);
        assert_eq!(ended.code, 2, "{args:?}: {}", ended.err);
        assert!(ended.err.contains(words), "{args:?}: {}", ended.err);
    }
}
