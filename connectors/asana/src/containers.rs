//! Which projects the selection covers. One that is archived or finished is listed as closed, and not read.
//!
//! What is not shown is no proof that it is gone: such a page is partial, and nothing is concluded from the pass.

use std::collections::BTreeMap;

use connector_kit::{ConnectorError, Cursor, Page, Unreadable};
use connector_model::{Account, AccountKind, Container, ContainerKind, ContainerRef};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::absences::Turn;
use crate::answers::refusal;
use crate::call::Ask;
use crate::places::{PROJECT_FIELDS, Selection, is_open};
use crate::wire::Project;
use crate::{Asana, items, places};

/// So long a project that is out of sight is told of; then it has left the selection.
const GIVEN_UP: SignedDuration = SignedDuration::from_hours(7 * 24);

/// People of whom it is remembered that they left.
const MOST_LEFT: usize = 5_000;

impl Asana {
    /// All projects in one go, and everybody in the workspaces; of some of these also when they are away.
    pub(crate) async fn pull_containers(&self, cursor: &Cursor) -> Result<Page, ConnectorError> {
        let asked_at = self.clock.now();
        let mut listing = Listing::from_cursor(cursor);
        // Who the token is, and in which workspaces, may have changed.
        self.ask_myself().await?;
        let mut selection = self.select().await?;
        if self.config.projects.is_empty() {
            self.look_for_missing(&mut listing, &mut selection).await?;
        }
        let places = self.learn_places(&selection, &listing.left).await?;
        if places.tells_who_left() {
            let left = places.people.values().filter(|one| one.kind == AccountKind::Gone);
            listing.left = left.map(|one| one.ext.clone()).take(MOST_LEFT).collect();
            listing.left.sort_unstable();
        }
        let (absences, turn) = self.absences(&places, &listing.turn).await;
        listing.turn = turn;
        let mut page = Page::new(selection.asked_at.unwrap_or(asked_at), listing.to_cursor());
        page.absences = absences;
        page.lacks = places.lacks();
        page.containers = selection.projects.iter().map(container).collect();
        page.unreadable = selection.hidden;
        if page.containers.is_empty() && page.unreadable.is_empty() {
            let because = "none is shown to this account; share projects with it".to_owned();
            page.unreadable.push(Unreadable { what: "projects".to_owned(), because });
        }
        page.partial = page.unreadable.first().map(|one| format!("{}: {}", one.what, one.because));
        let mut accounts: Vec<Account> = places.people.values().cloned().collect();
        // A guest, or somebody of another workspace.
        let owners = selection.projects.iter().filter_map(|project| places::account(project.owner.as_ref()?));
        accounts.extend(owners.filter(|owner| !places.people.contains_key(&owner.ext)));
        accounts.sort_by(|one, other| one.ext.cmp(&other.ext));
        accounts.dedup_by(|one, other| one.ext == other.ext);
        page.accounts = accounts;
        Ok(page)
    }

    /// Where all projects are watched, asks for those that were listed before and are not now. Finished ones are listed as
    /// closed; what is out of sight, which deleted and private are alike, is told for some days, and left then.
    async fn look_for_missing(&self, listing: &mut Listing, selection: &mut Selection) -> Result<(), ConnectorError> {
        let now = self.clock.now();
        let mut before = std::mem::take(&mut listing.listed);
        let here = |selection: &Selection, gid: &str| selection.projects.iter().any(|one| one.gid == gid);
        before.retain(|gid, _| !here(selection, gid));
        for (gid, seen) in before {
            let what = format!("project {}", seen.name);
            let answer = self.ask(&Ask::one(format!("projects/{gid}"), PROJECT_FIELDS)).await?;
            let is_shown = matches!(answer.status, 200);
            if is_shown {
                let project: Project = items::single(&answer, &what)?;
                if is_open(&project) {
                    selection.projects.push(project);
                } else {
                    // Once is enough: it is not read from then on.
                    selection.finished.push(project);
                }
                continue;
            }
            if !matches!(answer.status, 403 | 404 | 410) {
                return Err(refusal(&answer, &what));
            }
            let since = seen.missing_since.unwrap_or(now);
            if now.duration_since(since) < GIVEN_UP {
                let because = "it was shared with this account and is no longer: deleted, or made private".to_owned();
                selection.hidden.push(Unreadable { what: seen.name.clone(), because });
                listing.listed.insert(gid, Seen { missing_since: Some(since), ..seen });
            }
        }
        for project in &selection.projects {
            let name = project.name.clone().unwrap_or_else(|| project.gid.clone());
            listing.listed.insert(project.gid.clone(), Seen { name, missing_since: None });
        }
        selection.projects.append(&mut selection.finished);
        Ok(())
    }
}

/// Where the reading of the selection stands: the cursor's text.
#[derive(Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
struct Listing {
    turn: Turn,
    /// Who has left, for a time in which that is not told.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    left: Vec<String>,
    /// The projects that are watched, where the configuration names none; by gid.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    listed: BTreeMap<String, Seen>,
}

/// A project that was listed.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Seen {
    name: String,
    /// Since when it is out of sight.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    missing_since: Option<Timestamp>,
}

impl Listing {
    /// One that cannot be understood is begun anew.
    fn from_cursor(cursor: &Cursor) -> Listing {
        cursor.at.as_deref().and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default()
    }

    fn to_cursor(&self) -> Cursor {
        let at = serde_json::to_string(self).expect("words and instants are always JSON");
        Cursor { at: Some(at), etag: None, backfilled: true }
    }
}

/// A project as the place its tasks live in.
fn container(project: &Project) -> Container {
    Container {
        at: project_at(&project.gid),
        name: project.name.clone().filter(|name| !name.is_empty()).unwrap_or_else(|| project.gid.clone()),
        handle: project.gid.clone(),
        due: None,
        open: is_open(project),
        responsible: project.owner.as_ref().and_then(places::account).map(|owner| owner.ext),
    }
}

/// A project by its gid.
pub(crate) fn project_at(gid: &str) -> ContainerRef {
    ContainerRef { kind: ContainerKind::Project, ext: gid.to_owned() }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use serde_json::json;

    use super::*;

    #[test]
    fn the_owner_of_a_project_answers_for_it() {
        let read = |owner: serde_json::Value| {
            let told = json!({"gid": "100", "name": "Web", "archived": false, "completed": false, "owner": owner});
            container(&serde_json::from_value(told).unwrap()).responsible
        };
        assert_eq!(read(json!({"gid": "7", "name": "Pia", "resource_type": "user"})).as_deref(), Some("7"));
        assert_eq!(read(json!(null)), None);
        assert_eq!(read(json!({})), None, "without the scope for it");
        assert!(PROJECT_FIELDS.contains("owner"));
    }
}
