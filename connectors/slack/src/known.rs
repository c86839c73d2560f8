//! What was learned from earlier answers and saves a call. Everything here may be forgotten at any time.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use connector_kit::Destination;
use jiff::{SignedDuration, Timestamp};

use crate::people::{Departed, Sought, folded};
use crate::wire::Identity;

/// How long a person found by e-mail is not asked for again, and how long the list of members is believed.
const KEPT: SignedDuration = SignedDuration::from_hours(24);
/// How long nobody is not asked for again: people are hired, and addresses put right.
const NOBODY_KEPT: SignedDuration = SignedDuration::from_hours(1);

#[derive(Default)]
pub(crate) struct Known(Mutex<Facts>);

#[derive(Default)]
struct Facts {
    identity: Option<Identity>,
    /// Person to direct-message conversation.
    rooms: HashMap<String, String>,
    /// Channel as it is written in the configuration to its id.
    channels: HashMap<String, String>,
    /// E-mail to who that is, and when it was asked.
    sought: HashMap<String, (Sought, Timestamp)>,
    /// Who has left, and when it was asked.
    departed: Option<(Departed, Timestamp)>,
    /// The app may post to public channels from outside. `None`: not known.
    posts_anywhere: Option<bool>,
}

impl Known {
    pub(crate) fn identity(&self) -> Option<Identity> {
        self.facts().identity.clone()
    }

    pub(crate) fn remember_identity(&self, identity: Identity) {
        self.facts().identity = Some(identity);
    }

    pub(crate) fn room(&self, user: &str) -> Option<String> {
        self.facts().rooms.get(user).cloned()
    }

    pub(crate) fn remember_room(&self, user: &str, room: &str) {
        self.facts().rooms.insert(user.to_owned(), room.to_owned());
    }

    pub(crate) fn channel(&self, name: &str) -> Option<String> {
        self.facts().channels.get(name).cloned()
    }

    /// Of a destination that is no channel there is nothing to remember.
    pub(crate) fn remember_channel(&self, to: &Destination, id: &str) {
        if let Destination::Channel(name) = to {
            self.facts().channels.insert(name.clone(), id.to_owned());
        }
    }

    /// `None` also when it is too old, or from a time to come.
    pub(crate) fn sought(&self, email: &str, now: Timestamp) -> Option<Sought> {
        let facts = self.facts();
        let (sought, asked_at) = facts.sought.get(email)?;
        let kept = if matches!(sought, Sought::Found(_)) { KEPT } else { NOBODY_KEPT };
        is_fresh(*asked_at, kept, now).then(|| sought.clone())
    }

    pub(crate) fn remember_sought(&self, email: String, sought: Sought, now: Timestamp) {
        self.facts().sought.insert(email, (sought, now));
    }

    /// `None`: the list of members is not at hand.
    pub(crate) fn departed(&self, now: Timestamp) -> Option<Departed> {
        let facts = self.facts();
        let (departed, asked_at) = facts.departed.as_ref()?;
        is_fresh(*asked_at, KEPT, now).then(|| departed.clone())
    }

    pub(crate) fn remember_departed(&self, departed: Departed, now: Timestamp) {
        self.facts().departed = Some((departed, now));
    }

    pub(crate) fn may_post_anywhere(&self) -> Option<bool> {
        self.facts().posts_anywhere
    }

    pub(crate) fn remember_posting(&self, anywhere: Option<bool>) {
        self.facts().posts_anywhere = anywhere;
    }

    /// After a refused delivery: whatever led there is asked anew.
    pub(crate) fn forget(&self, to: &Destination) {
        let mut facts = self.facts();
        let user = match to {
            Destination::User(user) => Some(user.clone()),
            Destination::Email(email) => match facts.sought.remove(&folded(email)) {
                Some((Sought::Found(profile), _)) => Some(profile.id),
                // Asked for again after its time: a refusal changes nothing about who is there.
                Some(nobody) => {
                    facts.sought.insert(folded(email), nobody);
                    None
                }
                None => None,
            },
            Destination::Channel(name) => {
                facts.channels.remove(name);
                None
            }
        };
        user.map(|user| facts.rooms.remove(&user));
    }

    fn facts(&self) -> MutexGuard<'_, Facts> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn is_fresh(asked_at: Timestamp, kept: SignedDuration, now: Timestamp) -> bool {
    let age = now.duration_since(asked_at);
    !age.is_negative() && age < kept
}
