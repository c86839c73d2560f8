//! The work that goes wrong, each case beside a healthy twin, and what becomes of it in the days after today.

use super::cast::Person;
use super::script::{Script, Sheet, checklist};
use super::{StoryKey as Key, What};

const TEN: [&str; 10] = [
    "inventory of pages",
    "new navigation",
    "header",
    "product page",
    "basket",
    "checkout",
    "footer",
    "translations",
    "accessibility check",
    "switch over",
];

/// A case: the script, the owner's login, the manager's login, and the team they work in.
struct Case<'a> {
    script: &'a mut Script,
    me: &'a str,
    lead: &'a str,
    team: usize,
}

impl Case<'_> {
    fn open(&mut self, day: i32, title: &str, body: &str, owned: bool, milestone: Option<&str>) -> Key {
        let assignee = owned.then_some(self.me);
        let sheet = Sheet { team: self.team, title, body: body.to_owned(), assignee, milestone };
        self.script.open(day, 60, self.lead, sheet)
    }

    fn say(&mut self, day: i32, minute: i32, key: Key, text: &str) {
        self.script.comment(day, minute, self.me, key, text);
    }

    fn tick(&mut self, day: i32, minute: i32, key: Key, boxes: usize) {
        self.script.tick(day, minute, self.me, key, boxes);
    }

    fn done(&mut self, day: i32, minute: i32, key: Key) {
        self.script.close(day, minute, self.me, key);
    }

    fn lead_does(&mut self, day: i32, minute: i32, what: What) {
        self.script.write(day, minute, self.lead, what);
    }
}

/// Writes every case.
pub(super) fn write(script: &mut Script, people: &[Person]) {
    let scenes: [fn(&mut Case<'_>); 9] =
        [behind, never_started, stalled, overdue, no_owner, no_due_date, late_child, blocked_chain, second_round];
    for (at, scene) in scenes.into_iter().enumerate() {
        let person = &people[4 + at];
        let lead = people[1 + person.team].github_login.as_str();
        scene(&mut Case { script, me: &person.github_login, lead, team: person.team });
    }
}

/// One box of ten is ticked though two thirds of the time are gone; a burst of work today brings it back.
fn behind(case: &mut Case<'_>) {
    let body = checklist("The whole shop in the new look.", &TEN);
    let key = case.open(-13, "Redesign homepage", &body, true, Some("Spring release"));
    case.say(-12, 100, key, "Collecting what we have.");
    case.tick(-6, 200, key, 1);
    case.say(-6, 205, key, "The inventory took the whole week.");
    case.say(-1, 300, key, "Navigation is nearly there.");
    case.tick(0, 150, key, 5);
    case.say(0, 155, key, "Merged everything that was waiting: six of ten done.");
    case.tick(2, 150, key, 2);
    case.say(4, 100, key, "Two left, on track for the release.");
    case.tick(5, 100, key, 2);
    case.done(5, 120, key);
    // Its twin: begun on the same day, half done.
    let twin = case.open(-13, "New product photos", &body, true, Some("Spring release"));
    for (day, boxes) in [(-12, 2), (-8, 2), (-5, 2), (-1, 1)] {
        case.tick(day, 220, twin, boxes);
        case.say(day, 225, twin, "Next batch is in.");
    }
    case.tick(3, 220, twin, 3);
    case.done(3, 240, twin);
}

/// Given out three weeks ago, never touched; tomorrow morning its owner looks at it. Another stays as it is.
fn never_started(case: &mut Case<'_>) {
    let key = case.open(-15, "Move tax rules to the new service", "See the plan.", true, Some("Spring release"));
    case.say(1, 70, key, "Sorry, this slipped past me. Starting now, done by Friday.");
    case.say(3, 200, key, "Rules are moved, testing.");
    case.done(4, 300, key);
    case.open(-14, "Write the runbook for refunds", "Support asks for it.", true, Some("Spring release"));
    // Its twin: looked at on the next day, and going on.
    let twin =
        case.open(-14, "Write the runbook for chargebacks", "Support asks for it.", true, Some("Spring release"));
    for day in [-13, -10, -7, -4, -1, 2] {
        case.say(day, 180, twin, "One more section.");
    }
    case.done(4, 180, twin);
}

/// Begun, then silence for nearly three weeks; a machine's comment is no sign of life. This afternoon it goes on.
fn stalled(case: &mut Case<'_>) {
    let key = case.open(-20, "Migrate the image store", "Bucket by bucket.", true, Some("Checkout 2"));
    case.say(-19, 120, key, "Copied the first bucket.");
    case.say(-14, 90, key, "Second one runs.");
    case.script.bot_comment(-4, "stale[bot]", key, "This issue has been quiet for a while.");
    case.say(0, 320, key, "Back on it: the third bucket is copied, two to go.");
    case.say(2, 200, key, "Fourth bucket.");
    case.say(5, 200, key, "Last bucket.");
    case.done(7, 100, key);
    // This one stays silent.
    let quiet = case.open(-21, "Rotate the signing keys", "All environments.", true, Some("Checkout 2"));
    case.say(-20, 200, quiet, "Staging is done.");
    case.say(-15, 200, quiet, "Preparing production.");
    // Their twin: slow, but every few days there is something.
    let twin = case.open(-20, "Rotate the database passwords", "All environments.", true, Some("Checkout 2"));
    for day in [-19, -16, -13, -10, -7, -4, -2, 1, 4, 7] {
        case.say(day, 140, twin, "One more environment.");
    }
}

/// Its milestone ended eight days ago and it is still open; tomorrow it is finished. Another goes on.
fn overdue(case: &mut Case<'_>) {
    let key = case.open(-18, "Import the old invoices", "Four years of them.", true, Some("February"));
    for day in [-17, -14, -11, -9, -6, -3, -1] {
        case.say(day, 260, key, "Another quarter is in.");
    }
    case.done(1, 150, key);
    let late = case.open(-17, "Print labels in the warehouse", "Both sites.", true, Some("February"));
    for day in [-16, -13, -10, -7, -4, -2, 0, 2, 5, 8] {
        case.say(day, 240, late, "Waiting for the second printer, site one works.");
    }
    // Its twin: closed the day before.
    let twin = case.open(-18, "Import the old orders", "Four years of them.", true, Some("February"));
    for day in [-17, -15, -12, -10] {
        case.say(day, 250, twin, "Another year is in.");
    }
    case.done(-9, 250, twin);
}

/// Promised for the release, and nobody has it; today at eleven somebody gets one of the two.
fn no_owner(case: &mut Case<'_>) {
    let key = case.open(-5, "Translate the order mails", "Six languages.", false, Some("Spring release"));
    let login = case.me.to_owned();
    case.lead_does(0, 120, What::Assign { key, login });
    case.say(0, 200, key, "Mine now, sending the texts out today.");
    case.say(3, 200, key, "Four languages are back.");
    case.done(5, 200, key);
    case.open(-3, "Check the new terms with legal", "Before the release.", false, Some("Spring release"));
    // Its twin: nobody has it either, but nothing is promised.
    case.open(-5, "Translate the blog", "Some day.", false, None);
}

/// Somebody works on it and no date is set anywhere; tomorrow it is planned. Another stays without.
fn no_due_date(case: &mut Case<'_>) {
    let key = case.open(-8, "Cache the price lists", "They are read all the time.", true, None);
    for day in [-7, -5, -3, -1, 1, 3, 6] {
        case.say(day, 280, key, "Making progress.");
    }
    case.lead_does(1, 90, What::Move { key, milestone: "Checkout 2".to_owned() });
    let loose = case.open(-9, "Clean up the feature flags", "There are 140.", true, None);
    for day in [-8, -6, -4, -2, 0, 2, 4, 7] {
        case.say(day, 290, loose, "A dozen fewer.");
    }
    // Their twin: the same work, planned from the start.
    let twin = case.open(-8, "Cache the stock figures", "They are read all the time.", true, Some("Checkout 2"));
    for day in [-7, -5, -3, -1, 1, 3, 6] {
        case.say(day, 300, twin, "Making progress.");
    }
}

/// A part is planned for after the whole; in two days it is moved.
fn late_child(case: &mut Case<'_>) {
    let parent =
        case.open(-10, "Customer accounts", "Everything a customer sees of themselves.", true, Some("Spring release"));
    let child = case.open(-9, "Change of e-mail address", "Part of the accounts.", true, Some("Checkout 2"));
    let twin = case.open(-9, "Change of password", "Part of the accounts.", true, Some("Spring release"));
    case.lead_does(-9, 70, What::SubIssue { parent, child });
    case.lead_does(-9, 75, What::SubIssue { parent, child: twin });
    for day in [-8, -6, -4, -2, 0, 2, 4] {
        case.say(day, 100, parent, "Went through the open parts.");
        case.say(day, 110, child, "Next screen is done.");
        case.say(day, 120, twin, "Next screen is done.");
    }
    case.lead_does(2, 60, What::Move { key: child, milestone: "Spring release".to_owned() });
    case.done(4, 160, twin);
    case.done(5, 100, child);
    case.done(5, 130, parent);
}

/// The first of three is planned for after the dates of those that wait for it, and it is quiet. The twin's chain holds.
fn blocked_chain(case: &mut Case<'_>) {
    let first = case.open(-12, "Agree on the payment contract", "With the bank.", true, Some("Self-service"));
    let second = case.open(-12, "Build the payment page", "Waits for the contract.", true, Some("Checkout 2"));
    let third = case.open(-11, "Load test the payment page", "Waits for the page.", true, Some("Checkout 2"));
    case.lead_does(-11, 90, What::Block { blocked: second, blocker: first });
    case.lead_does(-11, 95, What::Block { blocked: third, blocker: second });
    case.say(-11, 200, first, "First draft is with the bank.");
    case.say(-5, 200, first, "Waiting for their answer.");
    case.say(-2, 210, second, "Prepared what can be done without the contract.");
    case.say(-1, 220, third, "Scripts are ready.");
    case.say(1, 200, first, "The bank has signed.");
    case.done(1, 210, first);
    for day in [3, 6] {
        case.say(day, 200, second, "Goes on as planned.");
        case.say(day, 210, third, "Goes on as planned.");
    }
    // The twin: what it waited for is done.
    let early = case.open(-12, "Order the test cards", "From the bank.", true, Some("Spring release"));
    let later = case.open(-12, "Test the card terminals", "Waits for the cards.", true, Some("Checkout 2"));
    case.lead_does(-11, 100, What::Block { blocked: later, blocker: early });
    case.say(-10, 100, early, "Ordered.");
    case.done(-6, 100, early);
    for day in [-6, -4, -2, 0, 2, 4, 7] {
        case.say(day, 130, later, "Two more terminals tested.");
    }
}

/// Far behind as well, and it stays so: the case a manager should hear of.
fn second_round(case: &mut Case<'_>) {
    let body = checklist("Everything a visitor may look up.", &TEN);
    let key = case.open(-16, "Rewrite the help centre", &body, true, Some("Spring release"));
    case.say(-15, 60, key, "Read through the old texts.");
    case.tick(-9, 60, key, 1);
    case.say(-9, 65, key, "Structure is agreed.");
    case.tick(-3, 60, key, 1);
    case.say(-3, 65, key, "First chapter.");
    case.say(-1, 200, key, "Second chapter is slow.");
    case.say(3, 200, key, "Still in the second chapter.");
}
