//! What the directory knows of.

use diesel::dsl::auto_type;
use diesel::prelude::*;
use muster_domain::user::Source;

use crate::schema::{teams, users};
use crate::types::DbId;

/// People whom it delivered and did not remove.
#[auto_type]
pub(crate) fn person() -> _ {
    let source: &'static str = Source::Scim.as_str();
    users::removed_at.is_null().and(users::source.eq(source))
}

/// Teams that are groups of its.
#[auto_type]
pub(crate) fn group() -> _ {
    teams::active.and(teams::synced_from_directory)
}

/// A user name or a team's name, folded, that is nobody's and no directory can give: it begins with a control character.
pub(crate) fn nobodys_name(id: DbId) -> String {
    format!("\u{1}{}", id.0)
}
