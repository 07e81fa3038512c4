//! Everything on record about a person: prepared statements that each use an index, and together see one state of the
//! store.

use diesel::prelude::*;
use muster_domain::session::RefreshCandidate;
use muster_domain::user::ProfileFacts;

use crate::db::LookupConn;
use crate::error::DbError;
use crate::facts::Records;
use crate::rows::{ChallengeRow, DeviceRow, MembershipRow, PreferencesRow, ProofRow, SessionRow, TokenRow, UserRow};
use crate::schema::{challenges, devices, preferences, proofs, refresh_tokens, sessions, team_members, teams, users};
use crate::types::{DbId, Hash};

pub(crate) async fn profile(connection: &mut LookupConn, id: DbId) -> Result<Option<ProfileFacts>, DbError> {
    connection.spawn_blocking(move |c| Ok(c.transaction(|c| facts(c, id)))).await?
}

pub(crate) async fn refresh_candidate(
    connection: &mut LookupConn,
    hash: Hash,
) -> Result<Option<RefreshCandidate>, DbError> {
    connection.spawn_blocking(move |c| Ok(c.transaction(|c| candidate(c, hash)))).await?
}

fn facts(c: &mut SqliteConnection, id: DbId) -> Result<Option<ProfileFacts>, DbError> {
    let user = users::table.find(id).select(UserRow::as_select()).get_result(c).optional()?;
    let Some(user) = user else {
        return Ok(None);
    };
    let proofs = proofs::table.filter(proofs::user_id.eq(id)).select(ProofRow::as_select()).load(c)?;
    let devices = devices::table
        .filter(devices::user_id.eq(id))
        .order((devices::created_at, devices::id))
        .select(DeviceRow::as_select())
        .load(c)?;
    let challenges = challenges::table.filter(challenges::user_id.eq(id)).select(ChallengeRow::as_select()).load(c)?;
    let preferences = preferences::table.find(id).select(PreferencesRow::as_select()).get_result(c).optional()?;
    let teams = team_members::table
        .inner_join(teams::table.on(teams::id.eq(team_members::team_id)))
        .filter(teams::active.and(team_members::user_id.eq(id)))
        .order((teams::name_key, teams::id))
        .select(MembershipRow::as_select())
        .load(c)?;
    Records { proofs, devices, challenges, preferences, teams }.facts(user).map(Some)
}

fn candidate(c: &mut SqliteConnection, hash: Hash) -> Result<Option<RefreshCandidate>, DbError> {
    let found = refresh_tokens::table
        .inner_join(sessions::table.on(sessions::id.eq(refresh_tokens::session_id)))
        .filter(refresh_tokens::hash.eq(hash))
        .select((TokenRow::as_select(), SessionRow::as_select()));
    let found: Option<(TokenRow, SessionRow)> = found.get_result(c).optional()?;
    let Some((token, session)) = found else {
        return Ok(None);
    };
    let profile = facts(c, session.user_id)?;
    let profile = profile.ok_or_else(|| DbError::inconsistent("sessions", "a session without an owner"))?;
    Ok(Some(RefreshCandidate { token: token.into(), session: session.try_into()?, profile }))
}
