//! One call: verb, path, query, body, budget; and many reads in one, by Asana's batches.

use connector_kit::http::{Body, Method, Request, Response};
use connector_kit::limits::LONGEST_SLEEP;
use connector_kit::{ConnectorError, WriteError};
use jiff::SignedDuration;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::answers::{Answer, expect_ok, is_expired_offset, malformed, refusal};
use crate::{Asana, FREE, PAID, TOOL, items};

/// Query pairs.
pub(crate) type Query = Vec<(&'static str, String)>;

/// Rows a page; Asana gives no more, and cuts in silence where nobody says how many.
pub(crate) const PAGE: usize = 100;

/// Actions in one batch; Asana takes no more.
pub(crate) const BATCH: usize = 10;

/// Pages of one list that are read in one go: two hundred thousand rows.
const MOST_PAGES: usize = 2_000;

/// The most of an announcement that is passed on.
const LONGEST_NOTICE: usize = 200;

/// How often one list is begun anew because its place expired.
const MOST_RESTARTS: usize = 2;

/// How often in a row a limit is waited out in the middle of a page.
const MOST_WAITS: usize = 10;

/// The wait where a part of a batch is refused for its limit without a word on how long.
const UNTOLD_WAIT: SignedDuration = SignedDuration::from_secs(60);

/// A read, alone or as part of a batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Ask {
    /// `tasks/12/stories`
    pub(crate) path: String,
    pub(crate) query: Query,
    /// `opt_fields`; Asana answers with hardly more than names where none are named.
    pub(crate) fields: String,
    /// Rows a page, where it is a list.
    pub(crate) rows: Option<usize>,
    /// Where the list goes on.
    pub(crate) offset: Option<String>,
}

impl Ask {
    /// One thing.
    pub(crate) fn one(path: impl Into<String>, fields: impl Into<String>) -> Ask {
        Ask { path: path.into(), query: Query::new(), fields: fields.into(), rows: None, offset: None }
    }

    /// A list.
    pub(crate) fn list(path: impl Into<String>, fields: impl Into<String>) -> Ask {
        Ask { rows: Some(PAGE), ..Ask::one(path, fields) }
    }

    /// The same with query pairs.
    pub(crate) fn query(mut self, query: Query) -> Ask {
        self.query = query;
        self
    }

    /// The same from this place on.
    pub(crate) fn at(mut self, offset: Option<String>) -> Ask {
        self.offset = offset;
        self
    }

    /// The same with so many rows a page.
    pub(crate) fn rows(mut self, rows: usize) -> Ask {
        self.rows = Some(rows);
        self
    }

    fn request(&self, budget: &'static str) -> Request {
        let mut request = Request::get(self.path.clone(), budget).header("accept", "application/json");
        request.query = self.query.clone();
        if let Some(rows) = self.rows {
            request = request.query("limit", rows.to_string());
        }
        if let Some(offset) = &self.offset {
            request = request.query("offset", offset.clone());
        }
        match self.fields.is_empty() {
            true => request,
            false => request.query("opt_fields", self.fields.clone()),
        }
    }

    fn action(&self) -> Value {
        let mut options = Map::new();
        if !self.fields.is_empty() {
            options.insert("fields".to_owned(), self.fields.split(',').map(Value::from).collect());
        }
        if let Some(rows) = self.rows {
            options.insert("limit".to_owned(), rows.into());
        }
        if let Some(offset) = &self.offset {
            options.insert("offset".to_owned(), offset.clone().into());
        }
        let mut action = json!({"method": "get", "relative_path": format!("/{}", self.path), "options": options});
        if !self.query.is_empty() {
            let data: Map<String, Value> =
                self.query.iter().map(|(name, value)| ((*name).to_owned(), value.clone().into())).collect();
            action["data"] = data.into();
        }
        action
    }
}

/// The answer to one action of a batch.
#[derive(Deserialize)]
struct Part {
    status_code: u16,
    #[serde(default)]
    headers: Option<Map<String, Value>>,
    body: Value,
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

/// Asana's ids are digits.
pub(crate) fn is_gid(text: &str) -> bool {
    !text.is_empty() && text.len() <= 32 && text.bytes().all(|b| b.is_ascii_digit())
}

impl Asana {
    /// The budget of the workspace's plan, as far as it is known: the smaller one is surely kept.
    pub(crate) fn budget(&self) -> &'static str {
        if self.has_paid_plan() { PAID } else { FREE }
    }

    /// Reads once. Any status but 401 and limits.
    pub(crate) async fn ask(&self, ask: &Ask) -> Result<Answer, ConnectorError> {
        Ok(self.read(ask.request(self.budget())).await?.into())
    }

    /// Reads in the middle of a page: a limit that passes soon is waited out here, for the page would be lost with what it has
    /// cost so far.
    async fn ask_patiently(&self, ask: &Ask) -> Result<Answer, ConnectorError> {
        let mut waits = 0;
        loop {
            let answer = self.ask(ask).await;
            if !self.waits_out(&answer, &mut waits).await {
                return answer;
            }
        }
    }

    /// Whether to ask again, after having waited.
    async fn waits_out<T>(&self, answer: &Result<T, ConnectorError>, waits: &mut usize) -> bool {
        let Err(ConnectorError::Limited { retry_after, .. }) = answer else { return false };
        *waits += 1;
        if *retry_after > LONGEST_SLEEP || *waits > MOST_WAITS {
            return false;
        }
        let until = self.clock.now().saturating_add(*retry_after).unwrap_or(jiff::Timestamp::MAX);
        self.clock.sleep_until(until).await;
        true
    }

    /// Reads, and after a 401 once more with the token that has been put in the place of the refused one.
    async fn read(&self, request: Request) -> Result<Response, ConnectorError> {
        let token = self.access.token()?;
        let refused = match self.http.read(signed(&request, token.clone())).await {
            Err(ConnectorError::Unauthorized { .. }) => token,
            answer => return self.noted(answer),
        };
        let last = match self.access.another(&refused) {
            Some(token) => match self.http.read(signed(&request, token.clone())).await {
                Err(ConnectorError::Unauthorized { .. }) => token,
                answer => return self.noted(answer),
            },
            None => refused,
        };
        self.access.refuse(last);
        Err(ConnectorError::Unauthorized { tool: TOOL, what: WRONG_TOKEN.to_owned() })
    }

    fn noted<E>(&self, answer: Result<Response, E>) -> Result<Response, E> {
        if let Ok(response) = &answer {
            self.access.note_good();
            if let Some(change) = response.header("asana-change") {
                let change: String = change.chars().filter(|c| !c.is_control()).take(LONGEST_NOTICE).collect();
                self.warn(&format!("Asana announces a change of its API: {change}; look for a newer gapwatch"));
            }
        }
        answer
    }

    /// Reads one thing that has to be there.
    pub(crate) async fn ask_ok(&self, ask: &Ask, what: &str) -> Result<Answer, ConnectorError> {
        expect_ok(self.ask(ask).await?, what)
    }

    /// All pages of a list. One whose place expires is begun anew.
    pub(crate) async fn ask_all(&self, ask: &Ask, what: &str) -> Result<Vec<Answer>, ConnectorError> {
        let first = self.ask_ok(ask, what).await?;
        self.rest_of(ask, first, what).await
    }

    /// The pages of a list whose first one is at hand.
    pub(crate) async fn rest_of(&self, ask: &Ask, first: Answer, what: &str) -> Result<Vec<Answer>, ConnectorError> {
        let mut next = items::list(&first, what)?.next();
        let mut pages = vec![first];
        let mut restarts = 0;
        while let Some(offset) = next.take() {
            if pages.len() >= MOST_PAGES {
                return Err(malformed(format!("{what}: the list does not end")));
            }
            let answer = self.ask_patiently(&ask.clone().at(Some(offset.clone()))).await?;
            if is_expired_offset(&answer) && restarts < MOST_RESTARTS {
                restarts += 1;
                pages.clear();
                let first = self.ask_ok(ask, what).await?;
                next = items::list(&first, what)?.next();
                pages.push(first);
                continue;
            }
            let answer = expect_ok(answer, what)?;
            next = items::list(&answer, what)?.next();
            if next.as_ref() == Some(&offset) {
                return Err(malformed(format!("{what}: the same place in the list comes again")));
            }
            pages.push(answer);
        }
        Ok(pages)
    }

    /// Many reads, ten in one call. The answers stand in the order of the questions.
    ///
    /// Each part counts as a request, so that as many are taken from the budget. Where batches are not for this credential,
    /// each is asked by itself.
    pub(crate) async fn ask_many(&self, asks: &[Ask]) -> Result<Vec<Answer>, ConnectorError> {
        let mut answers = Vec::with_capacity(asks.len());
        for some in asks.chunks(BATCH) {
            match some {
                [one] => answers.push(self.ask_patiently(one).await?),
                _ if self.has_no_batches() => {
                    for one in some {
                        answers.push(self.ask_patiently(one).await?);
                    }
                }
                _ => answers.extend(self.batch_patiently(some).await?),
            }
        }
        Ok(answers)
    }

    async fn batch_patiently(&self, asks: &[Ask]) -> Result<Vec<Answer>, ConnectorError> {
        let mut waits = 0;
        loop {
            let answers = self.batch(asks).await;
            if !self.waits_out(&answers, &mut waits).await {
                return answers;
            }
        }
    }

    async fn batch(&self, asks: &[Ask]) -> Result<Vec<Answer>, ConnectorError> {
        let budget = self.budget();
        for _ in 1..asks.len() {
            self.limits.acquire(budget).await.map_err(|wait| ConnectorError::Limited {
                tool: TOOL,
                what: wait.what,
                retry_after: wait.retry_after,
            })?;
        }
        let actions: Vec<Value> = asks.iter().map(Ask::action).collect();
        let request = Request::post("batch", budget)
            .header("accept", "application/json")
            .json(&json!({"data": {"actions": actions}}));
        let answer: Answer = self.read(request).await?.into();
        if matches!(answer.status, 400 | 402..=405) {
            self.note_no_batches();
            return Box::pin(self.ask_many(asks)).await;
        }
        let answer = expect_ok(answer, "a batch of reads")?;
        let parts: Vec<Part> = items::single(&answer, "a batch of reads")?;
        if parts.len() != asks.len() {
            return Err(malformed(format!("a batch of {} reads: {} answers", asks.len(), parts.len())));
        }
        parts.into_iter().map(|part| self.part(part, answer.asked_at)).collect()
    }

    /// A part in the shape of an answer. Its limits are those of the whole call; a failure may be its own.
    fn part(&self, part: Part, asked_at: jiff::Timestamp) -> Result<Answer, ConnectorError> {
        let body = serde_json::to_vec(&part.body).unwrap_or_default();
        let answer = Answer { status: part.status_code, body, asked_at };
        match answer.status {
            429 => {
                let told = part.headers.unwrap_or_default().into_iter().find_map(|(name, value)| {
                    let seconds = value.as_i64().or_else(|| value.as_str()?.trim().parse().ok());
                    name.eq_ignore_ascii_case("retry-after").then_some(seconds?)
                });
                let wait = told.map_or(UNTOLD_WAIT, |seconds| SignedDuration::from_secs(seconds.clamp(1, 3_600)));
                self.limits.hold(self.budget(), wait);
                let what = "a part of a batch was refused (HTTP 429)".to_owned();
                Err(ConnectorError::Limited { tool: TOOL, what, retry_after: wait })
            }
            401 | 408 => Err(match refusal(&answer, "a part of a batch") {
                error @ ConnectorError::Transient { .. } => error,
                error => {
                    let what = error.to_string();
                    ConnectorError::Transient { tool: TOOL, what, retry_after: None, source: None }
                }
            }),
            _ => Ok(answer),
        }
    }

    /// Writes: one attempt, and one more where a 401 says that nothing was done and another token is there.
    pub(crate) async fn write(
        &self,
        method: Method,
        path: String,
        body: Option<&impl Serialize>,
    ) -> Result<Response, WriteError> {
        let mut request = Request::new(method, path, self.budget()).header("accept", "application/json");
        if let Some(body) = body {
            request = request.json(&json!({"data": body}));
        }
        let token = self.access.token().map_err(not_written)?;
        let refused = match self.http.write(signed(&request, token.clone())).await {
            Err(WriteError::Unauthorized { .. }) => token,
            answer => return self.noted(answer),
        };
        let last = match self.access.another(&refused) {
            Some(token) => match self.http.write(signed(&request, token.clone())).await {
                Err(WriteError::Unauthorized { .. }) => token,
                answer => return self.noted(answer),
            },
            None => refused,
        };
        self.access.refuse(last);
        Err(WriteError::Unauthorized { because: WRONG_TOKEN.to_owned() })
    }
}

/// What a 401 means.
const WRONG_TOKEN: &str = "the token is wrong or revoked, or the organisation does not allow it (HTTP 401)";

/// The request, logged in. The body of a request is bytes that may be sent again.
fn signed(request: &Request, token: SecretString) -> Request {
    let mut copy = Request::new(request.method.clone(), request.path.clone(), request.resource.clone());
    copy.query.clone_from(&request.query);
    copy.headers.clone_from(&request.headers);
    copy.body = match &request.body {
        Body::Json(bytes) => Body::Json(bytes.clone()),
        _ => Body::None,
    };
    copy.bearer(token)
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
