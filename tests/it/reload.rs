//! Another configuration while the engine runs: it does what a start with that configuration would do, and says nothing by
//! itself.

use jiff::SignedDuration;

use crate::lab::{self, ALERTS, Lab, PEOPLE, REPO, TOLD, counted, difference, github_day};

const API: &str = "acme/api";
/// Every ending there is, by rule.
const ENDINGS: &str = "SELECT a.rule, t.key, a.state, coalesce(a.ending, '-') FROM alerts a
  JOIN tasks t ON a.subject_kind = 0 AND t.id = a.subject";

/// Both repositories have a task that is overdue; the second one is not watched yet.
async fn lab() -> Lab {
    let lab = Lab::new("2026-03-02T09:00:00Z", "", "", "").await;
    let github = lab.github();
    github.repo(API);
    for repo in [REPO, API] {
        let issue = github.issue(repo, "Move billing").by("max-w").assignee(PEOPLE[0]);
        issue.created(lab::at("2026-01-05T09:00:00Z")).milestone("Spring", github_day("2026-02-20")).open();
        github.issue(repo, "Nobody's").by("max-w").created(lab::at("2026-01-06T09:00:00Z")).open();
    }
    lab
}

fn watches(lab: &mut Lab, from: &[&str], to: &[&str]) {
    let list = |repos: &[&str]| format!("repos = {repos:?}");
    assert!(lab.text.contains(&list(from)), "{}", lab.text);
    lab.text = lab.text.replace(&list(from), &list(to));
}

#[tokio::test]
async fn a_repository_that_is_added_is_read_and_one_that_is_taken_out_is_no_longer_watched() {
    let mut lab = lab().await;
    lab.runs(3, 20).await;
    let before = counted(&lab.sim);
    assert!(before.comments == 1 && before.messages > 0, "{before:?}");

    watches(&mut lab, &[REPO], &[REPO, API]);
    lab.sim.forget_requests();
    lab.reload().await;
    lab.settle().await;
    assert_eq!(lab.sim.requests().len(), 0, "the reload itself asks nothing and says nothing");
    lab.runs(3, 20).await;
    let both = counted(&lab.sim);
    assert_eq!(both.comments, before.comments + 1);

    watches(&mut lab, &[REPO, API], &[API]);
    lab.reload().await;
    lab.runs(3, 20).await;
    let endings = lab.rows(ENDINGS);
    let of = |repo: &str| -> Vec<&String> { endings.iter().filter(|line| line.contains(repo)).collect() };
    assert!(of(REPO).iter().all(|line| line.ends_with("| 2 | \"no_longer_watched\"")), "{endings:?}");
    assert!(of(API).iter().all(|line| line.ends_with("| -")), "{endings:?}");
    let after = counted(&lab.sim);
    assert_eq!((after.comments, after.answers, after.duplicates), (both.comments, both.answers, 0), "nobody is told");
}

#[tokio::test]
async fn a_connection_that_is_taken_out_ends_at_once_what_was_read_through_it() {
    let mut lab = lab().await;
    let url = lab.sim.github_url();
    let other = format!("\n[github.other]\nurl = \"{url}\"\ntoken = \"test-token\"\nrepos = [\"{API}\"]\n");
    lab.text += &other;
    lab.reload().await;
    lab.runs(3, 20).await;
    let before = counted(&lab.sim);
    assert_eq!(before.comments, 2);
    lab.text = lab.text.replace(&other, "");
    lab.reload().await;
    lab.settle().await;
    let endings = lab.rows(ENDINGS);
    for line in &endings {
        assert_eq!(line.contains(API), line.ends_with("| 2 | \"no_longer_watched\""), "{endings:?}");
    }
    lab.runs(2, 20).await;
    assert_eq!(counted(&lab.sim), before, "nobody is told");
}

#[tokio::test]
async fn what_a_changed_rule_finds_is_backlog() {
    let mut lab = lab().await;
    lab.text = lab.text.replace("backlog = \"tell\"", "backlog = \"hold\"");
    lab.text += "\n[rules.overdue]\nenabled = false\n";
    lab.restart().await;
    lab.runs(3, 20).await;
    let before = counted(&lab.sim);
    lab.text = lab.text.replace("[rules.overdue]\nenabled = false\n", "");
    lab.reload().await;
    lab.runs(5, 20).await;
    let found = lab.rows("SELECT rule, backlog FROM alerts WHERE rule = 'overdue'");
    assert_eq!(found, ["overdue | 1"]);
    assert_eq!(counted(&lab.sim), before);
}

#[tokio::test]
async fn nothing_is_sent_before_everything_was_judged_anew() {
    let mut lab = lab().await;
    // Decided and sealed, not yet sent.
    lab.later(SignedDuration::from_mins(20));
    lab.engine().pull(true).await.unwrap();
    lab.engine().decide().await.unwrap();
    assert!(!lab.engine().core.waiting().await.is_empty());
    lab.text = lab.text.replace("mode = \"live\"", "mode = \"observe\"");
    lab.reload().await;
    assert_eq!(lab.engine().deliver().await.unwrap(), 0, "what waits may not be wanted any more");
    lab.runs(3, 20).await;
    let said = counted(&lab.sim);
    assert_eq!((said.comments, said.messages), (0, 0));
}

/// One configuration after another.
fn steps() -> Vec<fn(&mut Lab)> {
    vec![
        |lab| watches(lab, &[REPO], &[REPO, API]),
        |lab| lab.text += "\n[people.tom]\nname = \"Tom B.\"\ntz = \"Etc/UTC\"\nalso = { github = \"tom-b\" }\n",
        |lab| lab.text += "\n[rules.owner.none]\ndirect_days_left = 30\n",
        |lab| lab.text += "\n[directory]\nbots = [\"ci-user\", \"max-w\"]\n",
        |lab| lab.text = lab.text.replace("token = \"test-token\"", "token = \"other-token\""),
        |lab| watches(lab, &[REPO, API], &[API]),
        |lab| watches(lab, &[API], &[API, REPO]),
    ]
}

/// How another configuration comes in.
#[derive(Clone, Copy, PartialEq)]
enum Way {
    Restart,
    Reload,
    /// Twice at once: the second one finds everything done.
    Twice,
    /// Killed right after it was taken up, before anything was judged.
    Killed,
}

async fn lived(way: Way) -> (Vec<String>, Vec<String>, lab::Counted) {
    let mut lab = lab().await;
    lab.github().token("other-token", lab::US);
    lab.runs(2, 20).await;
    for step in steps() {
        step(&mut lab);
        match way {
            Way::Restart => lab.restart().await,
            Way::Reload => lab.reload().await,
            Way::Twice => {
                lab.reload().await;
                lab.reload().await;
            }
            Way::Killed => {
                lab.reload().await;
                lab.restart().await;
            }
        }
        lab.runs(2, 20).await;
    }
    assert_eq!(lab.engine().core.oracle(lab.now()).await.unwrap(), 0, "nothing is left undone");
    (lab.rows(ALERTS), lab.rows(TOLD), counted(&lab.sim))
}

#[tokio::test]
async fn a_reload_does_what_a_start_does_also_when_it_is_cut_short() {
    let (alerts, told, said) = lived(Way::Restart).await;
    assert!(alerts.len() >= 4 && !told.is_empty() && said.duplicates == 0, "{alerts:?} {told:?} {said:?}");
    for way in [Way::Reload, Way::Twice, Way::Killed] {
        let other = lived(way).await;
        assert_eq!(difference(&alerts, &other.0), [""; 0]);
        assert_eq!(difference(&told, &other.1), [""; 0]);
        assert_eq!(said, other.2);
    }
}
