//! One call: headers, credential, and the one repetition by id where a repository has moved.

use connector_kit::http::{Body, Method, Request, Response};
use connector_kit::{ConnectorError, WriteError};
use serde::Serialize;

use crate::address::{Place, moved_to};
use crate::answers::{UNTOLD_LIMIT, is_redirect, is_untold_limit, refusal};
use crate::{CORE, GitHub, TOOL};

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

/// A body as it is sent.
pub(crate) fn json(value: &impl Serialize) -> Option<Vec<u8>> {
    Some(serde_json::to_vec(value).expect("words are always JSON"))
}

impl GitHub {
    /// Fails with words where the token cannot be had.
    pub(crate) fn request(&self, method: Method, path: String, budget: &str) -> Result<Request, String> {
        let token = self.token.read()?;
        let request = Request::new(method, path, budget)
            .header("accept", "application/vnd.github+json")
            .header("x-github-api-version", API_VERSION)
            .bearer(token);
        Ok(request)
    }

    /// Reads `path` below the base.
    pub(crate) async fn get(&self, path: String, query: Query, tag: Option<&str>) -> Result<Response, ConnectorError> {
        let refused = |what| ConnectorError::Unauthorized { tool: TOOL, what };
        let mut request = self.request(Method::GET, path, CORE).map_err(refused)?.header_if("if-none-match", tag);
        request.query = query;
        let response = self.http.read(request).await?;
        if is_untold_limit(&response) {
            self.limits.hold(CORE, UNTOLD_LIMIT);
            return Err(refusal(&response, ""));
        }
        Ok(response)
    }

    /// Reads `tail` of a repository: by its name, and once more by its id where the name has moved. Any status but limits.
    pub(crate) async fn get_at(
        &self,
        place: &Place,
        tail: &str,
        query: Query,
        tag: Option<&str>,
    ) -> Result<Response, ConnectorError> {
        let response = self.get(place.below(tail), query.clone(), tag).await?;
        match Self::moved(&response, place) {
            Some(id) => self.get(Place::below_id(&id, tail), query, tag).await,
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

    /// Writes: one attempt, and one more by id where the answer is a redirect, which says that nothing was done.
    pub(crate) async fn send(&self, write: Write<'_>) -> Result<Response, WriteError> {
        let response = self.send_once(&write, write.place.below(&write.tail)).await?;
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

    async fn send_once(&self, write: &Write<'_>, path: String) -> Result<Response, WriteError> {
        let unauthorized = |because| WriteError::Unauthorized { because };
        let mut request = self.request(write.method.clone(), path, write.budget).map_err(unauthorized)?;
        if let Some(body) = &write.body {
            request.body = Body::Json(body.clone());
        }
        let response = self.http.write(request).await?;
        if is_untold_limit(&response) {
            self.limits.hold(CORE, UNTOLD_LIMIT);
        }
        Ok(response)
    }
}

/// The answer, if it is 200; else what its status means.
pub(crate) fn expect_ok(response: Response, what: &str) -> Result<Response, ConnectorError> {
    if response.status == 200 { Ok(response) } else { Err(refusal(&response, what)) }
}
