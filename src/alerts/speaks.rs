//! Whether the configuration lets a gap be told at all.

use super::reader;
use crate::domain::alert::Alert;
use crate::domain::finding::SubjectKey;
use crate::domain::policy::Mode;
use crate::domain::snapshot::Snapshot;

/// True where the configuration lets this be told at all.
pub(crate) fn may_send(alert: &Alert, snapshot: &Snapshot<'_>) -> bool {
    if alert.subject == SubjectKey::System {
        return snapshot.policy.speaks_of_itself(alert.rule);
    }
    snapshot.policy.mode_of(alert.rule, reader(alert.subject, snapshot)) == Mode::Live
}
