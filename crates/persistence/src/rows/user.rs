use diesel::prelude::*;
use muster_domain::access::Candidate;
use muster_domain::device::{DeviceLoss, PushLoss};
use muster_domain::team::{Membership, TeamRole};
use muster_domain::user::{Account, EmailAddress, GivenContacts, Phone, Role, Source, User, UserSummary, fold};

use crate::error::DbError;
use crate::rows::named;
use crate::schema::{team_members, teams, users};
use crate::types::{DbId, Hash, Ts, fingerprint, key_column};

#[derive(Queryable, Selectable)]
#[diesel(table_name = users)]
pub(crate) struct UserRow {
    pub(crate) id: DbId,
    pub(crate) external_id: Option<String>,
    user_name: String,
    pub(crate) user_name_key: String,
    display_name: String,
    given_name: Option<String>,
    family_name: Option<String>,
    email: Option<String>,
    phone: Option<String>,
    email_fingerprint: Option<Hash>,
    email_fingerprint_key: Option<i32>,
    phone_fingerprint: Option<Hash>,
    phone_fingerprint_key: Option<i32>,
    time_zone: Option<String>,
    locale: Option<String>,
    role: String,
    active: bool,
    source: String,
    signed_in_first: bool,
    version: i64,
    created_at: Ts,
    updated_at: Ts,
    push_lost_reason: Option<String>,
    push_lost_at: Option<Ts>,
    email_given: Option<String>,
    phone_given: Option<String>,
}

impl UserRow {
    /// The last time that the person lost a device that was proven.
    pub(crate) fn push_loss(&self) -> Result<Option<PushLoss>, DbError> {
        match (&self.push_lost_reason, self.push_lost_at) {
            (None, None) => Ok(None),
            (Some(reason), Some(at)) => {
                let reason = named("users", "push_lost_reason", DeviceLoss::from_name(reason))?;
                Ok(Some(PushLoss { reason, at: at.into() }))
            }
            _ => Err(DbError::inconsistent("users", "push_lost_reason and push_lost_at come together")),
        }
    }
}

impl TryFrom<UserRow> for User {
    type Error = DbError;

    fn try_from(row: UserRow) -> Result<Self, DbError> {
        let email = row.email.map(|address| EmailAddress::parse(&address)).transpose();
        let email = email.map_err(|_| DbError::inconsistent("users", "email is no e-mail address"))?;
        if email.is_some() != row.email_fingerprint.is_some() {
            return Err(DbError::inconsistent("users", "email and email_fingerprint come together"));
        }
        let phone = row.phone.map(|number| Phone::from_stored(&number, row.phone_fingerprint.is_some()));
        if row.phone_fingerprint.is_some() != phone.as_ref().is_some_and(|phone| phone.deliverable().is_some()) {
            return Err(DbError::inconsistent("users", "phone_fingerprint belongs to a deliverable phone"));
        }
        Ok(Self {
            id: row.id.into(),
            external_id: row.external_id,
            user_name: row.user_name,
            display_name: row.display_name,
            given_name: row.given_name,
            family_name: row.family_name,
            email,
            phone,
            given: GivenContacts { email: row.email_given, phone: row.phone_given },
            email_fingerprint: row.email_fingerprint.map(|hash| fingerprint(hash, row.email_fingerprint_key)),
            phone_fingerprint: row.phone_fingerprint.map(|hash| fingerprint(hash, row.phone_fingerprint_key)),
            time_zone: row.time_zone,
            locale: row.locale,
            role: named("users", "role", Role::from_name(&row.role))?,
            active: row.active,
            source: named("users", "source", Source::from_name(&row.source))?,
            signed_in_first: row.signed_in_first,
            version: row.version,
            created_at: row.created_at.into(),
            updated_at: row.updated_at.into(),
        })
    }
}

/// The columns that are written once and not by the directory.
#[derive(Clone, Insertable)]
#[diesel(table_name = users)]
pub(crate) struct OwnColumns {
    id: DbId,
    role: &'static str,
    source: &'static str,
    signed_in_first: bool,
    created_at: Ts,
}

impl From<&User> for OwnColumns {
    fn from(user: &User) -> Self {
        Self {
            id: user.id.into(),
            role: user.role.as_str(),
            source: user.source.as_str(),
            signed_in_first: user.signed_in_first,
            created_at: user.created_at.into(),
        }
    }
}

/// The columns that the directory writes, and what is folded from them.
#[derive(Clone, Insertable, AsChangeset)]
#[diesel(table_name = users, treat_none_as_null = true, treat_none_as_default_value = false)]
pub(crate) struct DirectoryColumns {
    pub(crate) external_id: Option<String>,
    user_name: String,
    pub(crate) user_name_key: String,
    display_name: String,
    given_name: Option<String>,
    family_name: Option<String>,
    email: Option<String>,
    pub(crate) email_key: Option<String>,
    phone: Option<String>,
    email_given: Option<String>,
    phone_given: Option<String>,
    email_fingerprint: Option<Hash>,
    email_fingerprint_key: Option<i32>,
    phone_fingerprint: Option<Hash>,
    phone_fingerprint_key: Option<i32>,
    time_zone: Option<String>,
    locale: Option<String>,
    active: bool,
    version: i64,
    updated_at: Ts,
    search_key: String,
}

impl From<&User> for DirectoryColumns {
    fn from(user: &User) -> Self {
        let user_name_key = fold(&user.user_name);
        let email_key = user.email.as_ref().map(EmailAddress::normalized);
        let searched = [Some(user_name_key.clone()), Some(fold(&user.display_name)), email_key.clone()];
        Self {
            external_id: user.external_id.clone(),
            user_name: user.user_name.clone(),
            user_name_key,
            display_name: user.display_name.clone(),
            given_name: user.given_name.clone(),
            family_name: user.family_name.clone(),
            email: user.email.as_ref().map(|address| address.as_str().to_owned()),
            email_key,
            phone: user.phone.as_ref().map(|number| number.as_str().to_owned()),
            email_given: user.given.email.clone(),
            phone_given: user.given.phone.clone(),
            email_fingerprint: user.email_fingerprint.map(Into::into),
            email_fingerprint_key: user.email_fingerprint.and_then(|it| it.key).map(key_column),
            phone_fingerprint: user.phone_fingerprint.map(Into::into),
            phone_fingerprint_key: user.phone_fingerprint.and_then(|it| it.key).map(key_column),
            time_zone: user.time_zone.clone(),
            locale: user.locale.clone(),
            active: user.active,
            version: user.version,
            updated_at: user.updated_at.into(),
            search_key: searched.into_iter().flatten().collect::<Vec<_>>().join("\n"),
        }
    }
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = users)]
pub(crate) struct AccountRow {
    pub(crate) id: DbId,
    role: String,
    active: bool,
    source: String,
    pub(crate) user_name_key: String,
}

impl TryFrom<AccountRow> for Account {
    type Error = DbError;

    fn try_from(row: AccountRow) -> Result<Self, DbError> {
        let role = named("users", "role", Role::from_name(&row.role))?;
        let source = named("users", "source", Source::from_name(&row.source))?;
        Ok(Self { id: row.id.into(), role, active: row.active, source })
    }
}

/// By what a person is known, and whether they are active.
#[derive(Queryable, Selectable)]
#[diesel(table_name = users)]
pub(crate) struct NamesRow {
    pub(crate) user_name_key: String,
    pub(crate) external_id: Option<String>,
    pub(crate) email_key: Option<String>,
    pub(crate) active: bool,
}

/// A person whom a token may mean.
#[derive(Queryable, Selectable)]
#[diesel(table_name = users)]
pub(crate) struct CandidateRow {
    #[diesel(embed)]
    pub(crate) account: AccountRow,
    pub(crate) external_id: Option<String>,
    signed_in_first: bool,
    version: i64,
}

impl TryFrom<CandidateRow> for Candidate {
    type Error = DbError;

    fn try_from(row: CandidateRow) -> Result<Self, DbError> {
        let awaits_directory = row.signed_in_first && row.version == 1;
        Ok(Self { account: row.account.try_into()?, awaits_directory, version: row.version })
    }
}

/// A person as a list shows them, without their teams and whether they can be on call.
#[derive(Queryable, Selectable)]
#[diesel(table_name = users)]
pub(crate) struct SummaryRow {
    pub(crate) id: DbId,
    user_name: String,
    display_name: String,
    email: Option<String>,
    role: String,
    active: bool,
}

impl SummaryRow {
    pub(crate) fn into_summary(self, can_be_on_call: bool, teams: Vec<Membership>) -> Result<UserSummary, DbError> {
        Ok(UserSummary {
            id: self.id.into(),
            user_name: self.user_name,
            display_name: self.display_name,
            email: self.email,
            role: named("users", "role", Role::from_name(&self.role))?,
            active: self.active,
            can_be_on_call,
            teams,
        })
    }
}

#[derive(Queryable, Selectable)]
#[cfg_attr(feature = "postgres", derive(serde::Deserialize))]
#[diesel(table_name = team_members)]
pub(crate) struct MembershipRow {
    pub(crate) user_id: DbId,
    role: String,
    #[diesel(select_expression = teams::id)]
    id: DbId,
    #[diesel(select_expression = teams::name)]
    name: String,
}

impl TryFrom<MembershipRow> for Membership {
    type Error = DbError;

    fn try_from(row: MembershipRow) -> Result<Self, DbError> {
        let role = named("team_members", "role", TeamRole::from_name(&row.role))?;
        Ok(Self { id: row.id.into(), name: row.name, role })
    }
}
