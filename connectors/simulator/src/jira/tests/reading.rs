//! Who asks, what the site tells of itself, and single issues.

use jiff::civil::date;
use reqwest::Method;
use serde_json::{Value, json};

use super::{Cloud, Gateway, Server, desk};
use crate::jira::IssueDraft;
use crate::testing::ts;
use crate::{Fault, Tool};

#[tokio::test]
async fn each_edition_tells_itself_and_the_caller_apart() {
    let desk = desk().await;
    desk.jira.set_zone("gapwatch", "Europe/Warsaw");
    assert_eq!(desk.get(Cloud, "api:/serverInfo").await["deploymentType"], "Cloud");
    assert_eq!(desk.get(Server, "api:/serverInfo").await["deploymentType"], "Server");
    let info = desk.get(Gateway, "api:/serverInfo").await;
    assert_eq!(info["baseUrl"], json!(desk.bench.sim.jira_cloud_url()));
    let response = desk.send(Cloud, Method::GET, "api:/myself", None).await;
    let header = response.headers()["x-aaccountid"].to_str().unwrap().replace("%3A", ":");
    let me: Value = response.json().await.unwrap();
    assert_eq!(me["accountId"], json!(header));
    assert_eq!(me["timeZone"], "Europe/Warsaw");
    let response = desk.send(Server, Method::GET, "api:/myself", None).await;
    assert_eq!(response.headers()["x-ausername"], "gapwatch");
    let me: Value = response.json().await.unwrap();
    assert_eq!(me["name"], "gapwatch");
    assert!(me["key"].as_str().unwrap().starts_with("JIRAUSER"));
    assert!(me.get("accountId").is_none());
}

#[tokio::test]
async fn a_void_token_sees_an_empty_site_and_only_a_header_tells() {
    let desk = desk().await;
    desk.jira.person("bot", "Gap Watch", "me@example.com");
    desk.jira.unscoped("me@example.com", "token");
    desk.jira.pat("pat", "bot");
    let body = json!({ "jql": "project = WEB", "fields": ["summary"] });
    for (at, path) in [(Cloud, "api:/search/jql"), (Server, "api:/search")] {
        let (_, answer) = desk.post(at, path, body.clone()).await;
        assert_eq!(answer["issues"].as_array().unwrap().len(), 1);
    }
    desk.jira.expire("token");
    desk.jira.expire("pat");
    for (at, path) in [(Cloud, "api:/search/jql"), (Server, "api:/search")] {
        let response = desk.send(at, Method::POST, path, Some(body.clone())).await;
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["x-seraph-loginreason"], "AUTHENTICATED_FAILED");
        assert!(response.headers().get("x-aaccountid").is_none());
        let answer: Value = response.json().await.unwrap();
        assert_eq!(answer["issues"], json!([]));
        assert_eq!(desk.send(at, Method::GET, "api:/myself", None).await.status(), 401);
        assert_eq!(desk.send(at, Method::GET, "api:/issue/WEB-1", None).await.status(), 404);
    }
    assert_eq!(desk.send(Gateway, Method::GET, "api:/myself", None).await.status(), 401);
}

#[tokio::test]
async fn a_token_with_scopes_works_at_the_gateway_alone() {
    let desk = desk().await;
    desk.jira.scoped("me@example.com", "token");
    assert_eq!(desk.send(Cloud, Method::GET, "api:/myself", None).await.status(), 401);
    let me = desk.get(Gateway, "api:/myself").await;
    assert!(me["self"].as_str().unwrap().starts_with(&desk.bench.sim.jira_gateway_url()));
    let tenant: Value =
        desk.bench.http.get(desk.url(Cloud, "/_edge/tenant_info")).send().await.unwrap().json().await.unwrap();
    assert!(desk.bench.sim.jira_gateway_url().ends_with(tenant["cloudId"].as_str().unwrap()));
    desk.jira.lack_scope("token", "/rest/agile/");
    assert_eq!(desk.send(Gateway, Method::GET, "/rest/agile/1.0/board", None).await.status(), 401);
}

#[tokio::test]
async fn three_wrong_passwords_bring_a_riddle_and_a_session_that_ended_a_page() {
    let desk = desk().await;
    desk.jira.password("ana", "right");
    let url = desk.url(Server, "api:/myself");
    let ask = |password: &'static str| desk.bench.http.get(&url).basic_auth("ana", Some(password)).send();
    assert_eq!(ask("right").await.unwrap().status(), 200);
    for _ in 0..3 {
        assert_eq!(ask("wrong").await.unwrap().status(), 401);
    }
    let refused = ask("right").await.unwrap();
    assert_eq!(refused.status(), 403);
    let reason = refused.headers()["x-authentication-denied-reason"].to_str().unwrap();
    assert!(reason.starts_with("CAPTCHA_CHALLENGE; login-url="), "{reason}");
    desk.jira.captcha("ana", false);
    desk.jira.html_login_page(true);
    let page = ask("right").await.unwrap();
    assert_eq!(page.status(), 200);
    assert!(page.headers()["content-type"].to_str().unwrap().starts_with("text/html"));
    assert!(page.text().await.unwrap().starts_with("<!DOCTYPE"));
}

#[tokio::test]
async fn rights_are_told_by_project_and_unknown_ones_refused_on_cloud_alone() {
    let desk = desk().await;
    desk.jira.deny_comments("WEB", true);
    let asked = "api:/mypermissions?permissions=BROWSE_PROJECTS,ADD_COMMENTS&projectKey=WEB";
    let answer = desk.get(Cloud, asked).await;
    assert_eq!(answer["permissions"].as_object().unwrap().len(), 2);
    assert_eq!(answer["permissions"]["BROWSE_PROJECTS"]["havePermission"], true);
    assert_eq!(answer["permissions"]["ADD_COMMENTS"]["havePermission"], false);
    for path in ["api:/mypermissions", "api:/mypermissions?permissions=FLY"] {
        assert_eq!(desk.send(Cloud, Method::GET, path, None).await.status(), 400);
        assert!(desk.get(Server, path).await["permissions"].as_object().unwrap().len() > 5);
    }
}

#[tokio::test]
async fn an_issue_stands_in_both_editions_each_in_its_own_form() {
    let desk = desk().await;
    desk.jira.set_zone("gapwatch", "Europe/Warsaw");
    let epic = desk.jira.issue("WEB", IssueDraft { kind: "Epic".to_owned(), ..IssueDraft::new("Shop") });
    desk.jira.reparent("WEB-1", Some(&epic), "ana");
    desk.jira.describe("WEB-1", "All of them.\n- [ ] red\n- [x] blue", "ana");
    let sub = IssueDraft { kind: "Sub-task".to_owned(), parent: Some("WEB-1".to_owned()), ..IssueDraft::new("Laces") };
    let sub = desk.jira.issue("WEB", sub);
    let board = desk.jira.board("WEB", "Shop board");
    let sprint = desk.jira.sprint(board, "Sprint, the [first]", ts("2026-03-01T08:00:00Z"), ts("2026-03-15T08:00:00Z"));
    desk.jira.to_sprint("WEB-1", sprint);
    let fields = desk.get(Cloud, "api:/field").await;
    let id_of = |fields: &Value, custom: &str| {
        let all = fields.as_array().unwrap();
        all.iter().rev().find(|one| one["schema"]["custom"] == custom).unwrap()["id"].as_str().unwrap().to_owned()
    };
    let sprint_field = id_of(&fields, "com.pyxis.greenhopper.jira:gh-sprint");
    let cloud = desk.get(Cloud, "api:/issue/WEB-1").await;
    assert_eq!(cloud["fields"]["parent"]["key"], json!(epic));
    assert_eq!(cloud["fields"]["created"], "2026-02-20T10:00:00.000+0100");
    assert_eq!(cloud["fields"]["description"]["content"][1]["content"][0]["attrs"]["state"], "TODO");
    assert_eq!(cloud["fields"]["statusCategory"]["key"], "new");
    assert_eq!(cloud["fields"][&sprint_field][0]["state"], "future");
    assert_eq!(cloud["fields"]["subtasks"][0]["key"], json!(sub));
    assert_eq!(cloud["fields"]["assignee"]["accountId"], json!(desk.jira.account_id("ana")));
    let fields = desk.get(Server, "api:/field").await;
    assert_ne!(id_of(&fields, "com.pyxis.greenhopper.jira:gh-sprint"), sprint_field);
    let server = desk.get(Server, "api:/issue/WEB-1").await;
    assert!(server["fields"].get("parent").is_none());
    assert_eq!(server["fields"][id_of(&fields, "com.pyxis.greenhopper.jira:gh-epic-link")], json!(epic));
    let text = server["fields"][id_of(&fields, "com.pyxis.greenhopper.jira:gh-sprint")][0].as_str().unwrap().to_owned();
    assert!(text.starts_with("com.atlassian.greenhopper.service.sprint.Sprint@") && text.contains("id=1,"), "{text}");
    assert_eq!(server["fields"]["description"], "All of them.\n- [ ] red\n- [x] blue");
    assert_eq!(server["fields"]["assignee"]["name"], "ana");
    assert!(server["fields"].get("statusCategory").is_none());
    assert_eq!(desk.get(Server, &format!("api:/issue/{sub}")).await["fields"]["parent"]["key"], "WEB-1");
    // Wiki text on Cloud, too, below the older version.
    let wiki = desk.get(Cloud, "/rest/api/2/issue/WEB-1?fields=description").await;
    assert_eq!(wiki["fields"], json!({ "description": "All of them.\n- [ ] red\n- [x] blue" }));
}

#[tokio::test]
async fn a_moved_issue_keeps_its_id_and_a_hidden_one_is_as_gone_as_a_deleted_one() {
    let desk = desk().await;
    desk.jira.project("OPS", "Operations");
    let id = desk.jira.id("WEB-1");
    assert_eq!(desk.jira.move_to("WEB-1", "OPS"), "OPS-1");
    for at in [Cloud, Server] {
        let found = desk.get(at, "api:/issue/WEB-1?fields=project").await;
        assert_eq!((&found["key"], &found["id"]), (&json!("OPS-1"), &json!(id)));
    }
    let gone = |name: &'static str| {
        let desk = &desk;
        async move {
            let response = desk.send(Cloud, Method::GET, &format!("api:/issue/{name}"), None).await;
            (response.status().as_u16(), response.text().await.unwrap())
        }
    };
    desk.jira.security("OPS-1", true);
    let secured = gone("OPS-1").await;
    desk.jira.security("OPS-1", false);
    desk.jira.hide("OPS", true);
    let hidden = gone("OPS-1").await;
    desk.jira.hide("OPS", false);
    assert_eq!(gone("OPS-1").await.0, 200);
    desk.jira.delete("OPS-1");
    assert_eq!(gone("OPS-1").await, hidden);
    assert_eq!(secured, hidden);
    assert_eq!(hidden.0, 404);
}

#[tokio::test]
async fn histories_differ_by_edition_in_order_length_and_ids() {
    let desk = desk().await;
    for day in 1..=50 {
        let jira = desk.jira.at(ts("2026-02-21T09:00:00Z") + jiff::SignedDuration::from_hours(day));
        jira.due("WEB-1", Some(date(2026, 4, 1).saturating_add(jiff::Span::new().days(day))), "ana");
    }
    desk.jira.status("WEB-1", "In Progress", "ana");
    desk.jira.assign("WEB-1", None, "ana");
    desk.jira.due("WEB-1", None, "ana");
    let body = json!({ "jql": "project = WEB", "fields": ["summary"], "expand": "changelog" });
    let (_, cloud) = desk.post(Cloud, "api:/search/jql", body).await;
    let log = &cloud["issues"][0]["changelog"];
    assert_eq!((log["total"].as_u64(), log["histories"].as_array().unwrap().len()), (Some(53), 40));
    let newest = &log["histories"][0]["items"][0];
    assert_eq!((&newest["field"], &newest["to"]), (&json!("duedate"), &Value::Null));
    let body = json!({ "jql": "project = WEB", "fields": ["summary"], "expand": ["changelog"] });
    let (_, server) = desk.post(Server, "api:/search", body).await;
    let log = &server["issues"][0]["changelog"];
    assert_eq!(log["histories"].as_array().unwrap().len(), 53);
    assert_eq!(log["histories"][0]["items"][0]["toString"], "2026-04-02 00:00:00.0");
    assert!(log["histories"][0]["items"][0].get("fieldId").is_none());
    let page = desk.get(Cloud, "api:/issue/WEB-1/changelog?startAt=50&maxResults=2").await;
    assert_eq!((page["total"].as_u64(), page["isLast"].as_bool()), (Some(53), Some(false)));
    assert_eq!(page["values"][0]["items"][0]["fieldId"], "status");
    assert_eq!(page["values"][1]["items"][0]["from"], json!(desk.jira.account_id("ana")));
}

#[tokio::test]
async fn automation_has_no_name_and_a_projects_own_field_is_in_its_list_alone() {
    let desk = desk().await;
    desk.jira.project("TEAM", "Team-managed");
    let float = "com.atlassian.jira.plugin.system.customfieldtypes:float";
    desk.jira.add_field("Story point estimate", "number", float, Some("TEAM"));
    desk.jira.flag("WEB-1", true, "");
    let page = desk.get(Cloud, "api:/issue/WEB-1/changelog").await;
    assert!(page["values"][0].get("author").is_none());
    let item = &page["values"][0]["items"][0];
    assert_eq!(
        (&item["field"], &item["toString"], &item["fieldtype"]),
        (&json!("Flagged"), &json!("Impediment"), &json!("custom"))
    );
    assert!(item["fieldId"].as_str().unwrap().starts_with("customfield_"));
    let team = desk.get(Cloud, "api:/project/TEAM").await["id"].as_str().unwrap().to_owned();
    let names = |page: Value| -> Vec<String> {
        page["values"].as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap().to_owned()).collect()
    };
    let own = names(desk.get(Cloud, &format!("api:/field/search?projectIds={team}&type=custom")).await);
    assert!(own.contains(&"Story point estimate".to_owned()), "{own:?}");
    assert!(
        !names(desk.get(Cloud, "api:/field/search?type=custom").await).contains(&"Story point estimate".to_owned())
    );
    assert_eq!(own.iter().filter(|name| *name == "Story Points").count(), 2);
}

#[tokio::test]
async fn bulk_histories_come_by_date_with_instants_as_numbers() {
    let desk = desk().await;
    let other = desk.jira.issue("WEB", IssueDraft::new("Sell socks"));
    for (minute, key) in [(1, "WEB-1"), (2, other.as_str()), (3, "WEB-1")] {
        let jira = desk.jira.at(ts("2026-03-02T09:00:00Z") + jiff::SignedDuration::from_mins(minute));
        jira.status(key, if minute == 3 { "Done" } else { "In Progress" }, "ana");
        jira.rename(key, "Renamed", "ana");
    }
    let mut body = json!({ "issueIdsOrKeys": ["WEB-1", other, "WEB-99"], "fieldIds": ["status"], "maxResults": 2 });
    let (_, first) = desk.post(Cloud, "api:/changelog/bulkfetch", body.clone()).await;
    assert_eq!(first["issueChangeLogs"].as_array().unwrap().len(), 2);
    let history = &first["issueChangeLogs"][0]["changeHistories"][0];
    assert_eq!(history["created"], json!(ts("2026-03-02T09:01:00Z").as_millisecond()));
    assert_eq!(history["items"].as_array().unwrap().len(), 1);
    body["nextPageToken"] = first["nextPageToken"].clone();
    let (_, second) = desk.post(Cloud, "api:/changelog/bulkfetch", body.clone()).await;
    assert_eq!(second["issueChangeLogs"][0]["changeHistories"][0]["items"][0]["toString"], "Done");
    assert!(second.get("nextPageToken").is_none());
    body["nextPageToken"] = json!("nonsense");
    assert_eq!(desk.post(Cloud, "api:/changelog/bulkfetch", body).await.0, 400);
}

#[tokio::test]
async fn what_does_not_move_updated_and_what_does() {
    let desk = desk().await;
    let board = desk.jira.board("WEB", "Shop board");
    let sprint = desk.jira.sprint(board, "One", None, ts("2026-03-15T08:00:00Z"));
    let other = desk.jira.issue("WEB", IssueDraft::new("Sell socks"));
    desk.jira.at(ts("2026-02-21T09:00:00Z")).to_sprint("WEB-1", sprint);
    desk.jira.version("WEB", "1.0", Some(date(2026, 4, 1)));
    let updated = || desk.jira.look("WEB-1").unwrap().updated_at;
    let before = updated();
    assert_eq!(before, ts("2026-02-21T09:00:00Z"));
    desk.jira.start_sprint(sprint);
    desk.jira.move_sprint_end(sprint, ts("2026-03-20T08:00:00Z"));
    desk.jira.release("1.0");
    desk.jira.deactivate("ana");
    desk.jira.set_category("In Review", "done");
    assert_eq!(updated(), before);
    desk.jira.at(ts("2026-03-01T09:00:00Z")).link(&other, "WEB-1");
    assert_eq!(updated(), ts("2026-03-01T09:00:00Z"));
    desk.jira.at(ts("2026-03-01T10:00:00Z")).comment("WEB-1", "Hello", "ana");
    assert_eq!(updated(), ts("2026-03-01T10:00:00Z"));
    desk.jira.at(ts("2026-03-01T11:00:00Z")).rank("WEB-1", "ana");
    desk.jira.at(ts("2026-03-01T12:00:00Z")).remote_link("WEB-1", "Commit 1a2b", "ana");
    assert_eq!(updated(), ts("2026-03-01T12:00:00Z"));
    let mine = desk.get(Cloud, "api:/issue/WEB-1?fields=issuelinks,assignee").await;
    assert_eq!(mine["fields"]["issuelinks"][0]["inwardIssue"]["key"], json!(other));
    assert_eq!(mine["fields"]["assignee"]["active"], false);
    let theirs = desk.get(Server, &format!("api:/issue/{other}")).await;
    assert_eq!(theirs["fields"]["issuelinks"][0]["outwardIssue"]["key"], "WEB-1");
}

#[tokio::test]
async fn boards_without_sprints_refuse_and_sprints_tell_their_dates() {
    let desk = desk().await;
    let (scrum, kanban) = (desk.jira.board("WEB", "Shop"), desk.jira.kanban("WEB", "Support"));
    let sprint = desk.jira.sprint(scrum, "One", None, ts("2026-03-15T08:00:00Z"));
    desk.jira.start_sprint(sprint);
    let boards = desk.get(Cloud, "/rest/agile/1.0/board?type=scrum&projectKeyOrId=WEB").await;
    assert_eq!(boards["values"].as_array().unwrap().len(), 1);
    let url = format!("/rest/agile/1.0/board/{scrum}/sprint?state=active,future");
    let sprints = desk.get(Cloud, &url).await;
    assert_eq!(sprints["values"][0]["endDate"], "2026-03-15T08:00:00.000Z");
    let url = format!("/rest/agile/1.0/board/{kanban}/sprint");
    let refused = desk.send(Server, Method::GET, &url, None).await;
    assert_eq!(refused.status(), 400);
    assert!(refused.text().await.unwrap().contains("The board does not support sprints"));
    assert_eq!(desk.get(Server, "/rest/agile/1.0/sprint/1").await["state"], "active");
}

#[tokio::test]
async fn projects_are_a_page_on_cloud_and_a_list_on_data_center() {
    let desk = desk().await;
    desk.jira.service_project("HELP", "Help desk");
    desk.jira.project("OLD", "Old shop");
    desk.jira.archive("OLD", true);
    desk.jira.project("TOP", "Secret");
    desk.jira.hide("TOP", true);
    let page = desk.get(Cloud, "api:/project/search?expand=insight,lead&status=live").await;
    let shown: Vec<&str> = page["values"].as_array().unwrap().iter().map(|one| one["key"].as_str().unwrap()).collect();
    assert_eq!(shown, ["HELP", "WEB"]);
    assert_eq!(page["values"][0]["projectTypeKey"], "service_desk");
    assert_eq!(page["values"][1]["insight"]["totalIssueCount"], 1);
    let archived = desk.get(Cloud, "api:/project/search?status=archived").await;
    assert_eq!(archived["values"][0]["key"], "OLD");
    assert_eq!(desk.get(Server, "api:/project").await.as_array().unwrap().len(), 2);
    assert_eq!(desk.send(Server, Method::GET, "api:/project/search", None).await.status(), 404);
    desk.jira.version("WEB", "1.0", Some(date(2026, 2, 1)));
    for at in [Cloud, Server] {
        assert_eq!(desk.get(at, "api:/project/WEB/versions").await[0]["overdue"], true);
        assert_eq!(desk.send(at, Method::GET, "api:/project/TOP", None).await.status(), 404);
    }
}

#[tokio::test]
async fn faults_and_the_log_of_requests_know_jira() {
    let desk = desk().await;
    let sim = &desk.bench.sim;
    sim.fail_next(Tool::Jira, "/myself", Fault::RateLimited(7), 1);
    let limited = desk.send(Cloud, Method::GET, "api:/myself", None).await;
    assert_eq!((limited.status().as_u16(), &limited.headers()["retry-after"]), (429, &"7".parse().unwrap()));
    assert_eq!(limited.headers()["ratelimit-reason"], "jira-burst-based");
    sim.fail_next(Tool::Jira, "POST", Fault::Reset, 1);
    let body = json!({ "jql": "project = WEB" });
    let url = desk.url(Cloud, "api:/search/jql");
    assert!(desk.bench.http.post(url).json(&body).send().await.is_err());
    let log = sim.requests();
    assert!(log.iter().all(|one| one.tool == Tool::Jira));
    assert_eq!(log[0].path, "/jira-cloud/rest/api/3/myself");
    desk.jira.user_limit(Some((1, 2)));
    let statuses = [(); 3].map(|()| desk.send(Server, Method::GET, "api:/myself", None));
    let mut seen = Vec::new();
    for one in statuses {
        let one = one.await;
        seen.push((one.status().as_u16(), one.headers()["x-ratelimit-remaining"].to_str().unwrap().to_owned()));
    }
    assert_eq!(seen, [(200, "1".to_owned()), (200, "0".to_owned()), (429, "0".to_owned())]);
}

#[tokio::test]
async fn the_shapes_are_those_of_recorded_answers() {
    let desk = desk().await;
    let issue = desk.get(Cloud, "api:/issue/WEB-1").await;
    // As many members as the connector may need, spelled as a real site spells them.
    for name in [
        "summary",
        "status",
        "statusCategory",
        "resolution",
        "resolutiondate",
        "statuscategorychangedate",
        "created",
        "updated",
        "duedate",
        "priority",
        "labels",
        "project",
        "issuetype",
        "assignee",
        "reporter",
        "creator",
        "subtasks",
        "issuelinks",
        "fixVersions",
        "components",
        "timetracking",
        "timeoriginalestimate",
        "timeestimate",
        "timespent",
        "aggregatetimeoriginalestimate",
        "aggregatetimeestimate",
        "aggregatetimespent",
        "progress",
        "aggregateprogress",
        "workratio",
        "watches",
        "comment",
        "description",
        "security",
        "worklog",
    ] {
        assert!(issue["fields"].get(name).is_some(), "{name}");
    }
    assert_eq!(issue["fields"]["progress"], json!({ "progress": 0, "total": 0 }));
    assert_eq!(issue["fields"]["workratio"], -1);
    assert_eq!(issue["fields"]["timetracking"], json!({}));
    desk.jira.estimate("WEB-1", Some(28_800), "ana");
    desk.jira.log_work("WEB-1", 32_400, "ana");
    let issue = desk.get(Cloud, "api:/issue/WEB-1?fields=progress,timetracking,workratio").await;
    assert_eq!(issue["fields"]["progress"], json!({ "progress": 32_400, "total": 32_400, "percent": 100 }));
    assert_eq!(issue["fields"]["timetracking"]["originalEstimate"], "1d");
    assert_eq!(issue["fields"]["timetracking"]["remainingEstimateSeconds"], 0);
    let people = desk.get(Cloud, "api:/users/search").await;
    assert!(people.as_array().unwrap().iter().all(|one| one["accountType"] == "atlassian" && one["self"].is_string()));
    desk.jira.hide_email("ana");
    let ana = desk.get(Server, "api:/user/search?username=ana").await;
    assert!(ana[0].get("emailAddress").is_none());
    assert_eq!(desk.get(Cloud, "api:/priority/search").await["values"][0]["name"], "Highest");
    assert!(desk.get(Server, "api:/priority").await.is_array());
    assert_eq!(desk.get(Cloud, "api:/issueLinkType").await["issueLinkTypes"][0]["inward"], "is blocked by");
}
