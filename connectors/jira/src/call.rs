//! One call: where it goes, what it logs in with, and whether its answer may be believed.

use connector_kit::http::{Body, Method, Request, Response};
use connector_kit::{ConnectorError, WriteError};
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;
use serde_json::Value;
use url::Url;

use crate::access::Route;
use crate::answers::{LoginTrouble, login_trouble};
use crate::config::Edition;
use crate::{CORE, Jira, READ, TOOL};

/// Query pairs.
pub(crate) type Query = Vec<(&'static str, String)>;

/// Below which of Jira's APIs a path lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Api {
    /// `/rest/api/3`, on Data Center `/rest/api/2`.
    Platform,
    /// `/rest/agile/1.0`: boards and sprints.
    Agile,
}

impl Api {
    fn root(self, edition: Edition) -> &'static str {
        match (self, edition) {
            (Api::Platform, Edition::Cloud) => "rest/api/3",
            (Api::Platform, Edition::DataCenter) => "rest/api/2",
            (Api::Agile, _) => "rest/agile/1.0",
        }
    }
}

/// A call: verb, path, query, body, budget.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    pub(crate) method: Method,
    pub(crate) api: Api,
    pub(crate) path: String,
    pub(crate) query: Query,
    pub(crate) body: Option<Vec<u8>>,
    pub(crate) budget: &'static str,
}

impl Call {
    /// A reading call below `/rest/api/…`.
    pub(crate) fn get(path: impl Into<String>, query: Query) -> Call {
        Call { method: Method::GET, api: Api::Platform, path: path.into(), query, body: None, budget: READ }
    }

    /// A call of any verb below `/rest/api/…`.
    pub(crate) fn new(method: Method, path: impl Into<String>) -> Call {
        Call { method, ..Call::get(path, Query::new()) }
    }

    /// The same below another API.
    pub(crate) fn of(mut self, api: Api) -> Call {
        self.api = api;
        self
    }

    /// The same with this body.
    pub(crate) fn json(mut self, value: &impl Serialize) -> Call {
        self.body = Some(serde_json::to_vec(value).expect("words are always JSON"));
        self
    }

    /// The same with query pairs.
    pub(crate) fn query(mut self, query: Query) -> Call {
        self.query = query;
        self
    }

    /// The same from another budget.
    pub(crate) fn budget(mut self, budget: &'static str) -> Call {
        self.budget = budget;
        self
    }

    fn request(&self, edition: Edition, route: &Route) -> Request {
        let path = format!("{}{}/{}", route.prefix, self.api.root(edition), self.path);
        let mut request = plain(Request::new(self.method.clone(), path, self.budget));
        request.query.clone_from(&self.query);
        if let Some(body) = &self.body {
            request.body = Body::Json(body.clone());
        }
        match &route.base {
            Some(base) => request.at(base),
            None => request,
        }
    }
}

/// What every request carries.
pub(crate) fn plain(request: Request) -> Request {
    request.header("accept", "application/json")
}

/// One segment of a path, encoded.
pub(crate) fn segment(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'~' => encoded.push(char::from(byte)),
            _ => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    encoded
}

impl Jira {
    /// Reads `path` below `/rest/api/3` or `/rest/api/2`. Any status but 401 and limits, from an answer to us.
    pub(crate) async fn get(&self, path: impl Into<String>, query: Query) -> Result<Response, ConnectorError> {
        self.read(&Call::get(path, query)).await
    }

    /// Reads by a `POST` that changes nothing.
    pub(crate) async fn post_read(
        &self,
        path: impl Into<String>,
        body: &Value,
        budget: &'static str,
    ) -> Result<Response, ConnectorError> {
        self.read(&Call::new(Method::POST, path).json(body).budget(budget)).await
    }

    /// Reads, and makes sure that the answer was given to us and not to an anonymous visitor.
    pub(crate) async fn read(&self, call: &Call) -> Result<Response, ConnectorError> {
        let response = self.read_logged_in(call).await?;
        self.believe(&response).await?;
        Ok(response)
    }

    /// Reads; after a 401 again where that can help. The answer's own word of a failed login is heard.
    pub(crate) async fn read_logged_in(&self, call: &Call) -> Result<Response, ConnectorError> {
        let edition = self.edition().await?;
        let mut secret = self.access.secret(self.clock.now())?;
        let mut renewed = false;
        loop {
            let request = self.access.sign(call.request(edition, &self.access.route()), secret.clone());
            match self.http.read(request).await {
                Err(ConnectorError::Unauthorized { .. }) => {
                    secret = self.after_401(call, edition, secret, &mut renewed).await?;
                }
                Err(error) => return Err(error),
                Ok(response) => match login_trouble(&response) {
                    None => {
                        self.access.note_good();
                        return Ok(response);
                    }
                    Some(trouble) => {
                        self.note_trouble(&trouble, &secret);
                        return Err(trouble.of_read());
                    }
                },
            }
        }
    }

    /// Writes: one attempt, and one more where a 401 says that nothing was done and another way is there.
    pub(crate) async fn write(&self, call: &Call) -> Result<Response, WriteError> {
        let edition = self.edition().await.map_err(not_written)?;
        let mut secret = self.access.secret(self.clock.now()).map_err(not_written)?;
        let mut renewed = false;
        loop {
            let request = self.access.sign(call.request(edition, &self.access.route()), secret.clone());
            match self.http.write(request).await {
                Err(WriteError::Unauthorized { .. }) => {
                    secret = self.after_401(call, edition, secret, &mut renewed).await.map_err(not_written)?;
                }
                Err(error) => return Err(error),
                Ok(response) => match login_trouble(&response) {
                    None => {
                        self.access.note_good();
                        return Ok(response);
                    }
                    Some(trouble) => {
                        self.note_trouble(&trouble, &secret);
                        return Err(trouble.of_write(&response));
                    }
                },
            }
        }
    }

    /// The secret with which a call that was refused may be made again. Fails where nothing is left to be tried.
    async fn after_401(
        &self,
        call: &Call,
        edition: Edition,
        refused: SecretString,
        renewed: &mut bool,
    ) -> Result<SecretString, ConnectorError> {
        let now = self.access.secret(self.clock.now())?;
        let is_another = now.expose_secret() != refused.expose_secret();
        if is_another && !std::mem::replace(renewed, true) {
            return Ok(now);
        }
        let is_password = edition == Edition::DataCenter && self.access.has_user();
        if !is_password {
            if self.finds_gateway(edition).await? {
                return Ok(now);
            }
            // A credential that is good elsewhere lacks a right here.
            if call.path != "myself" && Box::pin(self.ask_myself()).await.is_ok() {
                let what = format!("{}: the token has no scope for it (HTTP 401)", call.path);
                return Err(ConnectorError::Forbidden { tool: TOOL, what });
            }
        }
        let what = self.words_of_401(edition, is_password);
        self.access.refuse(&now, is_password.then(|| self.clock.now()), &what);
        Err(ConnectorError::Unauthorized { tool: TOOL, what })
    }

    fn words_of_401(&self, edition: Edition, is_password: bool) -> String {
        match edition {
            Edition::Cloud if self.access.gateway.is_some() => {
                "neither the site nor the gateway for scoped tokens takes this e-mail address and token (HTTP 401)"
            }
            Edition::Cloud => {
                "the e-mail address or the token is wrong, or the token has ended or lacks a scope (HTTP 401)"
            }
            Edition::DataCenter if is_password => "the user name or the password is wrong (HTTP 401)",
            Edition::DataCenter => "the personal access token is wrong, revoked or has ended (HTTP 401)",
        }
        .to_owned()
    }

    fn note_trouble(&self, trouble: &LoginTrouble, secret: &SecretString) {
        if trouble.is_refusal() {
            let keeps_count = *trouble == LoginTrouble::Captcha || self.access.has_user();
            self.access.refuse(secret, keeps_count.then(|| self.clock.now()), &trouble.words());
        }
    }

    /// Whether the token is good behind the gateway; then calls go there from now on.
    async fn finds_gateway(&self, edition: Edition) -> Result<bool, ConnectorError> {
        let Some(gateway) = self.access.may_be_behind().cloned() else { return Ok(false) };
        let Some(cloud_id) = self.cloud_id().await? else { return Ok(false) };
        let route = Route::behind(&gateway, &cloud_id);
        let secret = self.access.secret(self.clock.now())?;
        let request = self.access.sign(Call::get("myself", Query::new()).request(edition, &route), secret);
        match self.http.read(request).await {
            Ok(response) if response.status == 200 && login_trouble(&response).is_none() => {
                self.access.take(route);
                Ok(true)
            }
            Ok(_) | Err(ConnectorError::Unauthorized { .. }) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// The tenant's id, which the site tells everybody. `None`: it does not.
    async fn cloud_id(&self) -> Result<Option<String>, ConnectorError> {
        #[derive(serde::Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Tenant {
            cloud_id: String,
        }
        let response = self.http.read(plain(Request::get("_edge/tenant_info", CORE))).await;
        let response = match response {
            Ok(response) if response.status == 200 => response,
            Ok(_) | Err(ConnectorError::Unauthorized { .. }) => return Ok(None),
            Err(error) => return Err(error),
        };
        let tenant: Option<Tenant> = serde_json::from_slice(&response.body).ok();
        let is_id = |id: &String| !id.is_empty() && id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        Ok(tenant.map(|tenant| tenant.cloud_id).filter(is_id))
    }

    /// A call without a credential, to the site itself.
    pub(crate) async fn read_openly(&self, path: &str) -> Result<Response, ConnectorError> {
        self.http.read(plain(Request::get(path, CORE))).await
    }

    /// The same with the credential, wherever calls go.
    pub(crate) async fn read_signed(&self, path: &str) -> Result<Response, ConnectorError> {
        let secret = self.access.secret(self.clock.now())?;
        let route: Route = self.access.route();
        let request = plain(Request::get(format!("{}{path}", route.prefix), CORE));
        let at = |base: Option<Url>, request: Request| match base {
            Some(base) => request.at(&base),
            None => request,
        };
        self.http.read(self.access.sign(at(route.base, request), secret)).await
    }
}

/// Why no call could be made, to whoever wanted to write: nothing was sent.
pub(crate) fn not_written(error: ConnectorError) -> WriteError {
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
