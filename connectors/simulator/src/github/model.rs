//! What GitHub holds, as plain data. How it changes is in `deeds`, how it is shown in `render`.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use jiff::{SignedDuration, Timestamp};
use serde_json::value::RawValue;

use super::listing::Listing;
use crate::recorded::Recorded;

/// An account.
#[derive(Debug)]
pub(crate) struct User {
    pub(crate) id: u64,
    pub(crate) login: String,
    pub(crate) bot: bool,
    pub(crate) name: Option<String>,
    /// Only when public.
    pub(crate) email: Option<String>,
    /// Deleted: shown as `null` wherever it acted.
    pub(crate) gone: bool,
    /// As it stands in every answer.
    pub(crate) json: Box<RawValue>,
}

#[derive(Debug)]
pub(crate) struct Milestone {
    pub(crate) id: u64,
    pub(crate) number: u64,
    pub(crate) title: String,
    /// Stored as given: GitHub keeps an instant, by custom midnight Pacific.
    pub(crate) due_on: Option<Timestamp>,
    pub(crate) created_at: Timestamp,
    pub(crate) updated_at: Timestamp,
    pub(crate) closed_at: Option<Timestamp>,
}

/// An issue or a pull request. Accounts are lower-case logins.
#[derive(Debug, Clone)]
pub(crate) struct Issue {
    pub(crate) id: u64,
    pub(crate) number: u64,
    pub(crate) title: String,
    pub(crate) body: Option<String>,
    pub(crate) author: String,
    pub(crate) assignees: Vec<String>,
    pub(crate) labels: Vec<String>,
    pub(crate) milestone: Option<u64>,
    pub(crate) locked: bool,
    pub(crate) pull: bool,
    pub(crate) created_at: Timestamp,
    pub(crate) updated_at: Timestamp,
    pub(crate) closed_at: Option<Timestamp>,
    pub(crate) closed_by: Option<String>,
    pub(crate) state_reason: Option<String>,
    pub(crate) comments: u32,
    /// There when asked for directly, but missing from every list.
    pub(crate) unlisted: bool,
}

impl Issue {
    pub(crate) fn is_closed(&self) -> bool {
        self.closed_at.is_some()
    }
}

#[derive(Debug, Clone)]
pub(crate) struct Comment {
    pub(crate) id: u64,
    pub(crate) issue: u64,
    pub(crate) author: String,
    pub(crate) body: String,
    pub(crate) created_at: Timestamp,
    pub(crate) updated_at: Timestamp,
    pub(crate) edits: u32,
}

/// What an event is about besides its issue.
#[derive(Debug, Clone)]
pub(crate) enum Extra {
    Nothing,
    Assignee(String),
    Reason(Option<String>),
    Label(String),
    Milestone(String),
    Rename {
        from: String,
        to: String,
    },
    /// The member's name and the other issue's id.
    Other(&'static str, u64),
}

#[derive(Debug, Clone)]
pub(crate) struct Event {
    pub(crate) id: u64,
    pub(crate) issue: u64,
    pub(crate) kind: &'static str,
    pub(crate) actor: String,
    pub(crate) at: Timestamp,
    pub(crate) extra: Extra,
}

/// Where an issue went that is no longer here.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Away {
    Deleted,
    /// To this issue id.
    Transferred(u64),
}

#[derive(Debug)]
pub(crate) struct Repo {
    pub(crate) id: u64,
    pub(crate) full_name: String,
    pub(crate) private: bool,
    pub(crate) archived: bool,
    pub(crate) has_issues: bool,
    /// Answers 404, as for a credential without access.
    pub(crate) hidden: bool,
    /// Missing from lists of repositories, though it can be asked for.
    pub(crate) unlisted: bool,
    /// Answers 403 and names this permission.
    pub(crate) forbidden: Option<String>,
    pub(crate) created_at: Timestamp,
    pub(crate) next_number: u64,
    pub(crate) issues: BTreeMap<u64, Issue>,
    pub(crate) away: HashMap<u64, Away>,
    pub(crate) milestones: Vec<Milestone>,
    /// Open and closed issues by milestone, counted anew before issues are rendered.
    pub(crate) counts: HashMap<u64, (usize, usize)>,
    pub(crate) comments: BTreeMap<u64, Comment>,
    /// In the order in which they happened; ids ascend.
    pub(crate) events: Vec<Event>,
    pub(crate) labels: BTreeSet<String>,
    /// Rendered issues, sorted; brought up to date before each read.
    pub(crate) listing: Listing,
    /// When the rendering was last brought up to date.
    pub(crate) refreshed_at: Timestamp,
    /// Issues whose rendering is out of date.
    pub(crate) dirty: BTreeSet<u64>,
    /// Bodies from a recording instead of issues of our own.
    pub(crate) recorded: Option<Recorded>,
}

impl Repo {
    pub(crate) fn owner(&self) -> &str {
        self.full_name.split_once('/').map_or("", |(owner, _)| owner)
    }

    pub(crate) fn name(&self) -> &str {
        self.full_name.split_once('/').map_or(self.full_name.as_str(), |(_, name)| name)
    }

    pub(crate) fn count_milestones(&mut self) {
        self.counts.clear();
        for issue in self.issues.values() {
            let Some(milestone) = issue.milestone else { continue };
            let (open, closed) = self.counts.entry(milestone).or_default();
            *(if issue.is_closed() { closed } else { open }) += 1;
        }
    }

    pub(crate) fn all_dirty(&mut self) {
        self.dirty.extend(self.issues.keys());
    }
}

/// What a comment call did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WriteKind {
    /// Made.
    Created,
    /// Replaced the text.
    Edited,
    /// Taken away.
    Deleted,
}

/// One write that came over the wire, kept even when its comment is gone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommentWrite {
    /// When, in the simulated world.
    pub at: Timestamp,
    /// What was done.
    pub kind: WriteKind,
    /// `owner/name` at that time.
    pub repo: String,
    /// Number of the issue.
    pub number: u64,
    /// The comment's id.
    pub comment: u64,
    /// Login of the credential's account.
    pub author: String,
    /// The text as sent; for a deletion the text that was deleted.
    pub body: String,
}

/// Switches a test sets.
#[derive(Debug)]
pub(crate) struct Settings {
    /// Accepted tokens and whose they are; empty: any token, of `default_user`.
    pub(crate) tokens: HashMap<String, String>,
    pub(crate) revoked: BTreeSet<String>,
    pub(crate) default_user: String,
    pub(crate) token_expires_at: Option<Timestamp>,
    pub(crate) sso_partial: Option<String>,
    /// Lower-case owners behind single sign-on, with the address at which a token is authorised.
    pub(crate) sso_required: BTreeMap<String, String>,
    /// Scopes that answers to a classic token tell.
    pub(crate) scopes: Option<String>,
    /// Lower-case owners that are people, not organisations.
    pub(crate) persons: BTreeSet<String>,
    /// Version of an Enterprise Server. `None`: it is none.
    pub(crate) installed_version: Option<String>,
    pub(crate) read_only: bool,
    pub(crate) hourly_limit: Option<u64>,
    pub(crate) content_limit: bool,
    pub(crate) page_cap: u64,
    pub(crate) next_link: NextLink,
    pub(crate) echo_bot: Option<String>,
    /// How long lists may lag behind what has happened.
    pub(crate) list_lag: SignedDuration,
    /// Lists show a change up to so many seconds late, each by its own dice.
    pub(crate) lag: Option<(u64, u64)>,
}

/// Where `rel="next"` points.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NextLink {
    Honest,
    Foreign,
    Itself,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            tokens: HashMap::new(),
            revoked: BTreeSet::new(),
            default_user: "gapwatch".to_owned(),
            token_expires_at: None,
            sso_partial: None,
            sso_required: BTreeMap::new(),
            scopes: None,
            persons: BTreeSet::new(),
            installed_version: None,
            read_only: false,
            hourly_limit: None,
            content_limit: false,
            page_cap: 10_000,
            next_link: NextLink::Honest,
            echo_bot: None,
            list_lag: SignedDuration::ZERO,
            lag: None,
        }
    }
}

/// Who blocks whom and who is whose parent, by issue id, over all repositories.
#[derive(Debug, Default)]
pub(crate) struct Relations {
    pub(crate) parent: HashMap<u64, u64>,
    pub(crate) children: HashMap<u64, Vec<u64>>,
    pub(crate) blocked_by: HashMap<u64, Vec<u64>>,
    pub(crate) blocking: HashMap<u64, Vec<u64>>,
}

impl Relations {
    /// Every issue whose rendering shows something of this one.
    pub(crate) fn neighbours(&self, id: u64) -> Vec<u64> {
        let mut found: Vec<u64> = self.parent.get(&id).copied().into_iter().collect();
        for map in [&self.children, &self.blocked_by, &self.blocking] {
            found.extend(map.get(&id).into_iter().flatten());
        }
        found
    }

    /// An issue has another id from now on.
    pub(crate) fn rename(&mut self, old: u64, new: u64) {
        for map in [&mut self.children, &mut self.blocked_by, &mut self.blocking] {
            if let Some(others) = map.remove(&old) {
                map.insert(new, others);
            }
            for id in map.values_mut().flatten().filter(|id| **id == old) {
                *id = new;
            }
        }
        if let Some(parent) = self.parent.remove(&old) {
            self.parent.insert(new, parent);
        }
        for parent in self.parent.values_mut().filter(|parent| **parent == old) {
            *parent = new;
        }
    }

    /// An issue is deleted: so are its relations.
    pub(crate) fn forget(&mut self, id: u64) {
        if let Some(parent) = self.parent.remove(&id) {
            self.children.entry(parent).or_default().retain(|child| *child != id);
        }
        for child in self.children.remove(&id).unwrap_or_default() {
            self.parent.remove(&child);
        }
        for blocker in self.blocked_by.remove(&id).unwrap_or_default() {
            self.blocking.entry(blocker).or_default().retain(|other| *other != id);
        }
        for blocked in self.blocking.remove(&id).unwrap_or_default() {
            self.blocked_by.entry(blocked).or_default().retain(|other| *other != id);
        }
    }
}
