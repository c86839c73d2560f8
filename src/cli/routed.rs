//! The route that a gap is on, as it is shown: its name, and where it is written.

use serde::Serialize;

use super::open::View;
use super::table::plain;
use crate::alerts;
use crate::domain::alert::Alert;

/// A route, and where it is written.
#[derive(Debug, Clone, Serialize)]
pub(super) struct RouteShown {
    /// Its name, else its number.
    pub(super) name: String,
    /// `gapwatch.toml:12`
    pub(super) origin: String,
}

impl RouteShown {
    /// That of a gap. `None`: the usual ladder.
    pub(super) fn of(view: &View, alert: &Alert) -> Option<RouteShown> {
        let route = alerts::route_of(alert, &view.snapshot())?;
        Some(RouteShown { name: route.name.clone(), origin: view.settings.origin(&route.key).to_string() })
    }

    /// `route ops (gapwatch.toml:12)`
    pub(super) fn words(&self) -> String {
        format!("route {} ({})", plain(&self.name), plain(&self.origin))
    }
}
