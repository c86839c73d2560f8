//! What `doctor` says of Slack: which workspace it is, what the token lacks, whether the channels can be reached.

use connector_kit::BoxFuture;
use connector_kit::survey::{Examine, Finding, Verdict};
use jiff::SignedDuration;
use serde::Deserialize;

use crate::api::Failure;
use crate::{Slack, blocks, scopes};

/// A clock that differs by more is worth a word; Slack tells whole seconds.
const SKEW: SignedDuration = SignedDuration::from_secs(30);

/// `auth.test`, as far as people want to know.
#[derive(Debug, Deserialize)]
struct Workspace {
    team: Option<String>,
    user: Option<String>,
}

/// `conversations.info`
#[derive(Debug, Deserialize)]
struct InfoAnswer {
    channel: Channel,
}

#[derive(Debug, Deserialize)]
struct Channel {
    #[serde(default)]
    is_archived: bool,
    #[serde(default)]
    is_private: bool,
    is_member: Option<bool>,
}

impl Slack {
    async fn look_at_itself(&self, channels: &[String]) -> Vec<Finding> {
        let mut findings = Vec::new();
        let asked = self.api.ask("auth.test", &serde_json::json!({})).await;
        let workspace = asked.and_then(|answer| {
            let granted = answer.header("x-oauth-scopes").map(scopes::missing).unwrap_or_default();
            Ok((self.api.parsed::<Workspace>("auth.test", &answer)?, granted))
        });
        match workspace {
            Ok((workspace, missing)) => {
                let name = |name: Option<String>| name.unwrap_or_else(|| "unnamed".to_owned());
                findings.push(Finding::good(format!(
                    "logged in as {} in the workspace {}",
                    name(workspace.user),
                    name(workspace.team)
                )));
                if missing.is_empty() {
                    findings.push(Finding::good("the bot token has every scope it needs"));
                }
                let todo = "deploy/slack-manifest.yaml lists all scopes";
                findings.extend(missing.into_iter().map(|lack| Finding::warning(lack, todo)));
            }
            Err(failure) => return vec![Finding::failed(&failure.into_error("the account of the bot token"))],
        }
        findings.extend(self.skew().map(skew));
        match &self.buttons {
            Some(buttons) => findings.extend(buttons.look().await),
            None => findings.push(Finding::good(
                "messages have no buttons; with app_token or signing_secret people could answer them",
            )),
        }
        for channel in channels {
            findings.push(self.look_at_channel(channel).await);
        }
        findings
    }

    async fn look_at_channel(&self, name: &str) -> Finding {
        let id = match self.channel_id(name).await {
            Ok(Some(id)) => id,
            Ok(None) => {
                return Finding::problem(
                    Verdict::Unavailable,
                    format!("the bot can see no channel {name}"),
                    "correct the name; for a private channel, invite the app: /invite @gapwatch",
                );
            }
            Err(failure) => return unknown(name, failure),
        };
        match self.api.get::<InfoAnswer>("conversations.info", vec![("channel", id)]).await {
            Ok(InfoAnswer { channel: Channel { is_archived: true, .. } }) => {
                Finding::problem(Verdict::Misconfigured, format!("the channel {name} is archived"), "use another one")
            }
            Ok(InfoAnswer { channel: Channel { is_member: Some(false), is_private: true, .. } }) => Finding::problem(
                Verdict::Refused,
                format!("the app is not a member of the private channel {name}"),
                "invite it there: /invite @gapwatch",
            ),
            Ok(_) => Finding::good(format!("the channel {name} can be reached")),
            Err(failure) => unknown(name, failure),
        }
    }
}

fn unknown(name: &str, failure: Failure<connector_kit::ConnectorError>) -> Finding {
    let name = if blocks::is_conversation_id(name) {
        format!("the conversation {name}")
    } else {
        format!("the channel {name}")
    };
    Finding::failed(&failure.into_error(&name))
}

fn skew(skew: SignedDuration) -> Finding {
    let what = format!("its clock differs from ours by {} s", skew.as_secs());
    if skew.abs() > SKEW {
        return Finding::warning(what, "set this machine's clock by NTP; beyond 5 min nothing is judged or sent");
    }
    Finding::good(what)
}

impl Examine for Slack {
    fn examine<'a>(&'a self, parts: &'a [String]) -> BoxFuture<'a, Vec<Finding>> {
        Box::pin(self.look_at_itself(parts))
    }
}
