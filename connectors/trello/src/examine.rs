//! What a connection can say of itself: who it is, what its token may and until when, what its boards do not tell.

use std::collections::BTreeSet;

use connector_kit::survey::{Examine, Finding, Verdict};
use connector_kit::{BoxFuture, ConnectorError};
use jiff::SignedDuration;
use serde_json::value::RawValue;

use crate::answers::expect_ok;
use crate::call::segment;
use crate::config::{Fields, key};
use crate::containers::is_called;
use crate::whoami::warnings;
use crate::wire::{BoardStub, Label};
use crate::{Trello, items};

/// A clock that differs by more is worth a word; Trello tells whole seconds.
const SKEW: SignedDuration = SignedDuration::from_secs(30);
/// Boards that are asked for one by one.
const MOST_PARTS: usize = 100;

impl Trello {
    async fn look_at_itself(&self, parts: &[String]) -> Vec<Finding> {
        let mut findings = match self.login().await {
            Ok(findings) => findings,
            // Nothing else would answer better.
            Err(error) => return vec![Finding::failed(&error)],
        };
        findings.extend(self.skew().map(skew));
        let listed = match self.listed_boards(&mut Vec::new()).await {
            Ok(listed) => listed,
            Err(error) => {
                findings.push(Finding::failed(&error));
                return findings;
            }
        };
        findings.push(match listed.len() {
            0 => Finding::problem(
                Verdict::Refused,
                "this account can see no boards",
                "invite it to the boards you want to watch",
            ),
            1 => Finding::good("the account can see 1 board"),
            count => Finding::good(format!("the account can see {count} boards")),
        });
        let (mut heard, mut is_whole) = (BTreeSet::new(), !parts.is_empty() && parts.len() <= MOST_PARTS);
        for part in parts.iter().take(MOST_PARTS) {
            match self.part(part, &listed, &mut heard).await {
                Ok(found) => findings.extend(found),
                Err(error) => {
                    is_whole = false;
                    findings.push(Finding::failed(&error));
                }
            }
        }
        if is_whole {
            findings.extend(self.states_of_nothing(&heard));
        }
        if parts.len() > MOST_PARTS {
            findings.push(Finding::good(format!("{} more boards were not checked", parts.len() - MOST_PARTS)));
        }
        findings
    }

    /// Who we are, and the token.
    async fn login(&self) -> Result<Vec<Finding>, ConnectorError> {
        let who = self.ask_whoami().await?;
        let name = who.account.and_then(|account| account.handle.or(account.name));
        let name = name.unwrap_or_else(|| "an account without a name".to_owned());
        let mut findings = vec![Finding::good(format!("logged in as {name}; comments appear under this name"))];
        let todo = "see \"Trello\" in README.md";
        match self.tokens().await? {
            Some(tokens) => {
                let found = warnings(&tokens, self.clock.now());
                if found.is_empty() {
                    findings.push(Finding::good("no token of this account expires soon"));
                }
                findings.extend(found.into_iter().map(|warning| Finding::warning(warning, todo)));
            }
            None => findings.push(Finding::good(
                "Trello does not say when the token expires; one made with expiration=never does not expire",
            )),
        }
        Ok(findings)
    }

    /// Names and ids of a board's labels.
    async fn labels_of_board(&self, board: &str) -> Result<Vec<String>, ConnectorError> {
        let what = "labels of a board";
        let query = vec![("limit", "1000".to_owned()), ("fields", "id,name,color".to_owned())];
        let response = expect_ok(self.get(format!("boards/{}/labels", segment(board)), query).await?, what)?;
        let labels: Vec<Label> = items::each(items::single::<Vec<&RawValue>>(&response, what)?, &mut Vec::new());
        Ok(labels.iter().flat_map(|label| label.id.as_deref().into_iter().chain(label.word())).map(key).collect())
    }

    /// What the configuration names, and none of these boards has.
    async fn names_of_nothing(&self, parts: &[String]) -> Result<Vec<Finding>, ConnectorError> {
        let Fields { start, progress, estimate } = &self.config.fields;
        let mut unfound: Vec<&String> = [start, progress, estimate].into_iter().flatten().collect();
        if parts.is_empty() || parts.len() > MOST_PARTS || (self.config.states.is_empty() && unfound.is_empty()) {
            return Ok(Vec::new());
        }
        let mut heard = BTreeSet::new();
        for part in parts {
            let id = self.board_named(part).await?.id;
            let board = self.board(&id).await?;
            heard.extend(board.lists.iter().flat_map(|(id, list)| [key(id), key(&list.name)]));
            if !self.config.states.is_empty() {
                heard.extend(self.labels_of_board(&id).await?);
            }
            let Fields { start, progress, estimate } = &board.roles.unfound;
            let lacks = |word: &String| [start, progress, estimate].into_iter().flatten().any(|own| own == word);
            // What a board does not show may be there.
            unfound.retain(|word| board.roles.refused.is_none() && lacks(word));
        }
        let unfound = unfound.into_iter().map(|word| {
            let what = format!("`fields` names \"{word}\": no custom field is called so");
            Finding::warning(what, "write it as Trello does")
        });
        Ok(self.states_of_nothing(&heard).into_iter().chain(unfound).collect())
    }

    /// What `states` names and nothing is called.
    fn states_of_nothing(&self, heard: &BTreeSet<String>) -> Vec<Finding> {
        let unheard = |word: &&str| {
            let what = format!("`states` names \"{word}\": no list and no label is called so");
            Finding::warning(what, "spell it as Trello does")
        };
        let mut words: Vec<&str> = self.config.states.words().filter(|word| !heard.contains(*word)).collect();
        words.sort_unstable();
        words.iter().map(unheard).collect()
    }

    /// A board: whether it is there, and what its lists do not say. `heard`: names and ids of all its lists and labels.
    async fn part(
        &self,
        part: &str,
        listed: &[BoardStub],
        heard: &mut BTreeSet<String>,
    ) -> Result<Vec<Finding>, ConnectorError> {
        let found: Vec<&BoardStub> = listed.iter().filter(|board| is_called(board, part)).collect();
        let mut findings = Vec::new();
        if found.len() > 1 {
            let what = format!("{part}: {} boards are called so, and all are watched", found.len());
            findings.push(Finding::warning(what, "use its short link from the URL to say which one you mean"));
        }
        let stub = match found.first() {
            Some(board) => (*board).clone(),
            None => self.board_named(part).await?,
        };
        if stub.closed == Some(true) {
            findings.push(Finding::warning(
                format!("{part}: closed, so nothing in it is watched"),
                "remove it from `boards`",
            ));
            return Ok(findings);
        }
        let board = self.read_board(&stub.id).await?;
        let mut unsaid: Vec<&str> = board
            .lists
            .values()
            .filter(|list| !list.closed && list.meaning.is_none())
            .map(|list| list.name.as_str())
            .collect();
        unsaid.sort_unstable();
        let lists = counted(board.lists.values().filter(|list| !list.closed).count(), "list", "lists");
        let members = counted(board.accounts.len(), "member", "members");
        findings.push(Finding::good(format!("{part}: {lists}, {members}")));
        heard.extend(board.lists.iter().flat_map(|(id, list)| [key(id), key(&list.name)]));
        if !self.config.states.is_empty() {
            heard.extend(self.labels_of_board(&stub.id).await?);
        }
        if !unsaid.is_empty() {
            let lists = counted(
                unsaid.len(),
                "list has a name whose state is unknown",
                "lists have names whose state is unknown",
            );
            let what = format!("{part}: {lists}: {}", unsaid.join(", "));
            findings.push(Finding::warning(
                what,
                "list them in `states`: todo, active, review, waiting, done or cancelled",
            ));
        }
        let fields = &self.config.fields;
        let roles = &board.roles;
        for (name, id, kinds) in [
            (&fields.start, &roles.start, &["date"][..]),
            (&fields.progress, &roles.progress, &["number", "text"]),
            (&fields.estimate, &roles.estimate, &["number", "text"]),
        ] {
            let Some(name) = name else { continue };
            let kind = id.as_ref().map(|id| roles.kinds.get(id).map_or("", String::as_str));
            let what = match kind {
                None => format!("{part}: no custom field is called {name}"),
                Some(kind) if !kind.is_empty() && !kinds.contains(&kind) => {
                    format!("{part}: the custom field {name} holds a {kind}, and a {} is needed", kinds[0])
                }
                Some(_) => continue,
            };
            findings.push(Finding::warning(what, "compare the names in `fields` with the board's custom fields"));
        }
        Ok(findings)
    }
}

/// So many of something.
fn counted(count: usize, one: &str, more: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { more })
}

fn skew(skew: SignedDuration) -> Finding {
    let seconds = skew.as_secs();
    if skew.abs() <= SKEW {
        return Finding::good(format!("Trello's clock and ours are {} s apart", seconds.abs()));
    }
    let what =
        format!("Trello's clock is {} s {} ours", seconds.abs(), if seconds < 0 { "behind" } else { "ahead of" });
    Finding::warning(what, "set this machine's clock by NTP")
}

impl Examine for Trello {
    fn examine<'a>(&'a self, parts: &'a [String]) -> BoxFuture<'a, Vec<Finding>> {
        Box::pin(self.look_at_itself(parts))
    }

    fn misnamed<'a>(&'a self, parts: &'a [String]) -> BoxFuture<'a, Result<Vec<Finding>, ConnectorError>> {
        Box::pin(self.names_of_nothing(parts))
    }
}
