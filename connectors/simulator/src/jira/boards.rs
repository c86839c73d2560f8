//! The agile API: boards, sprints, and how an issue tells its sprints.

use serde_json::{Value, json};

use super::model::{Board, Issue, Sprint};
use super::site::Site;
use super::{Call, bad, error, unauthorized, unknown};
use crate::reply::Reply;
use crate::text::digest;

/// Boards and sprints in a page.
const PAGE: usize = 50;

impl Site {
    pub(super) fn agile(&mut self, call: &Call<'_>, parts: &[&str]) -> Reply {
        if call.me.is_none() {
            return unauthorized();
        }
        if !call.is_read() {
            return unknown(call);
        }
        match parts {
            ["board"] => self.board_list(call),
            ["board", id] => match self.visible_board(id) {
                Some(board) => Reply::json(200, &self.board_json(call, board)),
                None => no_board(),
            },
            ["board", id, "sprint"] => self.sprint_list(call, id),
            ["sprint", id] => match self.sprints.iter().find(|sprint| sprint.id.to_string() == *id) {
                Some(sprint) => Reply::json(200, &Site::sprint_json(call, sprint)),
                None => error(404, "Sprint does not exist."),
            },
            _ => unknown(call),
        }
    }

    fn visible_board(&self, id: &str) -> Option<&Board> {
        let is_visible = |board: &&Board| self.project(board.project).is_some_and(|project| !project.hidden);
        self.boards.iter().find(|board| board.id.to_string() == id).filter(is_visible)
    }

    fn board_json(&self, call: &Call<'_>, board: &Board) -> Value {
        let mut json = json!({
            "id": board.id, "self": format!("{}/rest/agile/1.0/board/{}", call.base, board.id), "name": board.name,
            "type": if board.scrum { "scrum" } else { "kanban" },
        });
        if let Some(project) = self.project(board.project).filter(|_| call.is_cloud()) {
            json["location"] = json!({
                "projectId": project.id, "projectKey": project.key, "projectName": project.name, "name": project.name,
                "displayName": format!("{} ({})", project.name, project.key),
                "projectTypeKey": if project.service { "service_desk" } else { "software" },
            });
        }
        json
    }

    fn board_list(&self, call: &Call<'_>) -> Reply {
        let project = call.get("projectKeyOrId");
        if let Some(name) = project
            && !self.projects.iter().any(|one| !one.hidden && (one.key == name || one.id.to_string() == name))
        {
            return bad(&format!("No project could be found with key or id '{name}'."));
        }
        let kinds = call.all("type");
        let found = self.boards.iter().filter(|board| {
            let kind = if board.scrum { "scrum" } else { "kanban" };
            let place = self.project(board.project).filter(|one| !one.hidden);
            place.is_some_and(|one| project.is_none_or(|name| one.key == name || one.id.to_string() == name))
                && (kinds.is_empty() || kinds.iter().any(|one| one == kind))
                && call.get("name").is_none_or(|name| board.name.to_lowercase().contains(&name.to_lowercase()))
        });
        let rows = found.map(|board| self.board_json(call, board)).collect();
        self.page_reply(call, "", rows, PAGE)
    }

    fn sprint_list(&self, call: &Call<'_>, id: &str) -> Reply {
        let Some(board) = self.visible_board(id) else { return no_board() };
        if !board.scrum {
            return bad("The board does not support sprints");
        }
        let states = call.all("state");
        if let Some(odd) = states.iter().find(|state| !matches!(state.as_str(), "future" | "active" | "closed")) {
            return bad(&format!("The value '{odd}' is not a valid state of a sprint."));
        }
        let found = self.sprints.iter().filter(|sprint| {
            sprint.board == board.id && (states.is_empty() || states.iter().any(|state| state == sprint.state))
        });
        let rows = found.map(|sprint| Site::sprint_json(call, sprint)).collect();
        self.page_reply(call, "", rows, PAGE)
    }

    fn sprint_json(call: &Call<'_>, sprint: &Sprint) -> Value {
        let mut json = json!({
            "id": sprint.id, "self": format!("{}/rest/agile/1.0/sprint/{}", call.base, sprint.id), "state": sprint.state,
            "name": sprint.name, "originBoardId": sprint.board, "goal": "",
        });
        let instants = [("startDate", sprint.start), ("endDate", sprint.end), ("completeDate", sprint.completed)];
        for (name, at) in instants {
            if let Some(at) = at {
                json[name] = json!(Site::agile_stamp(call, at));
            }
        }
        json
    }

    /// Objects on Cloud; on Data Center strings of a program's own making.
    pub(super) fn sprint_values(&self, call: &Call<'_>, issue: &Issue) -> Value {
        let found = issue.sprints.iter().filter_map(|id| self.sprints.iter().find(|sprint| sprint.id == *id));
        let values: Vec<Value> = found
            .map(|sprint| if call.is_cloud() { in_field(call, sprint) } else { json!(as_string(call, sprint)) })
            .collect();
        if values.is_empty() { Value::Null } else { Value::Array(values) }
    }
}

fn in_field(call: &Call<'_>, sprint: &Sprint) -> Value {
    let mut json = Site::sprint_json(call, sprint);
    json["boardId"] = json!(sprint.board);
    if let Some(json) = json.as_object_mut() {
        json.remove("self");
        json.remove("originBoardId");
    }
    json
}

fn as_string(call: &Call<'_>, sprint: &Sprint) -> String {
    let shown = |at| match at {
        Some(at) => Site::agile_stamp(call, at),
        None => "<null>".to_owned(),
    };
    let (start, end, completed) = (shown(sprint.start), shown(sprint.end), shown(sprint.completed));
    let state = sprint.state.to_uppercase();
    // The order of the parts is not the same everywhere.
    let (id, board, name) = (sprint.id, sprint.board, &sprint.name);
    let parts = if id.is_multiple_of(2) {
        format!(
            "completeDate={completed},endDate={end},goal=<null>,id={id},name={name},rapidViewId={board},sequence={id},\
             startDate={start},state={state}"
        )
    } else {
        format!(
            "id={id},rapidViewId={board},state={state},name={name},startDate={start},endDate={end},completeDate={completed},\
             sequence={id},goal=<null>"
        )
    };
    format!("com.atlassian.greenhopper.service.sprint.Sprint@{:x}[{parts}]", digest(id) & 0xffff_ffff)
}

fn no_board() -> Reply {
    error(
        404,
        "Requested board cannot be viewed because it either does not exist or you do not have permission to view it.",
    )
}
