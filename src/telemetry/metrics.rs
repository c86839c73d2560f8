//! What the daemon counts, in the text format that Prometheus reads. No label holds a title, a person or an address.
//!
//! What happens is counted when it happens; what stands is handed in as [`Figures`] when somebody asks.

use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use connector_kit::Usage;
use jiff::{SignedDuration, Timestamp};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::{Registry, Unit};

type Labels = Vec<(&'static str, String)>;
type Counters = Family<Labels, Counter>;
type Gauges = Family<Labels, Gauge>;
type Seconds = Gauge<f64, AtomicU64>;

/// How things stand at one moment.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Figures {
    /// Each connection with the last time all of it had been read.
    pub connections: Vec<(String, Option<Timestamp>)>,
    /// Tasks on the board, by state.
    pub tasks: Vec<(&'static str, u64)>,
    /// Gaps that are not resolved, by rule and stage.
    pub gaps: Vec<(&'static str, &'static str, u64)>,
    /// Messages that wait.
    pub outbox: u64,
}

/// Everything counted. Cheap to clone.
#[derive(Clone)]
pub struct Metrics(Arc<Inner>);

struct Inner {
    registry: Registry,
    /// Two who ask at once would clear each other's figures.
    asking: Mutex<()>,
    last_success: Family<Labels, Seconds>,
    lag: Family<Labels, Seconds>,
    requests: Counters,
    remaining: Gauges,
    tasks: Gauges,
    gaps: Gauges,
    lifetime: Histogram,
    evaluation: Histogram,
    messages: Counters,
    outbox: Gauge,
    reload_successful: Gauge,
    reload_at: Seconds,
    oracle_differences: Counter,
    clock_doubted: Gauge,
    hooks: Counters,
}

impl Default for Metrics {
    fn default() -> Metrics {
        Metrics::new()
    }
}

impl Metrics {
    /// Nothing counted yet.
    pub fn new() -> Metrics {
        let inner = Inner {
            registry: Registry::with_prefix("gapwatch"),
            asking: Mutex::default(),
            last_success: Family::default(),
            lag: Family::default(),
            requests: Family::default(),
            remaining: Family::default(),
            tasks: Family::default(),
            gaps: Family::default(),
            // An hour to a year.
            lifetime: Histogram::new(exponential_buckets(3600.0, 3.0, 9)),
            // A millisecond to half a minute.
            evaluation: Histogram::new(exponential_buckets(0.001, 4.0, 8)),
            messages: Family::default(),
            outbox: Gauge::default(),
            reload_successful: Gauge::default(),
            reload_at: Seconds::default(),
            oracle_differences: Counter::default(),
            clock_doubted: Gauge::default(),
            hooks: Family::default(),
        };
        inner.reload_successful.set(1);
        Metrics(Arc::new(registered(inner)))
    }

    /// A round took so long.
    pub fn evaluated(&self, length: Duration) {
        self.0.evaluation.observe(length.as_secs_f64());
    }

    /// A gap was resolved after so long.
    pub fn resolved(&self, lifetime: SignedDuration) {
        self.0.lifetime.observe(lifetime.as_secs_f64());
    }

    /// An attempt to say something ended so.
    pub fn message(&self, channel: &str, result: &str, reason: &str) {
        let labels =
            vec![("channel", channel.to_owned()), ("result", result.to_owned()), ("reason", reason.to_owned())];
        self.0.messages.get_or_create(&labels).inc();
    }

    /// A configuration was read again; `true`: it was taken.
    pub fn reloaded(&self, taken: bool, now: Timestamp) {
        self.0.reload_successful.set(i64::from(taken));
        if taken {
            self.0.reload_at.set(seconds(now));
        }
    }

    /// So many alerts changed although nothing was due.
    pub fn oracle(&self, differences: usize) {
        self.0.oracle_differences.inc_by(differences as u64);
    }

    /// Whether the clock is believed.
    pub fn clock(&self, doubted: bool) {
        self.0.clock_doubted.set(i64::from(doubted));
    }

    /// A hook was taken, or why not.
    pub fn hook(&self, connection: &str, result: &str) {
        let labels = vec![("connection", connection.to_owned()), ("result", result.to_owned())];
        self.0.hooks.get_or_create(&labels).inc();
    }

    /// Everything as text. `usage`: what each connection has used of its tool.
    pub fn text(&self, figures: &Figures, usage: &[(String, Usage)], now: Timestamp) -> String {
        let _one_at_a_time = self.0.asking.lock().unwrap_or_else(PoisonError::into_inner);
        self.0.stand(figures, now);
        self.0.used(usage);
        let mut text = String::new();
        // Writing into a string cannot fail.
        let _ = prometheus_client::encoding::text::encode(&mut text, &self.0.registry);
        text
    }
}

impl Inner {
    fn stand(&self, figures: &Figures, now: Timestamp) {
        let of = |name: &String| vec![("connection", name.clone())];
        self.last_success.clear();
        self.lag.clear();
        for (name, at) in &figures.connections {
            // One that was never read has succeeded at the epoch: whoever asks for what is too old finds it.
            self.last_success.get_or_create(&of(name)).set(at.map_or(0.0, seconds));
            if let Some(at) = at {
                self.lag.get_or_create(&of(name)).set(now.duration_since(*at).as_secs_f64().max(0.0));
            }
        }
        self.tasks.clear();
        for (state, count) in &figures.tasks {
            self.tasks.get_or_create(&vec![("state", (*state).to_owned())]).set(gauge(*count));
        }
        self.gaps.clear();
        for (rule, stage, count) in &figures.gaps {
            let labels = vec![("rule", (*rule).to_owned()), ("stage", (*stage).to_owned())];
            self.gaps.get_or_create(&labels).set(gauge(*count));
        }
        self.outbox.set(gauge(figures.outbox));
    }

    fn used(&self, usage: &[(String, Usage)]) {
        self.requests.clear();
        self.remaining.clear();
        for (name, usage) in usage {
            for (status, count) in &usage.answers {
                let labels = vec![("connection", name.clone()), ("status", status.clone())];
                self.requests.get_or_create(&labels).inc_by(*count);
            }
            for (resource, left) in &usage.remaining {
                let labels = vec![("connection", name.clone()), ("resource", resource.clone())];
                self.remaining.get_or_create(&labels).set(gauge(*left));
            }
        }
    }
}

fn registered(mut inner: Inner) -> Inner {
    let registry = &mut inner.registry;
    let connection = "connection_last_success_timestamp";
    registry.register_with_unit(
        connection,
        "When all of a connection had last been read; 0: never",
        Unit::Seconds,
        inner.last_success.clone(),
    );
    registry.register_with_unit(
        "connection_lag",
        "How old the oldest of what is known through a connection is",
        Unit::Seconds,
        inner.lag.clone(),
    );
    registry.register(
        "connection_requests",
        "Requests by status since the start or the last reload; none: no answer",
        inner.requests.clone(),
    );
    registry.register("connection_rate_remaining", "What the tool said is left of a budget", inner.remaining.clone());
    registry.register("tasks", "Tasks on the board by state", inner.tasks.clone());
    registry.register("gaps", "Open gaps by rule and stage", inner.gaps.clone());
    registry.register_with_unit(
        "gap_lifetime",
        "Time from opening to resolving a gap",
        Unit::Seconds,
        inner.lifetime.clone(),
    );
    registry.register_with_unit("evaluation", "Time a round took", Unit::Seconds, inner.evaluation.clone());
    registry.register("messages", "Attempts to say something, and how they ended", inner.messages.clone());
    registry.register("outbox_pending", "Messages that wait to be sent, or to be looked for", inner.outbox.clone());
    registry.register(
        "config_last_reload_successful",
        "Whether the configuration was taken when it was last read",
        inner.reload_successful.clone(),
    );
    registry.register_with_unit(
        "config_last_reload_success_timestamp",
        "When a configuration was last taken",
        Unit::Seconds,
        inner.reload_at.clone(),
    );
    registry.register(
        "oracle_differences",
        "Alerts that a judgement of everything changed although nothing was due",
        inner.oracle_differences.clone(),
    );
    registry.register("clock_doubted", "1 while the clock is not believed", inner.clock_doubted.clone());
    registry.register("hooks", "Webhooks by result", inner.hooks.clone());
    let build = Gauges::default();
    build.get_or_create(&vec![("version", env!("CARGO_PKG_VERSION").to_owned())]).set(1);
    registry.register("build_info", "The version that runs", build);
    inner
}

fn seconds(at: Timestamp) -> f64 {
    at.as_microsecond() as f64 / 1e6
}

fn gauge(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn every_name_that_the_pages_promise_is_there_and_what_is_gone_is_left_out() {
        let metrics = Metrics::new();
        let now: Timestamp = "2026-03-02T10:00:00Z".parse().unwrap();
        metrics.evaluated(Duration::from_millis(3));
        metrics.resolved(SignedDuration::from_hours(48));
        metrics.message("slack", "sent", "post");
        metrics.hook("github.acme", "forged");
        metrics.oracle(2);
        let figures = Figures {
            connections: vec![
                ("github.acme".to_owned(), Some(now - SignedDuration::from_secs(90))),
                ("github.new".to_owned(), None),
            ],
            tasks: vec![("active", 7)],
            gaps: vec![("overdue", "failure", 2)],
            outbox: 1,
        };
        let usage = Usage { answers: vec![("200".to_owned(), 5)], remaining: vec![("core".to_owned(), 4990)] };
        let usage = [("github.acme".to_owned(), usage)];
        // Asked twice: what stands is not added up.
        metrics.text(&figures, &usage, now);
        let text = metrics.text(&figures, &usage, now);
        for line in [
            "gapwatch_connection_last_success_timestamp_seconds{connection=\"github.acme\"} 1772445510.0",
            "gapwatch_connection_last_success_timestamp_seconds{connection=\"github.new\"} 0.0",
            "gapwatch_connection_lag_seconds{connection=\"github.acme\"} 90.0",
            "gapwatch_connection_requests_total{connection=\"github.acme\",status=\"200\"} 5",
            "gapwatch_connection_rate_remaining{connection=\"github.acme\",resource=\"core\"} 4990",
            "gapwatch_tasks{state=\"active\"} 7",
            "gapwatch_gaps{rule=\"overdue\",stage=\"failure\"} 2",
            "gapwatch_gap_lifetime_seconds_count 1",
            "gapwatch_evaluation_seconds_count 1",
            "gapwatch_messages_total{channel=\"slack\",result=\"sent\",reason=\"post\"} 1",
            "gapwatch_outbox_pending 1",
            "gapwatch_config_last_reload_successful 1",
            "gapwatch_oracle_differences_total 2",
            "gapwatch_hooks_total{connection=\"github.acme\",result=\"forged\"} 1",
            "gapwatch_build_info{version=",
        ] {
            assert!(text.contains(line), "{line}\n{text}");
        }
        let text = metrics.text(&Figures::default(), &[], now);
        assert!(!text.contains("github.new") && !text.contains("overdue"), "{text}");
    }
}
