//! Where the same word goes once more: with whatever its reader is sent on that day, never as a second message beside it.
//! Where nothing is sent on that day it makes the day's message; by mail it is an answer in the thread of the first word.

use jiff::civil::Date;

use super::desk::{Desk, spot};
use crate::domain::calendar::Calendar;
use crate::domain::digest::DigestOf;
use crate::domain::ids::{NoticeId, PostId};
use crate::domain::notice::{
    Address, DigestDue, MessageOp, MessageState, Notice, NoticeState, Post, PostAbout, Reason,
};

impl Desk<'_> {
    /// True for a word that was said before.
    pub(super) fn is_repeat(&self, id: NoticeId) -> bool {
        self.notices.get(&id).is_some_and(|notice| notice.reason == Reason::Repeated)
    }

    /// The digest that the reader of a repeat gets this very moment: it is a line of that, and no message beside it. `None`:
    /// they get none, or the message of their day is news anyway.
    pub(super) fn digest_of_today<'d>(&self, id: NoticeId, digests: &'d mut [DigestDue]) -> Option<&'d mut DigestDue> {
        let notice = self.notices.get(&id)?;
        let (place, about) = self.belongs(notice);
        if self.latest(&place, about).is_some() {
            return None;
        }
        digests.iter_mut().find(|due| matches!(due.of, DigestOf::Person(_)) && due.address == notice.address)
    }

    /// What a repeat becomes a line of: the message of the day, else one that its reader gets on that day anyway. What can no
    /// longer be changed takes no line, and a second message of that day is none either: then it is that of the next.
    pub(super) fn of_repeat(&self, place: &Address, calendar: &Calendar) -> PostAbout {
        let today = calendar.date(self.snapshot.now);
        let day = self.day_of(place, calendar);
        if day != today || self.latest(place, PostAbout::Day(day)).is_some() {
            return PostAbout::Day(day);
        }
        match self.own_of(place, today, calendar) {
            None => PostAbout::Day(day),
            Some(post) if self.snapshot.policy.edits(place) || !self.has_left(post) => post.about,
            Some(_) => PostAbout::Day(calendar.date(calendar.next_day_start(calendar.day_ends(today)))),
        }
    }

    /// The latest message about one gap that a place gets on a day.
    fn own_of(&self, place: &Address, day: Date, calendar: &Calendar) -> Option<&Post> {
        let known = self.snapshot.board.posts().map(|post| post.id).filter(|id| !self.posts.contains_key(id));
        let mut ids: Vec<PostId> = known.chain(self.posts.keys().copied()).collect();
        ids.sort_unstable();
        let begun = |post: &Post| self.lines(post.id).iter().map(|line| line.told_at.unwrap_or(line.decided_at)).min();
        let fits = |post: &&Post| {
            post.open
                && matches!(post.about, PostAbout::Alert(..))
                && spot(&post.place) == spot(place)
                && begun(post).is_some_and(|at| calendar.date(at) == day)
        };
        ids.into_iter().rev().filter_map(|id| self.post(id)).find(fits)
    }

    fn has_left(&self, post: &Post) -> bool {
        let on_its_way = |state: MessageState| state.is_live() && state != MessageState::Sealed;
        post.at.is_some() || self.message(post.id, MessageOp::Post, on_its_way).is_some()
    }

    /// Where a message cannot be changed and nothing else goes there on this day: the thread of the first word. `None`: it is
    /// a line like any other.
    pub(super) fn thread_of_repeat(&self, notice: &Notice) -> Option<PostId> {
        let place = super::desk::place(&notice.address);
        if self.snapshot.policy.edits(&place) {
            return None;
        }
        let calendar = self.calendar(notice);
        let today = calendar.date(self.snapshot.now);
        let others = self.notices.values().any(|other| {
            other.id != notice.id
                && other.reason == Reason::Repeated
                && other.state == NoticeState::Sealed
                && spot(&other.address) == spot(&place)
        });
        let has_day = self.latest(&place, PostAbout::Day(today)).is_some();
        if others || has_day || self.own_of(&place, today, calendar).is_some() {
            return None;
        }
        self.told_in(notice).filter(|post| self.post(*post).is_some_and(|post| post.open && post.at.is_some()))
    }
}
