//! Which workspace is on which plan: one that pays for nothing has neither dependencies nor custom fields, whatever the others
//! of the same account have.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::Asana;

/// What is known of the plans of workspaces, and which project is of which.
#[derive(Debug, Default)]
pub(crate) struct Plans {
    /// By gid of a workspace: whether its plan is a paid one. Who is not there has not told it yet.
    paid: BTreeMap<String, bool>,
    /// Workspaces that refused to tell dependencies; a project, where its workspace was not known yet.
    no_links: BTreeSet<String>,
    /// The workspace of each project.
    homes: HashMap<String, String>,
}

impl Plans {
    /// Whether a project's plan is a paid one. `None`: that is not known.
    pub(crate) fn of(&self, project: &str) -> Option<bool> {
        match self.homes.get(project) {
            Some(workspace) => self.paid.get(workspace).copied(),
            None => {
                let mut all = self.paid.values().copied();
                let first = all.next()?;
                all.all(|other| other == first).then_some(first)
            }
        }
    }

    /// Whether a project's dependencies can be asked for, as far as is known.
    pub(crate) fn has_links(&self, project: &str) -> bool {
        let of_workspace = || self.homes.get(project).is_some_and(|workspace| self.no_links.contains(workspace));
        !self.no_links.contains(project) && !of_workspace()
    }

    /// A project's dependencies were refused.
    pub(crate) fn drop_links(&mut self, project: &str) {
        let refuses = self.homes.get(project).map_or(project, String::as_str).to_owned();
        self.no_links.insert(refuses);
    }

    /// Whether any workspace is known to be on a paid plan.
    pub(crate) fn has_paid(&self) -> bool {
        self.paid.values().any(|paid| *paid)
    }

    /// What a workspace's plan turned out to be.
    pub(crate) fn note(&mut self, workspace: &str, is_paid: bool) {
        self.paid.insert(workspace.to_owned(), is_paid);
        if is_paid {
            let homes = &self.homes;
            let is_its =
                |one: &str| one.is_empty() || one == workspace || homes.get(one).is_some_and(|home| home == workspace);
            self.no_links.retain(|one| !is_its(one));
        }
    }

    /// Whether each workspace tells dependencies, as far as is known.
    pub(crate) fn all_have_links(&self) -> bool {
        self.no_links.is_empty()
    }

    /// Which project is of which workspace, and all workspaces that count: the others are forgotten.
    pub(crate) fn settle(&mut self, workspaces: &[String], homes: impl Iterator<Item = (String, String)>) {
        self.paid.retain(|workspace, _| workspaces.contains(workspace));
        self.homes = homes.collect();
    }
}

impl Asana {
    /// Whether the plan of any workspace is a paid one: a token's requests are counted by the larger plan.
    pub(crate) fn has_paid_plan(&self) -> bool {
        self.plans(|plans| plans.has_paid())
    }

    pub(crate) fn plan_is_paid(&self, project: &str) -> bool {
        self.plans(|plans| plans.of(project)) == Some(true)
    }

    /// The plan is known to be one without dependencies and custom fields: where they are empty, nothing is told.
    pub(crate) fn plan_is_free(&self, project: &str) -> bool {
        self.plans(|plans| plans.of(project)) == Some(false)
    }

    /// Whether dependencies can be asked for, as far as is known.
    pub(crate) fn has_links(&self, project: &str) -> bool {
        self.plans(|plans| plans.has_links(project))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_one_workspace_does_not_have_the_other_has_all_the_same() {
        let mut plans = Plans::default();
        assert_eq!((plans.of("100"), plans.has_links("100")), (None, true), "nothing is known yet");
        let workspaces = ["1".to_owned(), "2".to_owned()];
        let homes = [("100", "1"), ("200", "2")].map(|(project, of)| (project.to_owned(), of.to_owned()));
        plans.settle(&workspaces, homes.into_iter());
        plans.note("1", true);
        plans.note("2", false);
        plans.drop_links("200");
        assert_eq!((plans.of("100"), plans.of("200"), plans.of("300")), (Some(true), Some(false), None));
        assert!(plans.has_links("100") && !plans.has_links("200") && plans.has_paid());
        plans.note("2", true);
        assert!(plans.has_links("200") && plans.all_have_links());
        plans.settle(&workspaces[1..], std::iter::empty());
        assert_eq!(plans.of("100"), Some(true), "as all that is known");
    }
}
