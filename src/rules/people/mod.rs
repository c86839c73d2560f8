//! Rules about people: who was given something, who is asked, what they have at hand, and whether they are there. Each
//! measures somebody against themselves and what they can do, never against another.

pub mod ack_missing;
pub mod answer_waiting;
pub mod load_overloaded;
pub mod owner_absent;
pub mod owner_gone;
pub mod wip_limit;
