//! What is in a row, and the domain's values that it stands for. A row that stands for none is an inconsistency that
//! names its table and the rule, never its content.

mod api_key;
mod audit;
mod break_glass;
mod chain;
mod challenge;
mod device;
mod group;
mod notice;
mod preferences;
mod session;
mod team;
mod user;

pub(crate) use api_key::ApiKeyRow;
pub(crate) use audit::AuditRow;
pub(crate) use break_glass::{BreakGlassRow, CredentialRow};
pub(crate) use chain::{MarkRow, SealedRow, place};
pub(crate) use challenge::{ChallengeRow, ProofRow};
pub(crate) use device::DeviceRow;
pub(crate) use group::{GroupRow, MemberRow, NewTeamRow};
pub(crate) use notice::NoticeRow;
pub(crate) use preferences::PreferencesRow;
pub(crate) use session::{SessionRow, TokenRow};
pub(crate) use team::{PlaceRow, TeamMemberRow};
pub(crate) use user::{
    AccountRow, CandidateRow, DirectoryColumns, MembershipRow, NamesRow, OwnColumns, SummaryRow, UserRow,
};

use crate::error::DbError;

/// The domain's value of that name in a column, or an inconsistency.
pub(crate) fn named<T>(table: &str, column: &str, value: Option<T>) -> Result<T, DbError> {
    value.ok_or_else(|| DbError::inconsistent(table, &format!("{column} is none of its known names")))
}
