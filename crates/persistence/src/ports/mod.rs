//! The domain's store ports, one file each. What a method promises is written at the port.

mod api_keys;
mod audit;
mod challenges;
mod change_role;
mod devices;
mod directory;
mod on_call;
mod people_list;
mod preferences;
pub(crate) mod rotate;
mod send_limits;
mod sessions;
mod team_store;
mod teams;
mod users;
