use std::fmt;

use super::settings::find;

/// One thing that is wrong with the configuration. Never holds a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fault {
    /// Which setting, or which file.
    pub name: String,
    /// What is wrong and what would be right.
    pub detail: String,
}

impl Fault {
    pub(super) fn new(name: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { name: name.into(), detail: detail.into() }
    }
}

/// Everything that is wrong with the configuration, in one message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ConfigError {
    /// At least one.
    pub faults: Vec<Fault>,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the configuration does not hold; each fault with what the setting is for:")?;
        for Fault { name, detail } in &self.faults {
            write!(f, "\n  {name}: {detail}")?;
            if let Some(setting) = find(name) {
                write!(f, "\n      {} (default: {})", setting.meaning, setting.default)?;
            }
        }
        Ok(())
    }
}

impl std::error::Error for ConfigError {}
