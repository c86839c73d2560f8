//! What can be answered by pressing something, where the channel has buttons. Each control says words that could be typed
//! as well; only what whoever reads it would be obeyed in is offered.

use connector_kit::control::ASKS;
use connector_kit::{Choice, Control, Destination};

use super::wording::Audience;
use crate::alerts::{is_obeyed, owners};
use crate::domain::alert::Alert;
use crate::domain::evidence::Evidence;
use crate::domain::finding::{GapId, SubjectKey};
use crate::domain::notice::{Address, Notice};
use crate::domain::snapshot::Snapshot;

/// The controls below a gap: nothing where a press would not be heard. `quiet`: an answer keeps it silent.
pub(super) fn controls(
    alert: &Alert,
    reader: &Notice,
    audience: Audience,
    quiet: bool,
    url: Option<&str>,
    snapshot: &Snapshot<'_>,
) -> Vec<Control> {
    let in_private = matches!(&reader.address, Address::Slack(Destination::User(_) | Destination::Email(_)));
    let heard = snapshot.policy.buttons && in_private && audience != Audience::Channel;
    if !heard || !is_obeyed(reader.account, alert, snapshot) {
        return Vec::new();
    }
    let gap = &alert.gap;
    if quiet {
        return vec![Control::Say(choice(gap, "Undo", "undo"))];
    }
    let open = url.map(|url| Control::Open { label: "Open task".to_owned(), url: url.to_owned() });
    let rest = match audience {
        Audience::Manager => {
            let handle = choice(gap, "I'll handle it", "on it");
            [Control::Say(handle), Control::More(of_manager(gap))]
        }
        Audience::Owner | Audience::Channel => {
            let people = &snapshot.board.people;
            let is_theirs = owners(alert, snapshot).iter().any(|owner| people.same(*owner, reader.account));
            let snooze = Control::Menu { label: "Snooze".to_owned(), choices: silences(gap) };
            [snooze, Control::More(answers(alert, is_theirs))]
        }
    };
    open.into_iter().chain(rest).collect()
}

/// The same as one menu, for a message that speaks of several gaps.
pub(super) fn gathered(controls: &[Control]) -> Vec<Control> {
    let mut choices: Vec<Choice> = Vec::new();
    for control in controls {
        match control {
            // The line itself leads there.
            Control::Open { .. } => {}
            Control::Say(choice) => choices.push(choice.clone()),
            Control::More(more) => choices.extend(more.iter().cloned()),
            Control::Menu { label, choices: of } => {
                let label = |choice: &Choice| Choice { label: format!("{label}: {}", choice.label), ..choice.clone() };
                choices.extend(of.iter().map(label));
            }
        }
    }
    match choices.as_slice() {
        [] => Vec::new(),
        [only] => vec![Control::Say(only.clone())],
        _ => vec![Control::Menu { label: "Answer".to_owned(), choices }],
    }
}

fn choice(gap: &GapId, label: &str, words: &str) -> Choice {
    Choice { label: label.to_owned(), words: format!("{gap} {words}") }
}

/// Words of which a part is asked for first.
fn asking(gap: &GapId, label: &str, words: &str) -> Choice {
    choice(gap, &format!("{label}{ASKS}"), &format!("{words} {ASKS}"))
}

fn silences(gap: &GapId) -> Vec<Choice> {
    vec![
        choice(gap, "until tomorrow", "snooze tomorrow"),
        choice(gap, "3 days", "snooze 3d"),
        choice(gap, "until next Monday", "snooze monday"),
        asking(gap, "with a reason", "snooze"),
    ]
}

/// At most five, as many as fit under three dots.
fn answers(alert: &Alert, is_theirs: bool) -> Vec<Choice> {
    let gap = &alert.gap;
    let is_task = matches!(alert.subject, SubjectKey::Task(_));
    let is_question = matches!(alert.finding.evidence, Evidence::Unanswered { .. });
    let mut answers = vec![choice(gap, "I'm on it", "on it")];
    if is_task && !is_question {
        answers.push(choice(gap, "It's done", "done"));
    }
    if is_question {
        answers.push(choice(gap, "Answered elsewhere", "answered"));
    }
    if is_task && is_theirs {
        answers.push(choice(gap, "Not mine", "not mine"));
    }
    if is_task && !is_question {
        answers.push(asking(gap, "New date", "date"));
    }
    answers.push(asking(gap, "Wrong flag", "wrong"));
    answers
}

fn of_manager(gap: &GapId) -> Vec<Choice> {
    vec![
        choice(gap, "Snooze until tomorrow", "snooze tomorrow"),
        choice(gap, "Snooze for 3 days", "snooze 3d"),
        asking(gap, "Snooze with a reason", "snooze"),
        asking(gap, "New date", "date"),
        asking(gap, "Wrong flag", "wrong"),
    ]
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::domain::command::{self, Command};

    fn gap() -> GapId {
        GapId("7f3ak2mq9d".to_owned())
    }

    #[test]
    fn every_word_that_is_offered_is_understood() {
        for choice in silences(&gap()).into_iter().chain(of_manager(&gap())) {
            let complete = choice.words.trim_end_matches(ASKS).trim_end();
            let complete =
                if complete.ends_with("snooze") { format!("{complete} 3d because x") } else { complete.to_owned() };
            let (named, command) = command::parse(&complete).unwrap();
            assert_eq!(named, Some(gap()), "{complete}");
            assert_ne!(command, Command::Help, "{complete}");
            assert_eq!(choice.words.ends_with(ASKS), choice.label.ends_with(ASKS), "{}", choice.words);
        }
    }

    #[test]
    fn several_gaps_have_one_menu_each() {
        let controls = vec![
            Control::Open { label: "Open task".to_owned(), url: "https://x.example".to_owned() },
            Control::Menu { label: "Snooze".to_owned(), choices: silences(&gap()) },
            Control::More(vec![choice(&gap(), "It's done", "done")]),
        ];
        let menus = gathered(&controls);
        let [Control::Menu { label, choices }] = menus.as_slice() else { panic!("it is a menu") };
        let labels: Vec<&str> = choices.iter().map(|choice| choice.label.as_str()).collect();
        assert_eq!(label, "Answer");
        assert_eq!(
            labels,
            [
                "Snooze: until tomorrow",
                "Snooze: 3 days",
                "Snooze: until next Monday",
                "Snooze: with a reason…",
                "It's done"
            ]
        );
        let undo = Control::Say(choice(&gap(), "Undo", "undo"));
        assert_eq!(gathered(std::slice::from_ref(&undo)), [undo]);
        assert_eq!(gathered(&[]), []);
    }
}
