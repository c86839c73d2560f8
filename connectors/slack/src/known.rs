//! What was learned from earlier answers and saves a call. Everything here may be forgotten at any time.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use connector_kit::{Destination, Profile};
use jiff::{SignedDuration, Timestamp};

use crate::wire::Identity;

/// How long a person found by e-mail is not asked for again.
const PROFILE_KEPT: SignedDuration = SignedDuration::from_hours(24);

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
    profiles: HashMap<String, (Profile, Timestamp)>,
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
    pub(crate) fn profile(&self, email: &str, now: Timestamp) -> Option<Profile> {
        let facts = self.facts();
        let (profile, asked_at) = facts.profiles.get(email)?;
        let age = now.duration_since(*asked_at);
        (!age.is_negative() && age < PROFILE_KEPT).then(|| profile.clone())
    }

    pub(crate) fn remember_profile(&self, email: String, profile: Profile, now: Timestamp) {
        self.facts().profiles.insert(email, (profile, now));
    }

    /// After a refused delivery: whatever led there is asked anew.
    pub(crate) fn forget(&self, to: &Destination) {
        let mut facts = self.facts();
        let user = match to {
            Destination::User(user) => Some(user.clone()),
            Destination::Email(email) => {
                facts.profiles.remove(&email.trim().to_lowercase()).map(|(profile, _)| profile.id)
            }
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
