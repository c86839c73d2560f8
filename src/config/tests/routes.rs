//! `[[routes]]` and `[limits]`: what is taken, and what is wrong with the rest.

use insta::assert_snapshot;

use super::*;

const SLACK: &str = "[slack]\nbot_token = { env = 'SLACK' }\n[people.max]\n";

fn routed(text: &str) -> String {
    found_after(&format!("{SLACK}{text}"))
}

#[test]
fn a_route_as_people_write_it_is_taken() {
    let text = "[[routes]]\nname = 'ops'\nmatch = \"task.project == 'OPS' and task.priority in [1, 2]\"\n\
                rules = ['overdue', 'pace.*']\nsteps = [\n{ to = 'owner', via = 'slack' },\n\
                { to = 'manager', via = 'slack', after = '2 workhours' },\n{ to = '#ops-alerts', after = '1 workday' },\n\
                { to = 'max', after = '2 workdays' },\n]\n[[routes]]\nstage = 'failure'\nsteps = [{ to = 'sponsor' }]\n";
    assert_snapshot!(routed(text), @"gapwatch: 0 errors, 0 warnings in 1 file.");
    let settings = loaded(&format!("{GITHUB}{SLACK}{text}"), &[]);
    assert_eq!(settings.routes.len(), 2);
    assert_eq!(settings.origin("routes[0]").to_string(), "gapwatch.toml:7");
}

#[test]
fn whoever_a_route_names_must_be_there_and_reachable() {
    let text = "[[routes]]\nrules = ['overdu', 'paces.*']\nsteps = [\n{ to = 'owner', via = 'email' },\n\
                { to = 'manger' },\n{ to = 'max', via = 'comment' },\n{ to = '# ops' },\n]\n";
    assert_snapshot!(routed(text), @r##"
    error[unknown-reference]: no rule named `overdu`
     --> gapwatch.toml:8:10
      |
    8 | rules = ['overdu', 'paces.*']
      |          ^^^^^^^^ not a rule
      |
      = note: key: routes[0].rules[0]
      = help: did you mean `overdue`? `gapwatch rules list` names them; `pace.*` is a whole family

    error[unknown-reference]: no rule named `paces.*`
     --> gapwatch.toml:8:20
      |
    8 | rules = ['overdu', 'paces.*']
      |                    ^^^^^^^^^ not a rule
      |
      = note: key: routes[0].rules[1]
      = help: did you mean `pace.behind`? `gapwatch rules list` names them; `pace.*` is a whole family

    error[unknown-reference]: there is no [email]
      --> gapwatch.toml:10:23
       |
    10 | { to = 'owner', via = 'email' },
       |                       ^^^^^^^ not reachable
       |
       = note: key: routes[0].steps[0].via
       = help: add [email], or leave `via` out

    error[unknown-reference]: no person named `manger`
      --> gapwatch.toml:11:8
       |
    11 | { to = 'manger' },
       |        ^^^^^^^^ not defined
       |
       = note: key: routes[0].steps[1].to
       = help: did you mean `manager`? It is `owner`, `manager`, `sponsor`, a table of [people], or a channel as "#ops-alerts"

    error[bad-value]: only the owner is mentioned in a comment
      --> gapwatch.toml:12:21
       |
    12 | { to = 'max', via = 'comment' },
       |                     ^^^^^^^^^ not here
       |
       = note: key: routes[0].steps[2].via
       = help: comments are read by everybody, so they mention nobody but the owner

    error[bad-value]: `# ops` is not a channel
      --> gapwatch.toml:13:8
       |
    13 | { to = '# ops' },
       |        ^^^^^^^ expected e.g. "#ops-alerts"
       |
       = note: key: routes[0].steps[3].to
       = help: a channel's name

    gapwatch: 6 errors, 0 warnings in 1 file.
    "##);
    assert_snapshot!(found_after("[[routes]]\nsteps = [{ to = '#ops', via = 'slack' }]\n"), @r"
    error[unknown-reference]: there is no [slack] to reach #ops by
     --> gapwatch.toml:5:17
      |
    5 | steps = [{ to = '#ops', via = 'slack' }]
      |                 ^^^^^^ not reachable
      |
      = note: key: routes[0].steps[0].to
      = help: add [slack] with `bot_token`, or leave this step out

    error[unknown-reference]: there is no [slack]
     --> gapwatch.toml:5:31
      |
    5 | steps = [{ to = '#ops', via = 'slack' }]
      |                               ^^^^^^^ not reachable
      |
      = note: key: routes[0].steps[0].via
      = help: add [slack], or leave `via` out

    gapwatch: 2 errors, 0 warnings in 1 file.
    ");
}

#[test]
fn steps_come_in_their_order_and_the_owner_before_those_who_lead() {
    let text = "[[routes]]\nsteps = [\n{ to = 'manager' },\n{ to = 'owner', after = '2 workdays' },\n\
                { to = '#ops', after = '4 workhours' },\n]\n[[routes]]\nsteps = []\n";
    assert_snapshot!(routed(text), @r##"
    error[bad-value]: the owner would hear after those who lead them
     --> gapwatch.toml:9:8
      |
    9 | { to = 'manager' },
      |        ^^^^^^^^^ before the owner
      |
      = note: key: routes[0].steps[0].to
      = help: put the owner's step first: whoever can do something about it hears first

    error[bad-value]: this step comes before the one above it
      --> gapwatch.toml:11:24
       |
    11 | { to = '#ops', after = '4 workhours' },
       |                        ^^^^^^^^^^^^^ earlier
       |
       = note: key: routes[0].steps[2].after
       = help: every `after` counts from the first step, so it does not become less from step to step

    error[bad-value]: a route without steps would tell nobody
      --> gapwatch.toml:14:9
       |
    14 | steps = []
       |         ^^ empty
       |
       = note: key: routes[1].steps
       = help: name who hears: steps = [{ to = "owner" }, { to = "manager", after = "1 workday" }]

    gapwatch: 3 errors, 0 warnings in 1 file.
    "##);
}

#[test]
fn what_is_left_out_or_misspelt_in_a_route_is_named() {
    assert_snapshot!(routed("[[routes]]\nmatch = \"task.projekt == 'X' and task.idle_days > 2\"\n"), @r"
    error[missing-key]: missing key `steps` in [routes[0]]
     --> gapwatch.toml:7:1
      |
    7 | [[routes]]
      | ^^^^^^^^^^ `steps` is needed here
      |
      = note: key: routes[0].steps
      = help: write it as `gapwatch config reference` shows it

    gapwatch: 1 error, 0 warnings in 1 file.
    ");
    assert_snapshot!(routed("[[routes]]\nsteps = [{ via = 'slak' }, { to = 'owner', afterwards = '1d' }]\n"), @r##"
    error[missing-key]: missing key `to` in [routes[0].steps[0]]
     --> gapwatch.toml:8:10
      |
    8 | steps = [{ via = 'slak' }, { to = 'owner', afterwards = '1d' }]
      |          ^^^^^^^^^^^^^^^^ `to` is needed here
      |
      = note: key: routes[0].steps[0].to
      = help: write it as `gapwatch config reference` shows it

    error[bad-value]: "slak" is not a possible value
     --> gapwatch.toml:8:18
      |
    8 | steps = [{ via = 'slak' }, { to = 'owner', afterwards = '1d' }]
      |                  ^^^^^^ expected "slack", "email" or "comment"
      |
      = note: key: routes[0].steps[0].via
      = help: did you mean "slack"?

    error[unknown-key]: unknown key `afterwards` in [routes[0].steps[1]]
     --> gapwatch.toml:8:44
      |
    8 | steps = [{ via = 'slak' }, { to = 'owner', afterwards = '1d' }]
      |                                            ^^^^^^^^^^ unknown
      |
      = note: key: routes[0].steps[1].afterwards
      = help: did you mean `after`? Known keys: after, to, via

    gapwatch: 3 errors, 0 warnings in 1 file.
    "##);
}

#[test]
fn repeats_grow() {
    assert_snapshot!(found_after("[limits]\nrepeat = [1, 3, 3]\n"), @r"
    error[bad-value]: 3 is not a later working day
     --> gapwatch.toml:5:17
      |
    5 | repeat = [1, 3, 3]
      |                 ^ expected e.g. [1, 3, 7, 15]
      |
      = note: key: limits.repeat[2]
      = help: each counts from the first word and comes after the one before it; [] repeats nothing

    gapwatch: 1 error, 0 warnings in 1 file.
    ");
    assert_snapshot!(found_after("[limits]\nrepeat = []\n"), @"gapwatch: 0 errors, 0 warnings in 1 file.");
}
