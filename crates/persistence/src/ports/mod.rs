//! The domain's store ports, one file each. What a method promises is written at the port.

mod api_keys;
mod audit;
mod audit_chain;
mod brakes;
mod break_glass;
mod challenges;
mod change_role;
mod devices;
mod directory;
mod directory_filter;
mod directory_reader;
mod directory_sql;
mod groups;
mod housekeeping;
pub(crate) mod issue;
mod notices;
mod on_call;
mod people_list;
mod preferences;
mod readiness;
mod removal;
pub(crate) mod rotate;
mod send_limits;
mod sessions;
mod sign_in_attempts;
mod team_store;
mod users;
