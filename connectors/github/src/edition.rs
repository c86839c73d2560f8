//! What an Enterprise Server lacks, by the version it tells. That is believed for a day, for a server may be updated. On
//! github.com and its data-resident kin everything is there.

use std::sync::{Mutex, PoisonError};

use connector_kit::ConnectorError;
use connector_model::{Lack, Need};
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use url::Url;

use crate::GitHub;
use crate::call::Query;

/// How long what was told is believed.
const HOLDS: SignedDuration = SignedDuration::from_hours(24);

/// Something that not every server has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Feature {
    /// Parents, children, and sums over them.
    SubIssues,
    /// What kind of work an issue is.
    IssueTypes,
    /// Fields an organisation has added to its issues.
    IssueFields,
    /// Projects with their fields.
    Projects,
    /// What an issue waits for.
    Dependencies,
}

impl Feature {
    const ALL: [Feature; 5] =
        [Feature::SubIssues, Feature::IssueTypes, Feature::IssueFields, Feature::Projects, Feature::Dependencies];

    /// As people call it.
    pub(crate) fn words(self) -> &'static str {
        match self {
            Feature::SubIssues => "sub-issues",
            Feature::IssueTypes => "issue types",
            Feature::IssueFields => "issue fields",
            Feature::Projects => "Projects",
            Feature::Dependencies => "blocked-by links",
        }
    }

    /// The last version known to lack it.
    fn lacked_until(self) -> (u32, u32) {
        match self {
            Feature::Dependencies => (3, 18),
            Feature::SubIssues | Feature::IssueTypes | Feature::IssueFields | Feature::Projects => (3, 19),
        }
    }
}

/// What this server has.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Features {
    /// Of an Enterprise Server, as it tells it. `None`: it is none, or does not tell.
    pub(crate) version: Option<String>,
    absent: Vec<Feature>,
}

impl Features {
    fn of(version: Option<String>) -> Features {
        let number = version.as_deref().and_then(numbered);
        let lacks = |feature: &Feature| number.is_some_and(|number| number <= feature.lacked_until());
        Features { absent: Feature::ALL.into_iter().filter(lacks).collect(), version }
    }

    pub(crate) fn has(&self, feature: Feature) -> bool {
        !self.absent.contains(&feature)
    }

    /// What no issue tells because of that. What a task list says of progress is told all the same.
    pub(crate) fn lacks(&self) -> Vec<Lack> {
        let version = self.version.as_deref().unwrap_or_default();
        let because = |feature: Feature| format!("Enterprise Server {version} has no {}", feature.words());
        let mut lacks = Vec::new();
        if !self.has(Feature::SubIssues) {
            lacks.push(Lack::whole(Need::Parent, because(Feature::SubIssues)));
            lacks.push(Lack::part(Need::Progress, because(Feature::SubIssues)));
        }
        if !self.has(Feature::Dependencies) {
            lacks.push(Lack::whole(Need::Blocking, because(Feature::Dependencies)));
        }
        if !self.has(Feature::IssueFields) && !self.has(Feature::Projects) {
            let both = format!("{} and no {}", because(Feature::IssueFields), Feature::Projects.words());
            lacks.push(Lack::whole(Need::Estimate, both));
        }
        lacks
    }

    /// Everything it lacks.
    pub(crate) fn lacking(&self) -> impl Iterator<Item = Feature> + '_ {
        self.absent.iter().copied()
    }
}

/// `3.19.2` is 3.19.
fn numbered(version: &str) -> Option<(u32, u32)> {
    let mut parts = version.split('.');
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

/// What is known, and since when.
#[derive(Default)]
pub(crate) struct Edition(Mutex<Option<(Timestamp, Features)>>);

impl Edition {
    fn known(&self, now: Timestamp) -> Option<Features> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.as_ref().filter(|(at, _)| now.duration_since(*at).abs() < HOLDS).map(|(_, features)| features.clone())
    }

    fn learn(&self, features: Features, now: Timestamp) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some((now, features));
    }
}

#[derive(Deserialize)]
struct Meta {
    installed_version: Option<String>,
}

/// github.com, or a company's own part of it.
fn is_cloud(api: &Url) -> bool {
    api.host_str().is_some_and(|host| host == "api.github.com" || host.ends_with(".ghe.com"))
}

impl GitHub {
    /// What this server has; asked once a day.
    pub(crate) async fn features(&self) -> Result<Features, ConnectorError> {
        let now = self.clock.now();
        if let Some(known) = self.edition.known(now) {
            return Ok(known);
        }
        let features = if is_cloud(&self.api) { Features::default() } else { self.ask_features().await? };
        self.edition.learn(features.clone(), now);
        Ok(features)
    }

    /// What no issue of this server tells, by the version it told last; said where open issues were read with what it has.
    /// `None`: it was not asked of late.
    pub(crate) fn lacks_of_edition(&self) -> Option<Vec<Lack>> {
        self.edition.known(self.clock.now()).map(|features| features.lacks())
    }

    /// An answer that cannot be read tells no version, and nothing is taken to be absent.
    async fn ask_features(&self) -> Result<Features, ConnectorError> {
        let response = self.get(self.any_owner(), "meta".to_owned(), Query::new(), None).await?;
        let meta: Option<Meta> =
            (response.status == 200).then(|| serde_json::from_slice(&response.body).ok()).flatten();
        Ok(Features::of(meta.and_then(|meta| meta.installed_version)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_tells_what_is_missing_and_an_unknown_one_nothing() {
        let lacks = |version: &str| Features::of(Some(version.to_owned())).lacking().count();
        assert_eq!(lacks("3.17.4"), 5);
        assert_eq!(lacks("3.18.0"), 5);
        let newest = Features::of(Some("3.19.1".to_owned()));
        assert!(newest.has(Feature::Dependencies) && !newest.has(Feature::SubIssues) && !newest.has(Feature::Projects));
        assert_eq!((lacks("3.20.0"), lacks("4.0"), lacks("main"), lacks("")), (0, 0, 0, 0));
        assert_eq!(Features::of(None).lacking().count(), 0);
    }

    #[test]
    fn what_a_version_lacks_no_issue_tells() {
        let of = |version: &str| Features::of(Some(version.to_owned())).lacks();
        let needs = |version: &str| of(version).into_iter().map(|lack| (lack.need, lack.whole)).collect::<Vec<_>>();
        let newer = [(Need::Parent, true), (Need::Progress, false), (Need::Estimate, true)];
        assert_eq!(needs("3.19.0"), newer);
        assert!(
            of("3.18.1").contains(&Lack::whole(Need::Blocking, "Enterprise Server 3.18.1 has no blocked-by links"))
        );
        assert_eq!((needs("3.20.0"), Features::of(None).lacks().len()), (Vec::new(), 0));
    }

    #[test]
    fn only_an_enterprise_server_is_asked_for_its_version() {
        let cloud = |api: &str| api.parse().is_ok_and(|api| is_cloud(&api));
        assert!(cloud("https://api.github.com") && cloud("https://api.acme.ghe.com"));
        assert!(!cloud("https://ghe.example.com/api/v3") && !cloud("https://ghe.com.example.org/api/v3"));
    }
}
