use muster_domain::UserId;
use muster_domain::preferences::{Preferences, TimeZone};
use muster_domain::team::Membership;
use muster_domain::user::{GivenContacts, ProfileFacts, Role, Source, UserSummary};
use muster_domain::verification::ChannelSet;
use serde::Serialize;
use time::OffsetDateTime;
use utoipa::ToSchema;

use crate::openapi::schemas;
use crate::views::{DeviceView, VerificationStatusView};

/// A person, whole.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Profile)]
pub(crate) struct ProfileView {
    #[schema(value_type = schemas::Id)]
    id: UserId,
    /// The sign-in name, unique without regard to case.
    #[schema(examples("grace@example.com"))]
    user_name: String,
    /// The name to show.
    #[schema(examples("Grace Hopper"))]
    display_name: String,
    #[schema(required = true, examples("Grace"))]
    given_name: Option<String>,
    #[schema(required = true, examples("Hopper"))]
    family_name: Option<String>,
    /// Where e-mail goes.
    #[schema(required = true, examples("grace@example.com"))]
    email: Option<String>,
    /// Where text messages go: in the form of E.164 when it can be read as a telephone number.
    #[schema(required = true, examples("+12025550100"))]
    phone: Option<String>,
    /// Contacts as the directory sent them, where they differ from `email` and `phone`; left out where none does.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, value_type = DeliveredContacts)]
    as_delivered: Option<DeliveredContacts>,
    /// IANA time zone: what the directory gave, or the zone that it names in Windows' way. Null for any other text.
    #[schema(required = true, examples("Europe/London"))]
    time_zone: Option<String>,
    /// BCP 47 language tag, as the directory gave it.
    #[schema(required = true, examples("en-GB"))]
    locale: Option<String>,
    #[schema(value_type = schemas::Role)]
    role: Role,
    /// Whether the person may sign in and can be on call.
    active: bool,
    #[schema(value_type = schemas::Source)]
    source: Source,
    /// The person's active teams.
    #[schema(value_type = Vec<schemas::Membership>)]
    teams: Vec<Membership>,
    verification: VerificationStatusView,
    #[schema(max_items = 20)]
    devices: Vec<DeviceView>,
    #[schema(value_type = schemas::Preferences)]
    preferences: Preferences,
    /// When the person was first seen.
    #[serde(with = "time::serde::rfc3339")]
    #[schema(value_type = schemas::Time)]
    created_at: OffsetDateTime,
    /// When the profile or the role last changed.
    #[serde(with = "time::serde::rfc3339")]
    #[schema(value_type = schemas::Time)]
    updated_at: OffsetDateTime,
}

/// Contacts as the directory sent them.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = DeliveredContacts)]
struct DeliveredContacts {
    /// A text that is no e-mail address.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, required = false, examples("grace@example"))]
    email: Option<String>,
    /// A phone number before it was normalized.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, required = false, examples("(202) 555-0100"))]
    phone: Option<String>,
}

impl DeliveredContacts {
    fn of(given: GivenContacts) -> Option<Self> {
        let GivenContacts { email, phone } = given;
        (email.is_some() || phone.is_some()).then_some(Self { email, phone })
    }
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
            as_delivered: DeliveredContacts::of(user.given),
            time_zone: user.time_zone.as_deref().and_then(TimeZone::from_directory).map(String::from),
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

/// A person, as lists show them.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = UserSummary)]
pub(crate) struct UserSummaryView {
    #[schema(value_type = schemas::Id)]
    id: UserId,
    /// The sign-in name, unique without regard to case.
    #[schema(examples("grace@example.com"))]
    user_name: String,
    /// The name to show.
    #[schema(examples("Grace Hopper"))]
    display_name: String,
    /// Where e-mail goes.
    #[schema(required = true, examples("grace@example.com"))]
    email: Option<String>,
    #[schema(value_type = schemas::Role)]
    role: Role,
    /// Whether the person may sign in.
    active: bool,
    can_be_on_call: bool,
    /// The person's active teams.
    #[schema(value_type = Vec<schemas::Membership>)]
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
