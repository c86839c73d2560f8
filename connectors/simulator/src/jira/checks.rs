//! What a query may not say on this site: fields, operators and values that are not there, in Jira's words.

use super::jql::{Expr, Jql, Op, Operand, Test};
use super::query::{Asker, DATES, TEXTS, category_key, field, is_field, values};
use super::site::Site;

/// Fields that `ORDER BY` takes at most.
const ORDER_FIELDS: usize = 7;

impl Site {
    /// Everything about a query that is an error on this site, in Jira's words.
    pub(super) fn query_errors(&self, jql: &Jql, asker: &Asker<'_>) -> Vec<String> {
        let mut errors = Vec::new();
        if let Some(filter) = &jql.filter {
            self.check(filter, asker, &mut errors);
        }
        if jql.order.len() > ORDER_FIELDS {
            errors.push(format!("JQL can be ordered by at most {ORDER_FIELDS} fields."));
        }
        for (name, _) in &jql.order {
            if !is_field(name) && self.custom_field(name).is_none() {
                errors.push(no_field(name));
            }
        }
        errors
    }

    pub(super) fn custom_field(&self, name: &str) -> Option<u64> {
        let by_number = name.strip_prefix("cf[").and_then(|rest| rest.strip_suffix(']'));
        let found = self.fields.iter().find(|field| {
            by_number.is_some_and(|number| number == field.number.to_string()) || field.name.eq_ignore_ascii_case(name)
        });
        found.map(|field| field.number)
    }

    fn check(&self, expr: &Expr, asker: &Asker<'_>, errors: &mut Vec<String>) {
        match expr {
            Expr::And(all) | Expr::Or(all) => all.iter().for_each(|one| self.check(one, asker, errors)),
            Expr::Not(one) => self.check(one, asker, errors),
            Expr::Test(test) => self.check_test(test, asker, errors),
        }
    }

    fn check_test(&self, test: &Test, asker: &Asker<'_>, errors: &mut Vec<String>) {
        let Some(name) = field(&test.field) else {
            if self.custom_field(&test.field).is_none() {
                errors.push(no_field(&test.field));
            }
            return;
        };
        if test.op == Op::Was {
            if name != "status" && name != "assignee" {
                errors.push(format!("History searches do not support the '{}' field.", test.field));
            }
            return;
        }
        let is_text = matches!(test.op, Op::Like | Op::NotLike);
        let compares = matches!(test.op, Op::Lt | Op::Le | Op::Gt | Op::Ge);
        let wrong = if TEXTS.contains(&name) {
            !is_text && !matches!(test.op, Op::Is | Op::IsNot)
        } else {
            is_text || (compares && !DATES.contains(&name) && name != "priority" && name != "key")
        };
        if wrong {
            errors.push(format!("The operator '{}' is not supported by the '{}' field.", test.op.word(), test.field));
            return;
        }
        for value in values(&test.operand) {
            self.check_value(name, test, value, asker, errors);
        }
    }

    fn check_value(&self, name: &str, test: &Test, value: &Operand, asker: &Asker<'_>, errors: &mut Vec<String>) {
        if DATES.contains(&name) {
            if asker.point(value).is_none() && *value != Operand::Empty {
                let shown = shown(value);
                errors.push(format!(
                    "Date value '{shown}' for field '{}' is invalid. Valid formats include: 'yyyy/MM/dd HH:mm', 'yyyy-MM-dd \
                     HH:mm', 'yyyy/MM/dd', 'yyyy-MM-dd', or a period format e.g. '-5d', '4w 2d'.",
                    test.field
                ));
            }
            return;
        }
        let Operand::Value(text, _) = value else { return };
        let exists = match name {
            // Nobody sees no project, and is not told that it is there; the search is merely empty.
            "project" => {
                let visible = |project: &super::model::Project| !project.hidden && !project.archived;
                asker.me.is_none() || self.project_named(text).is_some_and(visible)
            }
            "status" => {
                self.statuses.iter().any(|one| one.name.eq_ignore_ascii_case(text) || one.id.to_string() == *text)
            }
            "category" => category_key(text).is_some(),
            "kind" => self.kinds.iter().any(|one| one.name.eq_ignore_ascii_case(text) || one.id.to_string() == *text),
            "priority" => {
                self.priorities.iter().any(|one| one.name.eq_ignore_ascii_case(text) || one.id.to_string() == *text)
            }
            "assignee" | "reporter" | "creator" => self.user_named(text).is_some(),
            "sprint" => self.sprints.iter().any(|one| one.id.to_string() == *text || one.name == *text),
            "key" => {
                let found = self.issue_named(text).is_some_and(|issue| self.sees(issue, asker.me));
                if !found && asker.me.is_some() {
                    errors.push(if text.chars().all(|c| c.is_ascii_digit()) {
                        format!("A value with ID '{text}' does not exist for the field '{}'.", test.field)
                    } else {
                        format!("An issue with key '{text}' does not exist for field '{}'.", test.field)
                    });
                }
                return;
            }
            _ => true,
        };
        if !exists {
            errors.push(format!("The value '{text}' does not exist for the field '{}'.", test.field));
        }
    }
}

fn no_field(name: &str) -> String {
    format!("Field '{name}' does not exist or you do not have permission to view it.")
}

fn shown(value: &Operand) -> &str {
    match value {
        Operand::Value(text, _) => text,
        Operand::Call(name, _) => name,
        _ => "EMPTY",
    }
}
