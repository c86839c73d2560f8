//! The other side of the wire: small working models of the tools, over real HTTP on the loopback.
//!
//! The models hold a world (people, issues, comments, messages) and answer as the tools do, with their pages, limits,
//! entity tags and traps; they are no canned replies. A test or the demo changes the world through [`Github`], [`Jira`],
//! [`Asana`], [`Trello`] and [`Slack`], plans faults with [`Simulator::fail_next`], and looks at what was written.
//!
//! Nothing here knows the program under test: not its marker, not its rules. Time is the [`Now`] that is handed in.

pub mod asana;
pub mod clock;
mod control;
mod door;
mod faults;
mod github;
pub mod hook;
pub mod jira;
pub mod mail;
mod recorded;
mod reply;
mod server;
mod slack;
mod story;
#[cfg(test)]
mod testing;
mod text;
pub mod trello;
mod world;

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use tokio_util::sync::CancellationToken;

pub use asana::{Asana, AsanaRecorded};
pub use clock::Now;
pub use faults::Fault;
pub use github::{CommentSeen, CommentWrite, Github, IssueDraft, IssueSeen, ProjectValue, WriteKind};
pub use jira::{Jira, JiraRecorded};
pub use recorded::Recorded;
pub use slack::{Form, Posted, Slack, SlackMessage};
pub use story::{Deed, Person, Story, StoryKey, What};
pub use trello::{Trello, TrelloRecorded};
pub use world::{Exchange, ForeignHit, Logged, Tool};

use world::World;

const GITHUB_PATH: &str = "/github";
const SLACK_PATH: &str = "/slack/api";
/// Below this, the whole path is an incoming webhook's address.
const HOOKS_PATH: &str = "/slack/services";
/// Below this, the whole path is where an app replies to a press.
const REPLIES_PATH: &str = "/slack/actions";
/// Where an app listens for presses.
const SOCKET_PATH: &str = "/slack/socket";

/// Running tools. They end, with every open connection, when this is dropped.
pub struct Simulator {
    world: Arc<World>,
    github: SocketAddr,
    slack: SocketAddr,
    jira: SocketAddr,
    asana: SocketAddr,
    trello: SocketAddr,
    foreign: SocketAddr,
    stop: CancellationToken,
}

impl Simulator {
    /// Starts the tools and the foreign host, each on a free loopback port of its own.
    ///
    /// # Errors
    /// When a loopback port cannot be bound.
    pub async fn start(now: Now) -> io::Result<Simulator> {
        let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        Simulator::start_on(any, Some(any), now).await
    }

    /// Starts the tools on one given address, and the foreign host on a free loopback port.
    ///
    /// # Errors
    /// When the address, or a loopback port, cannot be bound.
    pub async fn start_at(at: SocketAddr, now: Now) -> io::Result<Simulator> {
        Simulator::start_on(at, None, now).await
    }

    async fn start_on(at: SocketAddr, others_at: Option<SocketAddr>, now: Now) -> io::Result<Simulator> {
        let (listener, github) = door::bind(at).await?;
        let (slack_listener, jira_listener, asana_listener) = match others_at {
            Some(at) => (Some(door::bind(at).await?), Some(door::bind(at).await?), Some(door::bind(at).await?)),
            None => (None, None, None),
        };
        let (foreign_listener, foreign) = door::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).await?;
        let slack = slack_listener.as_ref().map_or(github, |(_, addr)| *addr);
        let jira = jira_listener.as_ref().map_or(github, |(_, addr)| *addr);
        let asana = asana_listener.as_ref().map_or(github, |(_, addr)| *addr);
        let trello_listener = match others_at {
            Some(at) => Some(door::bind(at).await?),
            None => None,
        };
        let trello = trello_listener.as_ref().map_or(github, |(_, addr)| *addr);

        let hub = github::Hub::new(format!("http://{github}{GITHUB_PATH}"), format!("http://{foreign}"));
        let site = jira::Site::new(format!("http://{jira}"));
        let org = asana::Org::new(format!("http://{asana}{}", asana::ASANA_PATH));
        let world = Arc::new(World::new(now, hub, slack::Workspace::new(slack), site, org));
        let stop = CancellationToken::new();
        server::serve(listener, Arc::clone(&world), stop.clone());
        for (listener, _) in [slack_listener, jira_listener, asana_listener, trello_listener].into_iter().flatten() {
            server::serve(listener, Arc::clone(&world), stop.clone());
        }
        server::serve_foreign(foreign_listener, Arc::clone(&world), stop.clone());
        Ok(Simulator { world, github, slack, jira, asana, trello, foreign, stop })
    }

    /// Base of GitHub's API, with a path as an Enterprise Server has: `http://127.0.0.1:PORT/github`.
    pub fn github_url(&self) -> String {
        format!("http://{}{GITHUB_PATH}", self.github)
    }

    /// Base of Slack's API, to which a method's name is added: `http://127.0.0.1:PORT/slack/api`.
    pub fn slack_url(&self) -> String {
        format!("http://{}{SLACK_PATH}", self.slack)
    }

    /// The address of an incoming webhook into this channel, made if it is new: `http://127.0.0.1:PORT/slack/services/…`.
    pub fn slack_webhook(&self, channel: &str) -> String {
        format!("http://{}{HOOKS_PATH}/{}", self.slack, self.slack().new_webhook(channel))
    }

    /// The address of Jira's Cloud site: `http://127.0.0.1:PORT/jira-cloud`.
    pub fn jira_cloud_url(&self) -> String {
        format!("http://{}{}", self.jira, jira::CLOUD_PATH)
    }

    /// The same site at Atlassian's gateway, as tokens with scopes need it: `http://127.0.0.1:PORT/gateway/ex/jira/CLOUDID`.
    pub fn jira_gateway_url(&self) -> String {
        format!("http://{}{}/{}", self.jira, jira::GATEWAY_PATH, jira::CLOUD_ID)
    }

    /// The address of a Jira Data Center, with a context path: `http://127.0.0.1:PORT/jira-dc`.
    pub fn jira_dc_url(&self) -> String {
        format!("http://{}{}", self.jira, jira::SERVER_PATH)
    }

    /// Base of Asana's API: `http://127.0.0.1:PORT/asana/api/1.0`.
    pub fn asana_url(&self) -> String {
        format!("http://{}{}", self.asana, asana::ASANA_PATH)
    }

    /// The address of Trello's API, with its version: `http://127.0.0.1:PORT/trello/1`.
    pub fn trello_url(&self) -> String {
        format!("http://{}{}{}", self.trello, trello::PATH, trello::VERSION)
    }

    /// A host that belongs to nobody; see [`Simulator::foreign_hits`].
    pub fn foreign_url(&self) -> String {
        format!("http://{}", self.foreign)
    }

    /// GitHub's world.
    pub fn github(&self) -> Github {
        Github::new(Arc::clone(&self.world))
    }

    /// Jira's world, which both editions show.
    pub fn jira(&self) -> Jira {
        Jira::new(Arc::clone(&self.world))
    }

    /// Asana's world.
    pub fn asana(&self) -> Asana {
        Asana::new(Arc::clone(&self.world))
    }

    /// Trello's world.
    pub fn trello(&self) -> Trello {
        Trello::new(Arc::clone(&self.world))
    }

    /// Slack's world.
    pub fn slack(&self) -> Slack {
        Slack::new(Arc::clone(&self.world))
    }

    /// Plans a fault for the next `times` requests of a tool whose `METHOD /path?query` contains every word of `matcher`
    /// (`"POST /comments"`; empty: any request). Several plans wait for one another in the order they were made.
    pub fn fail_next(&self, tool: Tool, matcher: &str, fault: Fault, times: u32) {
        self.world.faults().add(tool, matcher, fault, times.max(1));
    }

    /// Takes all planned faults back.
    pub fn heal(&self) {
        self.world.faults().clear();
    }

    /// Calls this after each answer of a tool was made, so that its world moves while its lists are read.
    pub fn meddle(&self, after: impl Fn(Tool) + Send + Sync + 'static) {
        self.world.meddle(Some(Arc::new(after)));
    }

    /// Calls this with each exchange of a tool that ended with a whole answer.
    pub fn listen(&self, listener: impl Fn(&Exchange) + Send + Sync + 'static) {
        self.world.listen(Arc::new(listener));
    }

    /// Nobody meddles any more.
    pub fn let_be(&self) {
        self.world.meddle(None);
    }

    /// The requests so far, the oldest first; at most the last 100,000.
    pub fn requests(&self) -> Vec<Logged> {
        self.world.requests()
    }

    /// Empties the log of requests.
    pub fn forget_requests(&self) {
        self.world.forget_requests();
    }

    /// Who came to the foreign host. Anything here was led away by an answer.
    pub fn foreign_hits(&self) -> Vec<ForeignHit> {
        self.world.foreign_hits()
    }

    /// Ends the tools and every open connection, at once. The world can still be looked at.
    pub fn stop(&self) {
        self.stop.cancel();
    }
}

impl Drop for Simulator {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}
