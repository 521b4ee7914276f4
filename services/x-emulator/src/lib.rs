//! x-emulator: a stand-in for X's v2 API, for rehearsals and tests. It keeps a small world of accounts and posts
//! (`world`), answers the endpoints that the house uses in X's own JSON and errors (`http`, `view`, `problem`), carries
//! posts over streams with X's habits and with faults on demand, and plays a crowd that tweets.

pub mod args;
pub mod auth;
pub mod chance;
pub mod control;
pub mod crowd;
pub mod emulator;
pub mod fault;
pub mod http;
pub mod id;
pub mod limits;
pub mod meter;
pub mod observe;
pub mod post;
pub mod problem;
pub mod rule;
pub mod run;
pub mod stream;
pub mod text;
pub mod user;
pub mod view;
pub mod world;
