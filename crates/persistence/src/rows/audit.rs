use diesel::prelude::*;
use muster_domain::audit::{Actor, AuditEvent, Origin};

use crate::error::DbError;
use crate::schema::audit_events;
use crate::types::{DbId, Ts};

#[derive(Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = audit_events, treat_none_as_default_value = false)]
pub(crate) struct AuditRow {
    pub(super) id: DbId,
    pub(super) at: Ts,
    pub(super) action: String,
    pub(super) actor_type: String,
    pub(super) actor_id: Option<DbId>,
    pub(super) actor_name: Option<String>,
    pub(super) subject: Option<DbId>,
    pub(super) details: String,
    pub(super) ip: Option<String>,
    pub(super) user_agent: Option<String>,
    pub(super) request_id: Option<String>,
}

impl From<&AuditEvent> for AuditRow {
    fn from(event: &AuditEvent) -> Self {
        let (actor_type, actor_id, actor_name) = match &event.origin.actor {
            Actor::User { id } => ("user", Some((*id).into()), None),
            Actor::Service { name } => ("service", None, Some(name.clone())),
            Actor::System { name } => ("system", None, Some(name.clone())),
            Actor::Anonymous => ("anonymous", None, None),
        };
        Self {
            id: event.id.into(),
            at: event.at.into(),
            action: event.action.clone(),
            actor_type: actor_type.to_owned(),
            actor_id,
            actor_name,
            subject: event.subject.map(Into::into),
            details: event.details.to_string(),
            ip: event.origin.ip.map(|ip| ip.to_string()),
            user_agent: event.origin.user_agent.clone(),
            request_id: event.origin.request_id.clone(),
        }
    }
}

impl TryFrom<AuditRow> for AuditEvent {
    type Error = DbError;

    fn try_from(row: AuditRow) -> Result<Self, DbError> {
        let actor = match (row.actor_type.as_str(), row.actor_id, row.actor_name) {
            ("user", Some(id), None) => Actor::User { id: id.into() },
            ("service", None, Some(name)) => Actor::Service { name },
            ("system", None, Some(name)) => Actor::System { name },
            ("anonymous", None, None) => Actor::Anonymous,
            _ => return Err(DbError::inconsistent("audit_events", "the actor's columns do not fit its type")),
        };
        let ip = row.ip.map(|ip| ip.parse()).transpose();
        let details = serde_json::from_str(&row.details);
        Ok(Self {
            id: row.id.into(),
            at: row.at.into(),
            action: row.action,
            subject: row.subject.map(Into::into),
            details: details.map_err(|_| DbError::inconsistent("audit_events", "details are not JSON"))?,
            origin: Origin {
                actor,
                ip: ip.map_err(|_| DbError::inconsistent("audit_events", "ip is no address"))?,
                user_agent: row.user_agent,
                request_id: row.request_id,
            },
        })
    }
}

#[cfg(feature = "postgres")]
mod on_postgres {
    use diesel::pg::Pg;
    use diesel::prelude::*;
    use diesel::query_builder::AstPass;
    use diesel::sql_types::{Nullable, Text};

    use super::AuditRow;
    use crate::types::{Id, Instant};

    impl AuditRow {
        /// The statement that writes the record, once for each row of `steps`, which is a part of the same statement.
        pub(crate) fn push_record_for<'b>(&'b self, steps: &str, out: &mut AstPass<'_, 'b, Pg>) -> QueryResult<()> {
            out.push_sql(
                "INSERT INTO audit_events (id, at, action, actor_type, actor_id, actor_name, subject, details, ip, \
                user_agent, request_id) SELECT ",
            );
            out.push_bind_param::<Id, _>(&self.id)?;
            out.push_sql(", ");
            out.push_bind_param::<Instant, _>(&self.at)?;
            out.push_sql(", ");
            out.push_bind_param::<Text, _>(&self.action)?;
            out.push_sql(", ");
            out.push_bind_param::<Text, _>(&self.actor_type)?;
            out.push_sql(", ");
            out.push_bind_param::<Nullable<Id>, _>(&self.actor_id)?;
            out.push_sql(", ");
            out.push_bind_param::<Nullable<Text>, _>(&self.actor_name)?;
            out.push_sql(", ");
            out.push_bind_param::<Nullable<Id>, _>(&self.subject)?;
            out.push_sql(", ");
            out.push_bind_param::<Text, _>(&self.details)?;
            for text in [&self.ip, &self.user_agent, &self.request_id] {
                out.push_sql(", ");
                out.push_bind_param::<Nullable<Text>, _>(text)?;
            }
            out.push_sql(" FROM ");
            out.push_sql(steps);
            Ok(())
        }
    }
}
