//! Everybody in the workspace, by name: for the first configuration, where e-mail addresses are not known.

use connector_kit::survey::{Member, Members};
use connector_kit::{BoxFuture, ConnectorError};
use serde::Deserialize;

use crate::Slack;
use crate::wire::AnswerMetadata;

/// Members a page; Slack advises no more.
const PAGE: &str = "200";
/// Pages that are read: five thousand people.
const PAGES: usize = 25;

/// `users.list`
#[derive(Debug, Deserialize)]
struct UsersAnswer {
    #[serde(default)]
    members: Vec<Listed>,
    #[serde(default)]
    response_metadata: AnswerMetadata,
}

#[derive(Debug, Deserialize)]
struct Listed {
    id: String,
    #[serde(default)]
    deleted: bool,
    #[serde(default)]
    is_bot: bool,
    real_name: Option<String>,
    #[serde(default)]
    profile: Profile,
}

#[derive(Debug, Default, Deserialize)]
struct Profile {
    real_name: Option<String>,
    display_name: Option<String>,
}

impl Slack {
    async fn everybody(&self) -> Result<Vec<Member>, ConnectorError> {
        let mut all = Vec::new();
        let mut cursor: Option<String> = None;
        for _ in 0..PAGES {
            let mut query = vec![("limit", PAGE.to_owned())];
            query.extend(cursor.take().map(|cursor| ("cursor", cursor)));
            let page = self.api.get::<UsersAnswer>("users.list", query).await;
            let page = page.map_err(|failure| failure.into_error("the list of people"))?;
            let person = |one: &Listed| !one.deleted && !one.is_bot && one.id != "USLACKBOT";
            all.extend(page.members.into_iter().filter(person).map(|one| {
                let Profile { real_name, display_name } = one.profile;
                let mut names: Vec<String> = [one.real_name, real_name, display_name].into_iter().flatten().collect();
                names.retain(|name| !name.trim().is_empty());
                names.sort();
                names.dedup();
                Member { id: one.id, names }
            }));
            cursor = page.response_metadata.next();
            if cursor.is_none() {
                break;
            }
        }
        Ok(all)
    }
}

impl Members for Slack {
    fn members(&self) -> BoxFuture<'_, Result<Vec<Member>, ConnectorError>> {
        Box::pin(self.everybody())
    }
}
