//! Whom a mention on a card reaches: whoever is on its board, has taken the invitation up and is still there. A name of
//! anybody else is plain text to Trello.

use std::collections::{BTreeSet, HashMap};

use connector_kit::{Block, ConnectorError, Span, Text};

use crate::Trello;
use crate::wire::{Member, Membership};

/// What became of those who are mentioned in a comment.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Reach {
    /// Who does not hear of it, as they are mentioned, with the reason.
    missed: Vec<(String, &'static str)>,
    /// What those are called by now who took another name.
    renamed: HashMap<String, String>,
}

impl Trello {
    /// Whether these names reach anybody on a board. Where the board does not tell who is on it, they count as reached.
    pub(crate) async fn reach(&self, board: &str, names: &[&str]) -> Result<Reach, ConnectorError> {
        if names.is_empty() {
            return Ok(Reach::default());
        }
        // Who they were when the board was read: a name may have changed since, and an id does not.
        let known = self.known_accounts(board);
        let (members, memberships) = match self.members_of(board).await {
            Ok(told) => (told.members, told.memberships),
            Err(
                ConnectorError::Forbidden { .. } | ConnectorError::NotVisible { .. } | ConnectorError::Malformed { .. },
            ) => return Ok(Reach::default()),
            Err(error) => return Err(error),
        };
        Ok(among(names, &known, &members, &memberships))
    }
}

/// `known`: ids by the names that accounts went by.
fn among(names: &[&str], known: &HashMap<String, String>, members: &[Member], memberships: &[Membership]) -> Reach {
    let mut reach = Reach::default();
    // There is always somebody on a board.
    if members.is_empty() {
        return reach;
    }
    for name in names {
        let is_called = |member: &&Member| member.username.as_deref().is_some_and(|own| own.eq_ignore_ascii_case(name));
        let member = match known.get(*name) {
            Some(id) => members.iter().find(|member| member.id == *id),
            None => members.iter().find(is_called),
        };
        match member.map(|member| (member, why_not(member, memberships))) {
            None => reach.missed.push(((*name).to_owned(), "they are not on the board")),
            Some((_, Some(why))) => reach.missed.push(((*name).to_owned(), why)),
            Some((member, None)) => {
                if let Some(own) = member.username.clone().filter(|own| !own.is_empty() && own != name) {
                    reach.renamed.insert((*name).to_owned(), own);
                }
            }
        }
    }
    reach
}

/// Why a member hears nothing. `None`: they do.
fn why_not(member: &Member, memberships: &[Membership]) -> Option<&'static str> {
    let own = memberships.iter().find(|one| one.id_member.as_ref() == Some(&member.id));
    let says = |told: fn(&Membership) -> Option<bool>| own.and_then(told) == Some(true);
    let is_guest_to_be = member.member_type.as_deref() == Some("ghost") || member.confirmed == Some(false);
    match () {
        () if says(|one| one.deactivated) => Some("their account is deactivated"),
        () if is_guest_to_be || says(|one| one.unconfirmed) => {
            Some("they have not taken up the invitation to the board")
        }
        () => None,
    }
}

impl Reach {
    /// Who of these does not hear of it, and why.
    pub(crate) fn missed(&self) -> (Vec<String>, String) {
        let who = self.missed.iter().map(|(name, _)| name.clone()).collect();
        let why: BTreeSet<&str> = self.missed.iter().map(|(_, why)| *why).collect();
        (who, Vec::from_iter(why).join("; "))
    }

    /// The words with the names that people go by now.
    pub(crate) fn addressed(&self, text: &Text) -> Text {
        let mut text = text.clone();
        let spans = text.blocks.iter_mut().flat_map(|block| match block {
            Block::Line(spans) | Block::Note(spans) => spans.iter_mut(),
            Block::Controls(_) => [].iter_mut(),
        });
        for span in spans {
            if let Span::Mention(name) = span
                && let Some(own) = self.renamed.get(name)
            {
                name.clone_from(own);
            }
        }
        text
    }
}
