//! One call: headers, credential, and the one repetition by id where a repository has moved.

use std::sync::atomic::Ordering;

use connector_kit::http::{Body, Method, Request, Response};
use connector_kit::{ConnectorError, WriteError};
use serde::Serialize;

use crate::access::{Deed, Tried};
use crate::address::{Place, TaskHandle, moved_to};
use crate::answers::{UNTOLD_LIMIT, ends_at, is_redirect, is_suspended, is_untold_limit, refusal, said};
use crate::app::suspended;
use crate::wire::Repository;
use crate::{CORE, GitHub, items};

/// Pinned: without it the version moves with time.
const API_VERSION: &str = "2022-11-28";

/// Query pairs.
pub(crate) type Query = Vec<(&'static str, String)>;

/// A write below a repository.
pub(crate) struct Write<'a> {
    pub(crate) method: Method,
    pub(crate) place: &'a Place,
    pub(crate) tail: String,
    pub(crate) body: Option<Vec<u8>>,
    pub(crate) budget: &'static str,
}

/// What an owner's installation may ask for in an hour.
pub(crate) fn budget_of(owner: &str) -> String {
    format!("{CORE}-{}", owner.to_ascii_lowercase())
}

/// A body as it is sent.
pub(crate) fn json(value: &impl Serialize) -> Option<Vec<u8>> {
    Some(serde_json::to_vec(value).expect("words are always JSON"))
}

impl GitHub {
    /// A request without a credential.
    pub(crate) fn plain_request(method: Method, path: String, budget: &str) -> Request {
        Request::new(method, path, budget)
            .header("accept", "application/vnd.github+json")
            .header("x-github-api-version", API_VERSION)
    }

    /// Which budget a call for this owner is taken from: GitHub counts each installation of an App apart.
    pub(crate) fn budget(&self, owner: &str, budget: &str) -> String {
        match self.access.has_budgets_of_owners() {
            true => budget.replacen(CORE, &budget_of(owner), 1),
            false => budget.to_owned(),
        }
    }

    /// Reads `path` below the base, with what was granted for `owner`.
    pub(crate) async fn get(
        &self,
        owner: &str,
        path: String,
        query: Query,
        tag: Option<&str>,
    ) -> Result<Response, ConnectorError> {
        let budget = self.budget(owner, CORE);
        let build = || {
            let mut request = GitHub::plain_request(Method::GET, path.clone(), &budget).header_if("if-none-match", tag);
            request.query.clone_from(&query);
            request
        };
        let response = self.read_as(owner, Deed::Read, build).await?;
        if is_untold_limit(&response) {
            self.limits.hold(&budget, UNTOLD_LIMIT);
            return Err(refusal(&response, ""));
        }
        Ok(response)
    }

    /// Makes a reading request with the credential of this deed for `owner`, again after a 401 where that can help. Any
    /// status but 401 and limits.
    pub(crate) async fn read_as(
        &self,
        owner: &str,
        deed: Deed,
        build: impl Fn() -> Request,
    ) -> Result<Response, ConnectorError> {
        let mut lease = self.lease(owner, deed).await?;
        let mut tried = Tried::default();
        loop {
            match self.http.read(build().bearer(lease.bearer.clone())).await {
                Err(ConnectorError::Unauthorized { .. }) => {
                    lease = self.lease_again(owner, deed, lease, &mut tried).await?;
                }
                Err(error) => return Err(error),
                Ok(response) => {
                    if lease.made_at.is_none() {
                        self.access.note_refused(deed, None);
                    }
                    if deed == Deed::Read {
                        self.access.note_end(ends_at(&response));
                    }
                    if lease.made_at.is_some() && is_suspended(&response) {
                        self.forget_token(owner, &lease).await;
                        return Err(self.owner_trouble(owner, suspended(owner, &said(&response))));
                    }
                    return Ok(response);
                }
            }
        }
    }

    /// Reads `tail` of a repository: by its name, and once more by its id where the name has moved. Any status but limits.
    pub(crate) async fn get_at(
        &self,
        place: &Place,
        tail: &str,
        query: Query,
        tag: Option<&str>,
    ) -> Result<Response, ConnectorError> {
        let response = self.get(&place.owner, place.below(tail), query.clone(), tag).await?;
        match Self::moved(&response, place) {
            Some(id) => self.get(&place.owner, Place::below_id(&id, tail), query, tag).await,
            None => Ok(response),
        }
    }

    /// The id to ask instead. `None`: the answer is no redirect, or tells none.
    fn moved(response: &Response, place: &Place) -> Option<String> {
        if !is_redirect(response.status) {
            return None;
        }
        place.id.clone().or_else(|| Some(moved_to(response.header("location")?)?.0.to_owned()))
    }

    /// Where an issue's repository is: by its id, which is never another's; by its name on a server that does not know
    /// repositories by their id.
    pub(crate) fn place_of(&self, handle: &TaskHandle) -> Place {
        let place = handle.place();
        if self.names_only.load(Ordering::Relaxed) { Place { path: place.by_name.clone(), ..place } } else { place }
    }

    /// After a 404 below a repository's id: true when it is this server that does not know repositories by their id, for by
    /// its name the very same one is there. Remembered.
    pub(crate) async fn knows_names_only(&self, place: &Place) -> bool {
        let Some(id) = place.id.as_deref().filter(|_| place.path != place.by_name) else { return false };
        let is_it = async |path: String| {
            let answer = self.get(&place.owner, path, Query::new(), None).await.ok().filter(|one| one.status == 200)?;
            let read = items::single::<Repository<'_>>(&answer.body, "repository").ok()?;
            Some(read.id.to_string() == id)
        };
        let is_by_name_alone =
            is_it(Place::below_id(id, "")).await.is_none() && is_it(place.by_name.clone()).await == Some(true);
        self.names_only.fetch_or(is_by_name_alone, Ordering::Relaxed);
        is_by_name_alone
    }

    /// Writes: one attempt, and one more by id where the answer is a redirect, which says that nothing was done.
    pub(crate) async fn send(&self, write: Write<'_>) -> Result<Response, WriteError> {
        let mut response = self.send_once(&write, write.place.below(&write.tail)).await?;
        if response.status == 404 && self.knows_names_only(write.place).await {
            response = self.send_once(&write, format!("{}/{}", write.place.by_name, write.tail)).await?;
        }
        if !is_redirect(response.status) {
            return Ok(response);
        }
        let target = response.header("location").and_then(moved_to).map(|(id, _)| id);
        if target.is_some_and(|id| write.place.id.as_deref() != Some(id)) {
            let because = "the issue has moved to another repository".to_owned();
            return Err(WriteError::Refused { because });
        }
        let Some(id) = &write.place.id else { return Ok(response) };
        let again = self.send_once(&write, Place::below_id(id, &write.tail)).await?;
        if is_redirect(again.status) {
            return Err(WriteError::Refused { because: "the repository moves in circles".to_owned() });
        }
        Ok(again)
    }

    /// One attempt; a 401 says that nothing was done, so with another credential it is made again.
    async fn send_once(&self, write: &Write<'_>, path: String) -> Result<Response, WriteError> {
        let owner = &write.place.owner;
        let mut lease = self.lease(owner, Deed::Write).await.map_err(not_written)?;
        let mut tried = Tried::default();
        let budget = self.budget(owner, write.budget);
        loop {
            let mut request = GitHub::plain_request(write.method.clone(), path.clone(), &budget);
            if let Some(body) = &write.body {
                request.body = Body::Json(body.clone());
            }
            match self.http.write(request.bearer(lease.bearer.clone())).await {
                Err(WriteError::Unauthorized { .. }) => {
                    lease = self.lease_again(owner, Deed::Write, lease, &mut tried).await.map_err(not_written)?;
                }
                Err(error) => return Err(error),
                Ok(response) => {
                    if lease.made_at.is_none() {
                        self.access.note_refused(Deed::Write, None);
                    }
                    if is_untold_limit(&response) {
                        self.limits.hold(&self.budget(owner, CORE), UNTOLD_LIMIT);
                    }
                    if lease.made_at.is_some() && is_suspended(&response) {
                        self.forget_token(owner, &lease).await;
                        return Err(WriteError::Unauthorized { because: suspended(owner, &said(&response)) });
                    }
                    return Ok(response);
                }
            }
        }
    }
}

/// Why no credential could be had, to whoever wanted to write: nothing was sent.
fn not_written(error: ConnectorError) -> WriteError {
    let because = error.to_string();
    match error {
        ConnectorError::Unauthorized { .. } | ConnectorError::Misconfigured { .. } => {
            WriteError::Unauthorized { because }
        }
        ConnectorError::Forbidden { .. } | ConnectorError::NotVisible { .. } => WriteError::Refused { because },
        ConnectorError::Limited { retry_after, .. } => WriteError::NotSent { retry_after: Some(retry_after), because },
        ConnectorError::Transient { retry_after, .. } => WriteError::NotSent { retry_after, because },
        ConnectorError::Malformed { .. } => WriteError::NotSent { retry_after: None, because },
    }
}

/// The answer, if it is 200; else what its status means.
pub(crate) fn expect_ok(response: Response, what: &str) -> Result<Response, ConnectorError> {
    if response.status == 200 { Ok(response) } else { Err(refusal(&response, what)) }
}
