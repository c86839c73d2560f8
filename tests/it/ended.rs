//! How a command ended that was called as people call it, in a test whose secrets all have `canary` in them.

use std::process::Command;

use serde_json::Value;

/// A command that has ended.
pub struct Ended {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl Ended {
    /// Runs it to its end.
    pub fn of(command: &mut Command) -> Ended {
        let output = command.output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Ended { code: output.status.code().unwrap_or(-1), out: text(output.stdout), err: text(output.stderr) }
    }

    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {}\n{}", self.out, self.err))
    }

    /// Ended well, and kept the secrets.
    #[track_caller]
    pub fn well(self) -> Ended {
        assert_eq!(self.code, 0, "{}\n{}", self.out, self.err);
        assert!(!self.out.contains("canary") && !self.err.contains("canary"), "{}\n{}", self.out, self.err);
        self
    }

    #[track_caller]
    pub fn says(self, words: &[&str]) -> Ended {
        for words in words {
            assert!(self.out.contains(words), "{words}: {}\n{}", self.out, self.err);
        }
        self
    }
}
