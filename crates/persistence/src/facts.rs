//! A person as a whole, of whatever engine's rows.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use muster_domain::team::Membership;
use muster_domain::user::{ProfileFacts, User};
use muster_domain::verification::{Challenge, Proof};

use crate::db::on_both;
use crate::error::DbError;
use crate::rows::{ChallengeRow, DeviceRow, MembershipRow, PreferencesRow, ProofRow, UserRow};
use crate::schema::{team_members, teams};
use crate::types::DbId;

/// The rows about a person beside their own. Devices are oldest first, teams by name.
#[cfg_attr(feature = "postgres", derive(serde::Deserialize))]
pub(crate) struct Records {
    pub(crate) proofs: Vec<ProofRow>,
    pub(crate) devices: Vec<DeviceRow>,
    pub(crate) challenges: Vec<ChallengeRow>,
    pub(crate) preferences: Option<PreferencesRow>,
    pub(crate) teams: Vec<MembershipRow>,
}

impl Records {
    /// What these rows and the person's own stand for.
    pub(crate) fn facts(self, user: UserRow) -> Result<ProfileFacts, DbError> {
        let mut proofs = self.proofs.into_iter().map(Proof::try_from).collect::<Result<Vec<_>, _>>()?;
        proofs.sort_by_key(|proof| proof.method);
        let mut challenges = self.challenges.into_iter().map(Challenge::try_from).collect::<Result<Vec<_>, _>>()?;
        challenges.sort_by_key(|challenge| challenge.method);
        Ok(ProfileFacts {
            push_loss: user.push_loss()?,
            user: User::try_from(user)?,
            teams: self.teams.into_iter().map(Membership::try_from).collect::<Result<_, _>>()?,
            proofs,
            devices: self.devices.into_iter().map(TryInto::try_into).collect::<Result<_, _>>()?,
            challenges,
            preferences: self.preferences.map(TryInto::try_into).transpose()?,
        })
    }
}

on_both! {
    trait Memberships {
        /// The places of these people in active teams, by team name.
        async fn membership_rows(conn, people: &[DbId]) -> Vec<MembershipRow> {
            let rows = team_members::table
                .inner_join(teams::table.on(teams::id.eq(team_members::team_id)))
                .filter(teams::active.and(team_members::user_id.eq_any(people)))
                .order((teams::name_key, teams::id))
                .select(MembershipRow::as_select());
            Ok(rows.load(conn).await?)
        }
    }
}
