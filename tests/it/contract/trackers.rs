//! What the contract asks of a simulated tracker, in words that mean the same in each of them.

use connector_simulator::Tool;
use connector_simulator::asana::TaskDraft;
use connector_simulator::jira::IssueDraft;
use connector_simulator::trello::CardDraft;

use crate::world::{Edition, Plan, REPO, WEB_SHOP, World, github_day};

/// Which tracker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tracker {
    GitHub,
    JiraCloud,
    JiraDataCenter,
    Asana,
    Trello,
}

/// Every tracker a connector is there for.
pub const ALL: [Tracker; 5] =
    [Tracker::GitHub, Tracker::JiraCloud, Tracker::JiraDataCenter, Tracker::Asana, Tracker::Trello];

impl Tracker {
    /// A world on it.
    pub fn plan(self) -> Plan {
        match self {
            Tracker::GitHub => World::plan(),
            Tracker::JiraCloud => World::plan().on_jira(Edition::Cloud, "projects = [\"WEB\"]"),
            Tracker::JiraDataCenter => World::plan().on_jira(Edition::DataCenter, "projects = [\"WEB\"]"),
            Tracker::Asana => World::plan().on_asana("projects = [\"Web shop\"]"),
            Tracker::Trello => World::plan().on_trello("boards = [\"Web shop\"]\nstates = { waiting = [\"Blocked\"] }"),
        }
    }

    /// Which tool its faults are planned for.
    pub fn tool(self) -> Tool {
        match self {
            Tracker::GitHub => Tool::Github,
            Tracker::JiraCloud | Tracker::JiraDataCenter => Tool::Jira,
            Tracker::Asana => Tool::Asana,
            Tracker::Trello => Tool::Trello,
        }
    }

    fn number(key: &str) -> u64 {
        key.rsplit(['#', '-']).next().and_then(|number| number.parse().ok()).expect("a key ends with a number")
    }

    fn who(self, person: &str) -> String {
        match (self, person) {
            (Tracker::GitHub, "ana") => "ana-k".to_owned(),
            (Tracker::GitHub, "max") => "max-w".to_owned(),
            (Tracker::GitHub, "tom") => "tom-b".to_owned(),
            _ => person.to_owned(),
        }
    }

    /// A task by Max; its key.
    pub fn task(self, world: &World, title: &str, owner: Option<&str>) -> String {
        match self {
            Tracker::GitHub => {
                let draft = world.github().issue(REPO, title).by("max-w");
                let draft = match owner {
                    Some(owner) => draft.assignee(&self.who(owner)),
                    None => draft,
                };
                format!("{REPO}#{}", draft.open())
            }
            Tracker::Asana => {
                let draft = TaskDraft { assignee: owner.map(str::to_owned), ..TaskDraft::new(title) };
                world.sim.asana().task(WEB_SHOP, draft)
            }
            Tracker::Trello => {
                let members = owner.map(str::to_owned).into_iter().collect();
                let draft = CardDraft { members, creator: Some("max".to_owned()), ..CardDraft::new(title) };
                world.sim.trello().card(WEB_SHOP, "To Do", draft)
            }
            _ => world.jira().issue("WEB", IssueDraft { assignee: owner.map(str::to_owned), ..IssueDraft::new(title) }),
        }
    }

    pub fn rename(self, world: &World, key: &str, title: &str) {
        match self {
            Tracker::GitHub => world.github().edit_title(REPO, Self::number(key), "max-w", title, world.now()),
            Tracker::Asana => world.sim.asana().rename(key, title, "max"),
            Tracker::Trello => world.sim.trello().rename(key, title, "max"),
            _ => world.jira().rename(key, title, "max"),
        }
    }

    pub fn finish(self, world: &World, key: &str, by: &str) {
        match self {
            Tracker::GitHub => world.github().close(REPO, Self::number(key), &self.who(by), world.now(), "completed"),
            Tracker::Asana => world.sim.asana().complete(key, by),
            Tracker::Trello => world.sim.trello().complete(key, true, by),
            _ => world.jira().status(key, "Done", by),
        }
    }

    /// Whoever has it begins with it, in the way that shows there.
    pub fn start(self, world: &World, key: &str, by: &str) {
        match self {
            Tracker::GitHub => self.comment(world, key, by, "begun"),
            Tracker::Asana => {
                world.sim.asana().section(WEB_SHOP, "Doing");
                world.sim.asana().section_move(key, WEB_SHOP, "Doing", by);
            }
            Tracker::Trello => world.sim.trello().to_list(key, "Doing", by),
            _ => world.jira().status(key, "In Progress", by),
        }
    }

    pub fn reopen(self, world: &World, key: &str, by: &str) {
        match self {
            Tracker::GitHub => world.github().reopen(REPO, Self::number(key), &self.who(by), world.now()),
            Tracker::Asana => world.sim.asana().reopen(key, by),
            Tracker::Trello => world.sim.trello().complete(key, false, by),
            _ => world.jira().status(key, "To Do", by),
        }
    }

    pub fn give(self, world: &World, key: &str, from: &str, to: &str) {
        match self {
            Tracker::GitHub => {
                let (number, from, to) = (Self::number(key), self.who(from), self.who(to));
                world.github().unassign(REPO, number, "max-w", &from, world.now());
                world.github().assign(REPO, number, "max-w", &to, world.now());
            }
            Tracker::Asana => world.sim.asana().assign(key, Some(to), "max"),
            Tracker::Trello => {
                world.sim.trello().unassign(key, from, "max");
                world.sim.trello().assign(key, to, "max");
            }
            _ => world.jira().assign(key, Some(to), "max"),
        }
    }

    pub fn comment(self, world: &World, key: &str, by: &str, words: &str) {
        match self {
            Tracker::GitHub => {
                world.github().comment_as(REPO, Self::number(key), &self.who(by), words, world.now());
            }
            Tracker::Asana => {
                world.sim.asana().comment(key, words, by);
            }
            Tracker::Trello => {
                world.sim.trello().comment(key, words, by);
            }
            _ => {
                world.jira().comment(key, words, by);
            }
        }
    }

    /// How somebody is named in a comment there.
    pub fn mention(self, world: &World, person: &str) -> String {
        match self {
            Tracker::GitHub | Tracker::Trello => format!("@{}", self.who(person)),
            Tracker::JiraCloud => format!("[~accountid:{}]", world.jira().account_id(person)),
            Tracker::JiraDataCenter => format!("[~{person}]"),
            Tracker::Asana => format!("https://app.asana.com/0/{}/list", world.sim.asana().user_gid(person)),
        }
    }

    /// Gives it a deadline: its own, or its milestone's.
    pub fn due(self, world: &World, key: &str, day: &str) {
        match self {
            Tracker::GitHub => {
                world.github().milestone(REPO, day, Some(github_day(day)));
                world.github().set_milestone(REPO, Self::number(key), "max-w", Some(day), world.now());
            }
            Tracker::Asana => world.sim.asana().due(key, Some(day.parse().expect("a day")), "max"),
            Tracker::Trello => {
                let evening = format!("{day}T17:00:00Z").parse().expect("a moment");
                world.sim.trello().due(key, Some(evening), "max");
            }
            _ => world.jira().due(key, Some(day.parse().expect("a day")), "max"),
        }
    }

    /// Takes its deadline away.
    pub fn undue(self, world: &World, key: &str) {
        match self {
            Tracker::GitHub => world.github().set_milestone(REPO, Self::number(key), "max-w", None, world.now()),
            Tracker::Asana => world.sim.asana().due(key, None, "max"),
            Tracker::Trello => world.sim.trello().due(key, None, "max"),
            _ => world.jira().due(key, None, "max"),
        }
    }

    /// Gives it a deadline of its own at this instant, where the tool has instants.
    pub fn due_at(self, world: &World, key: &str, instant: &str) {
        let due = crate::world::at(instant);
        match self {
            Tracker::Asana => world.sim.asana().due_at(key, due, "UTC", "max"),
            Tracker::Trello => world.sim.trello().due(key, Some(due), "max"),
            _ => panic!("{self:?} knows days alone"),
        }
    }

    /// What people see of its connection.
    pub fn connection(self) -> &'static str {
        match self {
            Tracker::GitHub => "github.acme",
            Tracker::JiraCloud | Tracker::JiraDataCenter => "jira.acme",
            Tracker::Asana => "asana.acme",
            Tracker::Trello => "trello.acme",
        }
    }

    /// Where a comment is made.
    pub fn comments(self) -> &'static str {
        match self {
            Tracker::GitHub => "POST /issues /comments",
            Tracker::JiraCloud | Tracker::JiraDataCenter => "POST /issue /comment",
            Tracker::Asana => "POST /stories",
            Tracker::Trello => "POST /actions/comments",
        }
    }

    /// What the addresses of its lists of tasks have in common.
    pub fn lists(self) -> &'static str {
        match self {
            Tracker::GitHub => "/issues",
            Tracker::JiraCloud | Tracker::JiraDataCenter => "/search",
            Tracker::Asana => "/tasks",
            Tracker::Trello => "/cards",
        }
    }

    pub fn block(self, world: &World, blocker: &str, blocked: &str) {
        match self {
            Tracker::GitHub => {
                let (blocked, blocker) = ((REPO, Self::number(blocked)), (REPO, Self::number(blocker)));
                world.github().block(blocked, blocker, "max-w", world.now());
            }
            Tracker::Asana => world.sim.asana().block(blocker, blocked),
            Tracker::Trello => {
                world.sim.trello().block(blocked, blocker);
                world.sim.trello().label(blocked, "Blocked", "max");
            }
            _ => world.jira().link(blocker, blocked),
        }
    }

    pub fn delete(self, world: &World, key: &str) {
        match self {
            Tracker::GitHub => world.github().delete_issue(REPO, Self::number(key)),
            Tracker::Asana => world.sim.asana().delete(key, "max"),
            Tracker::Trello => world.sim.trello().delete(key),
            _ => world.jira().delete(key),
        }
    }

    /// Comments of ours on a task, as they stand.
    pub fn our_comments(self, world: &World, key: &str) -> Vec<String> {
        match self {
            Tracker::GitHub => {
                let comments = world.github().comments(REPO, Self::number(key));
                comments.into_iter().filter(|one| one.author == "gapwatch-bot").map(|one| one.body).collect()
            }
            Tracker::Asana => {
                let comments = world.sim.asana().comments(key).into_iter();
                comments.filter(|one| one.author == "gapwatch").map(|one| one.text).collect()
            }
            Tracker::Trello => {
                let comments = world.sim.trello().comments(key).into_iter();
                comments.filter(|one| one.author == "gapwatch").map(|one| one.text).collect()
            }
            _ => {
                let comments = world.jira().comments(key).into_iter();
                comments.filter(|one| one.author == "gapwatch").map(|one| crate::world::plain(&one.body)).collect()
            }
        }
    }
}
