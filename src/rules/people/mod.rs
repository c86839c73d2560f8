//! Rules about people: who was given something, and who is asked.

pub mod ack_missing;
pub mod answer_waiting;
