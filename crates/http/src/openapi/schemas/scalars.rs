use serde::Serialize;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{Object, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

/// A UUID (RFC 9562, version 7) in its hyphenated form.
#[derive(Serialize, ToSchema)]
#[schema(value_type = String, format = Uuid, examples("01a20320-a200-7e23-a324-5aa232a9e247"))]
pub(crate) struct Id(String);

/// A time in UTC (RFC 3339), to the microsecond at the most.
#[derive(Serialize, ToSchema)]
#[schema(value_type = String, format = DateTime, examples("2026-11-22T12:00:00Z"))]
pub(crate) struct Time(String);

/// Entity tags (RFC 9110, section 8.8.3), with commas, or `*` for any version.
#[derive(Serialize, ToSchema)]
#[schema(value_type = String, max_length = 4096, examples("\"1\""))]
pub(crate) struct EntityTags(String);

/// What happened, as `noun.verb`. Stable: clients filter by it.
#[derive(Serialize, ToSchema)]
#[schema(value_type = String, examples("contact.verification.completed", "role.changed"))]
pub(crate) struct Action(String);

macro_rules! texts {
    ($($name:ident, $max:literal, $example:literal;)*) => {$(
        /// The domain's `Text` of that length.
        #[derive(Serialize)]
        pub(crate) struct $name;

        impl PartialSchema for $name {
            fn schema() -> RefOr<Schema> {
                text($max, $example).into()
            }
        }

        impl ToSchema for $name {}
    )*};
}

texts! {
    Text35, 35, "en-GB";
    Text50, 50, "4.2.0";
    Text64, 64, "safe";
    Text100, 100, "Statuspage";
    Text200, 200, "grace";
    Text255, 255, "ada@example.com";
    Text400, 400, "Ada Lovelace";
}

fn text(max: usize, example: &str) -> Object {
    const SAFE: &str = r"[^\u0000-\u001f\u007f-\u009f\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff]";
    let visible = SAFE.replacen('^', r"^\s", 1);
    Object::builder()
        .schema_type(Type::String)
        .min_length(Some(1))
        .max_length(Some(max))
        .pattern(Some(format!("^{SAFE}*{visible}{SAFE}*$")))
        .examples([example])
        .description(Some(format!(
            "Text of 1 to {max} characters that holds more than spaces and nothing invisible: no control characters, none \
             that turn the direction of writing. Spaces around it are dropped."
        )))
        .build()
}
