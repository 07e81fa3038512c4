use serde::Serialize;
use utoipa::ToSchema;

/// A UUID (RFC 9562, version 7) in its hyphenated form.
#[derive(Serialize, ToSchema)]
#[schema(value_type = String, format = Uuid, examples("01a20320-a200-7e23-a324-5aa232a9e247"))]
pub(crate) struct Id(String);

/// A time in UTC (RFC 3339), to the microsecond at the most.
#[derive(Serialize, ToSchema)]
#[schema(value_type = String, format = DateTime, examples("2026-11-22T12:00:00Z"))]
pub(crate) struct Time(String);

/// Text of 1 to 100 characters that holds more than spaces and nothing invisible: no control characters, none that turn
/// the direction of writing. Spaces around it are dropped.
#[derive(Serialize, ToSchema)]
#[schema(
    value_type = String, min_length = 1, max_length = 100,
    pattern = r"^[^\u0000-\u001f\u007f-\u009f\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff]*[^\s\u0000-\u001f\u007f-\u009f\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff][^\u0000-\u001f\u007f-\u009f\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff]*$",
    examples("Statuspage")
)]
pub(crate) struct ShortText(String);

/// Entity tags (RFC 9110, section 8.8.3), with commas, or `*` for any version.
#[derive(Serialize, ToSchema)]
#[schema(value_type = String, max_length = 4096, examples("\"1\""))]
pub(crate) struct EntityTags(String);

/// What happened, as `noun.verb`. Stable: clients filter by it.
#[derive(Serialize, ToSchema)]
#[schema(value_type = String, examples("contact.verification.completed", "role.changed"))]
pub(crate) struct Action(String);
