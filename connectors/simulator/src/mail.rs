//! A mail server: speaks SMTP on the loopback, keeps what it is given, and fails where a test wants it to. It stands alone,
//! beside the tools: nothing of HTTP reaches it.

use std::collections::VecDeque;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;

/// Largest mail.
const LARGEST: usize = 1 << 20;

/// Where in a conversation something happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Step {
    /// The first line of the server.
    Greeting,
    /// The login.
    Login,
    /// Whom it comes from.
    Sender,
    /// Whom it goes to.
    Recipient,
    /// Whether the mail may follow.
    Data,
    /// The mail itself, up to its final dot.
    Mail,
}

/// What goes wrong there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trouble {
    /// This answer: a code and its words.
    Say(u16, &'static str),
    /// The connection ends without an answer.
    Cut,
    /// No answer, for as long as the other side waits.
    Hush,
    /// The mail is kept, and the connection ends without an answer. Elsewhere the same as [`Trouble::Cut`].
    KeepAndCut,
    /// The mail is kept, and nothing is said. Elsewhere the same as [`Trouble::Hush`].
    KeepAndHush,
}

/// A mail that was kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mail {
    /// Whom it came from, by the envelope.
    pub from: String,
    /// Whom it goes to, by the envelope.
    pub to: Vec<String>,
    /// As whom the other side was logged in. `None`: as nobody.
    pub login: Option<String>,
    /// Headers and parts as they came, dots unstuffed.
    pub raw: String,
}

impl Mail {
    /// Every header in order: name as written, value unfolded and decoded.
    pub fn headers(&self) -> Vec<(String, String)> {
        headers(self.raw.split("\r\n\r\n").next().unwrap_or_default())
    }

    /// The value of a header. `None`: there is none. Panics where there are several.
    pub fn header(&self, name: &str) -> Option<String> {
        let mut found = self.headers().into_iter().filter(|(known, _)| known.eq_ignore_ascii_case(name));
        let value = found.next().map(|(_, value)| value);
        assert!(found.next().is_none(), "there is one {name}");
        value
    }

    /// The part of plain text.
    pub fn text(&self) -> String {
        self.part("text/plain")
    }

    /// The part of HTML.
    pub fn html(&self) -> String {
        self.part("text/html")
    }

    fn part(&self, kind: &str) -> String {
        let whole = self.header("Content-Type").unwrap_or_default();
        let Some((_, boundary)) = whole.split_once("boundary=\"") else { return String::new() };
        let boundary = boundary.split('"').next().unwrap_or_default();
        for part in self.raw.split(&format!("--{boundary}")).skip(1) {
            let Some((head, body)) = part.trim_start_matches("\r\n").split_once("\r\n\r\n") else { continue };
            let head = headers(head);
            let value = |name: &str| head.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, v)| v);
            if value("Content-Type").is_some_and(|value| value.starts_with(kind)) {
                let encoding = value("Content-Transfer-Encoding").map(|value| value.to_lowercase());
                return decoded(body.strip_suffix("\r\n").unwrap_or(body), encoding.as_deref());
            }
        }
        String::new()
    }
}

#[derive(Debug, Default)]
struct State {
    mails: Vec<Mail>,
    plans: VecDeque<(Step, Trouble, u32)>,
    /// Name and password that are asked for. `None`: nobody has to log in.
    login: Option<(String, String)>,
    connections: usize,
}

/// A running mail server. It ends when this is dropped.
pub struct MailServer {
    state: Arc<Mutex<State>>,
    at: SocketAddr,
    stop: CancellationToken,
}

impl MailServer {
    /// Starts on a free loopback port.
    ///
    /// # Errors
    /// When no port can be bound.
    pub async fn start() -> io::Result<MailServer> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let server = MailServer { state: Arc::default(), at: listener.local_addr()?, stop: CancellationToken::new() };
        let (state, stop) = (server.state.clone(), server.stop.clone());
        tokio::spawn(async move {
            loop {
                let accepted = tokio::select! {
                    accepted = listener.accept() => accepted,
                    () = stop.cancelled() => return,
                };
                let Ok((stream, _)) = accepted else { continue };
                let (state, stop) = (state.clone(), stop.clone());
                tokio::spawn(async move {
                    lock(&state).connections += 1;
                    let mut talk = Talk { stream: BufReader::new(stream), state, login: None };
                    tokio::select! {
                        _ = talk.run() => {}
                        () = stop.cancelled() => {}
                    }
                });
            }
        });
        Ok(server)
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.at
    }

    /// `smtp://127.0.0.1:PORT`
    pub fn url(&self) -> String {
        format!("smtp://{}", self.at)
    }

    /// Lets nobody send who does not log in so.
    pub fn demand(&self, user: &str, password: &str) {
        self.state().login = Some((user.to_owned(), password.to_owned()));
    }

    /// Plans a trouble for the next `times` times this step is reached. Several plans wait for one another.
    pub fn fail_next(&self, step: Step, trouble: Trouble, times: u32) {
        self.state().plans.push_back((step, trouble, times.max(1)));
    }

    /// Takes all planned troubles back.
    pub fn heal(&self) {
        self.state().plans.clear();
    }

    /// Everything kept so far, the oldest first.
    pub fn mails(&self) -> Vec<Mail> {
        self.state().mails.clone()
    }

    /// How many mails were kept so far.
    pub fn kept(&self) -> usize {
        self.state().mails.len()
    }

    /// How often somebody connected.
    pub fn connections(&self) -> usize {
        self.state().connections
    }

    fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }
}

impl Drop for MailServer {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

fn lock(state: &Arc<Mutex<State>>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

/// One conversation.
struct Talk {
    stream: BufReader<TcpStream>,
    state: Arc<Mutex<State>>,
    login: Option<String>,
}

impl Talk {
    /// `None` once it is over.
    async fn run(&mut self) -> Option<()> {
        self.answer(Step::Greeting, "220 mail.example.org ESMTP").await?;
        let (mut from, mut to) = (String::new(), Vec::new());
        loop {
            let line = self.line().await?;
            let verb = line.split([' ', ':']).next().unwrap_or_default().to_ascii_uppercase();
            let may_send = || self.login.is_some() || lock(&self.state).login.is_none();
            match verb.as_str() {
                "EHLO" => {
                    self.say("250-mail.example.org\r\n250-8BITMIME\r\n250-SIZE 1048576\r\n250 AUTH PLAIN LOGIN").await?
                }
                "HELO" | "RSET" | "NOOP" => self.say("250 2.0.0 Ok").await?,
                "AUTH" => self.log_in(&line).await?,
                "MAIL" if !may_send() => self.say("530 5.7.0 Authentication required").await?,
                "MAIL" => {
                    (from, to) = (path(&line), Vec::new());
                    self.answer(Step::Sender, "250 2.1.0 Ok").await?;
                }
                "RCPT" => {
                    if self.answer(Step::Recipient, "250 2.1.5 Ok").await? {
                        to.push(path(&line));
                    }
                }
                "DATA" if to.is_empty() => self.say("503 5.5.1 Need RCPT").await?,
                "DATA" => {
                    if self.answer(Step::Data, "354 End data with <CR><LF>.<CR><LF>").await? {
                        self.take(std::mem::take(&mut from), std::mem::take(&mut to)).await?;
                    }
                }
                "QUIT" => {
                    self.say("221 2.0.0 Bye").await?;
                    return None;
                }
                _ => self.say("502 5.5.2 Unknown command").await?,
            }
        }
    }

    async fn log_in(&mut self, line: &str) -> Option<()> {
        let mut words = line.split(' ').skip(1);
        let text = |word: &str| String::from_utf8(STANDARD.decode(word.trim()).unwrap_or_default()).unwrap_or_default();
        let given = match (words.next().map(str::to_ascii_uppercase).as_deref(), words.next()) {
            (Some("PLAIN"), Some(first)) => text(first).split('\0').skip(1).map(str::to_owned).collect(),
            (Some("LOGIN"), _) => {
                self.say("334 VXNlcm5hbWU6").await?;
                let user = text(&self.line().await?);
                self.say("334 UGFzc3dvcmQ6").await?;
                vec![user, text(&self.line().await?)]
            }
            _ => Vec::new(),
        };
        let wanted = lock(&self.state).login.clone();
        let wanted = wanted.map(|(user, password)| vec![user, password]);
        if wanted.is_some_and(|wanted| wanted != given) {
            return self.say("535 5.7.8 Error: authentication failed").await;
        }
        if self.answer(Step::Login, "235 2.7.0 Authentication successful").await? {
            self.login = given.into_iter().next();
        }
        Some(())
    }

    /// Takes the mail itself, up to the dot.
    async fn take(&mut self, from: String, to: Vec<String>) -> Option<()> {
        let mut raw = String::new();
        loop {
            let line = self.line().await?;
            if line == "." {
                break;
            }
            raw.push_str(line.strip_prefix('.').unwrap_or(&line));
            raw.push_str("\r\n");
            if raw.len() > LARGEST {
                return self.say("552 5.3.4 Message too big").await;
            }
        }
        let mail = Mail { from, to, login: self.login.clone(), raw };
        let trouble = self.trouble(Step::Mail);
        let keeps = matches!(trouble, None | Some(Trouble::KeepAndCut | Trouble::KeepAndHush));
        if keeps {
            lock(&self.state).mails.push(mail);
        }
        self.meet(trouble, "250 2.0.0 Ok: queued").await.map(drop)
    }

    fn trouble(&self, step: Step) -> Option<Trouble> {
        let mut state = lock(&self.state);
        let at = state.plans.iter().position(|(planned, ..)| *planned == step)?;
        let (_, trouble, left) = &mut state.plans[at];
        let trouble = trouble.clone();
        *left -= 1;
        if *left == 0 {
            state.plans.remove(at);
        }
        Some(trouble)
    }

    /// Answers, or meets what is planned for this step; true where all is well.
    async fn answer(&mut self, step: Step, words: &str) -> Option<bool> {
        let trouble = self.trouble(step);
        self.meet(trouble, words).await
    }

    async fn meet(&mut self, trouble: Option<Trouble>, words: &str) -> Option<bool> {
        match trouble {
            None => {
                self.say(words).await?;
                Some(true)
            }
            Some(Trouble::Say(code, words)) => {
                self.say(&format!("{code} {words}")).await?;
                Some(false)
            }
            Some(Trouble::Cut | Trouble::KeepAndCut) => None,
            Some(Trouble::Hush | Trouble::KeepAndHush) => {
                while self.line().await.is_some() {}
                None
            }
        }
    }

    async fn line(&mut self) -> Option<String> {
        let mut line = Vec::new();
        let read = self.stream.read_until(b'\n', &mut line).await.ok()?;
        let line = String::from_utf8_lossy(&line);
        (read > 0).then(|| line.trim_end_matches(['\r', '\n']).to_owned())
    }

    async fn say(&mut self, words: &str) -> Option<()> {
        let stream = self.stream.get_mut();
        stream.write_all(format!("{words}\r\n").as_bytes()).await.ok()?;
        stream.flush().await.ok()
    }
}

/// `MAIL FROM:<a@b> …`
fn path(line: &str) -> String {
    line.split_once('<')
        .and_then(|(_, rest)| rest.split_once('>'))
        .map_or_else(String::new, |(path, _)| path.to_owned())
}

fn headers(head: &str) -> Vec<(String, String)> {
    let mut all: Vec<(String, String)> = Vec::new();
    for line in head.split("\r\n") {
        match (line.starts_with([' ', '\t']), all.last_mut()) {
            (true, Some((_, value))) => value.push_str(line),
            _ => {
                if let Some((name, value)) = line.split_once(':') {
                    all.push((name.to_owned(), value.trim().to_owned()));
                }
            }
        }
    }
    all.into_iter().map(|(name, value)| (name, words(&value))).collect()
}

/// A header's value with its encoded words decoded; the space between two of them is none.
fn words(value: &str) -> String {
    let (mut out, mut rest, mut after_word) = (String::new(), value, false);
    while let Some(at) = rest.find("=?") {
        let (before, from) = rest.split_at(at);
        let mut parts = from[2..].splitn(4, '?');
        let (Some(_), Some(how), Some(text), Some(tail)) = (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            break;
        };
        let Some(tail) = tail.strip_prefix('=') else { break };
        if !(after_word && before.trim().is_empty()) {
            out.push_str(before);
        }
        out.push_str(&match how {
            "B" | "b" => String::from_utf8_lossy(&STANDARD.decode(text).unwrap_or_default()).into_owned(),
            _ => quoted_printable(&text.replace('_', " ")),
        });
        (rest, after_word) = (tail, true);
    }
    out.push_str(rest);
    out
}

fn decoded(body: &str, encoding: Option<&str>) -> String {
    let text = match encoding {
        Some("quoted-printable") => quoted_printable(body),
        Some("base64") => {
            let packed: String = body.split_whitespace().collect();
            String::from_utf8_lossy(&STANDARD.decode(packed).unwrap_or_default()).into_owned()
        }
        _ => body.to_owned(),
    };
    text.replace("\r\n", "\n")
}

fn quoted_printable(text: &str) -> String {
    let text = text.replace("=\r\n", "");
    let (mut out, bytes) = (Vec::new(), text.as_bytes());
    let mut at = 0;
    while at < bytes.len() {
        let code = text.get(at + 1..at + 3).and_then(|code| u8::from_str_radix(code, 16).ok());
        match (bytes[at], code) {
            (b'=', Some(byte)) => {
                out.push(byte);
                at += 3;
            }
            (byte, _) => {
                out.push(byte);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}
