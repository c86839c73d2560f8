//! Secrets that a tool gives once and that must outlive us, in a file of their own beside the store: one a line, for the user
//! gapwatch runs as alone.

use std::fs::OpenOptions;
use std::io::{Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use connector_kit::secret::Secret;
use secrecy::{ExposeSecret, SecretString};

/// More are never needed: the oldest belong to webhooks that are long gone.
const MOST: usize = 1_000;
/// No such file is larger.
const MOST_BYTES: u64 = 1 << 20;

/// The file of a connection's secrets.
#[derive(Clone)]
pub(super) struct Kept {
    path: PathBuf,
    /// One writes at a time.
    turn: Arc<Mutex<()>>,
}

impl Kept {
    /// `gapwatch.db-hooks.asana.acme`, beside `gapwatch.db`.
    pub(super) fn beside(store: &Path, connection: &str) -> Kept {
        let mut path = store.as_os_str().to_owned();
        path.push(format!("-hooks.{connection}"));
        Kept { path: PathBuf::from(path), turn: Arc::default() }
    }

    /// All of them, read anew each time. As long as none was given there are none.
    pub(super) fn all(&self) -> Secret {
        let path = self.path.clone();
        Secret::new(move || match path.exists() {
            true => read(&path).map(SecretString::from),
            false => Ok(SecretString::from("")),
        })
    }

    /// Adds one; it is on the disk when this returns. One that is there already changes nothing.
    pub(super) fn add(&self, secret: &SecretString) -> Result<(), String> {
        let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        let before = if self.path.exists() { read(&self.path)? } else { String::new() };
        let mut lines: Vec<&str> = before.lines().collect();
        if lines.contains(&secret.expose_secret()) {
            return Ok(());
        }
        lines.push(secret.expose_secret());
        let kept = lines.split_off(lines.len().saturating_sub(MOST));
        let text: String = kept.iter().map(|line| format!("{line}\n")).collect();
        self.write(text.as_bytes()).map_err(|error| format!("{} cannot be written: {error}", self.path.display()))
    }

    /// All or nothing.
    fn write(&self, bytes: &[u8]) -> std::io::Result<()> {
        let mut part = self.path.as_os_str().to_owned();
        part.push(format!(".{}.part", uuid::Uuid::new_v4().simple()));
        let part = PathBuf::from(part);
        let written = OpenOptions::new().create_new(true).write(true).mode(0o600).open(&part).and_then(|mut file| {
            file.write_all(bytes)?;
            file.sync_all()
        });
        written.and_then(|()| std::fs::rename(&part, &self.path)).inspect_err(|_| {
            // What is left of it is of no use; that it cannot be taken away changes nothing.
            let _ = std::fs::remove_file(&part);
        })?;
        let folder = self.path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        std::fs::File::open(folder)?.sync_all()
    }
}

fn read(path: &Path) -> Result<String, String> {
    let cannot = |error: std::io::Error| format!("{} cannot be read: {error}", path.display());
    let mut text = String::new();
    let file = std::fs::File::open(path).map_err(cannot)?;
    file.take(MOST_BYTES).read_to_string(&mut text).map_err(cannot)?;
    Ok(text)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn what_is_kept_is_there_for_another_process_once_each_and_for_its_owner_alone() {
        let folder = tempfile::tempdir().unwrap();
        let store = folder.path().join("gapwatch.db");
        let kept = Kept::beside(&store, "asana.acme");
        assert_eq!(kept.all().read().unwrap().expose_secret(), "", "nothing was given yet");
        for secret in ["one", "two", "one"] {
            kept.add(&SecretString::from(secret)).unwrap();
        }
        let another = Kept::beside(&store, "asana.acme");
        assert_eq!(another.all().read().unwrap().expose_secret(), "one\ntwo\n");
        let file = folder.path().join("gapwatch.db-hooks.asana.acme");
        assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "no part is left behind");
        assert_eq!(Kept::beside(&store, "asana.other").all().read().unwrap().expose_secret(), "", "each has its own");
        std::fs::remove_file(&file).unwrap();
        std::fs::create_dir(&file).unwrap();
        assert!(kept.all().read().is_err(), "there, and not to be read");
    }

    #[test]
    fn it_does_not_grow_without_end_and_an_error_names_no_secret() {
        let folder = tempfile::tempdir().unwrap();
        let kept = Kept::beside(&folder.path().join("x.db"), "asana.acme");
        let many: String = (0..MOST).map(|at| format!("s{at}\n")).collect();
        std::fs::write(&kept.path, many).unwrap();
        kept.add(&SecretString::from("newest")).unwrap();
        let text = kept.all().read().unwrap();
        let lines: Vec<&str> = text.expose_secret().lines().collect();
        assert_eq!((lines.len(), lines[0], lines[MOST - 1]), (MOST, "s1", "newest"));
        let nowhere = Kept::beside(Path::new("/no/such/folder/x.db"), "asana.acme");
        let why = nowhere.add(&SecretString::from("hush")).unwrap_err();
        assert!(why.contains("/no/such/folder") && !why.contains("hush"), "{why}");
    }
}
