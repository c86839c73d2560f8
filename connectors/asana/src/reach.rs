//! Whom a mention on a task reaches: whoever is in its workspace, and sees the task. Who sees what Asana tells nobody; it
//! refuses a mention of somebody who does not.

use connector_kit::{Block, ConnectorError, Span, Text};
use serde::Deserialize;

use crate::call::{Ask, is_gid};
use crate::wire::{Named, User};
use crate::{Asana, items};

/// A task, as far as it tells who hears of what is said there.
#[derive(Debug, Default, Deserialize)]
struct Around {
    workspace: Option<Named>,
    assignee: Option<Named>,
    followers: Option<Vec<Named>>,
}

/// `GET /workspaces/12/workspace_memberships?user=7`
#[derive(Deserialize)]
struct Membership {
    user: Option<User>,
    is_active: Option<bool>,
}

/// What is known of those who are mentioned in a comment, before it is made.
#[derive(Debug, Default)]
pub(crate) struct Reach {
    /// All of them, by gid.
    asked: Vec<String>,
    /// Who is in the workspace no more.
    left: Vec<String>,
    around: Around,
}

/// How a comment could be said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    Addressed,
    /// Without its mentions, which Asana refused.
    Unaddressed,
    /// As plain words, for whoever follows the task.
    Bare,
}

impl Asana {
    /// What is known of those whom a comment on this task mentions. Where that is not told, they count as reached.
    pub(crate) async fn reach(&self, task: &str, text: &Text) -> Result<Reach, ConnectorError> {
        let asked: Vec<String> = text.mentions().into_iter().filter(|id| is_gid(id)).map(str::to_owned).collect();
        let mut reach = Reach { asked, ..Reach::default() };
        if reach.asked.is_empty() {
            return Ok(reach);
        }
        let ask = Ask::one(format!("tasks/{task}"), "workspace.gid,assignee.gid,followers.gid");
        let answer = self.ask(&ask).await?;
        reach.around = if answer.is_ok() { items::single(&answer, "a task")? } else { Around::default() };
        let Some(workspace) = gid(reach.around.workspace.as_ref()) else { return Ok(reach) };
        for who in &reach.asked {
            if self.is_in(&workspace, who).await? == Some(false) {
                reach.left.push(who.clone());
            }
        }
        Ok(reach)
    }

    /// Whether somebody is in a workspace, and active there. `None`: that is not told.
    async fn is_in(&self, workspace: &str, who: &str) -> Result<Option<bool>, ConnectorError> {
        let what = "the people of the workspace";
        let ask = Ask::list(format!("workspaces/{workspace}/workspace_memberships"), "user.gid,is_active")
            .query(vec![("user", who.to_owned())]);
        let first = self.ask(&ask).await?;
        if !first.is_ok() {
            return Ok(None);
        }
        for answer in self.rest_of(&ask, first, what).await? {
            let listed = items::list(&answer, what)?;
            for member in items::each::<Membership>(&listed.data, &mut Vec::new()) {
                if member.user.and_then(|user| user.gid).as_deref() == Some(who) {
                    return Ok(Some(member.is_active != Some(false)));
                }
            }
        }
        Ok(Some(false))
    }
}

impl Reach {
    /// Nobody of those who are mentioned would hear of it.
    pub(crate) fn is_nobody(&self) -> bool {
        !self.asked.is_empty() && self.left.len() == self.asked.len()
    }

    /// The words without those who are gone.
    pub(crate) fn addressed(&self, text: &Text) -> Text {
        let mut text = text.clone();
        for block in &mut text.blocks {
            if let Block::Line(spans) | Block::Note(spans) = block {
                spans.retain(|span| !matches!(span, Span::Mention(who) if self.left.contains(who)));
            }
        }
        text
    }

    /// Who did not hear of a comment that was said so, and why. Nobody: all did, as far as is known.
    pub(crate) fn missed(&self, form: Form) -> (Vec<String>, String) {
        let follows = |who: &&String| {
            let mut near = self.around.assignee.iter().chain(self.around.followers.iter().flatten());
            near.any(|one| one.gid.as_ref() == Some(*who))
        };
        let here = self.asked.iter().filter(|who| !self.left.contains(who));
        let (missed, why): (Vec<&String>, &str) = match form {
            Form::Addressed => (Vec::new(), ""),
            Form::Unaddressed => {
                (here.collect(), "Asana refuses to mention them there: the task is not shared with them")
            }
            Form::Bare => {
                let why = "Asana takes nothing but plain words there, and they do not follow the task";
                (here.filter(|who| !follows(who)).collect(), why)
            }
        };
        let left = (!self.left.is_empty()).then_some("they are in the workspace no more");
        let why = (!missed.is_empty()).then_some(why);
        let because: Vec<&str> = left.into_iter().chain(why).collect();
        (self.left.iter().chain(missed).cloned().collect(), because.join("; "))
    }
}

fn gid(named: Option<&Named>) -> Option<String> {
    named.and_then(|named| named.gid.clone()).filter(|gid| is_gid(gid))
}
