use std::collections::BTreeSet;

use serde::Serialize;
use utoipa::ToSchema;

use super::Channel;

/// A person's notification preferences. Critical alerts cannot be silenced: at least one of their steps uses a channel that
/// is enabled here and on in the installation.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Preferences {
    /// Which channels may be used at all.
    channels: EnabledChannels,
    /// For each severity, what is tried and when.
    rules: Rules,
    /// When all but critical alerts wait; null for never.
    #[schema(required = true)]
    quiet_hours: Option<QuietHours>,
}

/// Which channels may be used at all.
#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct EnabledChannels {
    #[schema(examples(true))]
    email: bool,
    #[schema(examples(true))]
    sms: bool,
    #[schema(examples(true))]
    push: bool,
}

/// For each severity, what is tried and when. Steps of one severity are distinct.
#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Rules {
    #[schema(min_items = 1, max_items = 10)]
    critical: BTreeSet<Step>,
    #[schema(max_items = 10)]
    high: BTreeSet<Step>,
    #[schema(max_items = 10)]
    medium: BTreeSet<Step>,
    #[schema(max_items = 10)]
    low: BTreeSet<Step>,
    #[schema(max_items = 10)]
    info: BTreeSet<Step>,
}

/// One thing that is tried.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Step {
    /// Over which channel.
    channel: Channel,
    /// How many minutes after the alert.
    #[schema(minimum = 0, maximum = 1440, examples(2))]
    after_minutes: u16,
}

/// A daily time in which all but critical alerts wait. It runs past midnight when `end` is before `start`, and is never
/// empty.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct QuietHours {
    /// When it begins.
    #[schema(pattern = "^([01][0-9]|2[0-3]):[0-5][0-9]$", min_length = 5, max_length = 5, examples("22:00"))]
    start: String,
    /// When it ends.
    #[schema(pattern = "^([01][0-9]|2[0-3]):[0-5][0-9]$", min_length = 5, max_length = 5, examples("07:00"))]
    end: String,
    /// Whose clock counts: the name of a time zone in the IANA database.
    #[schema(min_length = 1, max_length = 64, pattern = "^[A-Za-z0-9+/_-]+$", examples("Europe/London"))]
    time_zone: String,
    /// On which days it begins, each once.
    #[schema(min_items = 1, max_items = 7, examples(json!(["mon", "tue"])))]
    days: BTreeSet<Weekday>,
}

/// A day of the week.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum Weekday {
    Mon,
    Tue,
    Wed,
    Thu,
    Fri,
    Sat,
    Sun,
}
