//! Stores that take an identity provider's word for more than it says.

use async_trait::async_trait;
use muster_domain::StoreError;
use muster_domain::access::{AdmitOutcome, BindOutcome, Binding, Candidate, Candidates, IdentityKey, IdentityStore};
use muster_domain::audit::AuditEvent;
use muster_domain::directory::{DirectoryStore, PersonKey, UpdateOutcome, UserUpdate};
use muster_domain::user::User;

use crate::breakable::{Directory, Identities, over_memory};
use crate::{breaking, caught};

over_memory! {
    /// Finds whomever a login names, the directory's or not.
    AnyAccount;
    /// Adds whoever signs in under a name that another had.
    Forgetful;
    /// Binds whatever the name of now says.
    Gullible;
    /// Changes whom it is to change, and leaves the duplicates.
    LeavesDuplicates;
}

#[async_trait]
impl Identities for AnyAccount {
    async fn candidates(&self, key: &IdentityKey) -> Result<Candidates, StoreError> {
        let mut found = self.0.candidates(key).await?;
        for (index, login) in key.logins.iter().enumerate() {
            let key = PersonKey { external_id: None, user_name: login.clone(), email: None };
            if let Some(user) = self.0.find_people(&key).await?.target() {
                let account = user.account();
                found.by_user_name.push((index, Candidate { account, awaits_directory: false, version: user.version }));
            }
        }
        found.by_user_name.sort_by_key(|(index, _)| *index);
        Ok(found)
    }
}

#[async_trait]
impl Identities for Forgetful {
    async fn admit(&self, person: &User, key: &IdentityKey, events: &[AuditEvent]) -> Result<AdmitOutcome, StoreError> {
        match self.0.admit(person, key, events).await? {
            AdmitOutcome::Refused => {
                for event in events {
                    self.0.insert_user(person, event).await?;
                }
                Ok(AdmitOutcome::Admitted)
            }
            outcome => Ok(outcome),
        }
    }
}

#[async_trait]
impl Identities for Gullible {
    async fn bind(&self, binding: &Binding, events: &[AuditEvent]) -> Result<BindOutcome, StoreError> {
        match self.0.bind(binding, events).await? {
            BindOutcome::Outdated => Ok(BindOutcome::Bound),
            outcome => Ok(outcome),
        }
    }
}

#[async_trait]
impl Directory for LeavesDuplicates {
    async fn update_user(&self, update: &UserUpdate, events: &[AuditEvent]) -> Result<UpdateOutcome, StoreError> {
        self.0.update_user(&UserUpdate { duplicates: vec![], ..update.clone() }, events).await
    }
}

#[test]
fn a_local_account_that_an_identity_provider_vouches_for_is_caught() {
    caught!(
        breaking!(identities, AnyAccount),
        users::an_identity_is_never_a_local_account,
        "a local account was found"
    );
}

#[test]
fn a_leaver_who_is_forgotten_is_caught() {
    let complaint = "somebody was admitted as another who left";
    caught!(breaking!(identities, Forgetful), identities::nobody_is_admitted_by_what_another_had, complaint);
    caught!(
        breaking!(identities, Forgetful),
        identities_races::no_leaver_is_admitted_while_they_are_renamed,
        "a leaver was admitted"
    );
}

#[test]
fn an_old_token_that_speaks_for_the_names_new_holder_is_caught() {
    caught!(
        breaking!(identities, Gullible),
        identities::a_name_that_another_had_speaks_in_tokens_of_after_that_alone,
        "an old token speaks"
    );
}

#[test]
fn a_duplicate_that_stays_is_caught() {
    caught!(
        breaking!(directory, LeavesDuplicates),
        identities_merged::a_duplicate_goes_away_with_the_change_that_takes_its_name,
        "left: Taken"
    );
}
