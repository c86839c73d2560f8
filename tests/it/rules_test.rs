//! `rules test`: cases that users write for their rules.

use crate::commands::Shop;
use crate::tidy::tree::root;

/// A task that is 20 % done after 60 % of its time; what follows is expected of it.
fn behind(expect: &str) -> String {
    format!(
        "zone = \"Europe/Berlin\"\n[[case]]\nname = \"behind\"\nrules = [\"pace.behind\", \"custom.big\"]\n\
         [[case.task]]\nkey = \"SHOP-1\"\ncreated = \"2025-03-03 09:00\"\nstate = \"active\"\nowners = [\"ana\"]\n\
         start = \"2025-03-03\"\ndue = \"2025-03-14\"\nlabels = [\"big\"]\n\
         [[case.event]]\nat = \"2025-03-05 10:00\"\nby = \"ana\"\nprogress = \"20%\"\n{expect}"
    )
}

/// A rule of the shop's own, and another threshold for tasks with a label.
const OWN: &str = "[rules.custom.big]\nwhen = \"'big' in task.labels and task.state == 'active'\"\nstage = \"opens\"\n\
    [[overrides]]\nmatch = \"'large' in task.labels\"\nrules.pace.behind.enabled = false\n";

async fn shop(file: &str) -> Shop {
    let shop = Shop::open().await;
    shop.configure("mode = \"live\"\n", OWN);
    std::fs::write(shop.path("cases.toml"), file).unwrap();
    shop
}

const AS_IT_IS: &str = "[[case.expect]]\nat = \"2025-03-11 09:00\"\ngaps = [\n\
    { rule = \"pace.behind\", stage = \"widens\", numbers = { progress = 0.2, elapsed = 0.6 } },\n\
    { rule = \"custom.big\", stage = \"opens\" },\n]\n";

#[tokio::test(flavor = "multi_thread")]
async fn the_sample_holds() {
    let shop = Shop::open().await;
    let sample = root().join("config/rules-test.example.toml");
    let ended = shop.run(&["rules", "test", sample.to_str().unwrap()]);
    assert_eq!(ended.code, 0, "{}{}", ended.out, ended.err);
    assert!(ended.out.contains("3 cases in 1 file: 3 as expected, 0 not."), "{}", ended.out);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_case_is_judged_by_the_users_own_rules_and_overrides() {
    let shop = shop(&behind(AS_IT_IS)).await;
    let ended = shop.run(&["rules", "test", "cases.toml"]);
    assert_eq!((ended.code, ended.out.lines().next()), (0, Some("ok    behind")), "{}{}", ended.out, ended.err);
    // With the label of the override the same history is no gap of that rule.
    let large = behind(AS_IT_IS).replace("[\"big\"]", "[\"big\", \"large\"]");
    std::fs::write(shop.path("cases.toml"), large).unwrap();
    let ended = shop.run(&["rules", "test", "cases.toml"]);
    assert_eq!(ended.code, 10, "{}{}", ended.out, ended.err);
    assert!(ended.out.contains("expected      pace.behind SHOP-1 widens"), "{}", ended.out);
    assert!(ended.out.contains("off for it"), "{}", ended.out);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_case_that_fails_says_what_was_found_with_its_numbers() {
    let wrong = "[[case.expect]]\nat = \"2025-03-11 09:00\"\ngaps = [\n\
        { rule = \"pace.behind\", stage = \"opens\", numbers = { progress = 0.3 } },\n]\n";
    let shop = shop(&behind(wrong)).await;
    let ended = shop.run(&["rules", "test", "cases.toml"]);
    assert_eq!(ended.code, 10, "{}{}", ended.out, ended.err);
    for words in [
        "FAIL  behind (cases.toml:2)",
        "at 2025-03-11 09:00",
        "expected      pace.behind SHOP-1 opens",
        "but found     widens: 20 % ",
        "progress is 0.2, not 0.3",
        "not expected  custom.big SHOP-1 opens",
        "1 case in 1 file: 0 as expected, 1 not.",
    ] {
        assert!(ended.out.contains(words), "{words} in {}", ended.out);
    }
    let document = shop.run(&["rules", "test", "cases.toml", "-o", "json"]).json();
    assert_eq!((&document["schema"], &document["failed"]), (&"gapwatch.rules_test/1".into(), &1.into()));
    let gap = &document["cases"][0]["looks"][0]["gaps"][0];
    assert_eq!((&gap["verdict"], &gap["met"]), (&"gap".into(), &false.into()));
    assert_eq!(gap["differ"][0], serde_json::json!({ "name": "progress", "expected": 0.3, "found": 0.2 }));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_expected_and_absent_says_why() {
    let early = "[[case.expect]]\nat = \"2025-03-06 09:00\"\ngaps = [\n{ rule = \"pace.behind\" },\n{ rule = \"custom.big\" },\n]\n\
        [[case.expect]]\nat = \"2025-03-01 09:00\"\ngaps = [{ rule = \"pace.behind\" }]\n";
    let shop = shop(&behind(early)).await;
    let ended = shop.run(&["rules", "test", "cases.toml"]);
    assert_eq!(ended.code, 10, "{}{}", ended.out, ended.err);
    assert!(ended.out.contains("but found     clear: "), "{}", ended.out);
    assert!(ended.out.contains("the task is not there yet"), "{}", ended.out);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mistake_is_refused_with_its_place_and_what_was_meant() {
    let shop = shop(&behind(AS_IT_IS)).await;
    for (right, wrong, place, meant) in [
        ("owners =", "ownrs =", "cases.toml:9:1", "did you mean `owners`?"),
        ("rule = \"pace.behind\"", "rule = \"pace.behnd\"", "cases.toml:20:10", "did you mean `pace.behind`?"),
        ("\"custom.big\"]", "\"custom.bog\"]", "cases.toml:4:25", "did you mean `custom.big`?"),
        ("state = \"active\"", "state = \"activ\"", "cases.toml:8:9", "did you mean `active`?"),
        ("stage = \"widens\"", "stage = \"widen\"", "cases.toml:20:33", "did you mean `widens`?"),
        ("2025-03-05 10:00", "5 March", "cases.toml:14:6", "write \"2025-03-11 09:00\""),
        ("\"20%\"", "\"a lot\"", "cases.toml:16:12", "write \"20%\""),
        ("due = \"2025-03-14\"", "due = 7", "cases.toml:11:7", "invalid type"),
        ("zone = \"Europe/Berlin\"", "zone = \"Europe/Berlan\"", "", "no time zone Europe/Berlan"),
        ("[[case.event]]", "[[case.event]]\ntask = \"SHOP-2\"", "cases.toml:14:8", "did you mean `SHOP-1`?"),
        ("2025-03-05 10:00", "2025-03-01 10:00", "cases.toml:14:6", "SHOP-1 was made later"),
        ("[[case]]", "[[case]", "cases.toml:2:", "error[syntax]"),
    ] {
        let text = behind(AS_IT_IS);
        assert!(text.contains(right), "{right}");
        std::fs::write(shop.path("cases.toml"), text.replacen(right, wrong, 1)).unwrap();
        let ended = shop.run(&["rules", "test", "cases.toml"]);
        assert_eq!(ended.code, 78, "{wrong}: {}{}", ended.out, ended.err);
        assert!(ended.err.contains(place) && ended.err.contains(meant), "{wrong}: {place}, {meant}\n{}", ended.err);
    }
    assert_eq!(shop.run(&["rules", "test", "nowhere.toml"]).code, 78);
    // A mistake in the configuration itself.
    std::fs::write(shop.path("cases.toml"), behind(AS_IT_IS)).unwrap();
    shop.configure("mode = \"life\"\n", OWN);
    assert_eq!(shop.run(&["rules", "test", "cases.toml"]).code, 78);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_file_those_beside_the_configuration_are_judged() {
    let shop = shop("").await;
    let none = shop.run(&["rules", "test"]);
    assert_eq!(none.code, 2, "{}", none.err);
    assert!(none.err.contains("docs/rules-test.md"), "{}", none.err);
    std::fs::create_dir(shop.path("tests")).unwrap();
    std::fs::write(shop.path("tests/one.toml"), behind(AS_IT_IS)).unwrap();
    std::fs::write(shop.path("tests/two.toml"), behind(AS_IT_IS).replace("\"20%\"", "\"60%\"")).unwrap();
    let ended = shop.run(&["rules", "test"]);
    assert_eq!(ended.code, 10, "{}{}", ended.out, ended.err);
    assert!(ended.out.contains("2 cases in 2 files: 1 as expected, 1 not."), "{}", ended.out);
    assert!(ended.out.contains("two.toml:2"), "{}", ended.out);
}
