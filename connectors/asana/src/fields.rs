//! What custom fields and words mean. Pure.
//!
//! A field is known by what the configuration calls it, else by the template of Asana's it was made from, never by its
//! translated name.

use connector_model::words::plain_meaning;
use connector_model::{Due, Share, StatusCategory};

use crate::config::{Fields, States, folded};
use crate::wire::{CustomField, DateValue};

/// What a custom field tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    Start,
    Progress,
    Estimate,
    Priority,
    Status,
}

/// What this field tells, which stands among these others on its task or in its project. `None`: nothing we know.
pub(crate) fn role(field: &CustomField, fields: &Fields, among: &[CustomField]) -> Option<Role> {
    let configured = [
        (&fields.start, Role::Start),
        (&fields.progress, Role::Progress),
        (&fields.estimate, Role::Estimate),
        (&fields.priority, Role::Priority),
    ];
    if let Some((_, role)) =
        configured.iter().find(|(word, _)| word.as_deref().is_some_and(|word| is_called(field, word)))
    {
        return Some(*role);
    }
    let is_number = field.resource_subtype.as_deref().is_none_or(|kind| kind == "number");
    let made_as = match field.asana_created_field.as_deref()? {
        "progress" | "task_progress" if is_number && field.format.as_deref() == Some("percentage") => Role::Progress,
        "status" | "task_progress" | "progress" | "stage" => Role::Status,
        "estimated_time" => Role::Estimate,
        "priority" | "priority_level" => Role::Priority,
        _ => return None,
    };
    // Where there is one that the configuration names for it, it is read from that one alone.
    let named = configured.iter().filter(|(_, role)| *role == made_as).filter_map(|(word, _)| word.as_deref());
    let is_there = |word: &str| among.iter().any(|other| other.enabled != Some(false) && is_called(other, word));
    let is_taken = named.into_iter().any(is_there);
    (!is_taken).then_some(made_as)
}

fn is_called(field: &CustomField, word: &str) -> bool {
    field.gid.as_deref() == Some(word.trim()) || field.name.as_deref().is_some_and(|name| folded(name) == folded(word))
}

/// A share. Asana keeps 25 % as 0.25 where the field is shown as per cent; a plain number is taken as per cent.
pub(crate) fn share(field: &CustomField, value: f64) -> Share {
    match field.format.as_deref() {
        Some("percentage") => Share::new(value),
        _ => Share::new(value / 100.0),
    }
}

/// Seconds of work: durations are kept in minutes, plain numbers are hours.
pub(crate) fn seconds(field: &CustomField, value: f64) -> i64 {
    let is_duration =
        field.format.as_deref() == Some("duration") || field.asana_created_field.as_deref() == Some("estimated_time");
    let unit = if is_duration { 60.0 } else { 3_600.0 };
    (value * unit).round() as i64
}

/// A date field's value.
pub(crate) fn date(value: &DateValue) -> Option<Due> {
    value.date_time.map(Due::At).or(value.date.map(Due::On))
}

/// 1 is the highest.
pub(crate) fn priority(word: &str) -> Option<u8> {
    let word = plain(word);
    PRIORITIES.iter().find(|(_, words)| words.contains(&word.as_str())).map(|(level, _)| *level)
}

const PRIORITIES: [(u8, &[&str]); 3] = [
    (
        1,
        &[
            "high", "highest", "urgent", "critical", "blocker", "p0", "p1", "hoch", "dringend", "haute", "élevée",
            "alta", "urgente", "hoog",
        ],
    ),
    (2, &["medium", "normal", "p2", "mittel", "moyenne", "media", "média", "gemiddeld"]),
    (3, &["low", "lowest", "p3", "p4", "niedrig", "gering", "basse", "faible", "baja", "baixa", "bassa", "laag"]),
];

/// What a word that people gave a section or a status means, by the configuration, else where it is a common one.
pub(crate) fn meaning(word: &str, states: &States) -> Option<StatusCategory> {
    states.of(word).or_else(|| common(word))
}

/// Common words. A section may be called anything, so that only a whole name counts.
pub(crate) fn common(word: &str) -> Option<StatusCategory> {
    plain_meaning(word).map(|meaning| meaning.category)
}

/// Common words for where things lie on which nobody is to work yet.
pub(crate) fn is_backlog(word: &str, states: &States) -> bool {
    states.of(word).is_none() && plain_meaning(word).is_some_and(|meaning| meaning.backlog)
}

/// Asana's own name for the section of a project in which nobody made any: it says nothing.
pub(crate) fn is_untitled(word: &str) -> bool {
    UNTITLED.contains(&plain(word).as_str())
}

const UNTITLED: [&str; 8] = [
    "untitled section",
    "no section",
    "unbenannter abschnitt",
    "abschnitt ohne titel",
    "section sans titre",
    "sección sin título",
    "seção sem título",
    "naamloze sectie",
];

/// Without the ornaments around it: `🚧 In Progress` is `in progress`.
fn plain(word: &str) -> String {
    word.trim_matches(|c: char| !c.is_alphanumeric()).to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(made_as: &str, kind: &str, format: Option<&str>) -> CustomField {
        CustomField {
            gid: Some("7".to_owned()),
            name: Some("Fortschritt".to_owned()),
            resource_subtype: Some(kind.to_owned()),
            format: format.map(str::to_owned),
            asana_created_field: (!made_as.is_empty()).then(|| made_as.to_owned()),
            ..CustomField::default()
        }
    }

    #[test]
    fn a_quarter_is_25_per_cent_where_the_field_is_shown_as_per_cent() {
        assert_eq!(share(&field("progress", "number", Some("percentage")), 0.25).get(), 0.25);
        assert_eq!(share(&field("progress", "number", Some("none")), 25.0).get(), 0.25);
        assert_eq!(share(&field("progress", "number", None), 0.5).get(), 0.005);
        assert_eq!(share(&field("progress", "number", Some("percentage")), 1.7).get(), 1.0);
    }

    #[test]
    fn a_field_is_known_by_configuration_and_then_by_its_template() {
        let none = Fields::default();
        assert_eq!(role(&field("task_progress", "number", Some("percentage")), &none, &[]), Some(Role::Progress));
        assert_eq!(role(&field("task_progress", "enum", None), &none, &[]), Some(Role::Status));
        assert_eq!(role(&field("priority", "enum", None), &none, &[]), Some(Role::Priority));
        assert_eq!(role(&field("", "number", Some("percentage")), &none, &[]), None, "a name alone tells nothing");
        for word in ["7", "fortschritt "] {
            let named = Fields { progress: Some(word.to_owned()), ..Fields::default() };
            assert_eq!(role(&field("", "number", None), &named, &[]), Some(Role::Progress), "{word}");
        }
        let other = Fields { progress: Some("8".to_owned()), ..Fields::default() };
        let made = field("progress", "number", Some("percentage"));
        let eighth = CustomField { gid: Some("8".to_owned()), ..field("", "number", None) };
        assert_eq!(role(&made, &other, std::slice::from_ref(&eighth)), None, "another one was named");
        assert_eq!(role(&made, &other, &[]), Some(Role::Progress), "where that is not, this one tells it");
        let off = CustomField { enabled: Some(false), ..eighth };
        assert_eq!(role(&made, &other, &[off]), Some(Role::Progress), "nor where it does not apply");
    }

    #[test]
    fn an_estimate_is_in_minutes_where_it_is_a_duration_and_in_hours_elsewhere() {
        assert_eq!(seconds(&field("estimated_time", "number", Some("duration")), 90.0), 5_400);
        assert_eq!(seconds(&field("", "number", None), 1.5), 5_400);
    }

    #[test]
    fn words_are_read_without_their_ornaments() {
        let states: States = [("Legal check".to_owned(), StatusCategory::Review)].into_iter().collect();
        for (word, expected) in [
            ("🚧 In Progress", Some(StatusCategory::Active)),
            ("LEGAL CHECK ", Some(StatusCategory::Review)),
            ("In Bearbeitung:", Some(StatusCategory::Active)),
            ("Waiting for client", Some(StatusCategory::Waiting)),
            ("Done ✅", Some(StatusCategory::Done)),
            ("Live events", None),
            ("Untitled section", None),
            ("", None),
        ] {
            assert_eq!(meaning(word, &states), expected, "{word}");
        }
        assert_eq!((priority("High"), priority("⚠ niedrig"), priority("42")), (Some(1), Some(3), None));
    }
}
