//! A digest as a whole: what it is about, and from that its words.

use connector_kit::{Destination, Text};
use jiff::civil::Date;

use super::desk::Desk;
use super::digest::{baseline, overview, personal};
use super::guard::worded;
use super::letter::{Names, about};
use super::scene::Scene;
use super::{digest_words, report};
use crate::alerts::{digest_calendar, gets_weekly};
use crate::domain::digest::DigestOf;
use crate::domain::notice::{Address, Post};

/// The words of a digest. `None`: there is nothing to say.
pub(super) fn words(of: DigestOf, day: Date, post: &Post, desk: &Desk<'_>, names: &Names) -> Option<Text> {
    worded(|| full_words(of, day, post, desk, names), || about(&desk.lines(post.id), desk, names))
}

fn full_words(of: DigestOf, day: Date, post: &Post, desk: &Desk<'_>, names: &Names) -> Option<Text> {
    let lines = desk.lines(post.id);
    let calendar = digest_calendar(of, desk.snapshot);
    let common = &desk.snapshot.board.people.default_calendar;
    let scene = Scene { names, now: desk.snapshot.now, calendar, common };
    let open = in_channel(&post.place);
    match of {
        DigestOf::Person(account) => {
            if lines.is_empty() {
                return None;
            }
            Some(digest_words::personal(&personal(account, of, day, &lines, desk, scene), day, scene))
        }
        DigestOf::Manager(account) => {
            let overview = overview(Some(account), of, &lines, open, desk, scene);
            Some(digest_words::manager(&overview, day, scene))
        }
        DigestOf::Weekly(account) => {
            let about = gets_weekly(account, desk.snapshot).unwrap_or(Some(account));
            let overview = overview(about, of, &lines, open, desk, scene);
            Some(digest_words::weekly(&overview, day, open, scene))
        }
        DigestOf::Baseline(connection) => {
            let found = baseline(connection, desk);
            Some(report::words(&found, open, scene))
        }
    }
}

fn in_channel(place: &Address) -> bool {
    matches!(place, Address::Slack(Destination::Channel(_)))
}
