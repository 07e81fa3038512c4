use diesel::prelude::*;
use muster_domain::StoreError;
use muster_domain::notice::{Notice, NoticeContent};
use muster_domain::verification::Method;

use crate::error::DbError;
use crate::rows::named;
use crate::schema::notices;
use crate::types::{DbId, Ts};

#[derive(Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = notices)]
pub(crate) struct NoticeRow {
    pub(crate) id: DbId,
    user_id: DbId,
    channel: String,
    /// JSON.
    content: String,
    created_at: Ts,
    due_at: Ts,
    attempts: i32,
}

impl NoticeRow {
    /// Rows of notices that are new, each due from when it was made.
    pub(crate) fn of(notices: &[Notice]) -> Result<Vec<Self>, StoreError> {
        notices.iter().map(Self::try_from).collect()
    }
}

impl TryFrom<&Notice> for NoticeRow {
    type Error = StoreError;

    fn try_from(notice: &Notice) -> Result<Self, StoreError> {
        let content = serde_json::to_string(&notice.content).map_err(|error| StoreError::Backend(Box::new(error)))?;
        let created_at = Ts::from(notice.created_at);
        Ok(Self {
            id: notice.id.into(),
            user_id: notice.user_id.into(),
            channel: notice.channel.as_str().to_owned(),
            content,
            created_at,
            due_at: created_at,
            attempts: notice.attempts.into(),
        })
    }
}

impl TryFrom<NoticeRow> for Notice {
    type Error = DbError;

    fn try_from(row: NoticeRow) -> Result<Self, DbError> {
        let content: Result<NoticeContent, _> = serde_json::from_str(&row.content);
        let attempts = u16::try_from(row.attempts);
        Ok(Self {
            id: row.id.into(),
            user_id: row.user_id.into(),
            channel: named("notices", "channel", Method::from_name(&row.channel))?,
            content: content.map_err(|_| DbError::inconsistent("notices", "content is none"))?,
            created_at: row.created_at.into(),
            attempts: attempts.map_err(|_| DbError::inconsistent("notices", "attempts is no small number"))?,
        })
    }
}
