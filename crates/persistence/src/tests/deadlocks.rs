//! All that changes a person at once, and what changes their teams: nobody waits for each other in a circle. The
//! database would find that out and undo one of them, which is done again, so that only its log tells.

use std::sync::Arc;

use muster_domain::audit::AuditEvent;
use muster_domain::audit::chain::{AuditChain, Forgetting};
use muster_domain::device::DeviceStore;
use muster_domain::directory::{BrakePolicy, DirectoryReader, DirectoryStore, GroupUpdate, UserUpdate};
use muster_domain::housekeeping::{Housekeeping, Stale};
use muster_domain::session::{Opening, SessionStore};
use muster_domain::team::{Member, RoleChange, RoleEvents, RoleGiver, TeamRole, TeamStore};
use muster_domain::user::User;
use muster_domain::verification::{Method, Quota, QuotaScope, QuotaWindow, VerificationStore};
use muster_domain::{StoreError, TeamId};
use muster_testkit::Builders;
use muster_testkit_postgres::Cluster;
use tokio::runtime::Handle;
use tokio::task::JoinSet;

use super::sealing;
use crate::Store;

const ROUNDS: usize = 12;

#[derive(Clone)]
struct Stage {
    store: Store,
    make: Arc<Builders>,
}

impl Stage {
    fn event(&self, user: &User) -> AuditEvent {
        self.make.event("test.happened", Some(user.id))
    }

    async fn person(&self, name: &str) -> User {
        let user = self.make.user(name).build();
        self.store.insert_user(&user, &self.event(&user)).await.unwrap();
        user
    }

    async fn membership(&self, team: TeamId, add: &[&User], remove: &[&User]) -> Result<(), StoreError> {
        let Some(group) = self.store.group(team, false).await? else { return Ok(()) };
        let update = GroupUpdate {
            id: team,
            expected_version: Some(group.version),
            external_id: group.external_id,
            name: group.name,
            added: add.iter().map(|user| Member { user_id: user.id, role: TeamRole::Responder }).collect(),
            removed: remove.iter().map(|user| user.id).collect(),
            at: self.make.now(),
        };
        match self.store.update_group(&update, &[]).await {
            // Who is removed meanwhile is not on record.
            Err(StoreError::Inconsistent { .. }) => Ok(()),
            other => other.map(drop),
        }
    }

    async fn update(
        &self,
        user: &User,
        client: Option<&str>,
        change: impl FnOnce(&mut User),
    ) -> Result<(), StoreError> {
        let mut changed = User { version: user.version + 1, ..user.clone() };
        change(&mut changed);
        let policy = BrakePolicy { percent: 10, free: 100 };
        let update = UserUpdate {
            expected_version: user.version,
            lost_proofs: vec![Method::Email],
            deactivates: !changed.active,
            brake: client.map(|client| self.make.brake(client, policy, user.id)),
            duplicates: vec![],
            notices: vec![self.make.notice(user.id, Method::Sms)],
            at: self.make.now(),
            user: changed,
        };
        self.store.update_user(&update, &[self.event(user)]).await.map(drop)
    }

    async fn remove(&self, user: &User, client: &str) -> Result<(), StoreError> {
        let brake = Some(self.make.brake(client, BrakePolicy { percent: 10, free: 100 }, user.id));
        let removal = muster_domain::directory::UserRemoval { brake, ..self.make.removal(user) };
        self.store.remove_user(&removal, &[self.event(user)]).await.map(drop)
    }

    async fn give_role(&self, team: TeamId, to: &User, by: &User) -> Result<(), StoreError> {
        let change = RoleChange {
            team_id: team,
            user_id: to.id,
            role: TeamRole::Observer,
            by: RoleGiver::User(by.id),
            events: RoleEvents::of(|_| self.event(to)),
        };
        self.store.change_member_role(&change).await.map(drop)
    }

    /// A device, a code sent to it and one sent by e-mail, a session, and a code that is completed.
    async fn everything_of(&self, user: &User) -> Result<(), StoreError> {
        let device = self.make.device(user.id);
        self.store.register(&device, 20, None, &self.make.registration_events(&device)).await?;
        let (session, token) = (self.make.session(user.id), self.make.token());
        let session = muster_domain::session::Session { device_id: Some(device.id), ..session };
        self.store.issue(&Opening { token, ..self.make.opening(session) }, &self.event(user)).await?;
        let quota = Quota { scope: QuotaScope::User(user.id), window: QuotaWindow::Hour, max: 1_000 };
        let email = self.make.challenge(user.id, Method::Email, user.email_fingerprint.unwrap());
        for challenge in [self.make.push_challenge(&device), email] {
            self.store.open_challenge(&challenge, &[quota], &self.event(user)).await?;
            self.store
                .complete_challenge(challenge.id, &challenge.fingerprint, self.make.now(), &self.event(user))
                .await?;
        }
        let removal = self.make.device_removal(user.id, device.id);
        DeviceStore::remove(&self.store, &removal, &self.event(user)).await.map(drop)
    }

    /// Removes everything that may be, as if years had gone by.
    async fn sweep(&self) -> Result<(), StoreError> {
        let later = self.make.now() + time::Duration::days(1_000);
        for device in self.store.old_devices(later, later, later, 100).await? {
            self.store.expire_device(&device, later, &self.make.event("test.expired", Some(device.user_id))).await?;
        }
        for what in Stale::ALL {
            self.store.purge(what, later, None, 100).await?;
        }
        Ok(())
    }

    /// Seals the records that there are, and forgets them.
    async fn seal(&self) -> Result<(), StoreError> {
        let sealing = sealing(&self.store).await;
        if !sealing.seals.is_empty() && self.store.seal(&sealing).await? {
            let after = self.store.marks().await?.start;
            let event = self.make.event("test.forgotten", None);
            self.store.forget(&Forgetting { after, start: sealing.head, event }).await?;
        }
        Ok(())
    }

    /// Everything at once about two people who are in two teams.
    async fn round(&self, number: usize) {
        let (ada, eve) = (self.person(&format!("ada{number}")).await, self.person(&format!("eve{number}")).await);
        let teams = [self.make.team(&format!("Day {number}")), self.make.team(&format!("Night {number}"))];
        let admins = [&ada, &eve].map(|user| Member { user_id: user.id, role: TeamRole::TeamAdmin });
        for team in &teams {
            self.store.insert_team(team, &admins, &[]).await.unwrap();
        }
        self.everything_of(&ada).await.unwrap();
        let newcomer = self.person(&format!("new{number}")).await;
        let [day, night] = teams.map(|team| team.id);
        let mut running: JoinSet<Result<(), StoreError>> = JoinSet::new();
        macro_rules! at_once {
            ($(|$stage:ident $(, $name:ident)*| $work:expr;)*) => {$({
                let $stage = self.clone();
                $(let $name = $name.clone();)*
                running.spawn(async move { $work.await });
            })*};
        }
        at_once! {
            |stage, ada| stage.everything_of(&ada);
            |stage, eve| stage.everything_of(&eve);
            |stage, ada, newcomer| stage.membership(day, &[&newcomer], &[&ada]);
            |stage, eve, newcomer| stage.membership(night, &[&newcomer], &[&eve]);
            |stage, ada, eve| stage.give_role(day, &ada, &eve);
            |stage, ada, eve| stage.give_role(night, &eve, &ada);
            |stage, ada| stage.update(&ada, Some("one"), |user| user.active = false);
            |stage, ada| stage.update(&ada, None, |user| user.user_name.push_str("-renamed"));
            |stage, ada| stage.remove(&ada, "two");
            |stage, ada| stage.remove(&ada, "one");
            |stage, eve| stage.remove(&eve, "two");
            |stage, newcomer| stage.remove(&newcomer, "one");
            |stage| stage.sweep();
            |stage| stage.sweep();
            |stage| stage.seal();
            |stage| stage.seal();
            |stage, ada| async move { stage.store.remove_group(day, 1, ada.created_at, &[]).await.map(drop) };
        }
        while let Some(done) = running.join_next().await {
            done.unwrap().unwrap();
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_waits_in_a_circle() {
    let cluster = Cluster::start().await;
    let store = Store::connect(&cluster.url("postgres"), Handle::current()).unwrap();
    store.migrate().await.unwrap();
    let stage = Stage { store, make: Arc::default() };
    for number in 0..ROUNDS {
        stage.round(number).await;
    }
    let log = cluster.log();
    assert!(!log.contains("deadlock"), "{log}");
}
