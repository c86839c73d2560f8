//! The connector against a small server: which requests it makes, and what it makes of the answers.
