//! The HTTP interface, over real HTTP with real tokens: one test program, one cluster.

mod accounts;
mod audit;
mod auth;
mod documentation;
mod events;
mod images;
mod journey;
mod lists;
mod operations;
mod reviews;
mod upload;
mod verdicts;
