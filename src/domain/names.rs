//! What words need of a task, and no rule may see.

/// What words need of a task; one read for all of a round.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaskName {
    /// `acme/web#12`
    pub key: String,
    /// Byte for byte.
    pub title: String,
    /// Browser address.
    pub url: String,
    /// Its connector's handle.
    pub handle: String,
    /// Its connection's name.
    pub connection: String,
    /// Its title may not be shown in open places, and a line about another task is one.
    pub restricted: bool,
}

/// So much of a title stands for a task.
const SHOWN: usize = 60;

/// A key that tells people nothing, as Asana's and Trello's do: one without the name of its place in it.
pub fn is_bare(key: &str) -> bool {
    !key.contains(['#', '-'])
}

/// What people call a task: its key where that means something to them, else its title, not all of it.
pub fn called(key: &str, title: Option<&str>) -> String {
    match title.map(str::trim).filter(|title| is_bare(key) && !title.is_empty()) {
        Some(title) if title.chars().count() > SHOWN => {
            format!("“{}…”", title.chars().take(SHOWN - 1).collect::<String>().trim_end())
        }
        Some(title) => format!("“{title}”"),
        None => key.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_task_is_called_by_its_key_or_where_that_says_nothing_by_its_title() {
        for key in ["acme/web#12", "ENG-41"] {
            assert_eq!(called(key, Some("Redesign")), key);
        }
        for key in ["1200000000000184", "aBcDeF12"] {
            assert_eq!(called(key, Some(" Redesign ")), "“Redesign”");
            assert_eq!(called(key, Some(" ")), key);
            assert_eq!(called(key, None), key, "a title that may not be shown");
        }
        let long = called("1200000000000184", Some(&"x".repeat(100)));
        assert_eq!((long.chars().count(), long.ends_with("x…”")), (62, true));
    }
}
