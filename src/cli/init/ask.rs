//! Questions to whoever sits in front: one line each, secrets without an echo. What is asked stands on standard error, so
//! that standard output holds the file alone.

use std::io::{self, BufRead, Write};
use std::sync::{Arc, Mutex, PoisonError};

use super::super::open::Stopped;

/// Whoever is asked.
pub(super) trait Console: Send {
    /// Shows some words.
    fn say(&mut self, words: &str) -> io::Result<()>;

    /// Asks, and waits for a line. `None`: there is nobody any more.
    fn ask(&mut self, prompt: &str, hidden: bool) -> io::Result<Option<String>>;
}

/// The terminal.
pub(super) struct Terminal;

impl Console for Terminal {
    fn say(&mut self, words: &str) -> io::Result<()> {
        anstream::eprintln!("{words}");
        Ok(())
    }

    fn ask(&mut self, prompt: &str, hidden: bool) -> io::Result<Option<String>> {
        anstream::eprint!("{prompt} ");
        io::stderr().flush()?;
        let quiet = if hidden { Some(Quiet::begin()?) } else { None };
        let mut line = String::new();
        let read = io::stdin().lock().read_line(&mut line);
        if quiet.is_some() {
            drop(quiet);
            anstream::eprintln!();
        }
        Ok((read? > 0).then_some(line))
    }
}

/// While it lives the terminal shows nothing of what is typed.
struct Quiet(rustix::termios::Termios);

impl Quiet {
    fn begin() -> io::Result<Quiet> {
        use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};
        let before = tcgetattr(io::stdin())?;
        let mut silent = before.clone();
        silent.local_modes.remove(LocalModes::ECHO);
        tcsetattr(io::stdin(), OptionalActions::Flush, &silent)?;
        Ok(Quiet(before))
    }
}

impl Drop for Quiet {
    fn drop(&mut self) {
        use rustix::termios::{OptionalActions, tcsetattr};
        // It was set a moment ago; where it cannot be set back the shell does so.
        let _ = tcsetattr(io::stdin(), OptionalActions::Now, &self.0);
    }
}

/// Asks somewhere where waiting holds up nobody.
#[derive(Clone)]
pub(super) struct Asker(Arc<Mutex<dyn Console>>);

impl Asker {
    /// Asks this one.
    pub(super) fn new(console: impl Console + 'static) -> Asker {
        Asker(Arc::new(Mutex::new(console)))
    }

    /// Shows some words.
    pub(super) fn say(&self, words: impl AsRef<str>) -> Result<(), Stopped> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).say(words.as_ref()).map_err(Stopped::failed)
    }

    /// The answer, without the spaces around it.
    pub(super) async fn line(&self, prompt: &str) -> Result<String, Stopped> {
        self.ask(prompt, false).await
    }

    /// The same, unseen.
    pub(super) async fn secret(&self, prompt: &str) -> Result<String, Stopped> {
        self.ask(prompt, true).await
    }

    /// Yes or no, asked until it is one of them; Enter means `usual`.
    pub(super) async fn agrees(&self, question: &str, usual: bool) -> Result<bool, Stopped> {
        let prompt = format!("{question} {}", if usual { "[Y/n]" } else { "[y/N]" });
        loop {
            match self.line(&prompt).await?.to_lowercase().as_str() {
                "" => return Ok(usual),
                "y" | "yes" => return Ok(true),
                "n" | "no" => return Ok(false),
                _ => self.say("  please answer y or n")?,
            }
        }
    }

    async fn ask(&self, prompt: &str, hidden: bool) -> Result<String, Stopped> {
        let (console, prompt) = (self.0.clone(), prompt.to_owned());
        let asked = move || console.lock().unwrap_or_else(PoisonError::into_inner).ask(&prompt, hidden);
        let answer = tokio::task::spawn_blocking(asked).await.map_err(Stopped::failed)?.map_err(Stopped::failed)?;
        answer.map(|answer| answer.trim().to_owned()).ok_or_else(|| {
            Stopped::usage("the input ended, and nothing was written. Without a terminal use: init --from-env")
        })
    }
}
