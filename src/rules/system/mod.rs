//! gapwatch watches itself; told to the operators only.

pub mod sys_mirror_stale;
