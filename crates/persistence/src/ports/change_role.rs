use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use muster_domain::audit::AuditEvent;
use muster_domain::user::{Role, RoleOutcome};

use crate::db::{Db, with_tx};
use crate::delivered;
use crate::error::DbError;
use crate::locks::Locks;
use crate::one_row::OneRow;
use crate::record::Record;
use crate::schema::users;
use crate::types::{DbId, Ts};

pub(super) async fn change_role(
    db: Db,
    id: DbId,
    role: Role,
    at: Ts,
    event: [AuditEvent; 1],
) -> Result<RoleOutcome, DbError> {
    with_tx!(&db, |c| {
        let change = (users::role.eq(role.as_str()), users::updated_at.eq(at));
        let others = users::table.find(id).filter(delivered::person()).filter(users::role.ne(role.as_str()));
        let changed = match role {
            Role::Admin => diesel::update(others).set(change).execute(c).await?,
            Role::User => {
                // While they are locked, none of the active admins can stop being one.
                let admins = c.lock_active_admins().await?;
                if admins.iter().any(|admin| *admin != id) {
                    diesel::update(others).set(change).execute(c).await?
                } else {
                    // Nobody misses an admin who cannot sign in.
                    diesel::update(others.filter(users::active.eq(false))).set(change).execute(c).await?
                }
            }
        };
        if changed == 1 {
            c.record(&event).await?;
            return Ok(RoleOutcome::Changed);
        }
        let person = users::table.find(id).filter(delivered::person());
        let current: Option<String> = person.select(users::role).one(c).await.optional()?;
        Ok(match current {
            None => RoleOutcome::NotFound,
            Some(current) if current == role.as_str() => RoleOutcome::Unchanged,
            Some(_) => RoleOutcome::LastAdmin,
        })
    })
}
