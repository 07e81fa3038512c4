use muster_domain::UserId;
use muster_domain::preferences::Preferences;
use muster_domain::team::Membership;
use muster_domain::user::{ProfileFacts, Role, Source, UserSummary};
use muster_domain::verification::ChannelSet;
use serde::Serialize;
use time::OffsetDateTime;

use crate::views::{DeviceView, VerificationStatusView};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ProfileView {
    id: UserId,
    user_name: String,
    display_name: String,
    given_name: Option<String>,
    family_name: Option<String>,
    email: Option<String>,
    phone: Option<String>,
    time_zone: Option<String>,
    locale: Option<String>,
    role: Role,
    active: bool,
    source: Source,
    teams: Vec<Membership>,
    verification: VerificationStatusView,
    devices: Vec<DeviceView>,
    preferences: Preferences,
    #[serde(with = "time::serde::rfc3339")]
    created_at: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339")]
    updated_at: OffsetDateTime,
}

impl ProfileView {
    /// The profile as of `now`, in an installation that has those channels on.
    pub(crate) fn new(facts: ProfileFacts, channels: ChannelSet, now: OffsetDateTime) -> Self {
        let verification = facts.verification(channels, now).into();
        let user = facts.user;
        Self {
            id: user.id,
            user_name: user.user_name,
            display_name: user.display_name,
            given_name: user.given_name,
            family_name: user.family_name,
            email: user.email.map(|address| address.as_str().to_owned()),
            phone: user.phone.map(|number| number.as_str().to_owned()),
            time_zone: user.time_zone,
            locale: user.locale,
            role: user.role,
            active: user.active,
            source: user.source,
            teams: facts.teams,
            verification,
            devices: facts.devices.into_iter().map(DeviceView::from).collect(),
            preferences: facts.preferences.unwrap_or_default().document,
            created_at: user.created_at,
            updated_at: user.updated_at,
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct UserSummaryView {
    id: UserId,
    user_name: String,
    display_name: String,
    email: Option<String>,
    role: Role,
    active: bool,
    can_be_on_call: bool,
    teams: Vec<Membership>,
}

impl From<UserSummary> for UserSummaryView {
    fn from(user: UserSummary) -> Self {
        Self {
            id: user.id,
            user_name: user.user_name,
            display_name: user.display_name,
            email: user.email,
            role: user.role,
            active: user.active,
            can_be_on_call: user.can_be_on_call,
            teams: user.teams,
        }
    }
}
