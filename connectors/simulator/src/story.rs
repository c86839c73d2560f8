//! The demo company: 24 people, three repositories, six weeks of work that is told, and two more that are yet to come.
//!
//! The story is a list of timed deeds, the same for the same seed. Most work in it is healthy; for each kind of trouble
//! there is a real case beside its healthy twin, and some of the trouble mends itself in the days that follow.

mod cast;
mod everyday;
mod on_jira;
mod on_trello;
mod script;
mod troubles;

use std::collections::HashMap;

use jiff::Timestamp;

pub use cast::Person;

use crate::{Github, Simulator, Slack};
use on_jira::OnJira;
use on_trello::OnTrello;
use script::Script;

/// Number of an issue within the story, before a tool gives it its own.
pub type StoryKey = u32;

/// Something that somebody does at an instant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deed {
    /// When: Monday to Friday from 9 to 17 UTC for people; a bot works at night.
    pub at: Timestamp,
    /// Who: a GitHub login.
    pub who: String,
    /// What.
    pub what: What,
}

/// What is done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// A milestone is made.
    Milestone {
        /// `owner/name`
        repo: String,
        /// Its title.
        title: String,
        /// Midnight Pacific of its day, as GitHub keeps it.
        due: Timestamp,
    },
    /// An issue is opened.
    Open {
        /// Its number within the story.
        key: StoryKey,
        /// `owner/name`
        repo: String,
        /// Its title.
        title: String,
        /// Its text.
        body: String,
        /// Who is put on it at once. `None`: nobody.
        assignee: Option<String>,
        /// Title of its milestone. `None`: none.
        milestone: Option<String>,
        /// True: a pull request.
        pull: bool,
    },
    /// Somebody is put on it.
    Assign {
        /// Which issue.
        key: StoryKey,
        /// Who.
        login: String,
    },
    /// A comment.
    Comment {
        /// Which issue.
        key: StoryKey,
        /// Its text.
        text: String,
    },
    /// Checklist items are ticked.
    Tick {
        /// Which issue.
        key: StoryKey,
        /// How many.
        boxes: usize,
    },
    /// It is closed as completed.
    Close {
        /// Which issue.
        key: StoryKey,
    },
    /// It moves to another milestone of its repository.
    Move {
        /// Which issue.
        key: StoryKey,
        /// Title.
        milestone: String,
    },
    /// One issue becomes a sub-issue of another.
    SubIssue {
        /// The larger one.
        parent: StoryKey,
        /// The smaller one.
        child: StoryKey,
    },
    /// One issue waits for another.
    Block {
        /// Which waits.
        blocked: StoryKey,
        /// For which.
        blocker: StoryKey,
    },
}

/// The demo company's story, and how far it was played.
#[derive(Debug, Clone)]
pub struct Story {
    people: Vec<Person>,
    deeds: Vec<Deed>,
    played: usize,
    staged: bool,
    /// Where each issue of the story is: repository and number.
    places: HashMap<StoryKey, (String, u64)>,
    /// `None`: it is played at GitHub.
    on_jira: Option<OnJira>,
    /// The same for Trello.
    on_trello: Option<OnTrello>,
}

impl Story {
    /// The story for this seed. `start` is six weeks (42 days) before "today 09:00" UTC.
    pub fn new(seed: u64, start: Timestamp) -> Story {
        let people = cast::people();
        let mut script = Script::new(seed, start);
        script.milestones(&people);
        everyday::write(&mut script, &people);
        troubles::write(&mut script, &people);
        Story {
            people,
            deeds: script.finish(),
            played: 0,
            staged: false,
            places: HashMap::new(),
            on_jira: None,
            on_trello: None,
        }
    }

    /// The same story, to be played at Jira instead of GitHub: its repositories are the projects `WEB`, `API` and `OPS`, and
    /// people go by their handles.
    #[must_use]
    pub fn on_jira(mut self) -> Story {
        self.on_jira = Some(OnJira::new(&self.deeds));
        self
    }

    /// The same story, to be played at Trello instead of GitHub: its repositories are the boards `Acme web`, `Acme api` and
    /// `Acme ops`, and people go by their handles.
    #[must_use]
    pub fn on_trello(mut self) -> Story {
        self.on_trello = Some(OnTrello::default());
        self
    }

    /// Everybody, the head of delivery first.
    pub fn people(&self) -> Vec<Person> {
        self.people.clone()
    }

    /// The repositories of the company.
    pub fn repos(&self) -> Vec<String> {
        cast::REPOS.iter().map(|repo| (*repo).to_owned()).collect()
    }

    /// Every deed in order of time.
    pub fn deeds(&self) -> &[Deed] {
        &self.deeds
    }

    /// When the next deed happens. `None`: the story is over.
    pub fn next_at(&self) -> Option<Timestamp> {
        self.deeds.get(self.played).map(|deed| deed.at)
    }

    /// Makes people, repositories and the channel `#delivery` known; done by the first play.
    pub fn stage(&mut self, sim: &Simulator) {
        if std::mem::replace(&mut self.staged, true) {
            return;
        }
        let (github, slack): (Github, Slack) = (sim.github(), sim.slack());
        for person in &self.people {
            slack.user(&person.slack_id, &person.email, &person.name, "Etc/UTC");
        }
        slack.channel("#delivery");
        if self.on_jira.is_some() {
            OnJira::stage(&sim.jira(), &self.people);
            return;
        }
        if self.on_trello.is_some() {
            OnTrello::stage(&sim.trello(), &self.people, self.deeds.first().map(|deed| deed.at));
            return;
        }
        for person in &self.people {
            github.person(&person.github_login, &person.name, None);
        }
        cast::BOTS.iter().for_each(|bot| github.bot(bot));
        cast::REPOS.iter().for_each(|repo| github.repo(repo));
    }

    /// Plays every deed up to and including `until`; tells how many there were.
    pub fn play_until(&mut self, sim: &Simulator, until: Timestamp) -> usize {
        self.stage(sim);
        let (github, jira) = (sim.github(), sim.jira());
        let from = self.played;
        while let Some(deed) = self.deeds.get(self.played).filter(|deed| deed.at <= until).cloned() {
            self.played += 1;
            match (&mut self.on_jira, &mut self.on_trello) {
                (Some(on_jira), _) => on_jira.play(&jira, &self.people, &deed),
                (None, Some(on_trello)) => on_trello.play(&sim.trello(), &self.people, &deed),
                (None, None) => self.play(&github, &deed),
            }
        }
        self.played - from
    }

    fn place(&self, key: StoryKey) -> (&str, u64) {
        let (repo, number) = self.places.get(&key).expect("an issue is opened before anything else happens to it");
        (repo, *number)
    }

    fn play(&mut self, github: &Github, deed: &Deed) {
        let (who, at) = (deed.who.as_str(), deed.at);
        match &deed.what {
            What::Milestone { repo, title, due } => github.milestone_at(repo, title, Some(*due), at),
            What::Open { key, repo, title, body, assignee, milestone, pull } => {
                let mut draft = github.issue(repo, title).by(who).created(at).body(body);
                if let Some(login) = assignee {
                    draft = draft.assignee(login);
                }
                if let Some(title) = milestone {
                    draft = draft.milestone(title, None);
                }
                if *pull {
                    draft = draft.pull_request();
                }
                self.places.insert(*key, (repo.clone(), draft.open()));
            }
            What::Assign { key, login } => {
                let (repo, number) = self.place(*key);
                github.assign(repo, number, who, login, at);
            }
            What::Comment { key, text } => {
                let (repo, number) = self.place(*key);
                github.comment_as(repo, number, who, text, at);
            }
            What::Tick { key, boxes } => {
                let (repo, number) = self.place(*key);
                github.tick(repo, number, *boxes, at);
            }
            What::Close { key } => {
                let (repo, number) = self.place(*key);
                github.close(repo, number, who, at, "completed");
            }
            What::Move { key, milestone } => {
                let (repo, number) = self.place(*key);
                github.set_milestone(repo, number, who, Some(milestone), at);
            }
            What::SubIssue { parent, child } => github.add_sub_issue(self.place(*parent), self.place(*child), who, at),
            What::Block { blocked, blocker } => github.block(self.place(*blocked), self.place(*blocker), who, at),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::collections::BTreeSet;

    use jiff::tz::TimeZone;

    use super::*;

    fn start() -> Timestamp {
        // 42 days before Monday, 2 March 2026, 09:00.
        "2026-01-19T09:00:00Z".parse().unwrap()
    }

    fn today() -> Timestamp {
        "2026-03-02T09:00:00Z".parse().unwrap()
    }

    #[test]
    fn the_same_seed_tells_the_same_story_and_another_seed_another() {
        let (one, same, other) = (Story::new(7, start()), Story::new(7, start()), Story::new(8, start()));
        assert_eq!(one.deeds(), same.deeds());
        assert_ne!(one.deeds(), other.deeds());
    }

    #[test]
    fn it_has_the_size_that_was_promised_and_deeds_before_and_after_today() {
        let story = Story::new(1, start());
        let opened = story.deeds().iter().filter(|deed| matches!(deed.what, What::Open { pull: false, .. })).count();
        assert!((110..=140).contains(&opened), "{opened} issues");
        assert_eq!(story.people().len(), 24);
        assert!(story.people().iter().filter(|person| person.manager.is_none()).count() == 1);
        assert!(story.deeds().first().unwrap().at >= start());
        assert!(story.deeds().iter().filter(|deed| deed.at > today()).count() > 100);
        let end: Timestamp = "2026-03-17T00:00:00Z".parse().unwrap();
        assert!(story.deeds().last().unwrap().at < end);
    }

    #[test]
    fn people_work_on_weekdays_from_nine_to_five_whatever_day_it_starts() {
        for day in 19..26 {
            let start: Timestamp = format!("2026-01-{day}T09:00:00Z").parse().unwrap();
            let story = Story::new(3, start);
            for deed in story.deeds().iter().filter(|deed| !deed.who.ends_with("[bot]")) {
                let local = deed.at.to_zoned(TimeZone::UTC);
                assert!(local.weekday().to_monday_one_offset() <= 5, "{deed:?}");
                assert!((9..17).contains(&local.hour()), "{deed:?}");
            }
            assert!(story.deeds().is_sorted_by_key(|deed| deed.at));
        }
    }

    #[test]
    fn everyone_is_known_by_one_name_everywhere() {
        let people = Story::new(1, start()).people();
        let handles: BTreeSet<_> = people.iter().map(|person| person.handle.clone()).collect();
        assert_eq!(handles.len(), people.len());
        for person in &people {
            assert!(person.email.ends_with("@example.org"));
            assert!(person.manager.as_ref().is_none_or(|manager| handles.contains(manager)), "{person:?}");
        }
    }

    #[tokio::test]
    async fn today_shows_each_trouble_and_two_days_later_some_of_it_is_mended() {
        let now = today();
        let sim = Simulator::start(std::sync::Arc::new(move || now)).await.unwrap();
        let mut story = Story::new(1, start());
        let all = || cast::REPOS.into_iter().flat_map(|repo| sim.github().issues(repo)).collect::<Vec<_>>();
        let titled = |title: &str| all().into_iter().find(|issue| issue.title == title).unwrap();
        let ownerless =
            || all().iter().filter(|one| !one.closed && one.milestone.is_some() && one.assignees.is_empty()).count();
        let dateless =
            || all().iter().filter(|one| !one.closed && one.milestone.is_none() && !one.assignees.is_empty()).count();
        let late = || all().iter().filter(|one| !one.closed && one.milestone.as_deref() == Some("February")).count();

        story.play_until(&sim, today());
        assert_eq!((ownerless(), dateless(), late()), (2, 2, 2));
        assert_eq!(titled("Redesign homepage").body.matches("[x]").count(), 1);
        assert_eq!(titled("New product photos").body.matches("[x]").count(), 7);
        assert!(titled("Migrate the image store").updated_at < today());

        story.play_until(&sim, today() + jiff::SignedDuration::from_hours(56));
        assert_eq!((ownerless(), dateless(), late()), (1, 1, 1));
        assert!(titled("Redesign homepage").body.matches("[x]").count() >= 6);
        assert_eq!(titled("Change of e-mail address").milestone.as_deref(), Some("Spring release"));
        assert!(titled("Agree on the payment contract").closed);
    }

    #[tokio::test]
    async fn at_jira_the_same_troubles_show_and_the_same_are_mended() {
        let now = today();
        let sim = Simulator::start(std::sync::Arc::new(move || now)).await.unwrap();
        let mut story = Story::new(1, start()).on_jira();
        let all = || sim.jira().issues();
        let titled = |title: &str| all().into_iter().find(|issue| issue.title == title).unwrap();
        let is_open = |issue: &&crate::jira::IssueSeen| issue.category != "done";
        let ownerless =
            || all().iter().filter(is_open).filter(|one| one.due.is_some() && one.assignee.is_none()).count();
        let dateless =
            || all().iter().filter(is_open).filter(|one| one.due.is_none() && one.assignee.is_some()).count();
        let late = || {
            let today = today().to_zoned(TimeZone::UTC).date();
            all().iter().filter(is_open).filter(|one| one.due.is_some_and(|due| due < today)).count()
        };

        story.play_until(&sim, today());
        assert_eq!((ownerless(), dateless(), late()), (2, 2, 2));
        assert!(all().len() >= 90, "{} issues", all().len());
        assert_eq!(titled("Redesign homepage").category, "indeterminate");
        assert_eq!(titled("New product photos").description.matches("[x]").count(), 7);
        assert!(titled("Migrate the image store").updated_at < today());

        story.play_until(&sim, today() + jiff::SignedDuration::from_hours(56));
        assert_eq!((ownerless(), dateless(), late()), (1, 1, 1));
        assert_eq!(titled("Agree on the payment contract").status, "Done");
    }

    #[tokio::test]
    async fn at_trello_the_same_troubles_show_and_the_same_are_mended() {
        let now = today();
        let sim = Simulator::start(std::sync::Arc::new(move || now)).await.unwrap();
        let mut story = Story::new(1, start()).on_trello();
        let all = || ["Acme web", "Acme api", "Acme ops"].into_iter().flat_map(|board| sim.trello().cards(board));
        let titled = |title: &str| all().find(|card| card.name == title).unwrap();
        let ownerless = || all().filter(|one| !one.complete && one.due.is_some() && one.members.is_empty()).count();
        let dateless = || all().filter(|one| !one.complete && one.due.is_none() && !one.members.is_empty()).count();
        let late = || all().filter(|one| !one.complete && one.due.is_some_and(|due| due < today())).count();

        story.play_until(&sim, today());
        assert_eq!((ownerless(), dateless(), late()), (2, 2, 2));
        assert!(all().count() >= 90, "{} cards", all().count());
        assert_eq!(titled("Redesign homepage").list, "Doing");
        assert_eq!(titled("New product photos").checks.0, 7);
        assert!(titled("Migrate the image store").updated_at < today());

        story.play_until(&sim, today() + jiff::SignedDuration::from_hours(56));
        assert_eq!((ownerless(), dateless(), late()), (1, 1, 1));
        let agreed = titled("Agree on the payment contract");
        assert_eq!((agreed.list.as_str(), agreed.complete), ("Done", true));
    }

    #[tokio::test]
    async fn played_in_steps_or_at_once_the_world_is_the_same() {
        let now = today();
        let (one, other) = (
            Simulator::start(std::sync::Arc::new(move || now)).await.unwrap(),
            Simulator::start(std::sync::Arc::new(move || now)).await.unwrap(),
        );
        Story::new(5, start()).play_until(&one, today());
        let mut story = Story::new(5, start());
        while story.next_at().is_some_and(|at| at <= today()) {
            story.play_until(&other, story.next_at().unwrap());
        }
        for repo in cast::REPOS {
            assert_eq!(one.github().issues(repo), other.github().issues(repo));
        }
        let all: usize = cast::REPOS.iter().map(|repo| one.github().issues(repo).len()).sum();
        assert!(all >= 90, "{all} issues are there today");
    }
}
