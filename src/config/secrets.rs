//! Where a credential comes from, and reading it.
//!
//! A [`SecretRef`] is what the configuration says: it can be shown, its value cannot. Each [`Secret`] made from it reads
//! the source anew, so a rotated token needs no restart. Which shape a token must have is looked at in `check`.

use std::collections::BTreeMap;
use std::fmt;
use std::io::Read;
use std::path::{Path, PathBuf};

use connector_kit::secret::Secret;
use secrecy::{ExposeSecret, SecretString};
use serde::de::{self, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

/// Larger than any token or key, small enough to read a wrong file (a log, a device) without harm.
const MOST_BYTES: u64 = 64 * 1024;
/// The ways to refer to a secret, for messages and the list of known keys.
pub(super) const WAYS: &[&str] = &["env", "file", "credential"];

/// Where a credential comes from. Showing it (`Debug`, `Display`) names the source, never the value.
#[derive(Clone)]
pub struct SecretRef {
    source: Source,
}

#[derive(Clone)]
enum Source {
    /// A variable; its value as it was at the start, since the environment of a running process does not change.
    Env { name: String, value: Option<SecretString> },
    /// A file, read each time.
    File(PathBuf),
    /// One of systemd's; the folder is known once the environment is.
    Credential { name: String, path: Option<PathBuf> },
    /// Written into the configuration itself.
    Literal(SecretString),
}

impl SecretRef {
    /// The value, read anew at each call of [`Secret::read`].
    pub fn secret(&self) -> Secret {
        let source = self.source.clone();
        Secret::new(move || source.read())
    }

    /// The value as a password, which may have spaces inside.
    pub fn password(&self) -> Secret {
        let source = self.source.clone();
        Secret::new(move || source.read_password())
    }

    /// The value as text of several lines, as a key in PEM form is. Where a variable holds it in one line, `\n` stands for
    /// the breaks.
    pub fn pem(&self) -> Secret {
        let source = self.source.clone();
        Secret::new(move || source.read_pem())
    }

    /// Whether the value itself stands in the configuration.
    pub fn is_literal(&self) -> bool {
        matches!(self.source, Source::Literal(_))
    }

    /// The file it is read from, where it is one that this machine's users may be able to open.
    pub(super) fn file(&self) -> Option<&Path> {
        match &self.source {
            Source::File(path) => Some(path),
            _ => None,
        }
    }

    /// Looks the environment up, once. A literal given by the variable `given_by` is that variable's value.
    pub(super) fn resolve(&mut self, env: &BTreeMap<String, String>, given_by: Option<&str>) {
        if let (Source::Literal(_), Some(name)) = (&self.source, given_by) {
            self.source = Source::Env { name: name.to_owned(), value: None };
        }
        match &mut self.source {
            Source::Env { name, value } => *value = env.get(name).map(|text| SecretString::from(text.as_str())),
            Source::Credential { name, path } => {
                *path = env.get("CREDENTIALS_DIRECTORY").map(|folder| Path::new(folder).join(name));
            }
            Source::File(_) | Source::Literal(_) => {}
        }
    }
}

impl Source {
    fn read(&self) -> Result<SecretString, String> {
        let value = self.raw()?;
        let trimmed = value.expose_secret().trim_end_matches(['\r', '\n']);
        match trimmed {
            "" => Err(format!("{self} is empty")),
            text if text.contains('\u{fffd}') => Err(format!("{self} is not text")),
            text if text.chars().any(|c| c.is_whitespace() || c.is_control()) => {
                Err(format!("{self} has a space or a line break inside"))
            }
            text => Ok(SecretString::from(text)),
        }
    }

    fn read_password(&self) -> Result<SecretString, String> {
        let value = self.raw()?;
        match value.expose_secret().trim_end_matches(['\r', '\n']) {
            "" => Err(format!("{self} is empty")),
            text if text.chars().any(char::is_control) => Err(format!("{self} has a line break inside")),
            text => Ok(SecretString::from(text)),
        }
    }

    fn read_pem(&self) -> Result<SecretString, String> {
        let value = self.raw()?;
        let text = value.expose_secret().trim();
        match text.contains('\n') {
            _ if text.is_empty() => Err(format!("{self} is empty")),
            true => Ok(SecretString::from(text)),
            false => Ok(SecretString::from(text.replace("\\n", "\n"))),
        }
    }

    /// As it stands there.
    fn raw(&self) -> Result<SecretString, String> {
        let value = match self {
            Source::Env { name, value } => value.clone().ok_or(format!("the variable {name} is not set"))?,
            Source::File(path) => read_file(path)?,
            Source::Credential { path, .. } => {
                let path =
                    path.as_ref().ok_or("CREDENTIALS_DIRECTORY is not set; systemd's LoadCredential= sets it")?;
                read_file(path)?
            }
            Source::Literal(value) => value.clone(),
        };
        Ok(value)
    }
}

fn read_file(path: &Path) -> Result<SecretString, String> {
    let cannot = |why: &dyn fmt::Display| format!("file {} cannot be read: {why}", path.display());
    let file = std::fs::File::open(path).map_err(|error| cannot(&error))?;
    let mut text = String::new();
    let read = file.take(MOST_BYTES + 1).read_to_string(&mut text).map_err(|error| cannot(&error))?;
    if read as u64 > MOST_BYTES {
        return Err(cannot(&"larger than 64 KiB, this is no secret"));
    }
    Ok(SecretString::from(text))
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Source::Env { name, .. } => write!(f, "the variable {name}"),
            Source::File(path) => write!(f, "file {}", path.display()),
            Source::Credential { name, .. } => write!(f, "credential {name}"),
            Source::Literal(_) => f.write_str("the configuration"),
        }
    }
}

impl fmt::Display for SecretRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.source {
            Source::Env { name, .. } => write!(f, "[set, from env {name}]"),
            source => write!(f, "[set, from {source}]"),
        }
    }
}

impl fmt::Debug for SecretRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SecretRef({self})")
    }
}

impl<'de> Deserialize<'de> for SecretRef {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<SecretRef, D::Error> {
        deserializer.deserialize_any(RefVisitor)
    }
}

struct RefVisitor;

impl<'de> Visitor<'de> for RefVisitor {
    type Value = SecretRef;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a secret")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<SecretRef, E> {
        Ok(SecretRef { source: Source::Literal(SecretString::from(text)) })
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<SecretRef, A::Error> {
        let mut source = None;
        while let Some(way) = map.next_key::<String>()? {
            let found = match way.as_str() {
                "env" => Source::Env { name: map.next_value()?, value: None },
                "file" => Source::File(map.next_value()?),
                "credential" => Source::Credential { name: map.next_value()?, path: None },
                _ => return Err(de::Error::unknown_field(&way, WAYS)),
            };
            if source.replace(found).is_some() {
                return Err(de::Error::custom("a secret comes from one place; this names several"));
            }
        }
        let source = source.ok_or_else(|| de::Error::custom("this names no place to read the secret from"))?;
        if let Source::Credential { name, .. } = &source
            && (name.is_empty() || name.contains('/') || name.starts_with('.'))
        {
            return Err(de::Error::custom("a credential is a plain name below $CREDENTIALS_DIRECTORY, not a path"));
        }
        Ok(SecretRef { source })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn file_with(text: &str) -> (tempfile::TempDir, SecretRef) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("token");
        std::fs::write(&path, text).unwrap();
        (folder, SecretRef { source: Source::File(path) })
    }

    #[test]
    fn a_file_is_read_anew_each_time_and_loses_its_last_line_break() {
        let (folder, secret) = file_with("first\n");
        let secret = secret.secret();
        assert_eq!(secret.read().unwrap().expose_secret(), "first");
        std::fs::write(folder.path().join("token"), "second\r\n").unwrap();
        assert_eq!(secret.read().unwrap().expose_secret(), "second");
    }

    #[test]
    fn a_key_has_several_lines_even_where_a_variable_holds_it_in_one() {
        let (_folder, secret) = file_with("-----BEGIN X-----\nabc\n-----END X-----\n");
        assert_eq!(secret.pem().read().unwrap().expose_secret(), "-----BEGIN X-----\nabc\n-----END X-----");
        assert!(secret.secret().read().is_err(), "and is no token");
        let value = Some(SecretString::from("-----BEGIN X-----\\nabc\\n-----END X-----\\n"));
        let secret = SecretRef { source: Source::Env { name: "KEY".to_owned(), value } };
        assert_eq!(secret.pem().read().unwrap().expose_secret().lines().nth(1), Some("abc"));
        let (_folder, secret) = file_with(" \n");
        assert!(secret.pem().read().unwrap_err().contains("is empty"));
    }

    #[test]
    fn what_cannot_be_a_secret_is_an_error_that_names_the_source_alone() {
        for text in ["", "\n", "hush hush", "hush\nhush\n", "hu\u{fffd}sh"] {
            let (_folder, secret) = file_with(text);
            let error = secret.secret().read().unwrap_err();
            assert!(error.contains("token") && !error.contains("hush"), "{error}");
        }
        let (_folder, secret) = file_with(&"x".repeat(70_000));
        assert!(secret.secret().read().unwrap_err().contains("64 KiB"));
    }

    #[test]
    fn a_variable_and_a_credential_come_from_the_environment_that_is_handed_in() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("github"), "t0ken\n").unwrap();
        let env = BTreeMap::from([
            ("GH".to_owned(), "from-env".to_owned()),
            ("CREDENTIALS_DIRECTORY".to_owned(), folder.path().display().to_string()),
        ]);
        let read = |source: Source| {
            let mut secret = SecretRef { source };
            secret.resolve(&env, None);
            secret.secret().read().map(|value| value.expose_secret().to_owned())
        };
        assert_eq!(read(Source::Env { name: "GH".to_owned(), value: None }).unwrap(), "from-env");
        assert_eq!(read(Source::Env { name: "NO".to_owned(), value: None }).unwrap_err(), "the variable NO is not set");
        assert_eq!(read(Source::Credential { name: "github".to_owned(), path: None }).unwrap(), "t0ken");
    }

    #[test]
    fn showing_a_secret_shows_where_it_comes_from() {
        let secret = SecretRef { source: Source::Literal(SecretString::from("xoxb-1")) };
        assert_eq!(
            format!("{secret} {secret:?}"),
            "[set, from the configuration] SecretRef([set, from the configuration])"
        );
        let secret = SecretRef { source: Source::Env { name: "GH".to_owned(), value: None } };
        assert_eq!(secret.to_string(), "[set, from env GH]");
    }
}
