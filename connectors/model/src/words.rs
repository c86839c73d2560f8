//! What the name of a list, a section or a status says of the tasks in it, where nobody has configured it. Pure.
//!
//! People call their lists the same few things in every language, with dates, numbers and little pictures around them. A
//! name counts when it begins or ends with words we know; the longest counts, and one called by none of them says nothing.

use crate::StatusCategory::{self, Active, Cancelled, Done, Review, Todo, Waiting};

/// What a name means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Meaning {
    /// The state of what is called so.
    pub category: StatusCategory,
    /// Nobody is to work on it yet.
    pub backlog: bool,
}

const BACKLOG: &[&str] = &[
    "backlog",
    "product backlog",
    "icebox",
    "ice box",
    "ideas",
    "idea",
    "someday",
    "later",
    "future",
    "wishlist",
    "parking lot",
    "deferred",
    "ideen",
    "ideenspeicher",
    "idées",
    "idee",
    "ideias",
    "arriéré",
    "pendientes futuros",
    "бэклог",
    "идеи",
    "待办池",
    "アイデア",
];

const TODO: &[&str] = &[
    "to do",
    "todo",
    "todos",
    "to dos",
    "to be done",
    "sprint backlog",
    "up next",
    "next",
    "next up",
    "ready",
    "ready to start",
    "ready for development",
    "ready for dev",
    "inbox",
    "new",
    "open",
    "planned",
    "queue",
    "queued",
    "selected for development",
    "this week",
    "this sprint",
    "today",
    "tomorrow",
    "not started",
    "zu erledigen",
    "offen",
    "geplant",
    "als nächstes",
    "neu",
    "à faire",
    "a faire",
    "prévu",
    "por hacer",
    "pendiente",
    "pendientes",
    "a fazer",
    "pendente",
    "pendentes",
    "da fare",
    "te doen",
    "att göra",
    "å gjøre",
    "at gøre",
    "do zrobienia",
    "к выполнению",
    "сделать",
    "надо сделать",
    "очередь",
    "yapılacaklar",
    "待办",
    "待辦",
    "未着手",
    "할 일",
    "to do soon",
    "nicht begonnen",
    "non commencé",
    "no iniciado",
];

const ACTIVE: &[&str] = &[
    "doing",
    "in progress",
    "wip",
    "work in progress",
    "working",
    "working on",
    "in development",
    "development",
    "in dev",
    "coding",
    "building",
    "implementing",
    "active",
    "started",
    "ongoing",
    "in arbeit",
    "in bearbeitung",
    "läuft",
    "en cours",
    "en curso",
    "en progreso",
    "haciendo",
    "em andamento",
    "em progresso",
    "fazendo",
    "in corso",
    "in lavorazione",
    "mee bezig",
    "bezig",
    "pågår",
    "pågående",
    "i gang",
    "w toku",
    "в работе",
    "в процессе",
    "делаем",
    "devam ediyor",
    "yapılıyor",
    "进行中",
    "進行中",
    "作業中",
    "진행 중",
    "진행중",
    "in work",
    "working on it",
    "begonnen",
    "in uitvoering",
];

const REVIEW: &[&str] = &[
    "review",
    "in review",
    "code review",
    "peer review",
    "to review",
    "ready for review",
    "testing",
    "in testing",
    "test",
    "qa",
    "in qa",
    "ready for qa",
    "ready for test",
    "ready for testing",
    "verify",
    "verification",
    "validation",
    "acceptance",
    "approval",
    "ready to merge",
    "waiting merge",
    "waiting for review",
    "waiting for merge",
    "uat",
    "staging",
    "zur prüfung",
    "in prüfung",
    "prüfung",
    "im test",
    "à vérifier",
    "à valider",
    "en revue",
    "en revisión",
    "revisión",
    "em revisão",
    "revisão",
    "in revisione",
    "da verificare",
    "na revisão",
    "на проверке",
    "проверка",
    "ревью",
    "тестирование",
    "レビュー",
    "レビュー中",
    "审核",
    "审查中",
    "測試",
    "测试",
    "검토",
    "검토 중",
    "under review",
    "überprüfung",
    "abnahme",
    "relecture",
];

const WAITING: &[&str] = &[
    "waiting",
    "waiting for",
    "waiting on",
    "blocked",
    "on hold",
    "hold",
    "paused",
    "stuck",
    "pending",
    "wartet",
    "warten",
    "wartend",
    "blockiert",
    "pausiert",
    "en attente",
    "bloqué",
    "bloquée",
    "en espera",
    "bloqueado",
    "bloqueada",
    "em espera",
    "aguardando",
    "in attesa",
    "bloccato",
    "wachten",
    "geblokkeerd",
    "väntar",
    "venter",
    "wstrzymane",
    "zablokowane",
    "ожидание",
    "ждёт",
    "заблокировано",
    "на паузе",
    "beklemede",
    "等待",
    "阻塞",
    "保留",
    "待ち",
    "보류",
    "대기",
    "in afwachting",
    "zurückgestellt",
];

const DONE: &[&str] = &[
    "done",
    "complete",
    "completed",
    "finished",
    "closed",
    "resolved",
    "released",
    "shipped",
    "deployed",
    "delivered",
    "live",
    "published",
    "archive",
    "archived",
    "erledigt",
    "fertig",
    "abgeschlossen",
    "terminé",
    "terminés",
    "terminée",
    "fait",
    "fini",
    "hecho",
    "hechos",
    "terminado",
    "finalizado",
    "completado",
    "concluído",
    "concluido",
    "concluídos",
    "feito",
    "feitos",
    "finalizados",
    "fatto",
    "completato",
    "finito",
    "gedaan",
    "klaar",
    "afgerond",
    "klar",
    "klart",
    "ferdig",
    "færdig",
    "gjort",
    "zrobione",
    "gotowe",
    "hotovo",
    "готово",
    "сделано",
    "выполнено",
    "завершено",
    "bitti",
    "tamamlandı",
    "完成",
    "已完成",
    "完了",
    "済み",
    "완료",
    "all done",
];

const CANCELLED: &[&str] = &[
    "cancelled",
    "canceled",
    "won't do",
    "wont do",
    "won't fix",
    "wontfix",
    "rejected",
    "abandoned",
    "obsolete",
    "discarded",
    "declined",
    "duplicate",
    "abgebrochen",
    "abgelehnt",
    "verworfen",
    "annulé",
    "abandonné",
    "cancelado",
    "cancelada",
    "descartado",
    "annullato",
    "geannuleerd",
    "avbrutet",
    "anulowane",
    "отменено",
    "отклонено",
    "iptal",
    "取消",
    "已取消",
    "中止",
    "취소",
    "dropped",
    "storniert",
];

/// Words that turn what follows into its opposite.
const NOT: &[&str] =
    &["not", "never", "un", "no", "non", "nicht", "noch", "pas", "não", "nao", "niet", "inte", "не", "nie"];

/// What a list of this name means, of which nothing but the name tells. `None`: its name does not say.
pub fn meaning(name: &str) -> Option<Meaning> {
    best(&words_of(name), fits)
}

/// The same where the whole name is words we know, and nothing else: for what may be called anything. One that says in its
/// beginning that it waits says so whatever it waits for.
pub fn plain_meaning(name: &str) -> Option<Meaning> {
    let words = words_of(name);
    let whole =
        |words: &[String], phrase: &str| fits(words, phrase).filter(|_| words.len() == phrase.split(' ').count());
    best(&words, whole).or_else(|| {
        let waits = ["waiting for", "waiting on", "blocked by"].iter().any(|start| begins(&words, start));
        waits.then_some(Meaning { category: Waiting, backlog: false })
    })
}

fn best(words: &[String], fits: impl Fn(&[String], &str) -> Option<(usize, bool)>) -> Option<Meaning> {
    let kinds = [
        (BACKLOG, Todo, true),
        (TODO, Todo, false),
        (ACTIVE, Active, false),
        (REVIEW, Review, false),
        (WAITING, Waiting, false),
        (DONE, Done, false),
        (CANCELLED, Cancelled, false),
    ];
    let mut best: Option<(usize, bool, Meaning)> = None;
    for (phrases, category, backlog) in kinds {
        for phrase in phrases {
            let Some((length, at_start)) = fits(words, phrase) else { continue };
            if best.is_none_or(|(most, first, _)| (length, at_start) > (most, first)) {
                best = Some((length, at_start, Meaning { category, backlog }));
            }
        }
    }
    best.map(|(.., meaning)| meaning)
}

/// Whether a label says by its name that a card waits.
pub fn says_waiting(label: &str) -> bool {
    meaning(label).is_some_and(|meaning| meaning.category == Waiting)
}

/// The words of a name, in small letters, without pictures, numbers and what stands between them.
fn words_of(name: &str) -> Vec<String> {
    let lower = name.to_lowercase().replace('’', "'");
    let is_part = |c: char| c.is_alphanumeric() || c == '\'';
    lower
        .split(|c: char| !is_part(c))
        .filter(|word| !word.is_empty() && !word.chars().all(|c| c.is_ascii_digit()))
        .map(str::to_owned)
        .collect()
}

/// How many letters of the name the phrase covers, and whether at its beginning. `None`: it does not stand there.
fn fits(words: &[String], phrase: &str) -> Option<(usize, bool)> {
    if begins(words, phrase) {
        return Some((phrase.chars().count(), true));
    }
    let count = phrase.split(' ').count();
    if words.len() < count {
        return None;
    }
    let same = |some: &[String]| some.iter().map(String::as_str).eq(phrase.split(' '));
    let start = words.len() - count;
    let is_negated = start.checked_sub(1).is_some_and(|before| NOT.contains(&words[before].as_str()));
    (same(&words[start..]) && !is_negated).then(|| (phrase.chars().count(), false))
}

/// Whether the phrase stands at the beginning.
fn begins(words: &[String], phrase: &str) -> bool {
    let count = phrase.split(' ').count();
    words.len() >= count && words[..count].iter().map(String::as_str).eq(phrase.split(' '))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lists_name_says_what_its_cards_are() {
        for (names, category, backlog) in [
            (
                &["Backlog", "Icebox ❄️", "Backlog/Future Work/Ideas", "BACKLOG", "Product Backlog", "Ideen"][..],
                Todo,
                true,
            ),
            (
                &["To Do", "TO DO", "todo", "Up Next", "Sprint Backlog", "To Do Soon", "À faire", "A fazer", "待办"],
                Todo,
                false,
            ),
            (
                &["Doing", "In Progress", "DOING 🔨", "2. In Progress (max 3)", "In Arbeit", "Em andamento", "進行中"],
                Active,
                false,
            ),
            (
                &["Code Review", "Ready for QA", "Ready to merge", "WAITING MERGE", "Testing", "In Prüfung"],
                Review,
                false,
            ),
            (&["Waiting for customer", "Blocked!", "On Hold", "En attente", "Blocked by vendor"], Waiting, false),
            (&["Done", "DONE", "Done 🎉", "Done [WEEK 3/6-12]", "✅ Done", "Erledigt", "Terminé", "完了"], Done, false),
            (&["Cancelled", "Won't do", "Won’t Do", "Obsolete", "Отменено"], Cancelled, false),
        ] {
            for name in names {
                assert_eq!(meaning(name), Some(Meaning { category, backlog }), "{name}");
            }
        }
    }

    #[test]
    fn where_a_name_may_be_anything_the_whole_of_it_counts() {
        for (name, category, backlog) in [
            ("✅ Done", Done, false),
            ("COMPLETE", Done, false),
            ("Erledigt:", Done, false),
            ("🚧 In-Progress", Active, false),
            ("Backlog", Todo, true),
            ("To-do", Todo, false),
            ("Waiting for client", Waiting, false),
            ("Cancelled", Cancelled, false),
        ] {
            assert_eq!(plain_meaning(name), Some(Meaning { category, backlog }), "{name}");
        }
        for name in ["Live events", "Future of work", "Website done", "Test kitchen", "Not done", "", "42"] {
            assert_eq!(plain_meaning(name), None, "{name}");
        }
    }

    #[test]
    fn a_name_that_says_nothing_is_not_guessed_at() {
        for name in
            ["", "2015-07-07 Release", "Homepage/Website", "Not done", "Nicht erledigt", "Undone things", "42", "🎉"]
        {
            assert_eq!(meaning(name), None, "{name}");
        }
        assert!(says_waiting("Blocked") && says_waiting("blocked: vendor") && !says_waiting("Bug"));
    }
}
