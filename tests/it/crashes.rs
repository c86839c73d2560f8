//! The moments at which a call may go wrong, each on each channel: nothing is lost, and nothing is said twice where the tool
//! lets one look. What counts is what the tools saw.

use std::time::Duration;

use connector_kit::MessageRef;
use connector_simulator::{Fault, Logged, SlackMessage, Tool, WriteKind};
use gapwatch::core::Claim;
use gapwatch::domain::notice::{Address, MessageOp};
use gapwatch::messages::retry::Outcome;
use jiff::{SignedDuration, Timestamp};

use crate::lab::{Lab, REPO, US, counted, github_day};

/// A kind of call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Call {
    /// A direct message.
    Direct,
    /// A digest.
    Digest,
    /// An answer in its thread.
    Reply,
    /// Its edit.
    Edit,
    /// The comment.
    Comment,
    /// Its edit.
    CommentEdit,
}

impl Call {
    /// As the simulator sees it.
    fn request(self) -> (Tool, &'static str) {
        match self {
            Call::Direct | Call::Digest | Call::Reply => (Tool::Slack, "POST chat.postMessage"),
            Call::Edit => (Tool::Slack, "POST chat.update"),
            Call::Comment => (Tool::Github, "POST /comments"),
            Call::CommentEdit => (Tool::Github, "PATCH /comments"),
        }
    }

    fn is_this(self, request: &Logged) -> bool {
        let (tool, words) = self.request();
        request.tool == tool && words.split(' ').all(|word| request.method == word || request.path.contains(word))
    }

    /// A company in which the next round makes this call.
    async fn about_to_be_made(self) -> Lab {
        if self == Call::Digest {
            return a_digest().await;
        }
        let comments = matches!(self, Call::Comment | Call::CommentEdit);
        let rest = if comments { "" } else { "[comments]\non = []\n" };
        let lab = Lab::new("2026-03-03T10:00:00Z", "", "", rest).await;
        let due = github_day("2026-03-02");
        let draft = lab.github().issue(REPO, "Ship it").by("max-w").assignee("ana-k").milestone("Alpha", due);
        draft.created("2026-02-23T09:00:00Z".parse().unwrap()).open();
        if matches!(self, Call::Reply | Call::Edit | Call::CommentEdit) {
            lab.run().await;
            lab.later(SignedDuration::from_mins(5));
            lab.github().close(REPO, 1, "max-w", lab.now(), "completed");
            lab.run().await;
            lab.later(SignedDuration::from_mins(11));
        }
        lab.sim.forget_requests();
        lab
    }

    /// How often it took effect, as the tools count: messages by their marks, edits by what is said now.
    fn effects(self, lab: &Lab) -> usize {
        let messages: Vec<SlackMessage> = lab.sim.slack().messages().into_iter().filter(|one| one.ours).collect();
        let writes = lab.github().writes();
        match self {
            Call::Direct | Call::Digest => messages.iter().filter(|one| one.thread_ts.is_none()).count(),
            Call::Reply => messages.iter().filter(|one| one.thread_ts.is_some()).count(),
            Call::Edit => messages.iter().filter(|one| one.thread_ts.is_none() && one.text.contains("esolved")).count(),
            Call::Comment => writes.iter().filter(|one| one.kind == WriteKind::Created).count(),
            Call::CommentEdit => {
                let comments = lab.github().comments(REPO, 1);
                comments.iter().filter(|one| one.author == US && one.body.contains("esolved")).count()
            }
        }
    }
}

/// Ana's digest is due on Tuesday: something came up on Monday.
async fn a_digest() -> Lab {
    let rest = "[comments]\non = []\n[schedule]\nall_clear = \"off\"\n\
                [rules.custom.young]\nwhen = \"task.project == 'acme/web'\"\nstage = \"opens\"\nmessage = \"it is open\"\n";
    let lab = Lab::new("2026-03-02T10:00:00Z", "", "", rest).await;
    let draft = lab.github().issue(REPO, "Ship it").by("max-w").assignee("ana-k");
    draft.created("2026-02-23T09:00:00Z".parse().unwrap()).open();
    lab.run().await;
    lab.at("2026-03-03T09:00:00Z");
    lab.sim.forget_requests();
    lab
}

/// What goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Point {
    /// The connection breaks before anything happens.
    BeforeSend,
    /// It happens, the answer is lost.
    AnswerLost,
    /// It happens, the answer is lost, and the program is started anew.
    AnswerLostThenRestart,
    /// It happens, the answer is cut in the middle.
    AnswerCut,
    /// The program ends after it noted the attempt, before it called.
    AfterClaim,
    /// The program ends while a call hangs that takes no effect.
    WhileItHangs,
    /// The program ends while a call hangs that took effect.
    WhileItHangsDone,
    /// The tool fails.
    ServerError,
}

const POINTS: [Point; 8] = [
    Point::BeforeSend,
    Point::AnswerLost,
    Point::AnswerLostThenRestart,
    Point::AnswerCut,
    Point::AfterClaim,
    Point::WhileItHangs,
    Point::WhileItHangsDone,
    Point::ServerError,
];

fn lost(fault: Fault) -> Fault {
    Fault::AfterCommit(Box::new(fault))
}

impl Point {
    fn fault(self) -> Option<Fault> {
        match self {
            Point::BeforeSend => Some(Fault::Reset),
            Point::AnswerLost | Point::AnswerLostThenRestart => Some(lost(Fault::Reset)),
            Point::AnswerCut => Some(Fault::CutBody),
            Point::AfterClaim => None,
            Point::WhileItHangs => Some(Fault::Hang(20)),
            Point::WhileItHangsDone => Some(lost(Fault::Hang(20))),
            Point::ServerError => Some(Fault::Status(503, "{}".to_owned())),
        }
    }

    /// Lets it go wrong.
    async fn strike(self, call: Call, lab: &mut Lab) {
        let (tool, words) = call.request();
        if let Some(fault) = self.fault() {
            lab.sim.fail_next(tool, words, fault, 1);
        }
        match self {
            Point::AfterClaim => {
                lab.engine().pull(true).await.unwrap();
                lab.engine().decide().await.unwrap();
                // Whatever else is due goes first; the claim of the call itself is never carried out.
                while !claim_only(call, lab).await {
                    // What was said is thought over before the next thing is said.
                    lab.engine().decide().await.unwrap();
                }
                lab.restart().await;
            }
            Point::WhileItHangs | Point::WhileItHangsDone => {
                tokio::select! {
                    () = lab.run() => panic!("{call:?}: the call does not hang"),
                    () = seen(call, lab) => {}
                }
                lab.restart().await;
            }
            Point::AnswerLostThenRestart => {
                lab.run().await;
                lab.restart().await;
            }
            _ => lab.run().await,
        }
        lab.sim.heal();
    }
}

/// Claims one thing to do; true when it was this call. Anything else is taken as done.
async fn claim_only(call: Call, lab: &Lab) -> bool {
    let core = &lab.engine().core;
    let claim =
        core.claim(Vec::new(), false, lab.now()).await.unwrap().unwrap_or_else(|| panic!("{call:?} is not due"));
    let is_it = is_claim_of(call, &claim);
    if !is_it {
        let done = if claim.message.op == MessageOp::Edit {
            Outcome::Edited
        } else {
            Outcome::Sent(MessageRef("D0/1.2".to_owned()))
        };
        core.outcome(claim.message.id, done, lab.now()).await.unwrap();
    }
    is_it
}

fn is_claim_of(call: Call, claim: &Claim) -> bool {
    let comment = matches!(claim.message.address, Address::Comment { .. });
    match (claim.message.op, comment) {
        (MessageOp::Post, false) => matches!(call, Call::Direct | Call::Digest),
        (MessageOp::Reply, false) => call == Call::Reply,
        (MessageOp::Edit, false) => call == Call::Edit,
        (MessageOp::Post, true) => call == Call::Comment,
        (_, true) => call == Call::CommentEdit,
    }
}

/// Returns once the call has reached the tool.
async fn seen(call: Call, lab: &Lab) {
    while !lab.sim.requests().iter().any(|request| call.is_this(request)) {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    // Long enough for the effect, far too short for the answer.
    tokio::time::sleep(Duration::from_millis(20)).await;
}

/// Nothing is under way or given up, and whoever was to hear was told.
fn nothing_is_left(lab: &Lab) -> Vec<String> {
    let mut left = lab.rows("SELECT 'message', op, state, channel, error FROM messages WHERE state NOT IN (4, 9)");
    left.extend(lab.rows("SELECT 'notice', reason, state, channel, why FROM notices WHERE state IN (1, 3, 5)"));
    left.extend(lab.rows("SELECT 'post', place, want, have FROM posts WHERE have IS NOT want"));
    left
}

async fn every_point(call: Call) {
    for point in POINTS {
        let mut lab = call.about_to_be_made().await;
        point.strike(call, &mut lab).await;
        // An hour: the call has surely ended, the look, the back-off of a minute, of five.
        lab.runs(12, 2).await;
        lab.runs(4, 10).await;
        let place = format!("{call:?} {point:?}");
        assert_eq!(call.effects(&lab), 1, "{place}: {:?}", lab.sim.slack().messages());
        let counted = counted(&lab.sim);
        assert_eq!((counted.duplicates, counted.crowded), (0, vec![]), "{place}");
        assert_eq!(nothing_is_left(&lab), Vec::<String>::new(), "{place}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_direct_message_survives_every_crash_and_comes_once() {
    every_point(Call::Direct).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_digest_survives_every_crash_and_comes_once() {
    every_point(Call::Digest).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_in_a_thread_survives_every_crash_and_comes_once() {
    every_point(Call::Reply).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_edit_survives_every_crash() {
    every_point(Call::Edit).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_comment_survives_every_crash_and_comes_once() {
    every_point(Call::Comment).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_edited_comment_survives_every_crash() {
    every_point(Call::CommentEdit).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_tool_that_answers_after_forty_seconds_is_not_told_twice() {
    let slow = async |call: Call| {
        let lab = call.about_to_be_made().await;
        let (tool, words) = call.request();
        lab.sim.fail_next(tool, words, lost(Fault::Hang(40)), 1);
        let began = std::time::Instant::now();
        lab.run().await;
        let waited = began.elapsed();
        assert!((25..38).contains(&waited.as_secs()), "{call:?}: the deadline of a call was {waited:?}");
        lab.runs(6, 2).await;
        assert_eq!(call.effects(&lab), 1, "{call:?}");
        assert_eq!(nothing_is_left(&lab), Vec::<String>::new(), "{call:?}");
    };
    tokio::join!(slow(Call::Direct), slow(Call::Comment), slow(Call::CommentEdit));
}

/// Every scope but those that let one look.
const BLIND: [&str; 3] = ["channels:history", "groups:history", "im:history"];

fn blinded(lab: &Lab) {
    BLIND.iter().for_each(|scope| lab.sim.slack().without_scope(scope));
}

#[tokio::test]
async fn where_nobody_can_look_a_failure_is_repeated_once_and_says_so() {
    let lab = Call::Direct.about_to_be_made().await;
    blinded(&lab);
    lab.sim.fail_next(Tool::Slack, "chat.postMessage", lost(Fault::Reset), 1);
    lab.run().await;
    lab.runs(12, 5).await;
    let messages = lab.sim.slack().messages();
    assert_eq!(messages.len(), 2, "{messages:?}");
    assert!(!format!("{:?}", messages[0]).contains("may be a repeat"));
    assert!(format!("{:?}", messages[1]).contains("may be a repeat"), "{:?}", messages[1]);
    assert_eq!(lab.rows("SELECT state FROM notices WHERE channel = 'slack' AND rung = 1"), ["2"]);
}

#[tokio::test]
async fn where_nobody_can_look_a_failure_is_not_repeated_twice() {
    let lab = Call::Direct.about_to_be_made().await;
    blinded(&lab);
    lab.sim.fail_next(Tool::Slack, "chat.postMessage", lost(Fault::Reset), 9);
    lab.run().await;
    lab.runs(12, 5).await;
    assert_eq!(lab.sim.slack().messages().len(), 2);
    assert_eq!(lab.rows("SELECT state FROM notices WHERE channel = 'slack' AND rung = 1"), ["3"]);
}

/// A task far behind its pace: a gap that widens, told in the day's message.
async fn behind(rest: &str) -> Lab {
    let lab = Lab::new("2026-03-02T09:00:00Z", "", "", rest).await;
    let draft = lab.github().issue(REPO, "Long way").by("max-w").assignee("ana-k");
    let draft = draft.milestone("Alpha", github_day("2026-03-20"));
    let issue = draft.body("- [ ] a\n- [ ] b\n- [ ] c\n- [ ] d\n- [ ] e\n- [ ] f\n").open();
    lab.run().await;
    lab.later(SignedDuration::from_mins(5));
    lab.github().comment_as(REPO, issue, "ana-k", "I am on it.", lab.now());
    lab.run().await;
    assert_eq!(lab.sim.slack().messages(), []);
    lab.at("2026-03-12T09:00:00Z");
    lab.engine().pull(true).await.unwrap();
    lab
}

#[tokio::test]
async fn where_nobody_can_look_what_is_no_failure_is_not_repeated() {
    let lab = behind("[comments]\non = []\n").await;
    blinded(&lab);
    lab.sim.fail_next(Tool::Slack, "chat.postMessage", lost(Fault::Reset), 1);
    lab.run().await;
    lab.runs(12, 10).await;
    let messages = lab.sim.slack().messages();
    assert_eq!(messages.len(), 1, "{messages:?}");
    let states = lab.rows("SELECT DISTINCT state, why FROM notices WHERE channel = 'slack' AND rung = 1");
    assert!(states.len() == 1 && states[0].starts_with("3 | may or may not have arrived"), "{states:?}");
}

#[tokio::test]
async fn a_comment_that_a_human_took_away_is_not_made_again() {
    let lab = Call::Comment.about_to_be_made().await;
    lab.run().await;
    let ours = lab.github().comments(REPO, 1).into_iter().find(|comment| comment.author == US).unwrap();
    lab.github().delete_comment(REPO, ours.id);
    lab.later(SignedDuration::from_mins(30));
    // It is moved into the future, and is late again: a second episode.
    lab.github().milestone_due(REPO, "Alpha", Some(github_day("2026-03-06")));
    lab.runs(3, 11).await;
    lab.at("2026-03-10T10:00:00Z");
    lab.runs(3, 11).await;
    assert_eq!(lab.github().comments(REPO, 1).len(), 0);
    let created = lab.github().writes().iter().filter(|write| write.kind == WriteKind::Created).count();
    assert_eq!(created, 1);
    let edits = lab.sim.requests().iter().filter(|request| request.method == "PATCH").count();
    assert_eq!(edits, 1, "it was asked once whether the comment can still be edited");
    // Ana hears all the same.
    let heard = "SELECT n.episode FROM notices n JOIN alerts a ON a.id = n.alert
      WHERE a.rule = 'overdue' AND n.channel = 'slack' AND n.rung = 1 AND n.reason = 0 AND n.state = 2";
    assert_eq!(lab.rows(heard), ["1", "2"]);
    let under_way = lab.rows("SELECT op, state, error FROM messages WHERE state < 4");
    assert_eq!(under_way, Vec::<String>::new());
}

/// Instants of the calls that reached the tool.
fn calls(lab: &Lab, call: Call) -> Vec<(Timestamp, Option<u16>)> {
    let requests = lab.sim.requests();
    requests.iter().filter(|request| call.is_this(request)).map(|request| (request.at, request.status)).collect()
}

async fn waits_as_told(call: Call, fault: Fault, secs: i64) {
    let lab = call.about_to_be_made().await;
    let (tool, words) = call.request();
    lab.sim.fail_next(tool, words, fault.clone(), 1);
    lab.run().await;
    let (refused_at, status) = calls(&lab, call)[0];
    assert_ne!(status.unwrap(), 200, "{call:?}");
    while lab.now() < refused_at + SignedDuration::from_secs(secs * 4) {
        lab.later(SignedDuration::from_secs(7));
        lab.settle().await;
    }
    let again: Vec<i64> =
        calls(&lab, call)[1..].iter().map(|(at, _)| at.duration_since(refused_at).as_secs()).collect();
    assert!(again.len() == 1 && again[0] >= secs, "{call:?} {fault:?}: called again after {again:?} s");
    assert_eq!(call.effects(&lab), 1, "{call:?}");
}

#[tokio::test]
async fn no_write_is_made_within_the_wait_a_tool_asked_for() {
    for call in [Call::Direct, Call::Reply, Call::Edit, Call::Comment, Call::CommentEdit] {
        waits_as_told(call, Fault::RateLimited(120), 120).await;
    }
    for call in [Call::Comment, Call::CommentEdit] {
        waits_as_told(call, Fault::SecondaryLimit403, 60).await;
    }
}

#[tokio::test]
async fn who_refuses_direct_messages_is_mentioned_in_the_comment() {
    let lab = Call::Comment.about_to_be_made().await;
    lab.sim.slack().refuse_messages("U0ANA", true);
    lab.run().await;
    lab.runs(6, 5).await;
    let comments = lab.github().comments(REPO, 1);
    let mentions = comments.iter().filter(|comment| comment.body.contains("@ana-k")).count();
    assert_eq!(mentions, 1, "{comments:?}");
    assert_eq!(calls(&lab, Call::Direct).len(), 1, "a refusal is not argued with");
    let told =
        lab.rows("SELECT count(*) FROM notices WHERE channel = 'comment' AND state = 2 AND address LIKE '%ana-k%'");
    assert_eq!(told, ["1"]);
}

#[tokio::test]
async fn what_an_archived_channel_refuses_waits_for_the_digest() {
    // Tom is in no directory and has no manager: after the comment that mentions him it is the channel's turn.
    let lab = Lab::new("2026-03-03T10:00:00Z", "", "", "").await;
    let draft = lab.github().issue(REPO, "Ship it").by("max-w").assignee("tom-b");
    draft.milestone("Alpha", github_day("2026-03-02")).created("2026-02-23T09:00:00Z".parse().unwrap()).open();
    lab.sim.slack().archive("#delivery");
    lab.run().await;
    lab.at("2026-03-05T12:00:00Z");
    lab.run().await;
    lab.runs(12, 20).await;
    assert_eq!(calls(&lab, Call::Direct).len(), 1, "a refusal is not argued with");
    let notices = lab.rows("SELECT channel, state, rung FROM notices WHERE rung = 2");
    assert_eq!(notices, ["digest | 0 | 2", "slack | 5 | 2"]);
    let why = lab.rows("SELECT why FROM notices WHERE rung = 2 AND state = 5");
    assert!(why[0].contains("is_archived"), "{why:?}");
}

#[tokio::test]
async fn a_channel_is_not_given_up_after_one_attempt_however_late_it_was_made() {
    let mut lab = Call::Direct.about_to_be_made().await;
    Point::AfterClaim.strike(Call::Direct, &mut lab).await;
    // The program is away for a night, far longer than a failure waits for a channel.
    lab.later(SignedDuration::from_hours(14));
    lab.run().await;
    lab.runs(3, 5).await;
    assert_eq!(Call::Direct.effects(&lab), 1);
    assert_eq!(nothing_is_left(&lab), Vec::<String>::new());
}
