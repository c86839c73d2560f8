//! What is said of people who are away, gone, or have too much to do: that it is so and until when, never why.

use jiff::civil::Date;

use super::facts::{NAMED, key, tasks};
use super::scene::Scene;
use super::when::{count, day_of, due, percent, work};
use crate::domain::finding::{Evidence, Overload};
use crate::domain::ids::TaskId;

/// The numbers of `owner.absent` and `owner.gone`.
pub(super) fn facts(evidence: &Evidence, scene: Scene<'_>) -> String {
    match evidence {
        Evidence::OwnerAbsent { from_on, back_on, deadline, checkpoint, .. } => {
            let away = format!("away from {} until {}", day(*from_on, scene), day(*back_on, scene));
            let look = checkpoint.map(|on| format!(", and next to be looked at {}", day(on, scene)));
            format!("{away}; {}{}", due(deadline, scene), look.unwrap_or_default())
        }
        Evidence::OwnerGone { tasks, acted_at, left } => {
            let open = count(i64::try_from(tasks.len()).unwrap_or(i64::MAX), "open task");
            let named: Vec<String> = tasks.iter().take(NAMED).map(|task| key(*task, scene)).collect();
            let more = tasks.len().saturating_sub(NAMED);
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            let why = match (left, acted_at) {
                (true, _) => "the account was deactivated".to_owned(),
                (false, Some(at)) => format!("last seen at work {}", day_of(*at, scene)),
                (false, None) => "never seen at work".to_owned(),
            };
            format!("{why}; {open}: {}{more}", named.join(", "))
        }
        _ => String::new(),
    }
}

/// The numbers of `load.overloaded`: only of this person.
pub(super) fn load(how: &Overload, movable: &[TaskId], scene: Scene<'_>) -> String {
    let measure = match how {
        Overload::Effort { planned_secs, room_secs, tasks, until_at } => {
            let (left, of) = (work(*planned_secs, scene), count(i64::from(*tasks), "task"));
            let until = day_of(*until_at, scene);
            match room_secs {
                0 => format!("{left} of work in {of} due until {until}, and no working time until then"),
                room => {
                    let share = percent(*planned_secs as f64 / *room as f64);
                    format!("{left} of work in {of} due until {until}, {share} of the {} there are", work(*room, scene))
                }
            }
        }
        Overload::Due { due, usual, until_at, .. } => {
            format!(
                "{} due until {}, rarely more than {} before",
                tasks(*due),
                day_of(*until_at, scene),
                number(*usual)
            )
        }
        Overload::Hands { active, usual } => {
            format!("{} in hand, rarely more than {} before", tasks(*active), number(*usual))
        }
    };
    let names: Vec<String> = movable.iter().map(|task| key(*task, scene)).collect();
    if names.is_empty() { measure } else { format!("{measure}; the latest of them: {}", names.join(", ")) }
}

fn number(value: f64) -> String {
    ((value * 10.0).round() / 10.0).to_string()
}

fn day(date: Date, scene: Scene<'_>) -> String {
    day_of(scene.calendar.day_begins(date), scene)
}
