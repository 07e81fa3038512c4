use std::fmt;

use super::Settings;
use super::flags::flag;
use super::settings::find;

/// One thing that is wrong with the configuration. Never holds a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fault {
    /// Which setting, or which file.
    pub name: String,
    /// What is wrong and what would be right.
    pub detail: String,
    /// Whether the setting was given as a flag.
    pub by_flag: bool,
}

impl Fault {
    pub(super) fn new(name: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { name: name.into(), detail: detail.into(), by_flag: false }
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
        for Fault { name, detail, by_flag } in &self.faults {
            let setting = find(name);
            match setting.filter(|_| *by_flag).and_then(flag) {
                Some(flag) => write!(f, "\n  --{flag}: {detail}")?,
                None => write!(f, "\n  {name}: {detail}")?,
            }
            if let Some(setting) = setting {
                write!(f, "\n      {} (default: {})", setting.meaning, setting.default)?;
            }
        }
        Ok(())
    }
}

impl std::error::Error for ConfigError {}

impl ConfigError {
    /// Tells faults under the names by which the settings were given.
    pub(super) fn new(faults: Vec<Fault>, settings: &Settings) -> Self {
        let told = |fault: Fault| Fault { by_flag: settings.is_by_flag(&fault.name), ..fault };
        Self { faults: faults.into_iter().map(told).collect() }
    }
}
