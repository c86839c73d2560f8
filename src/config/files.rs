//! Which files are read, and reading them; and the environment, once.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::diagnose::Diagnostic;

/// The environment of this process as text. A value that is not text is kept with `\u{fffd}` in it, so that it is refused
/// where it is used; a name that is not text names nothing of ours.
pub fn environment() -> BTreeMap<String, String> {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.to_string_lossy().into_owned())))
        .collect()
}

/// Reads what `-c` names (files, or folders of `*.toml`), or without any the first place of the search path where there
/// is something. The names in messages are the paths as given.
pub fn find_and_read(
    named: &[PathBuf],
    env: &BTreeMap<String, String>,
) -> Result<Vec<(PathBuf, String)>, Vec<Diagnostic>> {
    let paths = if named.is_empty() { search(env)? } else { named.to_vec() };
    let mut files = Vec::new();
    let mut problems = Vec::new();
    for path in paths {
        match read_all(&path) {
            Ok(found) => files.extend(found),
            Err(problem) => problems.push(problem),
        }
    }
    if problems.is_empty() { Ok(files) } else { Err(problems) }
}

/// Searched in this order after `$GAPWATCH_CONFIG`; beside the last one the folder `conf.d` is read as well.
const PLACES: [&str; 3] = ["gapwatch.toml", "/data/gapwatch.toml", "/etc/gapwatch/gapwatch.toml"];
const PARTS: &str = "/etc/gapwatch/conf.d";

fn search(env: &BTreeMap<String, String>) -> Result<Vec<PathBuf>, Vec<Diagnostic>> {
    // A path that is named but is not there is a mistake, never a reason to look elsewhere.
    if let Some(path) = env.get("GAPWATCH_CONFIG") {
        return Ok(vec![PathBuf::from(path)]);
    }
    let found = PLACES.iter().map(Path::new).find(|path| path.exists());
    let parts = Path::new(PARTS);
    match found {
        Some(path) if path.starts_with("/etc/gapwatch") && holds_toml(parts) => Ok(vec![path.into(), parts.into()]),
        Some(path) => Ok(vec![path.into()]),
        None if holds_toml(parts) => Ok(vec![parts.into()]),
        None => Err(vec![nothing_found()]),
    }
}

fn holds_toml(folder: &Path) -> bool {
    toml_files(folder).is_ok_and(|files| !files.is_empty())
}

fn nothing_found() -> Diagnostic {
    let mut places = vec!["$GAPWATCH_CONFIG (not set)".to_owned(), format!("./{}", PLACES[0])];
    places.extend(PLACES[1..].iter().map(|place| (*place).to_owned()));
    let title = format!("no configuration found; looked for {} and {PARTS}/*.toml", places.join(", "));
    Diagnostic::error("no-config", title).help("`gapwatch init` makes one; or name a file with `-c PATH`")
}

fn read_all(path: &Path) -> Result<Vec<(PathBuf, String)>, Diagnostic> {
    let unreadable = |path: &Path, error: std::io::Error| {
        let title = format!("{} cannot be read: {error}", path.display());
        let (title, help) = match error.kind() {
            ErrorKind::NotFound => (
                format!("{} does not exist", path.display()),
                "`gapwatch init` makes one; or name another with `-c PATH`",
            ),
            ErrorKind::InvalidData => (format!("{} is not text in UTF-8", path.display()), "save it as UTF-8"),
            ErrorKind::PermissionDenied => (title, "the user that gapwatch runs as must be able to read it"),
            _ => (title, "the file must be readable by the user that gapwatch runs as"),
        };
        Diagnostic::error("no-config", title).help(help)
    };
    let paths =
        if path.is_dir() { toml_files(path).map_err(|error| unreadable(path, error))? } else { vec![path.into()] };
    if paths.is_empty() {
        return Err(Diagnostic::error("no-config", format!("there is no *.toml file in {}", path.display())));
    }
    let read = |path: PathBuf| match std::fs::read_to_string(&path) {
        Ok(text) => Ok((path, text)),
        Err(error) => Err(unreadable(&path, error)),
    };
    paths.into_iter().map(read).collect()
}

/// By name, so that the order is the same everywhere. Hidden ones are an editor's or a mount's.
fn toml_files(folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        let hidden = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
        if path.extension().is_some_and(|extension| extension == "toml") && !hidden && path.is_file() {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_folder_is_read_file_by_file_in_the_order_of_names() {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in [("b.toml", "b"), ("a.toml", "a"), ("c.txt", "c"), (".d.toml", "d")] {
            std::fs::write(folder.path().join(name), text).unwrap();
        }
        let files = find_and_read(&[folder.path().into()], &BTreeMap::new()).unwrap();
        let texts: Vec<_> = files.iter().map(|(_, text)| text.as_str()).collect();
        assert_eq!(texts, ["a", "b"]);
    }

    #[test]
    fn a_named_path_that_is_not_there_is_an_error_and_nothing_else_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("no.toml");
        let env = BTreeMap::from([("GAPWATCH_CONFIG".to_owned(), path.display().to_string())]);
        let problems = find_and_read(&[], &env).unwrap_err();
        assert_eq!(problems[0].id, "no-config");
        assert!(problems[0].title.ends_with("no.toml does not exist"), "{}", problems[0].title);
        let empty = find_and_read(&[folder.path().into()], &BTreeMap::new()).unwrap_err();
        assert!(empty[0].title.starts_with("there is no *.toml file in "));
    }

    #[test]
    fn a_file_that_is_no_text_is_refused_as_such() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("odd.toml");
        std::fs::write(&path, b"\xff\xfe[\0g").unwrap();
        let problem = find_and_read(&[path], &BTreeMap::new()).unwrap_err().remove(0);
        assert!(problem.title.ends_with("odd.toml is not text in UTF-8"), "{}", problem.title);
        assert_eq!(problem.help.as_deref(), Some("save it as UTF-8"));
    }

    #[test]
    fn when_nothing_is_found_every_place_is_named() {
        insta::assert_snapshot!(nothing_found().render(false), @r#"
    error[no-config]: no configuration found; looked for $GAPWATCH_CONFIG (not set), ./gapwatch.toml, /data/gapwatch.toml, /etc/gapwatch/gapwatch.toml and /etc/gapwatch/conf.d/*.toml
     |
     = help: `gapwatch init` makes one; or name a file with `-c PATH`
    "#);
    }
}
