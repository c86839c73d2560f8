//! What `doctor` finds of mail, of webhooks, and of what could not be sent.

use connector_kit::ConnectorError;
use connector_kit::survey::{Finding, Verdict};

use super::super::open::{Stopped, View};
use super::super::table::when;
use crate::config::{ByMail, Settings};
use crate::registry;

/// Asks the mail server and looks where the webhooks lead; sends nothing.
pub(super) async fn ask(settings: &Settings, wanted: &dyn Fn(&str) -> bool, put: &mut dyn FnMut(&str, Vec<Finding>)) {
    let clock = crate::clock::system();
    if let Some(table) = settings.email.as_ref().filter(|_| wanted("email")) {
        let place = table.smtp.server().place();
        let finding = match registry::mailer(settings, &clock) {
            Ok(Some(mailer)) => match mailer.whoami().await {
                Ok(_) => Finding::good(format!("{place} answers and lets us in")),
                Err(error) => Finding::failed(&error),
            },
            Ok(None) => return,
            Err(error) => Finding::failed(&error),
        };
        put("email", vec![finding, by_mail(settings)]);
    }
    match registry::hooks(settings, &clock) {
        Ok(hooks) => {
            for hook in hooks {
                let about = format!("webhooks.{}", hook.name);
                if wanted(&about) {
                    put(&about, vec![reached(hook.webhook.check().await)]);
                }
            }
        }
        Err(error) => put("webhooks", vec![Finding::failed(&error)]),
    }
}

fn reached(checked: Result<(), ConnectorError>) -> Finding {
    match checked {
        Ok(()) => Finding::good("its address may be posted to; whether it takes an event is told by the first one"),
        Err(error) => Finding::failed(&error),
    }
}

/// Who can be told by mail.
fn by_mail(settings: &Settings) -> Finding {
    let (people, all) = (settings.people.values(), settings.people.len());
    let told = people.filter(|person| person.email.is_some() && person.notify.email == ByMail::All).count();
    let what = format!("{told} of {all} people can be told by mail");
    match told {
        0 => Finding::warning(what, "set `email` in the tables of [people]"),
        _ => Finding::good(what),
    }
}

/// What could not be sent.
pub(super) fn outbox(view: &View) -> Result<Vec<Finding>, Stopped> {
    let mut findings = Vec::new();
    for hook in view.reader.disabled_hooks()? {
        let what = format!("webhooks.{} is out of use since {}: {}", hook.name, when(hook.disabled_at), hook.because);
        let todo = "set another `url`; or ask it again: `gapwatch outbox list`, `gapwatch outbox retry ID`";
        findings.push(Finding::problem(Verdict::Refused, what, todo));
    }
    let given_up = view.reader.given_up()?.len();
    let waiting = view.reader.waiting_events()?;
    findings.push(match given_up {
        0 if waiting == 0 => Finding::good("everything that was to be sent is sent, or waits for its time"),
        0 => Finding::good(format!("{waiting} events wait for a webhook; nothing was given up")),
        _ => {
            let what = format!("given up in all: {given_up}; {waiting} events wait for a webhook");
            Finding::warning(what, "`gapwatch outbox list` says why, `gapwatch outbox retry ID` sends one once more")
        }
    });
    Ok(findings)
}
