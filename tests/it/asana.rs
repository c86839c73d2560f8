//! Asana: what it alone does, the whole way, against a working model of it.

mod absences;
mod canaries;
mod faults;
mod hooks;
mod hostile;
