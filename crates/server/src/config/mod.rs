//! The server's settings: the defaults, over them the `.env` file of the working directory, over that the environment,
//! over that the flags.

mod edge;
mod faults;
pub(crate) mod flags;
mod keys;
mod messaging;
mod parse;
mod parser;
pub(crate) mod reference;
mod settings;
mod sources;

pub(crate) use edge::{TlsFiles, Tracing};
pub(crate) use faults::{ConfigError, Fault};
pub(crate) use keys::Others;
pub(crate) use messaging::Messaging;
pub(crate) use parse::{Config, Mode, Purpose};
pub(crate) use sources::{Settings, read_secret_file};

#[cfg(test)]
mod tests;
