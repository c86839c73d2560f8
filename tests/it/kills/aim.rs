//! Where a kill hits, and how its moment is chosen.

use std::time::{Duration, Instant};

use connector_simulator::{Fault, Logged, Tool};

use super::rig::{LONGEST_REST, Rig, Scene};
use crate::lab::Dice;

/// How many seconds a call hangs: longer than anybody waits before the kill.
const HANGS: u64 = 5;

/// Where the program was when it was killed, as the tools saw it.
#[derive(Debug, Default)]
pub struct Hits {
    pub start: usize,
    pub pull: usize,
    pub decide: usize,
    pub deliver: usize,
    pub rest: usize,
}

/// Whether something is written with it.
pub fn is_write(request: &Logged) -> bool {
    let path = request.path.as_str();
    match (request.tool, request.method.as_str()) {
        (Tool::Slack, _) => path.ends_with("chat.postMessage") || path.ends_with("chat.update"),
        (Tool::Github, "PATCH") => true,
        (Tool::Github, "POST") => path.ends_with("/comments"),
        (Tool::Jira, "POST" | "PUT") => path.contains("/comment") && !path.ends_with("/comment/list"),
        (Tool::Asana, "POST" | "PUT") => path.contains("/stories"),
        (Tool::Trello, "POST" | "PUT") => path.contains("/actions/"),
        _ => false,
    }
}

/// Where a write is planned to hang: the words of its request.
const WRITES: [(Tool, &str); 10] = [
    (Tool::Slack, "chat.postMessage"),
    (Tool::Slack, "chat.update"),
    (Tool::Github, "POST /comments"),
    (Tool::Github, "PATCH /comments"),
    (Tool::Jira, "POST /issue /comment"),
    (Tool::Jira, "PUT /issue /comment"),
    (Tool::Asana, "POST /stories"),
    (Tool::Asana, "PUT /stories"),
    (Tool::Trello, "POST /actions/comments"),
    (Tool::Trello, "PUT /actions"),
];

impl Hits {
    pub fn all(&self) -> usize {
        self.start + self.pull + self.decide + self.deliver + self.rest
    }

    /// `beside`: calls to what stands beside the simulator.
    pub fn note(&mut self, requests: &[Logged], beside: usize, started: bool, at_rest: bool) {
        let place = match requests.last() {
            _ if at_rest => &mut self.rest,
            _ if started && requests.is_empty() => &mut self.start,
            _ if beside > 0 => &mut self.deliver,
            Some(request) if is_write(request) => &mut self.deliver,
            Some(request) if request.status.is_none() => &mut self.pull,
            _ if requests.len() < 3 => &mut self.pull,
            _ => &mut self.decide,
        };
        *place += 1;
    }
}

/// How the moment of a kill is chosen.
#[derive(Debug, Clone, Copy)]
pub enum Aim {
    /// So many milliseconds after time moved.
    After(u64),
    /// As soon as so many requests have come.
    Request(usize),
    /// As soon as something is written, and so many microseconds later.
    Write(u64),
    /// The next write of each channel hangs, and nothing of it happens; so many milliseconds after the first.
    BeforeWrite(u64),
    /// The next write of each channel happens, and its answer hangs; so many milliseconds after the first.
    AfterWrite(u64),
    /// So many milliseconds after a start.
    Start(u64),
    /// What cannot be searched has taken something, and its answer hangs; so many microseconds later.
    Taken(u64),
}

impl Aim {
    /// `blind`: something is called that cannot be searched.
    pub fn next(dice: &mut Dice, blind: bool) -> Aim {
        match dice.below(if blind { 14 } else { 12 }) {
            0 => Aim::After(dice.next() % 60),
            1..=3 => Aim::Request(1 + dice.below(9)),
            4..=6 => Aim::Write(dice.next() % 6_000),
            7 | 8 => Aim::BeforeWrite(dice.next() % 30),
            9 | 10 => Aim::AfterWrite(dice.next() % 30),
            12 | 13 => Aim::Taken(dice.next() % 2_000),
            _ => Aim::Start(dice.next() % 120),
        }
    }

    pub fn prepare<S: Scene>(self, rig: &Rig<S>) {
        let done = match self {
            Aim::BeforeWrite(_) => false,
            Aim::AfterWrite(_) => true,
            Aim::Taken(_) => return rig.scene.hang(HANGS, true),
            _ => return,
        };
        let hang = Fault::Hang(HANGS);
        let fault = if done { Fault::AfterCommit(Box::new(hang)) } else { hang };
        for (tool, matcher) in WRITES {
            rig.sim.fail_next(tool, matcher, fault.clone(), 1);
        }
        rig.scene.hang(HANGS, done);
    }

    /// Waits for the moment; true when the program came to rest before it.
    pub async fn wait<S: Scene>(self, rig: &mut Rig<S>) -> bool {
        let writes = |rig: &Rig<S>| rig.calls_beside() > 0 || rig.sim.requests().iter().any(is_write);
        let taken = rig.scene.taken();
        match self {
            Aim::After(millis) | Aim::Start(millis) => {
                tokio::time::sleep(Duration::from_millis(millis)).await;
                false
            }
            Aim::Request(count) => until(rig, |rig| rig.sim.requests().len() >= count).await,
            Aim::Taken(micros) => {
                let rested = until(rig, |rig| rig.scene.taken() > taken).await;
                std::thread::sleep(Duration::from_micros(micros));
                rested
            }
            Aim::Write(micros) => {
                let rested = until(rig, writes).await;
                std::thread::sleep(Duration::from_micros(micros));
                rested
            }
            Aim::BeforeWrite(millis) | Aim::AfterWrite(millis) => {
                let rested = until(rig, writes).await;
                tokio::time::sleep(Duration::from_millis(millis)).await;
                rested
            }
        }
    }
}

/// Waits until it is such, or the program rests; true for the latter.
async fn until<S: Scene>(rig: &mut Rig<S>, such: impl Fn(&Rig<S>) -> bool) -> bool {
    let began = Instant::now();
    let mut looks = 0;
    loop {
        if such(rig) {
            return false;
        }
        looks += 1;
        if looks % 100 == 0 && rig.standing().is_some() {
            return true;
        }
        if looks % 50 == 0 {
            rig.pace();
        }
        assert!(began.elapsed() < LONGEST_REST, "neither rest nor the moment of the kill:\n{}", rig.log());
        tokio::time::sleep(Duration::from_micros(500)).await;
    }
}
