//! The server's settings: the defaults, over them the `.env` file of the working directory, over that the environment.

mod edge;
mod faults;
mod messaging;
mod parse;
mod parser;
mod settings;
mod sources;

pub(crate) use edge::{TlsFiles, Tracing};
pub(crate) use faults::{ConfigError, Fault};
pub(crate) use messaging::Messaging;
pub(crate) use parse::{Config, Mode, Purpose};
pub(crate) use sources::{Settings, read_secret_file};

#[cfg(test)]
mod tests;
