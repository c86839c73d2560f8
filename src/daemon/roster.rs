//! What the store must know of people: who they are, and when they work. Hours that several people share are laid out once.

use std::collections::HashMap;
use std::sync::Arc;

use jiff::tz::TimeZone;

use crate::config::{Accounts, CalendarSettings, PersonSettings, Settings, TeamSettings};
use crate::domain::calendar::{Calendar, Hours};
use crate::store::PersonPlan;

/// Every calendar that somebody has, laid out when the first one needs it.
pub(super) struct Calendars<'s> {
    settings: &'s Settings,
    /// By the name of the table (empty: none), the zone, and the hours.
    known: HashMap<(String, Option<String>, Hours), Arc<Calendar>>,
}

impl<'s> Calendars<'s> {
    pub(super) fn new(settings: &'s Settings) -> Calendars<'s> {
        Calendars { settings, known: HashMap::new() }
    }

    /// For everybody who has none of their own.
    pub(super) fn default(&mut self) -> Arc<Calendar> {
        self.laid_out(self.settings.directory.default_calendar.as_deref(), None, None)
    }

    fn of(&mut self, person: &PersonSettings) -> Arc<Calendar> {
        let name = person.calendar.as_ref().or(self.settings.directory.default_calendar.as_ref());
        let zone = person.tz.as_ref().map(|tz| tz.zone().clone());
        self.laid_out(name.map(String::as_str), zone, person.capacity.map(|capacity| capacity.minutes()))
    }

    fn laid_out(&mut self, name: Option<&str>, zone: Option<TimeZone>, minutes: Option<i32>) -> Arc<Calendar> {
        let table: Option<&CalendarSettings> = name.and_then(|name| self.settings.calendars.get(name));
        let stated = zone.or_else(|| table?.tz.as_ref().map(|tz| tz.zone().clone()));
        let zone = stated.unwrap_or_else(TimeZone::system);
        let whole = table.map_or_else(Hours::usual, CalendarSettings::week);
        let hours = minutes.map_or_else(|| whole.clone(), |minutes| whole.shortened(minutes));
        let key = (name.unwrap_or_default().to_owned(), zone.iana_name().map(str::to_owned), hours.clone());
        let off = table.map(CalendarSettings::days_off).unwrap_or_default();
        let make = || Arc::new(Calendar::with_holidays(zone, hours, &off));
        self.known.entry(key).or_insert_with(make).clone()
    }
}

/// Everybody configured, and the teams among them.
pub(super) fn persons(settings: &Settings, calendars: &mut Calendars<'_>) -> Vec<PersonPlan> {
    let mut persons: Vec<PersonPlan> =
        settings.people.iter().map(|(handle, person)| of_person(handle, person, calendars)).collect();
    persons.extend(settings.teams.iter().map(|(handle, team)| of_team(handle, team, calendars)));
    persons
}

fn of_person(handle: &str, person: &PersonSettings, calendars: &mut Calendars<'_>) -> PersonPlan {
    // A zone that only the default calendar has is everybody's; what Slack says of one person is closer.
    let of_table = person.calendar.as_ref().and_then(|name| calendars.settings.calendars.get(name));
    let zone_stated = person.tz.is_some() || of_table.is_some_and(|table| table.tz.is_some());
    PersonPlan {
        handle: handle.to_owned(),
        name: person.name.clone().unwrap_or_else(|| handle.to_owned()),
        email: person.email.clone(),
        manager: person.manager.clone(),
        slack: person.also.slack.0.first().cloned(),
        accounts: in_trackers(&person.also),
        calendar: calendars.of(person),
        zone_stated,
        away: person.days_away(),
        deputy: person.deputy.clone(),
        team: false,
    }
}

fn of_team(handle: &str, team: &TeamSettings, calendars: &mut Calendars<'_>) -> PersonPlan {
    PersonPlan {
        // As its table is written: no person can be called so.
        handle: format!("teams.{handle}"),
        name: team.name.clone().unwrap_or_else(|| handle.to_owned()),
        email: None,
        manager: Some(team.manager.clone()),
        slack: None,
        accounts: in_trackers(&team.also),
        calendar: calendars.default(),
        zone_stated: true,
        away: Vec::new(),
        deputy: None,
        team: true,
    }
}

fn in_trackers(also: &Accounts) -> Vec<(String, String)> {
    also.in_trackers().map(|(tool, account)| (tool.to_owned(), account.clone())).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::config::{Sources, load};

    fn settings(text: &str) -> Settings {
        let text = format!("[github.acme]\ntoken = \"t\"\nrepos = [\"acme/web\"]\n{text}");
        let files = vec![("gapwatch.toml".into(), text)];
        load(&Sources { files, ..Sources::default() }).unwrap().settings
    }

    #[test]
    fn ten_thousand_people_share_what_they_have_in_common() {
        let mut text =
            String::from("[calendars.berlin]\ntz = \"Europe/Berlin\"\nholidays = [\"2026-12-24..2026-12-26\"]\n");
        text.push_str("[directory]\ndefault_calendar = \"berlin\"\n");
        for nth in 0..10_000 {
            let part = if nth % 3 == 0 { "capacity = \"32h/week\"\n" } else { "" };
            text.push_str(&format!("[people.p{nth}]\naway = [\"2026-0{}-01\"]\n{part}", nth % 9 + 1));
        }
        let settings = settings(&text);
        let mut calendars = Calendars::new(&settings);
        let persons = persons(&settings, &mut calendars);
        assert_eq!((persons.len(), calendars.known.len()), (10_000, 2));
        assert_eq!(persons.iter().filter(|person| Arc::strong_count(&person.calendar) > 3000).count(), 10_000);
    }

    #[test]
    fn hours_come_from_the_calendar_and_the_zone_from_the_person_first() {
        let settings = settings(
            "[calendars.short]\ntz = \"Europe/Berlin\"\nhours = { mon_thu = \"09:00-17:00\", fri = \"09:00-15:00\" }\n\
             [people.ana]\ncalendar = \"short\"\ntz = \"Asia/Tokyo\"\ncapacity = \"19h/week\"\n[people.bo]\n\
             [teams.web]\nmanager = \"bo\"\nalso = { github = \"team-web\" }\n",
        );
        let mut calendars = Calendars::new(&settings);
        let persons = persons(&settings, &mut calendars);
        let ana = &persons[0].calendar;
        assert_eq!(
            (ana.zone().iana_name(), ana.hours().week[0], ana.hours().week[4]),
            (Some("Asia/Tokyo"), Some((540, 780)), Some((540, 720)))
        );
        assert_eq!(persons[1].calendar.hours(), &Hours::usual());
        assert!(persons[2].team && persons[2].manager.as_deref() == Some("bo"));
    }
}
