//! The profile from an SQLite file: a worker's own connection, called where the request is. Statement by statement in
//! one snapshot, as Muster does it.

use std::path::Path;

use rusqlite::{Connection, Error, OpenFlags, OptionalExtension, Row, TransactionBehavior, params};
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use crate::profile::{Challenge, Device, Preferences, Proof, Records, Team, User};

pub(crate) struct Sqlite(std::cell::RefCell<Connection>);

impl Sqlite {
    pub(crate) fn open(file: &Path) -> Result<Self, Error> {
        let connection = Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
        Ok(Self(connection.into()))
    }

    /// A person and what is on record about them.
    pub(crate) fn person(&self, id: Uuid) -> Result<Option<(User, Records<'static>)>, Error> {
        let mut connection = self.0.borrow_mut();
        let snapshot = connection.transaction_with_behavior(TransactionBehavior::Deferred)?;
        let user = snapshot.prepare_cached(USER)?.query_row(params![id.as_bytes()], user).optional()?;
        let Some(user) = user else {
            return Ok(None);
        };
        Ok(Some((
            user,
            Records {
                proofs: all(&snapshot, PROOFS, id, proof)?,
                devices: all(&snapshot, DEVICES, id, device)?,
                challenges: all(&snapshot, CHALLENGES, id, challenge)?,
                preferences: all(&snapshot, PREFERENCES, id, |row| Ok(Preferences { document: row.get(0)? }))?.pop(),
                teams: all(&snapshot, TEAMS, id, team)?,
            },
        )))
    }
}

fn all<T>(
    connection: &Connection,
    statement: &str,
    id: Uuid,
    read: fn(&Row<'_>) -> Result<T, Error>,
) -> Result<Vec<T>, Error> {
    connection.prepare_cached(statement)?.query_map(params![id.as_bytes()], read)?.collect()
}

const USER: &str = "SELECT id, user_name, display_name, given_name, family_name, email, phone, email_fingerprint, \
    phone_fingerprint, time_zone, locale, role, active, source, created_at, updated_at, \
    push_lost_reason, push_lost_at FROM users WHERE id = ?";
const PROOFS: &str = "SELECT method, fingerprint, verified_at FROM proofs WHERE user_id = ?";
const DEVICES: &str = "SELECT id, platform, name, app_version, verified_at, created_at, last_seen_at FROM devices \
    WHERE user_id = ? ORDER BY created_at, id";
const CHALLENGES: &str = "SELECT method, resend_after, expires_at, failed_attempts, completed_at, cancelled_at \
    FROM challenges WHERE user_id = ?";
const PREFERENCES: &str = "SELECT document FROM preferences WHERE user_id = ?";
const TEAMS: &str = "SELECT t.id, t.name, m.role FROM team_members m JOIN teams t ON t.id = m.team_id \
    WHERE t.active AND m.user_id = ? ORDER BY t.name_key, t.id";

fn id(row: &Row<'_>, column: usize) -> Result<Uuid, Error> {
    row.get(column).map(Uuid::from_bytes)
}

fn time(micros: i64) -> OffsetDateTime {
    OffsetDateTime::UNIX_EPOCH + Duration::microseconds(micros)
}

fn at(row: &Row<'_>, column: usize) -> Result<OffsetDateTime, Error> {
    row.get(column).map(time)
}

fn maybe_at(row: &Row<'_>, column: usize) -> Result<Option<OffsetDateTime>, Error> {
    Ok(row.get::<_, Option<i64>>(column)?.map(time))
}

fn user(row: &Row<'_>) -> Result<User, Error> {
    Ok(User {
        id: id(row, 0)?,
        user_name: row.get(1)?,
        display_name: row.get(2)?,
        given_name: row.get(3)?,
        family_name: row.get(4)?,
        email: row.get(5)?,
        phone: row.get(6)?,
        email_fingerprint: row.get(7)?,
        phone_fingerprint: row.get(8)?,
        time_zone: row.get(9)?,
        locale: row.get(10)?,
        role: row.get(11)?,
        active: row.get(12)?,
        source: row.get(13)?,
        created_at: at(row, 14)?,
        updated_at: at(row, 15)?,
        push_lost_reason: row.get(16)?,
        push_lost_at: maybe_at(row, 17)?,
    })
}

fn proof(row: &Row<'_>) -> Result<Proof<'static>, Error> {
    Ok(Proof { method: row.get::<_, String>(0)?.into(), fingerprint: row.get(1)?, verified_at: at(row, 2)? })
}

fn device(row: &Row<'_>) -> Result<Device<'static>, Error> {
    Ok(Device {
        id: id(row, 0)?,
        platform: row.get::<_, String>(1)?.into(),
        name: row.get(2)?,
        app_version: row.get(3)?,
        verified_at: maybe_at(row, 4)?,
        created_at: at(row, 5)?,
        last_seen_at: at(row, 6)?,
    })
}

fn challenge(row: &Row<'_>) -> Result<Challenge<'static>, Error> {
    Ok(Challenge {
        method: row.get::<_, String>(0)?.into(),
        resend_after: at(row, 1)?,
        expires_at: at(row, 2)?,
        failed_attempts: row.get(3)?,
        completed_at: maybe_at(row, 4)?,
        cancelled_at: maybe_at(row, 5)?,
    })
}

fn team(row: &Row<'_>) -> Result<Team<'static>, Error> {
    Ok(Team { id: id(row, 0)?, name: row.get::<_, String>(1)?.into(), role: row.get::<_, String>(2)?.into() })
}
