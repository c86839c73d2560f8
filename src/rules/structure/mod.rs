//! Structure: what is missing or contradicts itself from the day it is made.

pub mod due_child_after_parent;
pub mod due_none;
pub mod owner_none;
pub mod state_parent_child;
