//! Stores that leave something of whoever the directory removed, and that forget what admins gave.

use async_trait::async_trait;
use muster_domain::audit::AuditEvent;
use muster_domain::directory::{DirectoryReader, DirectoryStore, GroupUpdate, UpdateOutcome, UserRemoval, UserUpdate};
use muster_domain::team::{Member, TeamRole};
use muster_domain::user::User;
use muster_domain::{StoreError, TeamId};
use time::OffsetDateTime;

use crate::breakable::{Directory, over_memory};
use crate::{breaking, caught};

over_memory! {
    /// Deactivates whom it is to remove, and no more.
    OnlyDeactivates;
    /// Empties a group that it is to remove, and no more.
    OnlyEmpties;
    /// Writes the members of a group anew, each as a responder.
    WritesAnew;
    /// Holds a change that is to commute with others to the version that it finds.
    FindsAVersion;
}

#[async_trait]
impl Directory for OnlyDeactivates {
    async fn remove_user(&self, removal: &UserRemoval, events: &[AuditEvent]) -> Result<UpdateOutcome, StoreError> {
        let Some(user) = self.0.user(removal.id).await? else {
            return Ok(UpdateOutcome::Stale);
        };
        let update = UserUpdate {
            user: User { active: false, version: user.version + 1, ..user },
            expected_version: removal.expected_version,
            lost_proofs: vec![],
            deactivates: true,
            brake: removal.brake.clone(),
            notices: vec![],
            duplicates: vec![],
            at: removal.at,
        };
        self.0.update_user(&update, events).await
    }
}

#[async_trait]
impl Directory for OnlyEmpties {
    async fn remove_group(
        &self,
        id: TeamId,
        expected_version: i64,
        at: OffsetDateTime,
        events: &[AuditEvent],
    ) -> Result<UpdateOutcome, StoreError> {
        let Some(group) = self.0.group(id, true).await? else {
            return Ok(UpdateOutcome::Stale);
        };
        let (external_id, name, removed) = (group.external_id, group.name, group.members);
        let expected_version = Some(expected_version);
        let update = GroupUpdate { id, expected_version, external_id, name, added: vec![], removed, at };
        self.0.update_group(&update, events).await
    }
}

#[async_trait]
impl Directory for WritesAnew {
    async fn update_group(&self, update: &GroupUpdate, events: &[AuditEvent]) -> Result<UpdateOutcome, StoreError> {
        let members = self.0.group(update.id, true).await?.map(|group| group.members).unwrap_or_default();
        let stay = members.iter().filter(|id| !update.removed.contains(id));
        let stay = stay.map(|id| Member { user_id: *id, role: TeamRole::Responder });
        let added = stay.chain(update.added.iter().copied()).collect();
        self.0.update_group(&GroupUpdate { added, removed: members.clone(), ..update.clone() }, events).await
    }
}

#[async_trait]
impl Directory for FindsAVersion {
    async fn update_group(&self, update: &GroupUpdate, events: &[AuditEvent]) -> Result<UpdateOutcome, StoreError> {
        let Some(group) = self.0.group(update.id, false).await? else {
            return Ok(UpdateOutcome::Stale);
        };
        tokio::task::yield_now().await;
        let expected_version = update.expected_version.or(Some(group.version));
        self.0.update_group(&GroupUpdate { expected_version, ..update.clone() }, events).await
    }
}

#[test]
fn a_removal_that_leaves_something_is_caught() {
    caught!(
        breaking!(directory, OnlyDeactivates),
        directory_removal::the_names_of_who_is_removed_are_free_for_others,
        "a name is not freed"
    );
    caught!(
        breaking!(directory, OnlyDeactivates),
        directory_removal::who_is_removed_loses_all_that_proves_and_reaches_them,
        "a proof is left"
    );
    caught!(
        breaking!(directory, OnlyDeactivates),
        directory_removal::who_is_removed_loses_contacts_and_preferences_and_keeps_the_names,
        "a contact is left"
    );
    caught!(
        breaking!(directory, OnlyDeactivates),
        directory_removal::who_is_removed_is_hidden_from_lists_sign_in_and_the_directory,
        "somebody removed is listed"
    );
    caught!(
        breaking!(directory, OnlyDeactivates),
        directory_reader::nobody_whom_the_directory_removed_is_read,
        "somebody removed was read"
    );
}

#[test]
fn a_group_whose_names_are_not_freed_is_caught() {
    caught!(
        breaking!(directory, OnlyEmpties),
        directory_groups::a_removed_groups_name_and_external_id_are_free,
        "left: Taken"
    );
}

#[test]
fn a_role_that_an_admin_gave_and_the_directory_takes_is_caught() {
    caught!(
        breaking!(directory, WritesAnew),
        directory_groups::members_who_stay_keep_the_roles_that_they_have,
        "lost the role that an admin gave"
    );
}

#[test]
fn a_change_of_members_that_does_not_commute_is_caught() {
    caught!(
        breaking!(directory, FindsAVersion),
        directory_groups::of_many_at_once_who_come_into_or_leave_a_group_each_is_written,
        "changes that commute refused each other"
    );
    caught!(
        breaking!(directory, FindsAVersion),
        directory_groups::who_is_in_a_group_does_not_come_into_it_again,
        "left: Updated"
    );
}
