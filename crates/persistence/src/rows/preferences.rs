use diesel::prelude::*;
use muster_domain::preferences::{Preferences, StoredPreferences};

use crate::error::DbError;
use crate::schema::preferences;

#[derive(Queryable, Selectable)]
#[cfg_attr(feature = "postgres", derive(serde::Deserialize))]
#[diesel(table_name = preferences)]
pub(crate) struct PreferencesRow {
    version: i64,
    document: String,
}

impl TryFrom<PreferencesRow> for StoredPreferences {
    type Error = DbError;

    fn try_from(row: PreferencesRow) -> Result<Self, DbError> {
        let document: Result<Preferences, _> = serde_json::from_str(&row.document);
        let document = document.map_err(|_| DbError::inconsistent("preferences", "document is not one"))?;
        Ok(Self { version: row.version, document })
    }
}
