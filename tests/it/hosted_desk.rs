//! The commands that somebody with Asana or Trello meets, as they are called: from a token to what is known of the connection.

use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use connector_simulator::asana::TaskDraft;
use connector_simulator::trello::CardDraft;
use connector_simulator::{Fault, Simulator, Tool};
use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use serde_json::Value;
use tempfile::TempDir;

/// No output and no file but the secret's own may hold it.
const TOKEN: &str = "canary-token-1234567890";
const KEY: &str = "canary-key-1234567890";
/// A title, for what may not hold one.
const TITLE: &str = "Move billing to the new queue";

/// A tool, and an empty folder.
struct Desk {
    sim: Simulator,
    folder: TempDir,
    env: Vec<(&'static str, String)>,
}

struct Ended {
    code: i32,
    out: String,
    err: String,
}

impl Ended {
    #[track_caller]
    fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {}\n{}", self.out, self.err))
    }

    /// Ended well, and kept the secrets.
    #[track_caller]
    fn well(self) -> Ended {
        assert_eq!(self.code, 0, "{}\n{}", self.out, self.err);
        assert!(!self.out.contains("canary") && !self.err.contains("canary"), "{}\n{}", self.out, self.err);
        self
    }

    #[track_caller]
    fn says(self, words: &[&str]) -> Ended {
        for words in words {
            assert!(self.out.contains(words), "{words}: {}\n{}", self.out, self.err);
        }
        self
    }
}

fn ago(days: i64) -> Timestamp {
    Timestamp::now() - SignedDuration::from_hours(24 * days)
}

impl Desk {
    async fn new(env: &[(&'static str, &str)]) -> Desk {
        let sim = Simulator::start(std::sync::Arc::new(Timestamp::now)).await.unwrap();
        let env = env.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        Desk { sim, folder: tempfile::tempdir().unwrap(), env }
    }

    /// Ana's task was due ten days ago; the second project is empty.
    async fn at_asana() -> Desk {
        let mut desk = Desk::new(&[("ASANA_TOKEN", TOKEN), ("ASANA_MANAGER", "max@example.org")]).await;
        let asana = desk.sim.asana();
        asana.person("gapwatch", "Gapwatch", "gapwatch@example.org");
        asana.token(TOKEN, "gapwatch");
        asana.person("ana", "Ana Kovac", "ana@example.org");
        asana.person("max", "Max Winter", "max@example.org");
        asana.project("Operations");
        asana.project("Web, shop");
        asana.section("Operations", "On hold");
        let draft = TaskDraft {
            assignee: Some("ana".to_owned()),
            section: Some("Doing".to_owned()),
            due: Some(ago(10).to_zoned(TimeZone::UTC).date()),
            created: Some(ago(40)),
            ..TaskDraft::new(TITLE)
        };
        asana.task("Operations", draft);
        desk.env.push(("GAPWATCH_ASANA_URL", desk.sim.asana_url()));
        desk
    }

    /// The same on a board.
    async fn at_trello() -> Desk {
        let env = [("TRELLO_KEY", KEY), ("TRELLO_TOKEN", TOKEN), ("TRELLO_MANAGER", "maxw")];
        let mut desk = Desk::new(&env).await;
        let trello = desk.sim.trello();
        trello.person("gapwatch", "Gapwatch");
        trello.token(KEY, TOKEN, "gapwatch");
        trello.person("anak", "Ana Kovac");
        trello.person("maxw", "Max Winter");
        for (board, list) in [("Operations", "Doing"), ("Operations", "Zzz"), ("Web, shop", "Doing")] {
            trello.board(board);
            trello.list(board, list);
        }
        let draft = CardDraft {
            members: vec!["anak".to_owned()],
            due: Some(ago(10)),
            created: Some(ago(40)),
            ..CardDraft::new(TITLE)
        };
        trello.card("Operations", "Doing", draft);
        desk.env.push(("GAPWATCH_TRELLO_URL", desk.sim.trello_url()));
        desk
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn run(&self, args: &[&str]) -> Ended {
        let mut command = Command::new(env!("CARGO_BIN_EXE_gapwatch"));
        command.args(args).current_dir(self.folder.path()).env_clear().env("TZ", "UTC").stdin(Stdio::null());
        command.envs(self.env.iter().map(|(name, value)| (*name, value.as_str())));
        let Output { status, stdout, stderr } = command.output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Ended { code: status.code().unwrap_or(-1), out: text(stdout), err: text(stderr) }
    }

    fn set(&mut self, name: &'static str, value: &str) {
        self.env.retain(|(known, _)| *known != name);
        self.env.push((name, value.to_owned()));
    }

    fn file(&self) -> String {
        std::fs::read_to_string(self.path("gapwatch.toml")).unwrap()
    }

    /// Nothing waits for hours or for the end of edits.
    fn hurry(&self) {
        let quick =
            "mode = \"observe\"\nmessages = { settle = \"0s\", work_hours_only = false, recent_action = \"0s\" }";
        std::fs::write(self.path("gapwatch.toml"), self.file().replacen("mode = \"observe\"", quick, 1)).unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn from_a_token_of_asana_to_what_is_known_of_its_projects() {
    let desk = Desk::at_asana().await;
    let id = desk.sim.asana().user_gid("ana");
    desk.run(&["init", "--from-env"]).well().says(&["asana.asana: logged in as Gapwatch\n"]);
    let text = desk.file();
    for line in [
        "[asana.asana]",
        "token = { env = \"ASANA_TOKEN\" }",
        "# Every project the account can see; `projects = [\"1200000000000101\"]` watches only these.",
        "waiting = [\"On hold\"]",
        "default_manager = \"max_winter\"",
        "[people.ana_kovac]",
        &format!("also = {{ asana = \"{id}\" }}"),
    ] {
        assert!(text.contains(line), "{line}: {text}");
    }
    assert!(!text.contains("canary") && !text.contains("github") && !text.contains("trello"), "{text}");
    let validated = desk.run(&["validate"]).well();
    assert!(!validated.err.contains("unknown-name"), "{}", validated.err);
    let misspelt = text.replacen("[\"On hold\"]", "[\"On hold\", \"On hodl\"]", 1);
    std::fs::write(desk.path("gapwatch.toml"), misspelt).unwrap();
    let validated = desk.run(&["validate"]).well();
    let told = "warning[unknown-name]: asana.asana: `states` names \"on hodl\": no section";
    assert!(validated.err.contains(told), "{}", validated.err);
    let offline = desk.run(&["validate", "--offline"]).well();
    assert!(!offline.err.contains("unknown-name"), "nobody is asked: {}", offline.err);
    std::fs::write(desk.path("gapwatch.toml"), &text).unwrap();

    desk.hurry();
    desk.run(&["run", "--once"]).well().says(&["asana.asana: 1 tasks read (1 new, 0 changed), 0 unreadable"]);
    let listed = desk.run(&["gaps", "list", "-o", "json"]).well().json();
    let overdue = &listed["gaps"][0];
    assert_eq!((&overdue["rule"], &overdue["owners"][0]), (&"overdue".into(), &"ana_kovac".into()), "{listed:#}");
    let (key, url) = (overdue["subject"]["key"].as_str().unwrap(), overdue["subject"]["url"].as_str().unwrap());
    let pasted = format!("https://app.asana.com/0/0/{key}/f");
    for task in [key, &format!("asana.asana:{key}"), url, &pasted] {
        desk.run(&["explain", task]).well().says(&[TITLE, "failure: due "]);
    }
    let schedule = desk.run(&["schedule"]).well().says(&["reads projects ", "counts what is open in 2 projects"]);
    assert!(!schedule.out.contains("repositor"), "{}", schedule.out);
    desk.run(&["preview", "comment"]).well().says(&["@Ana Kovac"]);
    desk.run(&["enable", "asana.asana"]).well().says(&["[asana.asana]"]);
    desk.run(&["doctor", "asana.asana"]).well().says(&["logged in as Gapwatch", "1 task of 2 projects read"]);
    desk.run(&["rules", "show", "blocker.cascade"]).well().says(&["asana.asana", "dependencies"]);
    assert_eq!(desk.sim.asana().writes().len(), 0, "it only reads");
}

#[tokio::test(flavor = "multi_thread")]
async fn from_a_key_and_a_token_of_trello_to_what_is_known_of_its_boards() {
    let desk = Desk::at_trello().await;
    desk.run(&["init", "--from-env"]).well().says(&["trello.trello: logged in as gapwatch\n"]);
    let text = desk.file();
    for line in [
        "[trello.trello]",
        "key = { env = \"TRELLO_KEY\" }",
        "token = { env = \"TRELLO_TOKEN\" }",
        "# Every open board of the account; `boards = [\"Client work\"]` watches only these.",
        "default_manager = \"maxw\"",
        "[people.anak]",
        "also = { trello = \"anak\" }",
    ] {
        assert!(text.contains(line), "{line}: {text}");
    }
    assert!(!text.contains("canary") && !text.contains("github") && !text.contains("asana"), "{text}");
    desk.run(&["validate"]).well();

    desk.hurry();
    desk.run(&["run", "--once"]).well().says(&["trello.trello: 1 tasks read (1 new, 0 changed), 0 unreadable"]);
    let listed = desk.run(&["gaps", "list", "-o", "json"]).well().json();
    let overdue = &listed["gaps"][0];
    assert_eq!((&overdue["rule"], &overdue["owners"][0]), (&"overdue".into(), &"anak".into()), "{listed:#}");
    let (key, url) = (overdue["subject"]["key"].as_str().unwrap(), overdue["subject"]["url"].as_str().unwrap());
    let pasted = format!("https://trello.com/c/{key}/7-move-billing");
    for task in [key, &format!("trello.trello:{key}"), url, &pasted] {
        desk.run(&["explain", task]).well().says(&[TITLE, "failure: due "]);
    }
    let schedule = desk.run(&["schedule"]).well().says(&["reads boards ", "counts what is open in 2 boards"]);
    assert!(!schedule.out.contains("repositor"), "{}", schedule.out);
    desk.run(&["preview", "comment"]).well().says(&["@anak"]);
    desk.run(&["enable", "trello.trello"]).well().says(&["[trello.trello]"]);
    desk.run(&["doctor", "trello.trello"]).well().says(&["logged in as gapwatch", "1 task of 2 boards read"]);
    desk.run(&["rules", "show", "pace.behind"]).well().says(&["trello.trello", "checklists"]);
    assert_eq!(desk.sim.trello().writes().len(), 0, "it only reads");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_missing_or_refused_is_named_and_nothing_is_written() {
    let mut desk = Desk::at_trello().await;
    desk.set("TRELLO_TOKEN", "canary-revoked");
    let refused = desk.run(&["init", "--from-env"]);
    assert_eq!(refused.code, 77, "{}", refused.err);
    assert!(!refused.err.contains("canary"), "{}", refused.err);
    desk.env.retain(|(name, _)| *name != "TRELLO_TOKEN");
    let none = desk.run(&["init", "--from-env"]);
    assert_eq!(none.code, 78);
    assert!(none.err.contains("TRELLO_TOKEN") && none.err.contains("trello.com/1/authorize"), "{}", none.err);
    desk.env.clear();
    let nothing = desk.run(&["init", "--from-env", "--tracker", "asana"]);
    assert_eq!(nothing.code, 78);
    assert!(nothing.err.contains("ASANA_TOKEN") && nothing.err.contains("app.asana.com"), "{}", nothing.err);
    assert_eq!(std::fs::read_dir(desk.folder.path()).unwrap().count(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn boards_are_named_by_address_and_the_bundle_holds_neither_secret_nor_title() {
    let mut desk = Desk::at_trello().await;
    let link = desk.sim.trello().board_link("Operations");
    desk.set("TRELLO_BOARDS", &format!("https://trello.com/b/{link}/operations, web, shop"));
    let wrong = desk.run(&["init", "--from-env"]);
    assert_eq!(wrong.code, 2, "\"web\" alone is no board: {}", wrong.err);
    desk.set("TRELLO_BOARDS", &format!("https://trello.com/b/{link}/operations"));
    desk.run(&["init", "--from-env"]).well();
    assert!(desk.file().contains(&format!("boards = [\"{link}\"]")), "{}", desk.file());
    desk.run(&["sync"]).well();
    let bundle = desk.path("bundle.txt").display().to_string();
    desk.run(&["doctor", "--bundle", &bundle]);
    let text = std::fs::read_to_string(&bundle).unwrap();
    assert!(text.contains("trello.trello.url = ") && text.contains("trello.trello.boards = 1 boards"), "{text}");
    assert!(!text.contains("canary") && !text.contains(TITLE), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_plan_does_not_tell_is_named_wherever_somebody_looks() {
    let desk = Desk::at_asana().await;
    let asana = desk.sim.asana();
    asana.refuse_paid_fields(true);
    asana.free(true);
    let refused = Fault::Status(403, "{\"errors\":[{\"message\":\"no\"}]}".to_owned());
    desk.sim.fail_next(Tool::Asana, "/workspace_memberships", refused, 1_000);
    desk.run(&["init", "--from-env"]).well();
    let before = desk.run(&["rules", "list", "-o", "json"]).well().json();
    let of = |rules: &Value, id: &str| {
        rules["rules"].as_array().unwrap().iter().find(|one| one["rule"] == id).unwrap().clone()
    };
    assert_eq!(of(&before, "blocker.cascade")["connections"][0]["missing"], Value::Array(vec![]), "without a store");
    desk.run(&["run", "--once"]).well();
    let because = "the workspace's plan has no dependencies (HTTP 402)";
    let key = asana.look(TITLE).unwrap().gid;
    let said = format!("not applicable: asana.asana tells no blocking links: {because}");
    desk.run(&["explain", &key]).well().says(&[&said]);
    let explained = desk.run(&["explain", &key, "-o", "json"]).well().json();
    let cascade = of(&explained, "blocker.cascade");
    assert_eq!((&cascade["verdict"], &cascade["missing"]), (&"not_applicable".into(), &"blocking links".into()));
    let overdue = of(&explained, "overdue");
    assert_eq!((&overdue["verdict"], &overdue["missing"]), (&"gap".into(), &Value::Null));
    let list = desk.run(&["rules", "list", "-o", "json"]).well().json();
    let told = of(&list, "blocker.cascade")["connections"][0].clone();
    assert_eq!((&told["missing"][0], &told["lacks"][0]["because"]), (&"blocking links".into(), &because.into()));
    let pace = of(&list, "pace.behind")["connections"][0].clone();
    assert_eq!((&pace["missing"], &pace["lacks"][0]["whole"]), (&Value::Array(vec![]), &false.into()));
    desk.run(&["rules", "list", "-o", "csv"])
        .well()
        .says(&["not on asana.asana: no blocking links: the workspace's plan"]);
    desk.run(&["rules", "show", "blocker.cascade"]).well().says(&["now no blocking links"]);
    desk.run(&["doctor"]).says(&[because, "no news of who has left", "people of the workspace are not shown"]);
    let gaps = desk.run(&["gaps", "list", "-o", "json"]).well().json();
    let lacks = gaps["connections"][0]["lacks"].as_array().unwrap().clone();
    assert!(lacks.iter().any(|lack| lack["what"] == "blocking links" && lack["whole"] == true), "{lacks:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_comment_and_a_wrong_workspace_end_with_their_own_codes() {
    let desk = Desk::at_asana().await;
    desk.run(&["init", "--from-env"]).well();
    desk.hurry();
    let live = desk.file().replacen("mode = \"observe\"", "mode = \"live\"", 1).replacen(
        "messages = {",
        "messages = { backlog = \"tell\",",
        1,
    );
    std::fs::write(desk.path("gapwatch.toml"), &live).unwrap();
    desk.sim.asana().deny_comments("Operations", true);
    let ended = desk.run(&["run", "--once"]);
    assert_eq!(ended.code, 77, "{}\n{}", ended.out, ended.err);
    let wrong = live.replacen("[asana.asana]", "[asana.asana]\nworkspace = \"Nope\"", 1);
    std::fs::write(desk.path("gapwatch.toml"), wrong).unwrap();
    for command in [&["validate"][..], &["sync"], &["run", "--once"]] {
        let ended = desk.run(command);
        assert_eq!(ended.code, 78, "{command:?}: {}\n{}", ended.out, ended.err);
    }
}
