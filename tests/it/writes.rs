//! Words that do not arrive: what is tried again, what is looked for, and who is told instead.
