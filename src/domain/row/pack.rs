//! A task on its way into a row.

use connector_model::{Due, Ineligible};
use jiff::Timestamp;

use super::*;
use crate::domain::facts::Facts;
use crate::domain::past::Past;

/// Bytes on their way into a row.
pub(super) struct Packing {
    bytes: Vec<u8>,
    layout: Layout,
    created: i64,
}

impl Packing {
    pub(super) fn of(rec: TaskRec) -> (Vec<u8>, Option<Rare>) {
        // Taken apart, so that nothing is forgotten.
        let TaskRec {
            id: _,
            ext,
            container,
            kind,
            homes,
            category,
            declared,
            unmapped,
            start,
            due,
            created_at,
            closed_at,
            priority,
            progress,
            estimate_secs,
            spent_secs,
            remaining_secs,
            parent,
            owners,
            reporter,
            ineligible,
            restricted,
            unseen,
            changed_at,
            facts,
            words,
        } = rec;
        let Facts {
            human_at,
            changed_at: changed_by_others,
            acts,
            assigned,
            first_owner_at,
            first_due_at,
            first_due,
            slips,
            due_set_by,
            due_set_at,
            started_at,
            reopened,
            state_since,
            assigned_by,
            past,
        } = facts;
        let Past {
            progress_at,
            booked_at,
            reopened_at,
            done_before,
            waits_since,
            unlinked_at,
            start_set_at,
            due_moves,
            named_at,
            asked,
        } = past.map(|past| *past).unwrap_or_default();
        let [due_is, start_is, first_is] = [due.map(|due| due.due), start, first_due].map(Halves::of);
        let instants: [Option<Timestamp>; 20] = [
            Some(changed_at),
            closed_at,
            due_is.at,
            start_is.at,
            human_at,
            changed_by_others,
            first_owner_at,
            first_due_at,
            first_is.at,
            due_set_at,
            started_at,
            state_since,
            progress_at,
            reopened_at,
            unlinked_at,
            start_set_at,
            done_before,
            waits_since,
            named_at,
            booked_at,
        ];
        let numbers: [Option<i64>; 13] = [
            Some(container.0),
            reporter.map(|id| id.0),
            parent.map(|id| id.0),
            due_is.on,
            start_is.on,
            first_is.on,
            due_set_by.map(|id| id.0),
            estimate_secs,
            spent_secs.map(i64::from),
            remaining_secs.map(i64::from),
            Some(i64::from(slips)).filter(|slips| *slips != 0),
            Some(i64::from(reopened)).filter(|times| *times != 0),
            progress.map(|progress| i64::from(progress.items)).filter(|items| *items != 0),
        ];
        let given = assigned_by.iter().map(|given| (given.owner.0, given.by.0 << 1 | i64::from(given.planning)));
        let given: Vec<(i64, i64)> = given.collect();
        let (kind_text, unmapped_text) = (kind.as_deref().unwrap_or_default(), unmapped.as_deref().unwrap_or_default());
        let counts: [usize; LISTS] = [
            owners.len(),
            homes.len(),
            acts.len(),
            assigned.len(),
            given.len(),
            ext.len(),
            kind_text.len(),
            unmapped_text.len(),
        ];
        let created = created_at.as_microsecond();
        let dated = || acts.iter().chain(&assigned);
        let all_instants = instants.iter().flatten().chain(dated().map(|(_, at)| at));
        let distances = all_instants.map(|at| at.as_microsecond().wrapping_sub(created));
        // The last holds whatever there is.
        let suits = |(width, unit): &(usize, i64)| distances.clone().all(|micros| fits(micros, *width, *unit));
        let instants_as = INSTANTS_AS.iter().position(suits).unwrap_or(INSTANTS_AS.len() - 1);
        let listed = owners.iter().map(|id| id.0).chain(homes.iter().map(|id| id.0)).chain(dated().map(|(id, _)| id.0));
        let listed = listed.chain(given.iter().flat_map(|(owner, by)| [*owner, *by]));
        let wide_numbers = numbers.iter().flatten().copied().chain(listed).any(|number| u32::try_from(number).is_err());
        let bits = instants.iter().map(Option::is_some).chain(numbers.iter().map(Option::is_some));
        let word = bits.enumerate().fold(0, |word, (bit, is)| word | u64::from(is) << bit)
            | HAS_SHARE.put(progress.is_some().into())
            | HAS_KIND.put(kind.is_some().into())
            | HAS_UNMAPPED.put(unmapped.is_some().into())
            | INSTANT_AS.put(instants_as as u64)
            | WIDE_NUMBERS.put(wide_numbers.into())
            | WIDE_COUNTS.put(counts.iter().any(|count| u8::try_from(*count).is_err()).into())
            | CATEGORY.put(category.code().into())
            | DECLARED.put(declared.into())
            | RESTRICTED.put(restricted.into())
            | UNSEEN.put(unseen.into())
            | INELIGIBLE.put(Ineligible::code(ineligible).into())
            | DUE_SOURCE.put(due.map_or(0, |due| due.source.code()).into())
            | PROGRESS_SOURCE.put(progress.map_or(0, |progress| progress.source.code()).into())
            | PRIORITY.put(priority.map_or(0, |priority| u64::from(priority) + 1));
        let layout = Layout::of(word);
        let lists: usize = ALL_LISTS.iter().zip(counts).map(|(list, count)| count * layout.entry(*list)).sum();
        let mut packing = Packing { bytes: Vec::with_capacity(layout.lists() + lists), layout, created };
        packing.bytes.extend(word.to_le_bytes());
        packing.bytes.extend(created.to_le_bytes());
        counts.iter().for_each(|count| packing.put(*count as i64, layout.count));
        packing.bytes.extend(progress.iter().flat_map(|progress| progress.share.get().to_bits().to_le_bytes()));
        instants.into_iter().flatten().for_each(|at| packing.instant(at));
        numbers.into_iter().flatten().for_each(|number| packing.number(number));
        owners.iter().for_each(|owner| packing.number(owner.0));
        homes.iter().for_each(|home| packing.number(home.0));
        dated().for_each(|(account, at)| {
            packing.number(account.0);
            packing.instant(*at);
        });
        given.iter().flat_map(|(owner, by)| [*owner, *by]).for_each(|number| packing.number(number));
        [&*ext, kind_text, unmapped_text].iter().for_each(|text| packing.bytes.extend(text.as_bytes()));
        let has_rare = words.is_some() || !due_moves.is_empty() || !asked.is_empty();
        (packing.bytes, has_rare.then_some(Rare { words, due_moves, asked }))
    }

    fn put(&mut self, value: i64, width: usize) {
        self.bytes.extend(value.to_le_bytes().iter().take(width));
    }

    fn number(&mut self, number: i64) {
        self.put(number, self.layout.number);
    }

    fn instant(&mut self, at: Timestamp) {
        self.put(at.as_microsecond().wrapping_sub(self.created) / self.layout.unit, self.layout.instant);
    }
}

/// A date, either as an instant or as a day.
#[derive(Clone, Copy)]
struct Halves {
    at: Option<Timestamp>,
    on: Option<i64>,
}

impl Halves {
    fn of(due: Option<Due>) -> Halves {
        match due {
            None => Halves { at: None, on: None },
            Some(Due::At(at)) => Halves { at: Some(at), on: None },
            Some(Due::On(date)) => Halves { at: None, on: Some(day(date)) },
        }
    }
}

/// True when a distance can be written in so many bytes, counted by so many microseconds.
fn fits(micros: i64, width: usize, unit: i64) -> bool {
    let (count, spare) = (micros / unit, i64::BITS - 8 * width as u32);
    micros % unit == 0 && count << spare >> spare == count
}
