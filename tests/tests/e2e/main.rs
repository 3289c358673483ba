//! All end-to-end scenarios, in one program so that they share one world.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod anomaly;
mod apply;
mod bulk;
mod crowd;
mod demo;
mod ending;
mod hostile;
mod http;
mod http_bodies;
mod http_functions;
mod http_streams;
mod idle;
mod login;
mod login_http;
mod login_pg;
mod login_ssh;
mod mcp;
mod memory;
mod own_store;
mod packed;
mod pg;
mod pg_arguments;
mod pg_copy;
mod pg_drivers;
mod pg_enforced;
mod pg_protocol;
mod pg_strict;
mod pg_tools;
mod policy;
mod recording;
mod refusal;
mod refusal_targets;
mod restart;
mod secrets;
mod ssh;
mod ssh_files;
mod ssh_forward;
mod ssh_live;
mod ssh_long;
mod ssh_masking;
mod ssh_policy;
mod tunnel_tap;
