//! Jira as a client sees it.
