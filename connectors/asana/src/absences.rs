//! When people are out of office. Asana tells it of one person at a time, so that everybody is asked about in turn: some at
//! each reading of the selection, and those who were asked about not again for some hours.

use std::collections::BTreeMap;

use connector_kit::ConnectorError;
use connector_model::{Absences, DaysAway};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};
use serde::{Deserialize, Serialize};

use crate::answers::{Answer, refusal};
use crate::call::Ask;
use crate::places::Places;
use crate::{Asana, items};

/// What is asked of each entry.
const ENTRY_FIELDS: &str = "start_date,end_date";

/// People asked about at one reading, where the plan allows many requests.
const MANY: usize = 200;

/// The same on a free plan, of whose requests a minute these take a third.
const FEW: usize = 40;

/// After so long everybody is asked about again.
const AGAIN: SignedDuration = SignedDuration::from_hours(6);

/// So far back time away still says something: why nothing happened of late.
const LOOK_BACK_DAYS: i64 = 31;

/// What the operator is told where times away are not for this token.
pub(crate) const NOT_TOLD: &str = "the token or the plan does not show when people are out of office; let those who are \
                                   away stand in the configuration";

/// How far the asking is; part of the cursor.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Turn {
    /// Who was asked about last. `None`: a round is over.
    #[serde(skip_serializing_if = "Option::is_none")]
    after: Option<String>,
    /// When the last round was over.
    #[serde(skip_serializing_if = "Option::is_none")]
    over: Option<Timestamp>,
}

/// `GET /ooo_entries?user=7&workspace=1`
#[derive(Deserialize)]
struct Entry {
    start_date: Option<Date>,
    end_date: Option<Date>,
}

impl Asana {
    /// When those whose turn it is are away, and whose turn it is then. What cannot be asked now is asked the next time: the
    /// selection does not depend on it.
    pub(crate) async fn absences(&self, places: &Places, turn: &Turn) -> (Vec<Absences>, Turn) {
        let now = self.clock.now();
        let is_recent = |at: Timestamp| (SignedDuration::ZERO..AGAIN).contains(&now.duration_since(at));
        if turn.after.is_none() && turn.over.is_some_and(is_recent) {
            return (Vec::new(), turn.clone());
        }
        let most = if self.has_paid_plan() { MANY } else { FEW };
        let is_next = |gid: &str| turn.after.as_deref().is_none_or(|after| gid > after);
        let mut left: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for (workspace, gid) in places.members.iter().filter(|(_, gid)| is_next(gid)) {
            left.entry(gid).or_default().push(workspace);
        }
        let some: Vec<(&str, Vec<&str>)> = left.into_iter().take(most + 1).collect();
        let asked = &some[..some.len().min(most)];
        let next = match asked.last() {
            Some((last, _)) if some.len() > most => Turn { after: Some((*last).to_owned()), over: turn.over },
            _ => Turn { after: None, over: Some(now) },
        };
        match self.ask_absences(asked, now).await {
            Ok(Some(told)) => (told, next),
            Ok(None) => {
                self.warn(NOT_TOLD);
                (Vec::new(), Turn { after: None, over: Some(now) })
            }
            Err(_) => (Vec::new(), turn.clone()),
        }
    }

    /// `None`: such entries are for nobody of them to be seen.
    async fn ask_absences(
        &self,
        people: &[(&str, Vec<&str>)],
        now: Timestamp,
    ) -> Result<Option<Vec<Absences>>, ConnectorError> {
        let mut asks = Vec::new();
        for (gid, workspaces) in people {
            asks.extend(workspaces.iter().map(|workspace| ask(gid, workspace, now)));
        }
        let answers = self.ask_many(&asks).await?;
        if let Some(down) = answers.iter().find(|answer| answer.status >= 500) {
            return Err(refusal(down, "times away"));
        }
        let mut answers = answers.into_iter();
        let (mut told, mut is_refused) = (Vec::new(), !asks.is_empty());
        for (gid, workspaces) in people {
            let theirs: Vec<Answer> = answers.by_ref().take(workspaces.len()).collect();
            is_refused &= theirs.iter().all(|answer| matches!(answer.status, 402 | 403));
            // One workspace that does not tell says nothing of the others, but then not all is known.
            if theirs.iter().all(Answer::is_ok) {
                told.push(Absences { account: (*gid).to_owned(), away: days(&theirs)? });
            }
        }
        Ok((!is_refused).then_some(told))
    }

    /// Whether times away are shown to this token. `None`: nobody can tell.
    pub(crate) async fn tells_absences(&self, workspace: &str) -> Option<bool> {
        match self.ask(&ask("me", workspace, self.clock.now())).await {
            Ok(answer) if answer.is_ok() => Some(true),
            Ok(answer) if matches!(answer.status, 402 | 403) => Some(false),
            _ => None,
        }
    }
}

fn ask(user: &str, workspace: &str, now: Timestamp) -> Ask {
    let today = now.to_zoned(TimeZone::UTC).date();
    let since = today.checked_sub(LOOK_BACK_DAYS.days()).unwrap_or(today);
    Ask::list("ooo_entries", ENTRY_FIELDS).query(vec![
        ("user", user.to_owned()),
        ("workspace", workspace.to_owned()),
        ("start_date", since.to_string()),
    ])
}

/// The days that these answers name; an entry that cannot be read, or lacks a day, costs itself.
fn days(answers: &[Answer]) -> Result<Vec<DaysAway>, ConnectorError> {
    let mut days = Vec::new();
    for answer in answers {
        let listed = items::list(answer, "times away")?;
        for entry in items::each::<Entry>(&listed.data, &mut Vec::new()) {
            if let (Some(from), Some(to)) = (entry.start_date, entry.end_date) {
                days.push(DaysAway { from, to });
            }
        }
    }
    days.sort_unstable();
    days.dedup();
    Ok(days)
}
