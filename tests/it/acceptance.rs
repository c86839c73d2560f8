//! What people complained of in other tools, each as a test under its number.

mod answers;
mod floods;
mod graph;
mod history;
mod marked;
mod people;
mod quiet;
mod reasons;
mod sending;
mod sources;
