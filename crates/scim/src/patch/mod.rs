//! PATCH (RFC 7644, section 3.5.2), in the dialects that identity providers speak.

mod group;
mod many;
mod message;
mod select;
mod user;

pub(crate) use group::{GroupPatch, external_id_of};
pub(crate) use message::{Op, Step};
pub(crate) use user::patch_user;

use serde_json::Value;

use crate::object::Object;
use crate::{ScimError, schema};

/// The steps of a change to a User.
pub(crate) fn read_user_steps(body: &Object) -> Result<Vec<Step>, ScimError> {
    message::read(body, schema::USER)
}

/// The one value of an attribute that has one, which some clients send as a list.
fn single(value: &Value) -> &Value {
    match value.as_array().map(Vec::as_slice) {
        Some([]) => &Value::Null,
        Some([one]) => one,
        _ => value,
    }
}
