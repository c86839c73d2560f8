//! What the configuration says about issues: which are covered, and what labels mean.

use std::collections::HashMap;

use connector_model::StatusCategory;

use crate::normalise::label_names;
use crate::wire::Issue;

/// Which issues of the repositories are covered. Everything that is set must hold; an empty filter covers all. An issue
/// outside is still read, so that it never looks deleted, but no rule looks at it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Labels it must carry, all of them; upper and lower case are the same.
    pub labels: Vec<String>,
    /// Login of an assignee; `none`: nobody is assigned; `*`: somebody is. `None`: no condition.
    pub assignee: Option<String>,
    /// Title or number of its milestone; `none`: it has none; `*`: it has one. `None`: no condition.
    pub milestone: Option<String>,
}

impl Filter {
    pub(crate) fn covers(&self, issue: &Issue<'_>) -> bool {
        let labelled = |wanted: &String| label_names(issue).any(|name| same(name, wanted));
        self.labels.iter().all(labelled) && self.covers_assignees(issue) && self.covers_milestone(issue)
    }

    fn covers_assignees(&self, issue: &Issue<'_>) -> bool {
        let mut assignees = issue.assignees.iter().flatten().flatten();
        match self.assignee.as_deref() {
            None => true,
            Some("none") => assignees.next().is_none(),
            Some("*") => assignees.next().is_some(),
            Some(login) => assignees.any(|user| same(&user.login, login)),
        }
    }

    fn covers_milestone(&self, issue: &Issue<'_>) -> bool {
        match (self.milestone.as_deref(), &issue.milestone) {
            (None, _) => true,
            (Some("none"), milestone) => milestone.is_none(),
            (Some(_), None) => false,
            (Some("*"), Some(_)) => true,
            (Some(wanted), Some(milestone)) => same(&milestone.title, wanted) || wanted.parse() == Ok(milestone.number),
        }
    }
}

/// Which label says which state of an open issue. Upper and lower case are the same.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct States(HashMap<String, StatusCategory>);

impl FromIterator<(String, StatusCategory)> for States {
    fn from_iter<I: IntoIterator<Item = (String, StatusCategory)>>(pairs: I) -> States {
        States(pairs.into_iter().map(|(label, category)| (label.to_lowercase(), category)).collect())
    }
}

impl States {
    /// The label that decides, and what it says. Of several, what stops the work counts first, then what is farthest on.
    pub(crate) fn of<'a>(&self, labels: impl Iterator<Item = &'a str>) -> Option<(&'a str, StatusCategory)> {
        if self.0.is_empty() {
            return None;
        }
        let mapped = labels.filter_map(|label| Some((label, *self.0.get(&label.to_lowercase())?)));
        mapped.min_by_key(|(_, category)| match category {
            StatusCategory::Waiting => 0,
            StatusCategory::Review => 1,
            StatusCategory::Active => 2,
            StatusCategory::Todo => 3,
            StatusCategory::Done => 4,
            StatusCategory::Cancelled => 5,
        })
    }
}

fn same(one: &str, other: &str) -> bool {
    one.eq_ignore_ascii_case(other) || one.to_lowercase() == other.to_lowercase()
}
