//! Reading a person as a whole. Each statement is a prepared one that uses an index.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use muster_domain::team::Membership;
use muster_domain::user::{ProfileFacts, User};
use muster_domain::verification::{Challenge, Proof};

use crate::db::on_both;
use crate::rows::{ChallengeRow, DeviceRow, MembershipRow, PreferencesRow, ProofRow, UserRow};
use crate::schema::{challenges, devices, preferences, proofs, team_members, teams, users};
use crate::types::DbId;

on_both! {
    trait Facts {
        /// Everything on record about a person. Consistent only within a snapshot.
        async fn facts(conn, id: DbId) -> Option<ProfileFacts> {
            let user = users::table.find(id).select(UserRow::as_select()).first(conn).await.optional()?;
            let Some(user) = user else {
                return Ok(None);
            };
            let proofs: Vec<ProofRow> =
                proofs::table.filter(proofs::user_id.eq(id)).select(ProofRow::as_select()).load(conn).await?;
            let devices: Vec<DeviceRow> = devices::table
                .filter(devices::user_id.eq(id))
                .order((devices::created_at, devices::id))
                .select(DeviceRow::as_select())
                .load(conn)
                .await?;
            let challenges: Vec<ChallengeRow> = challenges::table
                .filter(challenges::user_id.eq(id))
                .select(ChallengeRow::as_select())
                .load(conn)
                .await?;
            let preferences: Option<PreferencesRow> = preferences::table
                .find(id)
                .select(PreferencesRow::as_select())
                .first(conn)
                .await
                .optional()?;
            let teams = conn.memberships(&[id]).await?;
            let mut proofs = proofs.into_iter().map(Proof::try_from).collect::<Result<Vec<_>, _>>()?;
            proofs.sort_by_key(|proof| proof.method);
            let mut challenges = challenges.into_iter().map(Challenge::try_from).collect::<Result<Vec<_>, _>>()?;
            challenges.sort_by_key(|challenge| challenge.method);
            Ok(Some(ProfileFacts {
                user: User::try_from(user)?,
                teams: teams.into_iter().map(|(_, team)| team).collect(),
                proofs,
                devices: devices.into_iter().map(TryInto::try_into).collect::<Result<_, _>>()?,
                challenges,
                preferences: preferences.map(TryInto::try_into).transpose()?,
            }))
        }

        /// The places of these people in active teams, by team name.
        async fn memberships(conn, people: &[DbId]) -> Vec<(DbId, Membership)> {
            let rows: Vec<MembershipRow> = team_members::table
                .inner_join(teams::table.on(teams::id.eq(team_members::team_id)))
                .filter(teams::active.and(team_members::user_id.eq_any(people)))
                .order((teams::name_key, teams::id))
                .select(MembershipRow::as_select())
                .load(conn)
                .await?;
            rows.into_iter().map(|row| Ok((row.user_id, Membership::try_from(row)?))).collect()
        }
    }
}
