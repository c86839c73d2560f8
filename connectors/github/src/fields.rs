//! The organisation's own fields on an issue (start date, target date, priority, effort), which stand in the issue itself.
//! Pure. A value of another kind than is wanted says nothing.

use connector_model::{Progress, ProgressSource, Share};
use jiff::civil::Date;
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::graph::Fields;
use crate::normalise::priority_option;

/// What an issue's own fields say.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Own {
    pub(crate) start: Option<Date>,
    pub(crate) due: Option<Date>,
    pub(crate) priority: Option<u8>,
    pub(crate) progress: Option<Progress>,
    pub(crate) estimate_secs: Option<i64>,
}

#[derive(Deserialize)]
struct FieldValue {
    #[serde(default)]
    issue_field_id: Option<u64>,
    #[serde(default)]
    issue_field_name: Option<String>,
    #[serde(default)]
    value: Value,
    #[serde(default)]
    single_select_option: Option<Choice>,
}

#[derive(Deserialize)]
struct Choice {
    #[serde(default)]
    name: Option<String>,
}

/// Reads the values of an issue; most have none.
pub(crate) fn read(raw: Option<&RawValue>, fields: &Fields) -> Own {
    let Some(raw) = raw.map(RawValue::get).filter(|text| text.len() > "[]".len()) else { return Own::default() };
    let raws: Vec<&RawValue> = serde_json::from_str(raw).unwrap_or_default();
    let values: Vec<FieldValue> = raws.iter().filter_map(|raw| serde_json::from_str(raw.get()).ok()).collect();
    // In the order of the configured names, not in that of the answer.
    let find = |names: &[String]| {
        let is = |value: &FieldValue, name: &String| {
            value.issue_field_name.as_deref().is_some_and(|own| Fields::same(own, name))
                || value.issue_field_id.is_some_and(|id| id.to_string() == *name)
        };
        names.iter().find_map(|name| values.iter().find(|value| is(value, name) && !value.is_empty()))
    };
    Own {
        start: find(&fields.start).and_then(FieldValue::day),
        due: find(&fields.due).and_then(FieldValue::day),
        priority: find(&fields.priority).and_then(|value| priority_option(value.option()?)),
        progress: find(&fields.progress).and_then(FieldValue::number).map(percent),
        estimate_secs: find(&fields.estimate).and_then(FieldValue::number).and_then(|n| fields.seconds(n)),
    }
}

/// A declared share, as people write it: 0 to 100.
pub(crate) fn percent(number: f64) -> Progress {
    Progress { share: Share::new(number / 100.0), source: ProgressSource::Native, items: 0 }
}

impl FieldValue {
    fn is_empty(&self) -> bool {
        self.value.is_null() && self.option().is_none()
    }

    /// `2026-10-01`, or an instant of that day.
    fn day(&self) -> Option<Date> {
        self.value.as_str()?.get(..10)?.parse().ok()
    }

    fn number(&self) -> Option<f64> {
        self.value.as_f64().or_else(|| self.value.as_str()?.trim().parse().ok())
    }

    fn option(&self) -> Option<&str> {
        let named = self.single_select_option.as_ref().and_then(|choice| choice.name.as_deref());
        named.or_else(|| self.value.as_str())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn of(text: &str) -> Own {
        let fields =
            Fields { progress: vec!["Done %".to_owned()], estimate_unit_secs: Some(3600.0), ..Fields::usual() };
        read(Some(&RawValue::from_string(text.to_owned()).unwrap()), &fields)
    }

    #[test]
    fn dates_priority_and_numbers_are_read_by_the_names_of_their_fields() {
        let own =
            of(r#"[{"issue_field_id":7,"issue_field_name":"Target date","data_type":"date","value":"2026-10-01"},
            {"issue_field_id":8,"issue_field_name":"start date","data_type":"date","value":"2026-09-01T00:00:00Z"},
            {"issue_field_id":9,"issue_field_name":"Priority","data_type":"single_select","value":1,
             "single_select_option":{"id":1,"name":"🔥 High","color":"red"}},
            {"issue_field_id":10,"issue_field_name":"Effort","data_type":"number","value":2.5},
            {"issue_field_id":11,"issue_field_name":"Done %","data_type":"number","value":40}]"#);
        assert_eq!(own.due, Some("2026-10-01".parse().unwrap()));
        assert_eq!(own.start, Some("2026-09-01".parse().unwrap()));
        assert_eq!((own.priority, own.estimate_secs), (Some(2), Some(9_000)));
        assert_eq!(own.progress.map(|progress| progress.share.get()), Some(0.4));
    }

    #[test]
    fn what_is_empty_of_another_kind_or_unknown_says_nothing() {
        for text in ["[]", "{}", "[3,null,{}]", r#"[{"issue_field_name":"Target date","value":null}]"#] {
            assert_eq!(of(text), Own::default(), "{text}");
        }
        let odd = r#"[{"issue_field_name":"Target date","value":{"x":1}},{"issue_field_name":"Priority","value":"soon"},
            {"issue_field_name":"Effort","value":"L"},{"issue_field_name":"Labels","multi_select_options":[{"name":"x"}]}]"#;
        assert_eq!(of(odd), Own::default());
        assert_eq!(read(None, &Fields::usual()), Own::default());
    }

    #[test]
    fn an_option_is_a_priority_in_any_dress() {
        for (option, expected) in
            [("P0", Some(1)), ("1 - Urgent", Some(1)), ("Low", Some(4)), ("🌶️ medium", Some(3)), ("Someday", None)]
        {
            assert_eq!(priority_option(option), expected, "{option}");
        }
    }
}
