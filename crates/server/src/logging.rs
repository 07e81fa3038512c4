use std::io::{self, IsTerminal};

use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt;

use crate::config::{Config, Mode};

/// Starts logging to standard error: for people in development, one JSON object a line in production. Does nothing
/// when something logs already.
pub(crate) fn start(config: &Config) {
    let builder = fmt().with_env_filter(EnvFilter::new(&config.log)).with_writer(io::stderr);
    let _ = match config.mode {
        Mode::Development => builder.with_ansi(io::stderr().is_terminal()).try_init(),
        Mode::Production => builder.json().try_init(),
    };
}
