//! Where a digest goes.

use connector_kit::Destination;

use crate::domain::digest::DigestOf;
use crate::domain::ids::AccountId;
use crate::domain::notice::Address;
use crate::domain::people::Person;
use crate::domain::snapshot::Snapshot;

/// Where a digest goes. `None`: there is no way.
pub(super) fn address(of: DigestOf, snapshot: &Snapshot<'_>) -> Option<Address> {
    let (people, policy) = (&snapshot.board.people, snapshot.policy);
    let channel = |name: &Option<String>| {
        let name = name.clone().filter(|_| policy.slack || policy.slack_webhook)?;
        Some(Address::Slack(Destination::Channel(name)))
    };
    let private = |person: &Person| policy.digest_to(person);
    match of {
        DigestOf::Baseline(_) => {
            let operators = people.operators.iter().filter_map(|id| people.persons.get(id));
            let channel = channel(&policy.operators_channel).filter(|_| policy.slack);
            // A page of figures is for whoever wants to read it, not for whoever is in the middle of something.
            channel.or_else(|| operators.filter_map(private).next())
        }
        DigestOf::Person(account) => people.person(account).and_then(private),
        DigestOf::Manager(AccountId::NOBODY) | DigestOf::Weekly(AccountId::NOBODY) => channel(&policy.slack_channel),
        DigestOf::Manager(account) | DigestOf::Weekly(account) => {
            // A webhook reaches its channel alone, and a digest may stand there.
            let in_channel = channel(&policy.slack_channel).filter(|_| policy.slack_webhook);
            people.person(account).and_then(private).or(in_channel)
        }
    }
}

/// True where somebody's digest has a way to them.
pub(super) fn reaches(account: AccountId, snapshot: &Snapshot<'_>) -> bool {
    address(DigestOf::Person(snapshot.board.people.stands(account)), snapshot).is_some()
}
