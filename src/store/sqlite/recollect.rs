//! What was said before about tasks that come back onto the board: a repository that is read again, a task that was closed
//! long ago and is opened anew. An alert counts its episodes, and a comment is not made twice.

use rusqlite::Connection;

use super::super::StoreError;
use super::values::id_list;
use super::{Store, round};
use crate::domain::alert::Alert;
use crate::domain::finding::RuleId;
use crate::domain::ids::TaskId;
use crate::domain::notice::Post;

impl Store {
    /// What was said before about tasks that come back onto the board: their alerts, and posts about either.
    ///
    /// # Errors
    /// `Failed`.
    pub fn recollect(
        &self,
        tasks: &[TaskId],
        rule: fn(&str) -> Option<RuleId>,
    ) -> Result<(Vec<Alert>, Vec<Post>), StoreError> {
        recollect(&self.db, tasks, rule)
    }
}

/// Alerts and posts about these tasks, and posts about those alerts; of rules that are known.
fn recollect(
    db: &Connection,
    tasks: &[TaskId],
    rule: fn(&str) -> Option<RuleId>,
) -> Result<(Vec<Alert>, Vec<Post>), StoreError> {
    let mut query = db.prepare_cached(&format!(
        "SELECT {} FROM alerts WHERE subject_kind = 0 AND subject IN (SELECT value FROM json_each(?)) ORDER BY id",
        round::ALERT
    ))?;
    let tasks = id_list(tasks.iter().map(|id| id.0));
    let mut rows = query.query([&tasks])?;
    let mut alerts = Vec::new();
    while let Some(row) = rows.next()? {
        if let Some((rule, subject)) = round::alert_of(row, rule)? {
            alerts.push(round::alert(row, rule, subject)?);
        }
    }
    let mut posts = posts(db, 0, &tasks)?;
    posts.extend(self::posts(db, 2, &id_list(alerts.iter().map(|alert: &Alert| alert.id.0)))?);
    Ok((alerts, posts))
}

/// `about_kind`: 0 a task, 2 an alert.
fn posts(db: &Connection, about_kind: u8, about: &str) -> Result<Vec<Post>, StoreError> {
    let mut query = db.prepare_cached(&format!(
        "SELECT {} FROM posts WHERE about_kind = ? AND about IN (SELECT value FROM json_each(?)) ORDER BY id",
        round::POST
    ))?;
    let rows = query.query_map(rusqlite::params![about_kind, about], round::post)?;
    let posts: Vec<Option<Post>> = rows.collect::<Result<_, _>>()?;
    Ok(posts.into_iter().flatten().collect())
}
