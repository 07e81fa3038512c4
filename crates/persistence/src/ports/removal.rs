use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use muster_domain::audit::AuditEvent;
use muster_domain::directory::{UpdateOutcome, UserRemoval};
use muster_domain::user::Role;

use crate::db::{Db, on_both, with_tx};
use crate::delivered::nobodys_name;
use crate::error::DbError;
use crate::locks::Locks;
use crate::ports::brakes::Brakes;
use crate::ports::directory::Describing;
use crate::ports::names::{Kind, Names};
use crate::record::Record;
use crate::rows::NamesRow;
use crate::schema::{challenges, devices, notices, preferences, proofs, team_members, teams, users};
use crate::types::{DbId, Hash, Ts};

pub(super) async fn remove_user(
    db: Db,
    removal: UserRemoval,
    events: Vec<AuditEvent>,
) -> Result<UpdateOutcome, DbError> {
    let (id, at) = (DbId::from(removal.id), Ts::from(removal.at));
    with_tx!(&db, |c| {
        let held = match &removal.brake {
            Some(brake) => Some((brake, c.hold_brake(&brake.client).await?)),
            None => None,
        };
        let Some(names) = c.lock_user_at(id, removal.expected_version).await?.pop() else {
            return Ok(UpdateOutcome::Stale);
        };
        if let Some((brake, held)) = held
            && names.active
            && !c.passes(brake, held, id, at).await?
        {
            return Ok(UpdateOutcome::Braked);
        }
        c.take_away(id, names, at).await?;
        c.record(&events).await?;
        Ok(UpdateOutcome::Updated)
    })
}

on_both! {
    trait Leaving {
        /// Leaves of a person, whose row is locked, what the audit trail needs, and what they are known by.
        async fn take_away(conn, id: DbId, names: NamesRow, at: Ts) -> () {
            let gone = (
                users::active.eq(false),
                users::role.eq(Role::User.as_str()),
                users::version.eq(users::version + 1),
                users::updated_at.eq(at),
                users::removed_at.eq(at),
                users::former_user_name_key.eq(&names.user_name_key),
                users::former_external_id.eq(&names.external_id),
                users::search_key.eq(""),
                users::email.eq(None::<String>),
                users::email_key.eq(None::<String>),
                users::email_fingerprint.eq(None::<Hash>),
                users::phone.eq(None::<String>),
                users::phone_fingerprint.eq(None::<Hash>),
            );
            diesel::update(users::table.find(id)).set(gone).execute(conn).await?;
            if let Some(email) = names.email_key {
                conn.remember(Kind::Email, email, id, at).await?;
            }
            conn.leave_teams(id, at).await?;
            conn.drop_proofs(id, at).await?;
            // Last, because a key that changes makes wait whoever writes a row that names this person, and they may hold
            // what is locked above.
            let free = (users::user_name_key.eq(nobodys_name(id)), users::external_id.eq(None::<String>));
            let nothing_to_say = (users::push_lost_reason.eq(None::<String>), users::push_lost_at.eq(None::<Ts>));
            let nothing_given = (users::email_given.eq(None::<String>), users::phone_given.eq(None::<String>));
            diesel::update(users::table.find(id)).set((free, nothing_to_say, nothing_given)).execute(conn).await?;
            Ok(())
        }

        /// Takes somebody out of every team, which is a change of each that is a group of the directory.
        async fn leave_teams(conn, id: DbId, at: Ts) -> () {
            let places = team_members::table.filter(team_members::user_id.eq(id));
            let of: Vec<DbId> = places.select(team_members::team_id).load(conn).await?;
            let of = conn.lock_teams(of).await?;
            let changed = (teams::version.eq(teams::version + 1), teams::updated_at.eq(at));
            diesel::update(teams::table.filter(teams::id.eq_any(of))).set(changed).execute(conn).await?;
            diesel::delete(places).execute(conn).await?;
            Ok(())
        }

        /// Takes what proves or reaches somebody, and what they chose, in the order of locks, and ends their sessions.
        async fn drop_proofs(conn, id: DbId, at: Ts) -> () {
            conn.lock_devices_of(id).await?;
            diesel::delete(challenges::table.filter(challenges::user_id.eq(id))).execute(conn).await?;
            diesel::delete(proofs::table.filter(proofs::user_id.eq(id))).execute(conn).await?;
            diesel::delete(notices::table.filter(notices::user_id.eq(id))).execute(conn).await?;
            conn.end_all_sessions(id, at).await?;
            diesel::delete(devices::table.filter(devices::user_id.eq(id))).execute(conn).await?;
            diesel::delete(preferences::table.find(id)).execute(conn).await?;
            Ok(())
        }
    }
}
