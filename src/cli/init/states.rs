//! Labels, lists and sections whose words say a state, in the languages that teams write them in: a proposal, to be looked at.

use std::collections::BTreeSet;

/// States with the words for them, in small letters, words apart by one space.
const WORDS: [(&str, &[&str]); 6] = [
    (
        "todo",
        &[
            "todo",
            "to do",
            "backlog",
            "planned",
            "ready",
            "ready for development",
            "zu erledigen",
            "geplant",
            "à faire",
            "a faire",
            "por hacer",
            "pendiente",
            "a fazer",
            "da fare",
            "te doen",
            "do zrobienia",
            "att göra",
            "к выполнению",
            "待办",
            "待處理",
            "未着手",
        ],
    ),
    (
        "active",
        &[
            "in progress",
            "wip",
            "work in progress",
            "doing",
            "started",
            "working on it",
            "in development",
            "in arbeit",
            "in bearbeitung",
            "begonnen",
            "en cours",
            "en curso",
            "en progreso",
            "em andamento",
            "em progresso",
            "in corso",
            "in lavorazione",
            "bezig",
            "in behandeling",
            "w toku",
            "w trakcie",
            "pågående",
            "в работе",
            "进行中",
            "進行中",
            "处理中",
            "作業中",
            "対応中",
            "진행 중",
            "진행중",
        ],
    ),
    (
        "review",
        &[
            "review",
            "in review",
            "needs review",
            "need review",
            "ready for review",
            "waiting for review",
            "awaiting review",
            "under review",
            "code review",
            "in qa",
            "qa",
            "in prüfung",
            "zu prüfen",
            "prüfung",
            "en revue",
            "à relire",
            "en relecture",
            "en revisión",
            "en revision",
            "em revisão",
            "em revisao",
            "in revisione",
            "te reviewen",
            "do sprawdzenia",
            "на ревью",
            "на проверке",
            "审核中",
            "待审核",
            "レビュー中",
            "レビュー待ち",
            "리뷰 중",
        ],
    ),
    (
        "waiting",
        &[
            "blocked",
            "waiting",
            "on hold",
            "hold",
            "paused",
            "parked",
            "needs info",
            "needs information",
            "need info",
            "needs more info",
            "waiting for response",
            "waiting for customer",
            "waiting for feedback",
            "waiting for author",
            "awaiting response",
            "awaiting feedback",
            "blockiert",
            "wartet",
            "wartend",
            "warten",
            "en attente",
            "bloqué",
            "bloque",
            "bloqueado",
            "en espera",
            "aguardando",
            "em espera",
            "bloccato",
            "in attesa",
            "geblokkeerd",
            "in de wacht",
            "wacht",
            "zablokowane",
            "oczekuje",
            "wstrzymane",
            "blockerad",
            "väntar",
            "заблокировано",
            "ожидание",
            "阻塞",
            "等待中",
            "待ち",
            "保留",
            "保留中",
            "대기 중",
        ],
    ),
    (
        "done",
        &[
            "done",
            "completed",
            "finished",
            "resolved",
            "erledigt",
            "fertig",
            "terminé",
            "termine",
            "hecho",
            "terminado",
            "feito",
            "concluído",
            "concluido",
            "fatto",
            "completato",
            "klaar",
            "gereed",
            "zrobione",
            "gotowe",
            "klart",
            "готово",
            "сделано",
            "完成",
            "已完成",
            "完了",
            "완료",
        ],
    ),
    (
        "cancelled",
        &[
            "cancelled",
            "canceled",
            "wontfix",
            "won't fix",
            "wont fix",
            "abandoned",
            "abgebrochen",
            "verworfen",
            "annulé",
            "annule",
            "cancelado",
            "annullato",
            "geannuleerd",
            "anulowane",
            "avbruten",
            "отменено",
            "取消",
            "已取消",
            "キャンセル",
            "취소",
        ],
    ),
];

/// What teams put before the word: `status: blocked`, `state/in review`, `s-waiting`.
const PREFIXES: [&str; 9] = ["status", "state", "stage", "s", "st", "workflow", "estado", "statut", "stato"];

/// A state with the labels that seem to say it, as they are written.
pub(super) type Found = Vec<(&'static str, Vec<String>)>;

/// The labels that seem to say a state. One that is written in two ways counts once.
pub(super) fn propose<'a>(labels: impl IntoIterator<Item = &'a str>) -> Found {
    let mut seen = BTreeSet::new();
    let mut found: Found = WORDS.iter().map(|(state, _)| (*state, Vec::new())).collect();
    for label in labels {
        let Some(at) = state_of(label) else { continue };
        if seen.insert(label.to_lowercase()) {
            found[at].1.push(label.to_owned());
        }
    }
    found.retain(|(_, labels)| !labels.is_empty());
    found.iter_mut().for_each(|(_, labels)| labels.sort());
    found
}

fn state_of(label: &str) -> Option<usize> {
    let words = plain(label);
    let of = |words: &str| WORDS.iter().position(|(_, known)| known.contains(&words));
    let behind_prefix = || {
        let (first, rest) = words.split_once(' ')?;
        PREFIXES.contains(&first).then_some(rest)
    };
    of(&words).or_else(|| of(behind_prefix()?))
}

/// Small letters, without signs and pictures, words apart by one space.
fn plain(label: &str) -> String {
    let letters = label.to_lowercase();
    let kept = letters.chars().map(|c| if c.is_alphanumeric() || c == '\'' { c } else { ' ' });
    kept.collect::<String>().split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn states(labels: &[&str]) -> Vec<String> {
        let found = propose(labels.iter().copied());
        found.iter().map(|(state, labels)| format!("{state}: {}", labels.join(", "))).collect()
    }

    #[test]
    fn states_are_found_behind_prefixes_signs_and_pictures_and_in_several_languages() {
        let labels = [
            "bug",
            "In Progress",
            "status: blocked",
            "S-waiting-for-review",
            "🚧 WIP",
            "In Arbeit",
            "en attente",
            "进行中",
            "レビュー待ち",
            "state/done",
            "wontfix",
            "в работе",
            "good first issue",
        ];
        assert_eq!(
            states(&labels),
            [
                "active: In Arbeit, In Progress, в работе, 进行中, 🚧 WIP",
                "review: S-waiting-for-review, レビュー待ち",
                "waiting: en attente, status: blocked",
                "done: state/done",
                "cancelled: wontfix",
            ]
        );
    }

    #[test]
    fn what_only_contains_such_a_word_says_no_state() {
        assert!(
            states(&["review-tooling", "blocked-by-design", "done-ish", "ready to ship the hold", "type: wip tools"])
                .is_empty()
        );
    }

    #[test]
    fn one_label_in_two_spellings_counts_once_as_the_configuration_demands() {
        assert_eq!(states(&["Blocked", "blocked"]), ["waiting: Blocked"]);
    }

    #[test]
    fn no_word_stands_under_two_states() {
        let mut seen = BTreeSet::new();
        for (state, words) in WORDS {
            for word in words {
                assert_eq!(plain(word), *word, "{state}: it would never be found");
                assert!(seen.insert(word), "{word} stands twice");
            }
        }
    }
}
