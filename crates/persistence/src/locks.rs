//! Row locks, where PostgreSQL needs one. On SQLite each is a plain read: `BEGIN IMMEDIATE` holds the one write lock.
//!
//! People are locked `FOR NO KEY UPDATE` or `FOR SHARE`, never `FOR UPDATE`, so that a foreign key that is checked
//! meanwhile (`FOR KEY SHARE`) never waits for them.

use diesel::dsl::{AsExprOf, exists, not, sql};
use diesel::expression::{SqlLiteral, UncheckedBind};
use diesel::prelude::*;
use diesel::sql_types::{Bool, Text};
use diesel_async::RunQueryDsl;
use muster_domain::user::Role;

use crate::delivered;
use crate::error::DbError;
use crate::ports::sessions::live;
use crate::rows::{NamesRow, PlaceRow};
use crate::schema::{devices, sessions, team_members, teams, users};
use crate::types::{DbId, Hash, Ts};

macro_rules! locks {
    ($($(#[$doc:meta])* fn $name:ident($($arg:ident: $ty:ty),*) -> $row:ty: $($lock:ident).+($query:expr);)*) => {
        pub(crate) trait Locks {
            $($(#[$doc])* async fn $name(&mut self $(, $arg: $ty)*) -> Result<Vec<$row>, DbError>;)*
        }

        #[cfg(feature = "postgres")]
        impl Locks for crate::db::PgConn {
            $(async fn $name(&mut self $(, $arg: $ty)*) -> Result<Vec<$row>, DbError> {
                Ok($query$(.$lock())+.load(self).await?)
            })*
        }

        #[cfg(feature = "sqlite")]
        impl Locks for crate::db::SqliteConn {
            $(async fn $name(&mut self $(, $arg: $ty)*) -> Result<Vec<$row>, DbError> {
                Ok($query.load(self).await?)
            })*
        }
    };
}

/// Whether a device has that platform and token, as `muster_domain::device::Device::destination` writes them. Found by the
/// index `devices_by_destination`.
pub(crate) fn has_destination(destination: String) -> UncheckedBind<SqlLiteral<Bool>, AsExprOf<String, Text>> {
    sql::<Bool>("(devices.platform || ':' || devices.token) = ").bind::<Text, _>(destination)
}

/// Whether a person is active, and the fingerprints of their e-mail address and phone number.
type Contacts = (bool, Option<Hash>, Option<Hash>);

/// A group's version, name, key of the name and external id.
type KeptGroup = (i64, String, String, Option<String>);

locks! {
    /// Every active admin of the directory's, in the order of their ids, so that two who do this at once do not wait for each other.
    fn lock_active_admins() -> DbId: for_no_key_update(
        users::table
            .filter(users::role.eq(Role::Admin.as_str()).and(users::active))
            .filter(delivered::person())
            .order(users::id)
            .select(users::id)
    );

    /// A person whose devices change.
    fn lock_user(id: DbId) -> DbId: for_no_key_update(users::table.find(id).select(users::id));

    /// A person at a version, whom the directory did not remove.
    fn lock_user_at(id: DbId, version: i64) -> NamesRow: for_no_key_update(
        users::table
            .find(id)
            .filter(users::version.eq(version).and(users::removed_at.is_null()))
            .select(NamesRow::as_select())
    );

    /// An active person of the directory's, who keeps their names until the transaction ends.
    fn share_names(id: DbId) -> NamesRow: for_share(
        users::table.find(id).filter(delivered::person().and(users::active)).select(NamesRow::as_select())
    );

    /// Of these people, those of the directory's, whom nobody removes until the transaction ends. In the order of their
    /// ids.
    fn share_people(people: Vec<DbId>) -> DbId: for_share(
        users::table
            .filter(users::id.eq_any(people))
            .filter(delivered::person())
            .order(users::id)
            .select(users::id)
    );

    /// A person as they are until the transaction ends.
    fn share_user(id: DbId) -> Contacts: for_share(
        users::table.find(id).select((users::active, users::email_fingerprint, users::phone_fingerprint))
    );

    /// A person whose proofs change.
    fn lock_contacts(id: DbId) -> Contacts: for_no_key_update(
        users::table.find(id).select((users::active, users::email_fingerprint, users::phone_fingerprint))
    );

    /// People who change, in the order of their ids.
    fn lock_people(people: Vec<DbId>) -> DbId: for_no_key_update(
        users::table.filter(users::id.eq_any(people)).order(users::id).select(users::id)
    );

    /// The places of these people in a team, when it is active. In the order of their ids.
    fn lock_places(team: DbId, people: Vec<DbId>) -> PlaceRow: for_no_key_update(
        team_members::table
            .filter(team_members::team_id.eq(team).and(team_members::user_id.eq_any(people)))
            .filter(exists(teams::table.filter(teams::id.eq(team).and(teams::active))))
            .order(team_members::user_id)
            .select(PlaceRow::as_select())
    );

    /// These teams, in the order of their ids.
    fn lock_teams(teams: Vec<DbId>) -> DbId: for_no_key_update(
        teams::table.filter(teams::id.eq_any(teams)).order(teams::id).select(teams::id)
    );

    /// A group that changes: its version, name, key of the name and external id.
    fn lock_group(id: DbId) -> KeptGroup: for_no_key_update(
        teams::table
            .find(id)
            .filter(delivered::group())
            .select((teams::version, teams::name, teams::name_key, teams::external_id))
    );

    /// The places of these people in a team, before they are deleted. In the order of their ids.
    fn lock_members(team: DbId, people: Vec<DbId>) -> DbId: for_update(
        team_members::table
            .filter(team_members::team_id.eq(team).and(team_members::user_id.eq_any(people)))
            .order(team_members::user_id)
            .select(team_members::user_id)
    );

    /// A person's devices, before they are deleted. In the order of their ids.
    fn lock_devices_of(user: DbId) -> DbId: for_update(
        devices::table.filter(devices::user_id.eq(user)).order(devices::id).select(devices::id)
    );

    /// A device's owner, its token's fingerprint, and when it was last registered.
    fn lock_device(id: DbId) -> (DbId, Hash, Ts): for_update(
        devices::table.find(id).select((devices::user_id, devices::token_fingerprint, devices::last_seen_at))
    );

    /// A device of that person's, unless it was seen since.
    fn lock_device_as_seen(id: DbId, owner: DbId, last_seen_at: Ts) -> DbId: for_update(
        devices::table
            .find(id)
            .filter(devices::user_id.eq(owner).and(devices::last_seen_at.eq(last_seen_at)))
            .select(devices::id)
    );

    /// A device's owner, who cannot lose it until the transaction ends.
    fn share_device(id: DbId) -> DbId: for_key_share(devices::table.find(id).select(devices::user_id));

    /// The devices of a person that some of their sessions are on and no other live one, before they are deleted. In the
    /// order of their ids.
    fn lock_devices_without(user: DbId, sessions: Vec<DbId>, at: Ts) -> DbId: for_update(
        devices::table
            .filter(devices::user_id.eq(user))
            .filter(
                devices::session_id.assume_not_null().eq_any(sessions.clone()).and(devices::session_id.is_not_null()).or(
                    devices::id.nullable().eq_any(
                        sessions::table.filter(sessions::id.eq_any(sessions.clone())).select(sessions::device_id)
                    )
                )
            )
            .filter(not(exists(
                sessions::table
                    .filter(sessions::user_id.eq(user))
                    .filter(live(at))
                    .filter(sessions::id.ne_all(sessions))
                    .filter(
                        sessions::device_id.eq(devices::id.nullable()).or(
                            sessions::id.nullable().eq(devices::session_id)
                        )
                    )
            )))
            .order(devices::id)
            .select(devices::id)
    );

    /// The device that has a platform and token, whatever key its fingerprint was made with, and its owner. No other has
    /// the fingerprint; but the index keeps that too, and an insert that it refuses must find out why.
    fn lock_holder(destination: String, fingerprint: Hash) -> (DbId, DbId): for_update(
        devices::table
            .filter(has_destination(destination).or(devices::token_fingerprint.eq(fingerprint)))
            .select((devices::id, devices::user_id))
    );

    /// The sessions on a device, which lose it when it goes. In the order of their ids.
    fn lock_sessions_on(device: DbId) -> DbId: for_no_key_update(
        sessions::table.filter(sessions::device_id.eq(device)).order(sessions::id).select(sessions::id)
    );
}
