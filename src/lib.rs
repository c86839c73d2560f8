//! gapwatch.
