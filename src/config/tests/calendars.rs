//! Calendars and absences: what is refused, and what is taken.

use super::*;

#[test]
fn hours_holidays_part_time_and_absences_are_taken_as_documented() {
    let folder = tempfile::tempdir().unwrap();
    let ics = folder.path().join("de-be.ics");
    let text = "BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART;VALUE=DATE:20270308\nEND:VEVENT\nEND:VCALENDAR\n";
    std::fs::write(&ics, text).unwrap();
    let settings = loaded(
        &format!(
            "{GITHUB}[calendars.berlin]\ntz = 'Europe/Berlin'\nhours = {{ mon_thu = '09:00-17:00', fri = '09:00-15:00' }}\n\
             holidays = ['2026-12-24..2026-12-26', '2027-01-01']\nholidays_ics = '{}'\n\
             [people.ana]\ncapacity = '32h/week'\naway = ['2026-12-01..2026-12-05']\ncalendar = 'berlin'\ndeputy = 'bo'\n\
             [people.bo]\n[directory]\ndefault_calendar = 'berlin'\n",
            ics.display()
        ),
        &[],
    );
    let berlin = &settings.calendars["berlin"];
    assert_eq!(berlin.week().week_minutes(), 38 * 60);
    let days: Vec<String> = berlin.days_off().iter().map(|range| range.to.to_string()).collect();
    assert_eq!(days, ["2026-12-26", "2027-01-01", "2027-03-08"]);
    let ana = &settings.people["ana"];
    assert_eq!((ana.capacity.unwrap().minutes(), ana.days_away().len()), (32 * 60, 1));
}

#[test]
fn every_mistake_in_a_calendar_is_named() {
    let found = found_after(
        "[calendars.a]\nhours = { mon_thu = '09:00-17:00', wed_fri = '09:00-15:00' }\nholidays = ['2026-12-26..2026-12-24']\n\
         [calendars.b]\nhours = { mo_fr = '09:00-17:00' }\n[calendars.c]\nhours = { fri = '17:00-09:00' }\n\
         [calendars.d]\nhours = {}\n[calendars.e]\nholidays_ics = '/no/such/file.ics'\n\
         [people.ana]\ncapacity = '80%'\ncalendar = 'z'\ndeputy = 'ana'\n[teams.ana]\nmanager = 'nobody'\n",
    );
    for part in [
        "`mon_thu` and `wed_fri` have a day in common",
        "\"2026-12-26..2026-12-24\" is not a day or a range of days",
        "unknown key `mo_fr`",
        "\"17:00-09:00\" is not a range of hours",
        "nobody who has this calendar ever works",
        "/no/such/file.ics cannot be read",
        "\"80%\" is not a weekly working time",
        "no calendar named `z`",
        "ana cannot stand in for themselves",
        "no person named `nobody`",
    ] {
        assert!(found.contains(part), "{part}\n{found}");
    }
}

#[test]
fn whoever_only_looks_needs_no_calendar_file() {
    let text = format!("{GITHUB}[calendars.e]\nholidays_ics = '/no/such/file.ics'\n");
    let only_looks =
        Sources { flags: Flags { only_looks: true, ..Flags::default() }, ..sources(&[("g.toml", &text)], &[]) };
    assert!(load(&only_looks).is_ok());
}
