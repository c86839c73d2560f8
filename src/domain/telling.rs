//! How telling people goes, as rules look at it.

use super::finding::{Flood, RuleId, Undelivered};
use super::heed::Heeds;
use super::look::Look;
use super::policy::Mode;

impl<'a> Look<'a> {
    /// See [`Board::flood`].
    pub fn flood(&self) -> Option<Flood> {
        self.board().flood(self.policy().per_hour)
    }

    /// See [`Board::undelivered`].
    pub fn undelivered(&self) -> Vec<Undelivered> {
        self.board().undelivered(|at| self.passed(at))
    }

    /// See [`Board::seeks_a_way`].
    pub fn seeks_a_way(&self) -> bool {
        self.board().seeks_a_way(|at| self.passed(at))
    }

    /// Which words were heeded.
    pub fn heeds(&self) -> &'a Heeds {
        &self.board().traffic().heeds
    }

    /// False for a rule that is held back by the configuration.
    pub fn speaks(&self, rule: RuleId) -> bool {
        self.policy().rule_modes.get(&rule) != Some(&Mode::Observe)
    }
}
