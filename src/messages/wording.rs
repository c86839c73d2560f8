//! What a person reads. Pure from notices and names; numbers are computed here, from instants, by the reader's calendar.
//!
//! To everybody: shape, word and numbers, one next step, nobody's fault. Only what is known is said, and no control is
//! offered that does not exist. Foreign text is cleaned here; each dialect escapes it once more.

use connector_kit::{Block, Control, Span, Text};
use jiff::Timestamp;

use super::absence;
use super::answered::{Answered, how_to_answer};
use super::facts::{facts, heading, lasting, matter, next_step, since};
use super::hearing::heard;
pub(super) use super::hearing::{Heard, Hearing};
use super::over::{Moved, Over};
use super::scene::Scene;
use super::when::{between, clean, count, day_of, moment};
use crate::domain::alert::Ending;
use crate::domain::finding::{Finding, Grounds, Reading, Stage};
use crate::domain::ids::TaskId;
use crate::domain::names::{called, is_bare};

/// Most lines of one message; the rest is counted.
pub(super) const LINES: usize = 5;

/// A gap in one line without its subject: the `summary` of the gap list.
pub fn summary(finding: &Finding, scene: Scene<'_>) -> String {
    facts(&finding.evidence, scene)
}

/// Why a reading is what it is, in one line: the `because` of `explain`.
pub fn because(reading: &Reading, scene: Scene<'_>) -> String {
    match reading {
        Reading::Gap(finding) => format!("{}: {}", finding.stage.word(), facts(&finding.evidence, scene)),
        Reading::Edge(evidence) => format!("too close to tell, so what is stays: {}", facts(evidence, scene)),
        Reading::Clear(Grounds::NotApplicable(why) | Grounds::Because(why)) => (*why).to_owned(),
        Reading::Clear(Grounds::Measured(evidence)) => facts(evidence, scene),
        Reading::Unknown(why) => why.words().to_owned(),
    }
}

/// Tasks that the words of a finding name besides its subject.
pub fn named(finding: &Finding) -> Vec<TaskId> {
    super::facts::named(&finding.evidence)
}

/// One gap, as one reader is told of it.
#[derive(Debug, Clone)]
pub(super) struct Item {
    /// What it is about, as people call it: a key, a container's or a connection's name.
    pub(super) key: String,
    /// Where that leads. `None`: nowhere.
    pub(super) url: Option<String>,
    /// `None`: it has none, or it may not be shown there.
    pub(super) title: Option<String>,
    /// As it is told, with the stage it is told at.
    pub(super) finding: Finding,
    /// When it was first found.
    pub(super) noticed_at: Timestamp,
    /// When it resolved. `None`: it has not.
    pub(super) over_at: Option<Timestamp>,
    /// How it ended. `None`: it has not.
    pub(super) ending: Option<Ending>,
    /// True when the task itself is closed by now.
    pub(super) closed: bool,
    /// What became of a date that had passed: `2 working days after its date`, or `by 5 working days, from … to …`.
    pub(super) outcome: Option<String>,
    /// By which change it ended. `None`: it has not, or nothing tells.
    pub(super) moved: Option<Moved>,
    /// When the first of the episodes was found that the present one goes on with. `None`: it goes on with none.
    pub(super) first_noticed_at: Option<Timestamp>,
    /// When an earlier episode was over. `None`: there is none that somebody heard of.
    pub(super) was_over_at: Option<Timestamp>,
    /// Whose it is by now, as a sentence for whoever had it before. `None`: its reader has it, or never had.
    pub(super) handed: Option<String>,
    /// What speaks for it to the same reader by now: `past its date`. `None`: it speaks for itself.
    pub(super) spoken_by: Option<String>,
    /// Whom it concerns, and what they know.
    pub(super) hearing: Hearing,
    /// What somebody answered to it. `None`: nothing that counts.
    pub(super) answered: Option<Answered>,
    /// What its reader can press.
    pub(super) controls: Vec<Control>,
    /// When its reader was told of it first. `None`: it is no repeat.
    pub(super) again: Option<Timestamp>,
    /// Weaker gaps of the same task that this one speaks for: `no movement`.
    pub(super) also: Vec<String>,
    /// Sub-tasks with the same gap that this one speaks for.
    pub(super) children: usize,
    /// All tasks that it is said of in one line, its own first. Empty: of its own alone.
    pub(super) with: Vec<absence::Named>,
}

/// Who reads it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Audience {
    /// Somebody of whom something is asked, in private.
    Owner,
    /// Who leads them, in private.
    Manager,
    /// A channel.
    Channel,
}

pub(super) fn shape(stage: Stage) -> &'static str {
    match stage {
        Stage::Opens => "▲",
        Stage::Widens => "■",
        Stage::Failure => "⬣",
    }
}

fn plain(text: impl Into<String>) -> Span {
    Span::Plain(text.into())
}

impl Item {
    /// `■ KEY "title" is behind its pace`, with the key as a link.
    pub(super) fn headline(&self, scene: Scene<'_>) -> Vec<Span> {
        let mut spans = match self.over_at {
            Some(at) => {
                vec![
                    plain("● "),
                    Span::Strong(self.over().word().to_owned()),
                    plain(format!(" {}: ", moment(at, scene))),
                ]
            }
            None => vec![plain(format!("{} ", self.shape()))],
        };
        if !self.with.is_empty() {
            spans.extend(absence::headline(&self.with, scene));
            return spans;
        }
        let title = self.title.as_deref().map(clean).filter(|title| !title.is_empty());
        // Where a key says nothing to people, the title is what leads there.
        let (label, beside) = match title {
            Some(title) if is_bare(&self.key) => (format!("“{title}”"), None),
            title => (clean(&self.key), title),
        };
        spans.push(match &self.url {
            Some(url) => Span::Link { label, url: url.clone() },
            None => plain(label),
        });
        spans.extend(beside.map(|title| plain(format!(" “{title}”"))));
        match self.quiet(scene) {
            _ if self.over_at.is_some() => {}
            _ if self.is_handed() => spans.extend(self.handed.iter().map(|handed| plain(format!(" · {handed}")))),
            Some(answered) => spans.push(plain(format!(" · {}", answered.words(scene)))),
            None => {
                spans.push(plain(" "));
                spans.push(Span::Strong(matter(&self.finding.evidence, scene)));
            }
        }
        spans
    }

    /// True where it is somebody else's by now, and nothing is asked of its reader any more.
    pub(super) fn is_handed(&self) -> bool {
        self.over_at.is_none() && self.handed.is_some()
    }

    /// True while something is to be read about it that its reader can do.
    fn is_open(&self) -> bool {
        self.over_at.is_none() && self.handed.is_none()
    }

    /// True where something is said below its first line.
    pub(super) fn says_more(&self, scene: Scene<'_>) -> bool {
        self.quiet(scene).is_none() && !self.is_handed()
    }

    fn shape(&self) -> &'static str {
        if self.is_open() { shape(self.finding.stage) } else { "●" }
    }

    /// The answer that keeps it silent. `None`: none does.
    pub(super) fn quiet(&self, scene: Scene<'_>) -> Option<&Answered> {
        self.answered.as_ref().filter(|answered| self.over_at.is_none() && answered.is_quiet(scene))
    }

    /// One next step: that of the gap, or what is asked of whoever answered before.
    pub(super) fn step(&self, scene: Scene<'_>) -> String {
        if self.hearing.is_informed {
            return format!("For your information: it belongs to {}.", self.owners());
        }
        if let Some(by) = &self.spoken_by {
            return format!("There is another line about it by now: {by}.");
        }
        let question = self.answered.as_ref().and_then(|answered| answered.question(scene));
        question.unwrap_or_else(|| next_step(&self.finding.evidence)).to_owned()
    }

    pub(super) fn words(&self, scene: Scene<'_>) -> String {
        match self.over_at {
            Some(at) => self.over().words(at, scene),
            None => self.numbers(&facts(&self.finding.evidence, scene), scene),
        }
    }

    /// The numbers as a sentence, with what this gap speaks for.
    fn numbers(&self, facts: &str, scene: Scene<'_>) -> String {
        let mut words = sentence(facts);
        if !self.also.is_empty() {
            words.push_str(&format!(" Also: {}.", self.also.join(", ")));
        }
        if let Some(over_at) = self.was_over_at.filter(|_| self.over_at.is_none()) {
            words.push_str(&format!(" It was resolved {} and is open again.", day_of(over_at, scene)));
        }
        if let Some(answered) = self.answered.as_ref().filter(|answered| answered.is_shown()) {
            words.push_str(&format!(" {}", sentence(&answered.words(scene))));
        }
        if self.children > 0 {
            let children = count(i64::try_from(self.children).unwrap_or(i64::MAX), "sub-task");
            words.push_str(&format!(" The same goes for {children}."));
        }
        words
    }

    /// Its end, as far as there is one.
    fn over(&self) -> Over<'_> {
        Over {
            ending: self.ending,
            closed: self.closed,
            outcome: self.outcome.as_deref(),
            moved: self.moved.as_ref(),
            evidence: &self.finding.evidence,
            noticed_at: self.noticed_at,
            first_noticed_at: self.first_noticed_at,
        }
    }

    /// When its reader heard of it first, where this is no first word, and in whose place they do.
    pub(super) fn told_before(&self, scene: Scene<'_>) -> String {
        let again = self.again.filter(|_| self.over_at.is_none());
        let again = again.map_or(String::new(), |at| format!(" First told {}.", day_of(at, scene)));
        let away = self.hearing.stands_in.as_ref().map_or(String::new(), |(away, until)| {
            format!(" You hear it in the place of {}, who is away and back {}.", clean(away), day_of(*until, scene))
        });
        format!("{again}{away}")
    }

    /// The tasks that it is said of.
    pub(super) fn tasks(&self) -> Vec<absence::Named> {
        let (key, called, url) = (self.key.clone(), self.called(), self.url.clone());
        let own = absence::Named { key, called, url, deadline: self.finding.deadline };
        if self.with.is_empty() { vec![own] } else { self.with.clone() }
    }

    /// What it is about, in a word of people's.
    pub(super) fn called(&self) -> String {
        clean(&called(&self.key, self.title.as_deref()))
    }

    /// One plain line.
    fn line(&self, scene: Scene<'_>) -> String {
        let key = self.called();
        match self.over_at {
            None if !self.with.is_empty() => format!("{} {}", self.shape(), absence::line(&self.with)),
            Some(_) => self.ended(&heading(&self.finding.evidence, scene)),
            None if self.is_handed() => format!("● {key} · {}", self.handed.as_deref().unwrap_or_default()),
            None if self.quiet(scene).is_some() => {
                let answered = self.quiet(scene).map(|answered| answered.words(scene)).unwrap_or_default();
                format!("{} {key} · {answered}", shape(self.finding.stage))
            }
            None => {
                let (shape, evidence) = (shape(self.finding.stage), &self.finding.evidence);
                format!("{shape} {key} {}: {}", matter(evidence, scene), facts(evidence, scene))
            }
        }
    }

    /// `● KEY is resolved: no movement`
    fn ended(&self, was: &str) -> String {
        let end = match self.ending {
            Some(Ending::Deleted) => "was deleted",
            Some(Ending::MovedAway) => "was moved away",
            _ => "is resolved",
        };
        format!("● {} {end}: {was}", self.called())
    }

    /// `■ behind its pace`, or `● no movement`, where it is known what it is about.
    fn matter(&self, scene: Scene<'_>) -> String {
        let shape = self.shape();
        format!("{shape} {}", heading(&self.finding.evidence, scene))
    }

    pub(super) fn owners(&self) -> String {
        match self.hearing.owners.as_slice() {
            [] => "nobody".to_owned(),
            [one] => clean(one),
            [rest @ .., last] => {
                let rest: Vec<String> = rest.iter().map(|name| clean(name)).collect();
                format!("{} and {}", rest.join(", "), clean(last))
            }
        }
    }

    /// What the owner knows, for whoever hears after them.
    pub(super) fn known(&self, scene: Scene<'_>) -> String {
        let (owners, is) = (self.owners(), if self.hearing.owners.len() > 1 { "are" } else { "is" });
        if self.hearing.told.is_empty() {
            return match self.hearing.back_at {
                _ if self.hearing.owners.is_empty() => "Nobody is assigned to it.".to_owned(),
                Some(back_at) => format!("{owners} {is} away, back {}.", day_of(back_at, scene)),
                None => {
                    let why = self.hearing.unheard.as_deref().unwrap_or("no way to reach them is known");
                    format!("{owners} could not be told: {why}.")
                }
            };
        }
        let told: Vec<String> = self.hearing.told.iter().map(|told| heard(told, scene)).collect();
        match self.hearing.acted_at {
            Some(at) => format!("{}; last act on the task {}.", told.join(", "), moment(at, scene)),
            None => format!("{}; no change by them since.", told.join(", ")),
        }
    }
}

fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    let first: String = letters.next().map(|c| c.to_uppercase().collect()).unwrap_or_default();
    format!("{first}{}.", letters.as_str())
}

/// A message about one gap.
pub(super) fn single(item: &Item, audience: Audience, scene: Scene<'_>) -> Text {
    let mut headline = item.headline(scene);
    let is_elses = audience != Audience::Owner || !item.hearing.is_readers;
    if is_elses && !item.is_handed() && !item.hearing.owners.is_empty() {
        headline.push(plain(format!(" ({})", item.owners())));
    }
    let mut blocks = vec![Block::Line(headline)];
    if item.says_more(scene) {
        blocks.push(Block::Line(vec![plain(item.words(scene))]));
    }
    let beneath = match item.is_open() && item.quiet(scene).is_none() {
        true => beneath(item, audience, scene),
        false => Vec::new(),
    };
    let (notes, lines): (Vec<Block>, Vec<Block>) =
        beneath.into_iter().partition(|block| matches!(block, Block::Note(_)));
    blocks.extend(lines);
    blocks.extend(pressed(item.controls.clone()));
    blocks.extend(notes);
    Text { summary: item.line(scene), blocks }
}

/// Controls as a block. `None`: there are none.
fn pressed(controls: Vec<Control>) -> Option<Block> {
    (!controls.is_empty()).then_some(Block::Controls(controls))
}

/// What stands below the numbers, for this reader.
fn beneath(item: &Item, audience: Audience, scene: Scene<'_>) -> Vec<Block> {
    let step = item.step(scene);
    match audience {
        Audience::Owner => {
            let mut blocks = vec![Block::Line(vec![plain(step)])];
            if let Some((away, until)) = &item.hearing.stands_in {
                let words = format!("You hear it in the place of {}, who is away and back", clean(away));
                blocks.push(Block::Note(vec![plain(format!("{words} {}.", day_of(*until, scene)))]));
            }
            if let Some(manager) = &item.hearing.manager {
                let manager = clean(manager);
                let private = if item.hearing.is_private { "Only you see this. " } else { "" };
                let words = format!("{private}If nothing changes within a working day, {manager} hears of it too.");
                blocks.push(Block::Note(vec![plain(words)]));
            }
            blocks
        }
        Audience::Manager => vec![Block::Line(vec![plain(item.known(scene))])],
        Audience::Channel if item.hearing.owners.is_empty() => vec![Block::Line(vec![plain(step)])],
        Audience::Channel => vec![Block::Note(vec![plain(item.known(scene))])],
    }
}

/// The one grouped message of a day: a line for each gap, worst first.
pub(super) fn day(items: &[Item], scene: Scene<'_>) -> Text {
    let open = items.iter().filter(|item| item.is_open()).count();
    let mut blocks = Vec::new();
    if items.len() > 1 {
        let head = match open {
            0 if items.iter().all(|item| item.ending == Some(Ending::Resolved)) => "all resolved".to_owned(),
            0 => "all over".to_owned(),
            open => format!("{open} to look at"),
        };
        blocks.push(Block::Line(vec![Span::Strong(format!("{}: {head}", day_of(scene.now, scene)))]));
    }
    for item in items.iter().take(LINES) {
        let mut headline = item.headline(scene);
        if !item.hearing.is_readers && !item.is_handed() && !item.hearing.owners.is_empty() {
            headline.push(plain(format!(" ({})", item.owners())));
        }
        blocks.push(Block::Line(headline));
        if item.says_more(scene) {
            let step = if item.over_at.is_none() { format!(" {}", item.step(scene)) } else { String::new() };
            let (words, step) = match item.with.is_empty() {
                true => (item.words(scene), step),
                false => (absence::below(&item.finding.evidence, scene), String::new()),
            };
            blocks.push(Block::Note(vec![plain(format!("{words}{}{step}", item.told_before(scene)))]));
        }
        blocks.extend(pressed(item.controls.clone()));
    }
    blocks.extend(more(items.len()));
    Text { summary: one_line(items, scene), blocks }
}

fn more(items: usize) -> Option<Block> {
    let more = items.checked_sub(LINES).filter(|more| *more > 0)?;
    Some(Block::Note(vec![plain(format!("and {more} more"))]))
}

fn one_line(items: &[Item], scene: Scene<'_>) -> String {
    match items {
        [item] => item.line(scene),
        [first, ..] if together(items, scene).is_some() => {
            let was: Vec<String> = items.iter().map(|item| heading(&item.finding.evidence, scene)).collect();
            first.ended(&was.join(", "))
        }
        [first, rest @ ..] if rest.iter().all(|item| item.key == first.key) => {
            let matters: Vec<String> = items.iter().take(LINES).map(|item| item.matter(scene)).collect();
            format!("{}: {}", first.called(), matters.join(", "))
        }
        _ => {
            let mut about: Vec<absence::Named> = Vec::new();
            for one in items.iter().flat_map(Item::tasks) {
                if about.iter().all(|known| known.key != one.key) {
                    about.push(one);
                }
            }
            let tasks = count(i64::try_from(about.len()).unwrap_or(i64::MAX), "task");
            let called: Vec<String> = about.into_iter().take(LINES).map(|one| one.called).collect();
            format!("{tasks}: {}", called.join(", "))
        }
    }
}

/// The living comment on a task; who has no other channel is mentioned.
pub(super) fn comment(items: &[Item], mentions: &[String], remark: Option<&str>, scene: Scene<'_>) -> Text {
    let mut blocks = Vec::new();
    for item in items.iter().take(LINES) {
        let mut head = Vec::new();
        if blocks.is_empty() {
            for login in mentions {
                head.extend([Span::Mention(login.clone()), plain(" ")]);
            }
            head.extend([Span::Strong("gapwatch".to_owned()), plain(" · ")]);
        }
        head.push(plain(state(item, scene)));
        blocks.push(Block::Line(head));
        let words = match item.over_at {
            Some(at) => {
                let how = item.over().how().map_or(String::new(), |how| format!("{how} "));
                format!("{how}Open for {}.", between(item.noticed_at, at, scene))
            }
            None => match item.quiet(scene) {
                Some(answered) => sentence(&answered.words(scene)),
                None => {
                    let facts = lasting(&item.finding.evidence, scene);
                    format!("{} {}", item.numbers(&facts, scene), item.step(scene))
                }
            },
        };
        blocks.push(Block::Line(vec![plain(words)]));
    }
    blocks.extend(more(items.len()));
    // In the mail that a tracker makes of a comment, and in a list of them, the title is not in sight.
    let about = items.iter().find_map(|item| item.title.as_deref()).map(clean).filter(|title| !title.is_empty());
    let about = about.map_or_else(String::new, |title| format!("About “{title}”. "));
    if items.iter().any(|item| item.over_at.is_none()) {
        blocks.push(Block::Note(how_to_answer()));
    }
    if let Some(remark) = remark {
        blocks.push(Block::Line(vec![plain(clean(remark))]));
    }
    let kept = "This comment is kept up to date by gapwatch, which changes nothing else here.";
    blocks.push(Block::Note(vec![plain(format!("{about}{kept}"))]));
    Text { summary: one_line(items, scene), blocks }
}

/// `■ behind its pace since Mon 23 Nov`
fn state(item: &Item, scene: Scene<'_>) -> String {
    let what = heading(&item.finding.evidence, scene);
    match item.over_at {
        Some(at) => format!("● resolved {}: {what}", moment(at, scene)),
        None => {
            let since = since(&item.finding.evidence, item.noticed_at);
            format!("{} {what} since {}", shape(item.finding.stage), day_of(since, scene))
        }
    }
}

/// What an earlier comment says once a newer one has taken its place.
pub(super) fn superseded() -> Text {
    let words = "gapwatch · a newer comment below has taken the place of this one";
    Text { summary: words.to_owned(), blocks: vec![Block::Note(vec![plain(words)])] }
}

/// The answer under a message, by which the reader is notified of what became of it.
pub(super) fn reply(items: &[Item], scene: Scene<'_>) -> Text {
    let mut blocks = Vec::new();
    if let (Some(words), Some(first)) = (together(items, scene), items.first()) {
        let blocks = vec![Block::Line(first.headline(scene)), Block::Note(vec![plain(words)])];
        return Text { summary: one_line(items, scene), blocks };
    }
    for item in items.iter().take(LINES) {
        let mut headline = item.headline(scene);
        if !item.hearing.is_readers && item.is_open() && !item.hearing.owners.is_empty() {
            headline.push(plain(format!(" ({})", item.owners())));
        }
        blocks.push(Block::Line(headline));
        let question = item.answered.as_ref().filter(|_| item.over_at.is_none());
        let question =
            question.and_then(|answered| answered.question(scene)).map_or(String::new(), |it| format!(" {it}"));
        let again = item.again.filter(|_| item.over_at.is_none());
        let again =
            again.map_or(String::new(), |at| format!(" First told {}. {}", day_of(at, scene), item.step(scene)));
        blocks.push(Block::Note(vec![plain(format!("{}{question}{again}", item.words(scene)))]));
    }
    blocks.extend(more(items.len()));
    Text { summary: one_line(items, scene), blocks }
}

/// What ended together, by the same doing, each with how long it had been open. `None`: they are not all of one task and over.
fn together(items: &[Item], scene: Scene<'_>) -> Option<String> {
    let (first, rest) = items.split_first().filter(|(_, rest)| !rest.is_empty())?;
    let alike = |item: &Item| item.key == first.key && item.over_at.is_some() && item.ending == first.ending;
    if !alike(first) || !rest.iter().all(alike) {
        return None;
    }
    let told = items.iter().find(|item| item.outcome.is_some()).unwrap_or(first);
    let how = told.over().how().map_or(String::new(), |how| format!("{how} "));
    let was: Vec<String> = items.iter().filter_map(|item| Some(item.over().was(item.over_at?, scene))).collect();
    Some(format!("{how}{}", was.join(" ")))
}

/// The same words with the remark that they may have been said before.
pub(super) fn perhaps_again(body: &Text) -> Text {
    let mut again = body.clone();
    again.blocks.push(Block::Note(vec![plain(REPEAT)]));
    again
}

/// True for words that carry that remark.
pub(super) fn is_perhaps_again(body: &Text) -> bool {
    body.blocks.last() == Some(&Block::Note(vec![plain(REPEAT)]))
}

const REPEAT: &str = "(may be a repeat)";
