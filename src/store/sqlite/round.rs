//! What deciding and delivering leave behind: alerts with their log, notices, posts, messages, answers dealt with. Whole
//! rows by their number, so that writing a round twice is writing it once.

use jiff::Timestamp;
use rusqlite::{Connection, Row, params};

use super::super::StoreError;
use super::values::{at_in, at_opt, code_in, day_code, day_from, json, json_in, json_opt, us, us_of};
use super::{census, digests, events, traffic};
use crate::domain::alert::{Alert, AlertChange, AlertState, Round};
use crate::domain::digest::DigestOf;
use crate::domain::finding::{Finding, GapId, RuleId, Stage, SubjectKey};
use crate::domain::ids::{AccountId, AlertId, MessageId, NoticeId, PostId, TaskId};
use crate::domain::notice::{Gate, Message, MessageOp, MessageState, Notice, NoticeState, Post, PostAbout, Reason};
use connector_model::Mark;

/// Writes all that one round decided.
pub(super) fn commit(db: &Connection, round: &Round, now: Timestamp) -> Result<(), StoreError> {
    for change in &round.alerts {
        put_alert(db, change, now)?;
    }
    // In the order in which they refer to each other.
    for post in &round.posts {
        put_post(db, post)?;
    }
    for message in &round.messages {
        put_message(db, message)?;
    }
    for notice in &round.notices {
        put_notice(db, notice)?;
    }
    events::put(db, &round.events, now)?;
    digests::put(db, &round.turns)?;
    traffic::put(db, &round.heeds)?;
    for id in &round.baselines {
        db.prepare_cached("UPDATE containers SET baseline_at = ? WHERE id = ?")?.execute([us(now), id.0])?;
    }
    for id in &round.unsettled {
        db.prepare_cached("UPDATE containers SET baseline_at = NULL WHERE id = ?")?.execute([id.0])?;
    }
    for id in &round.released {
        census::release_by_wish(db, *id)?;
    }
    for (account, since) in &round.mutes {
        match since {
            Some(since) => db
                .prepare_cached("INSERT INTO mutes(account, since) VALUES (?, ?) ON CONFLICT DO NOTHING")?
                .execute([account.0, us(*since)])?,
            None => db.prepare_cached("DELETE FROM mutes WHERE account = ?")?.execute([account.0])?,
        };
    }
    for (id, answer) in &round.answered {
        db.prepare_cached("UPDATE inbox SET done_at = ?, answer = ? WHERE id = ?")?.execute(params![
            us(now),
            answer,
            id.0
        ])?;
    }
    Ok(())
}

fn put_alert(db: &Connection, change: &AlertChange, now: Timestamp) -> Result<(), StoreError> {
    let alert = &change.alert;
    let (subject_kind, subject) = alert.subject.code();
    let mut put = db.prepare_cached(
        "INSERT INTO alerts(id, gap, rule, subject_kind, subject, scope, episode, state, stage, stage_at, backlog, since,
           fired_at, clear_since, resolved_at, ending, rung, round, acked_until, snoozed_until, snooze_reason, step_at,
           withheld, finding, told, said, moved, earlier)
         VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)
         ON CONFLICT(id) DO UPDATE SET gap = excluded.gap, episode = excluded.episode, state = excluded.state,
           stage = excluded.stage, stage_at = excluded.stage_at, backlog = excluded.backlog, since = excluded.since,
           fired_at = excluded.fired_at, clear_since = excluded.clear_since, resolved_at = excluded.resolved_at,
           ending = excluded.ending, rung = excluded.rung, round = excluded.round, acked_until = excluded.acked_until,
           snoozed_until = excluded.snoozed_until, snooze_reason = excluded.snooze_reason, step_at = excluded.step_at,
           withheld = excluded.withheld, finding = excluded.finding, told = excluded.told, said = excluded.said,
           moved = excluded.moved, earlier = excluded.earlier",
    )?;
    put.execute(params![
        alert.id.0,
        alert.gap.0,
        alert.rule.0,
        subject_kind,
        subject,
        alert.scope,
        alert.episode,
        alert.state.code(),
        alert.stage.code(),
        us(alert.stage_at),
        alert.backlog,
        us(alert.opened_at),
        us_of(alert.fired_at),
        us_of(alert.clear_since),
        us_of(alert.resolved_at),
        alert.ending.as_ref().map(json).transpose()?,
        alert.rung,
        alert.round,
        us_of(alert.acked_until),
        us_of(alert.snoozed_until),
        alert.snooze_reason,
        us_of(alert.step_at),
        alert.withheld.as_ref().map(json).transpose()?,
        json(&alert.finding)?,
        json(&alert.told)?,
        alert.said.as_ref().map(json).transpose()?,
        alert.moved.as_ref().map(json).transpose()?,
        alert.earlier.as_ref().map(json).transpose()?,
    ])?;
    for entry in &change.log {
        let mut log = db.prepare_cached(
            "INSERT INTO alert_log(alert, n, at, what, reason, account)
             VALUES (?1, (SELECT coalesce(max(n), 0) + 1 FROM alert_log WHERE alert = ?1), ?2, ?3, ?4, ?5)",
        )?;
        let account = entry.account.map(|id| id.0);
        log.execute(params![alert.id.0, us(now), entry.what.code(), entry.reason, account])?;
    }
    Ok(())
}

fn put_post(db: &Connection, post: &Post) -> Result<(), StoreError> {
    let (about_kind, about, episode) = about_code(post.about);
    let mut put = db.prepare_cached(
        "INSERT INTO posts(id, place, about_kind, about, episode, generation, mark, ref, want, have, open, remark)
         VALUES (?,?,?,?,?,?,?,?,?,?,?,?)
         ON CONFLICT(id) DO UPDATE SET place = excluded.place, generation = excluded.generation, mark = excluded.mark,
           ref = excluded.ref, want = excluded.want, have = excluded.have, open = excluded.open,
           remark = excluded.remark",
    )?;
    put.execute(params![
        post.id.0,
        json(&post.place)?,
        about_kind,
        about,
        episode,
        post.generation,
        post.mark.to_text(),
        post.at,
        json(&post.want)?,
        post.have.as_ref().map(json).transpose()?,
        post.open,
        post.remark,
    ])?;
    Ok(())
}

fn put_message(db: &Connection, message: &Message) -> Result<(), StoreError> {
    let mut put = db.prepare_cached(
        "INSERT INTO messages(id, wire, mac, op, channel, address, post, body, state, due_at, attempts, attempt_at,
           attempt_epoch, error, insist, held_since, let_go)
         VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)
         ON CONFLICT(id) DO UPDATE SET wire = excluded.wire, mac = excluded.mac, op = excluded.op,
           channel = excluded.channel, address = excluded.address, post = excluded.post, body = excluded.body,
           state = excluded.state, due_at = excluded.due_at, attempts = excluded.attempts, attempt_at = excluded.attempt_at,
           attempt_epoch = excluded.attempt_epoch, error = excluded.error, insist = excluded.insist,
           held_since = excluded.held_since, let_go = excluded.let_go",
    )?;
    put.execute(params![
        message.id.0,
        message.mark.wire,
        message.mark.mac,
        message.op.code(),
        message.address.channel(),
        json(&message.address)?,
        message.post.0,
        json(&message.body)?,
        message.state.code(),
        us(message.due_at),
        message.attempts,
        us_of(message.attempt_at),
        message.attempt_epoch,
        message.error,
        message.insist,
        us_of(message.held_since()),
        message.gate == Gate::LetGo,
    ])?;
    Ok(())
}

fn put_notice(db: &Connection, notice: &Notice) -> Result<(), StoreError> {
    let mut put = db.prepare_cached(
        "INSERT INTO notices(id, alert, episode, reason, rung, round, account, channel, address, state, why, message, post,
           evidence, decided_at, told_at)
         VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)
         ON CONFLICT(id) DO UPDATE SET channel = excluded.channel, address = excluded.address, state = excluded.state,
           why = excluded.why, message = excluded.message, post = excluded.post, evidence = excluded.evidence,
           told_at = excluded.told_at",
    )?;
    put.execute(params![
        notice.id.0,
        notice.alert.0,
        notice.episode,
        notice.reason.code(),
        notice.rung,
        notice.round,
        notice.account.0,
        notice.address.channel(),
        json(&notice.address)?,
        notice.state.code(),
        notice.why,
        notice.message.map(|id| id.0),
        notice.post.map(|id| id.0),
        json(&notice.finding)?,
        us(notice.decided_at),
        us_of(notice.told_at),
    ])?;
    Ok(())
}

/// Columns of an alert, for [`alert`].
pub(super) const ALERT: &str =
    "id, gap, rule, subject_kind, subject, scope, episode, state, stage, stage_at, backlog, since,
  fired_at, clear_since, resolved_at, ending, rung, round, acked_until, snoozed_until, snooze_reason, step_at, withheld,
  finding, told, said, moved, earlier";

/// About what, and which rule: read before the rest is. `None` for a rule or kind that this program does not know.
pub(super) fn alert_of(
    row: &Row<'_>,
    rule: fn(&str) -> Option<RuleId>,
) -> Result<Option<(RuleId, SubjectKey)>, rusqlite::Error> {
    let rule = rule(row.get_ref(2)?.as_str()?);
    let subject = SubjectKey::from_code(code_in(row, 3)?, row.get(4)?);
    Ok(rule.zip(subject))
}

pub(super) fn alert(row: &Row<'_>, rule: RuleId, subject: SubjectKey) -> Result<Alert, rusqlite::Error> {
    Ok(Alert {
        id: AlertId(row.get(0)?),
        gap: GapId(row.get(1)?),
        rule,
        subject,
        scope: row.get(5)?,
        episode: row.get(6)?,
        state: AlertState::from_code(code_in(row, 7)?),
        stage: Stage::from_code(code_in(row, 8)?),
        stage_at: at_in(row, 9)?,
        backlog: row.get(10)?,
        opened_at: at_in(row, 11)?,
        fired_at: at_opt(row, 12)?,
        clear_since: at_opt(row, 13)?,
        resolved_at: at_opt(row, 14)?,
        ending: json_opt(row, 15)?,
        rung: row.get(16)?,
        round: row.get(17)?,
        acked_until: at_opt(row, 18)?,
        snoozed_until: at_opt(row, 19)?,
        snooze_reason: row.get(20)?,
        step_at: at_opt(row, 21)?,
        withheld: json_opt(row, 22)?,
        finding: json_in(row, 23)?,
        told: json_in(row, 24)?,
        said: json_opt(row, 25)?,
        moved: json_opt(row, 26)?,
        earlier: json_opt(row, 27)?,
    })
}

/// Columns of a notice, for [`notice`].
pub(super) const NOTICE: &str = "id, alert, episode, reason, rung, round, account, address, state, why, message, post, evidence, decided_at, told_at";

pub(super) fn notice(row: &Row<'_>) -> Result<Notice, rusqlite::Error> {
    Ok(Notice {
        id: NoticeId(row.get(0)?),
        alert: AlertId(row.get(1)?),
        episode: row.get(2)?,
        reason: Reason::from_code(code_in(row, 3)?),
        rung: row.get(4)?,
        round: row.get(5)?,
        account: AccountId(row.get(6)?),
        address: json_in(row, 7)?,
        state: NoticeState::from_code(code_in(row, 8)?),
        why: row.get(9)?,
        message: row.get::<_, Option<i64>>(10)?.map(MessageId),
        post: row.get::<_, Option<i64>>(11)?.map(PostId),
        finding: json_in::<Finding>(row, 12)?,
        decided_at: at_in(row, 13)?,
        told_at: at_opt(row, 14)?,
    })
}

/// Columns of a post, for [`post`].
pub(super) const POST: &str = "id, place, about_kind, about, episode, generation, mark, ref, want, have, open, remark";

/// `None` for a kind written by a newer program.
pub(super) fn post(row: &Row<'_>) -> Result<Option<Post>, rusqlite::Error> {
    let about = about_from(code_in(row, 2)?, row.get(3)?, row.get(4)?);
    let mark = Mark::from_text(row.get_ref(6)?.as_str()?);
    let (Some(about), Some(mark)) = (about, mark) else { return Ok(None) };
    Ok(Some(Post {
        id: PostId(row.get(0)?),
        place: json_in(row, 1)?,
        about,
        generation: row.get(5)?,
        mark,
        at: row.get(7)?,
        want: json_in(row, 8)?,
        have: json_opt(row, 9)?,
        open: row.get(10)?,
        remark: row.get(11)?,
    }))
}

/// Columns of a message, for [`message`].
pub(super) const MESSAGE: &str =
    "id, wire, mac, op, address, post, body, state, due_at, attempts, attempt_at, attempt_epoch, error, insist, held_since,
     let_go";

pub(super) fn message(row: &Row<'_>) -> Result<Message, rusqlite::Error> {
    Ok(Message {
        id: MessageId(row.get(0)?),
        mark: Mark { wire: row.get(1)?, mac: row.get(2)? },
        op: MessageOp::from_code(code_in(row, 3)?),
        address: json_in(row, 4)?,
        post: PostId(row.get(5)?),
        body: json_in(row, 6)?,
        state: MessageState::from_code(code_in(row, 7)?),
        due_at: at_in(row, 8)?,
        attempts: row.get(9)?,
        attempt_at: at_opt(row, 10)?,
        attempt_epoch: row.get(11)?,
        error: row.get(12)?,
        insist: row.get(13)?,
        gate: gate(at_opt(row, 14)?, row.get(15)?),
    })
}

/// The kinds of digests are counted from here.
const DIGESTS: u8 = 3;

fn gate(held_since: Option<Timestamp>, let_go: bool) -> Gate {
    match (held_since, let_go) {
        (_, true) => Gate::LetGo,
        (Some(since), false) => Gate::Held { since },
        (None, false) => Gate::Free,
    }
}

/// Kind, row or day, and episode; of a digest whose it is, and the day.
fn about_code(about: PostAbout) -> (u8, i64, u32) {
    match about {
        PostAbout::Task(id) => (0, id.0, 0),
        PostAbout::Day(date) => (1, day_code(date), 0),
        PostAbout::Alert(id, episode) => (2, id.0, episode),
        PostAbout::Digest(of, date) => {
            let (kind, whose) = of.code();
            (DIGESTS + kind, whose, u32::try_from(day_code(date)).unwrap_or_default())
        }
    }
}

fn about_from(kind: u8, about: i64, episode: u32) -> Option<PostAbout> {
    match kind {
        0 => Some(PostAbout::Task(TaskId(about))),
        1 => day_from(about).map(PostAbout::Day),
        2 => Some(PostAbout::Alert(AlertId(about), episode)),
        kind => {
            let of = DigestOf::from_code(kind.checked_sub(DIGESTS)?, about)?;
            day_from(episode.into()).map(|day| PostAbout::Digest(of, day))
        }
    }
}
