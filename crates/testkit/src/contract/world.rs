use muster_domain::UserId;
use muster_domain::api_key::{ApiKey, ApiKeyHash};
use muster_domain::audit::{AuditEvent, AuditKey, AuditQuery, RevokeReason};
use muster_domain::break_glass::BreakGlassAccount;
use muster_domain::device::{Device, RegisterOutcome};
use muster_domain::directory::{EngagedBrake, Group, InsertOutcome, UpdateOutcome, UserUpdate};
use muster_domain::page::Limit;
use muster_domain::session::{Ending, IssueOutcome, Opening, Session, StoredToken};
use muster_domain::team::{Member, Team, TeamRole};
use muster_domain::user::{ProfileFacts, User, UserKey, UserQuery, UserSummary};
use muster_domain::verification::{Challenge, Fingerprint, Method, OpenOutcome, Quota};
use time::Duration;

use crate::contract::directory_world::everything;
use crate::{Builders, Stores, UserBuilder};

/// What a case works with: the ports under test and builders for what goes into them. Its helpers set up through the
/// ports and fail the case when that fails.
#[derive(Clone)]
pub struct World {
    pub stores: Stores,
    pub make: Builders,
}

/// All that the ports show of a store. Two equal ones mean that nothing was written in between.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Snapshot {
    trail: Vec<AuditEvent>,
    people: Vec<UserSummary>,
    profiles: Vec<ProfileFacts>,
    sessions: Vec<Session>,
    api_keys: Vec<ApiKey>,
    delivered: Vec<User>,
    groups: Vec<Group>,
    brakes: Vec<EngagedBrake>,
    accounts: Vec<BreakGlassAccount>,
}

impl World {
    #[must_use]
    pub fn new(stores: Stores) -> Self {
        Self { stores, make: Builders::default() }
    }

    /// Lets some time pass, so that what comes later is later.
    pub(super) fn tick(&self) {
        self.make.clock.advance(Duration::SECOND);
    }

    pub(super) async fn user(&self, name: &str) -> User {
        self.insert(self.make.user(name)).await
    }

    pub(super) async fn insert(&self, user: UserBuilder) -> User {
        let user = user.build();
        let event = self.make.event("test.user.created", Some(user.id));
        let outcome = self.stores.directory.insert_user(&user, &event).await.unwrap();
        assert_eq!(outcome, InsertOutcome::Inserted);
        user
    }

    /// Writes `user` over what is stored at the version before.
    pub(super) async fn update(&self, user: User) -> User {
        self.apply(&self.next(user, &[])).await
    }

    pub(super) async fn apply(&self, update: &UserUpdate) -> User {
        let event = self.make.event("test.user.updated", Some(update.user.id));
        let outcome = self.stores.directory.update_user(update, &[event]).await.unwrap();
        assert_eq!(outcome, UpdateOutcome::Updated);
        update.user.clone()
    }

    /// The update that takes a stored person to `user`.
    pub(super) fn next(&self, user: User, lost_proofs: &[Method]) -> UserUpdate {
        let at = self.make.now();
        UserUpdate {
            expected_version: user.version,
            lost_proofs: lost_proofs.to_vec(),
            deactivates: false,
            brake: None,
            notices: vec![],
            duplicates: vec![],
            at,
            user: User { version: user.version + 1, updated_at: at, ..user },
        }
    }

    pub(super) async fn team(&self, team: Team, members: &[(&User, TeamRole)]) -> Team {
        let members: Vec<Member> =
            members.iter().map(|(user, role)| Member { user_id: user.id, role: *role }).collect();
        let event = self.make.event("test.team.created", None);
        let outcome = self.stores.directory.insert_team(&team, &members, &[event]).await.unwrap();
        assert_eq!(outcome, InsertOutcome::Inserted);
        team
    }

    pub(super) async fn device(&self, user: &User) -> Device {
        self.register(&self.make.device(user.id)).await
    }

    pub(super) async fn register(&self, device: &Device) -> Device {
        let events = self.make.registration_events(device);
        let outcome = self.stores.devices.register(device, 20, None, &events).await.unwrap();
        assert_eq!(outcome, RegisterOutcome::Created(device.clone()));
        device.clone()
    }

    pub(super) async fn open(&self, challenge: Challenge) -> Challenge {
        assert_eq!(self.try_open(&challenge, &[]).await, OpenOutcome::Opened);
        challenge
    }

    pub(super) async fn try_open(&self, challenge: &Challenge, quotas: &[Quota]) -> OpenOutcome {
        let event = self.make.event("test.opened", Some(challenge.user_id));
        self.stores.verification.open_challenge(challenge, quotas, &event).await.unwrap()
    }

    /// A live challenge of one of the person's own contacts.
    pub(super) async fn challenge(&self, user: &User, method: Method) -> Challenge {
        self.open(self.make.challenge(user.id, method, contact(user, method))).await
    }

    pub(super) async fn complete(&self, challenge: &Challenge) -> bool {
        let event = self.make.event("test.challenge.completed", Some(challenge.user_id));
        let at = self.make.now();
        self.stores.verification.complete_challenge(challenge.id, &challenge.fingerprint, at, &event).await.unwrap()
    }

    pub(super) async fn spend(&self, challenge: &Challenge) -> Option<u8> {
        let event = self.make.event("test.challenge.failed", Some(challenge.user_id));
        self.stores.verification.spend_attempt(challenge.id, self.make.now(), &event).await.unwrap()
    }

    pub(super) async fn find_challenge(&self, user: &User, method: Method) -> Option<Challenge> {
        self.stores.verification.find_challenge(user.id, method).await.unwrap()
    }

    /// Proves an e-mail address or a phone number.
    pub(super) async fn prove(&self, user: &User, method: Method) {
        assert!(self.complete(&self.challenge(user, method).await).await);
    }

    /// Registers a device and proves it.
    pub(super) async fn prove_push(&self, user: &User) -> Device {
        let device = self.device(user).await;
        assert!(self.complete(&self.open(self.make.push_challenge(&device)).await).await);
        device
    }

    pub(super) async fn session(&self, user: &User) -> (Session, StoredToken) {
        self.issue(self.make.session(user.id)).await
    }

    pub(super) async fn issue(&self, session: Session) -> (Session, StoredToken) {
        let opening = self.make.opening(session);
        assert_eq!(self.try_issue(&opening).await, IssueOutcome::Issued);
        (opening.session, opening.token)
    }

    pub(super) async fn try_issue(&self, opening: &Opening) -> IssueOutcome {
        let event = self.make.event("test.session.issued", Some(opening.session.user_id));
        self.stores.sessions.issue(opening, &event).await.unwrap()
    }

    /// An ending of one session, with `event` as its record.
    pub(super) fn ending(&self, reason: RevokeReason, event: AuditEvent) -> Ending {
        Ending { session: event, ..self.make.ending(reason, None) }
    }

    pub(super) async fn revoke(&self, session: &Session, reason: RevokeReason) -> bool {
        let ending = self.make.ending(reason, Some(session.user_id));
        self.stores.sessions.revoke(session.user_id, session.id, &ending, &[]).await.unwrap()
    }

    /// Registers a device with the credential of a session.
    pub(super) async fn register_by(&self, device: &Device, session: &Session) -> RegisterOutcome {
        let events = self.make.registration_events(device);
        self.stores.devices.register(device, 20, Some(session.id), &events).await.unwrap()
    }

    /// Adds a key and returns it with its hash.
    pub(super) async fn api_key(&self, key: ApiKey) -> (ApiKey, ApiKeyHash) {
        let hash = self.make.api_key_hash();
        let event = self.make.event("test.key.created", None);
        self.stores.api_keys.insert(&key, &hash, &event).await.unwrap();
        (key, hash)
    }

    pub(super) async fn profile(&self, id: UserId) -> ProfileFacts {
        sorted(self.stores.profiles.profile(id).await.unwrap().unwrap())
    }

    /// Everybody who matches, page by page as a client asks for them.
    pub(super) async fn people(&self, query: &UserQuery) -> Vec<UserSummary> {
        let (mut query, mut all) = (query.clone(), Vec::new());
        loop {
            let mut page = self.stores.users.list(&query).await.unwrap();
            let limit = usize::from(query.limit.get());
            assert!(page.len() <= limit + 1, "a page holds more than limit + 1");
            let is_after = |user: &UserSummary| Some(UserKey::of(&user.user_name)) > query.after;
            assert!(page.iter().all(is_after), "a page holds who came before it");
            let more = page.len() > limit;
            page.truncate(limit);
            query.after = page.last().map(|user| UserKey::of(&user.user_name));
            all.extend(page);
            if !more {
                return all;
            }
        }
    }

    /// Every record that matches, newest first, page by page as a client asks for them.
    pub(super) async fn events(&self, query: &AuditQuery) -> Vec<AuditEvent> {
        let (mut query, mut all) = (query.clone(), Vec::new());
        loop {
            let mut page = self.stores.audit.list(&query).await.unwrap();
            let limit = usize::from(query.limit.get());
            assert!(page.len() <= limit + 1, "a page holds more than limit + 1");
            let is_after = |event: &AuditEvent| query.after.is_none_or(|after| AuditKey::of(event) < after);
            assert!(page.iter().all(is_after), "a page holds what came before it");
            let more = page.len() > limit;
            page.truncate(limit);
            query.after = page.last().map(AuditKey::of);
            all.extend(page);
            if !more {
                return all;
            }
        }
    }

    pub(super) async fn trail(&self) -> Vec<AuditEvent> {
        self.events(&AuditQuery { limit: Limit::new(Limit::MAX).unwrap(), ..AuditQuery::default() }).await
    }

    /// How often `action` was recorded.
    pub(super) async fn recorded(&self, action: &str) -> usize {
        self.events(&AuditQuery { action: Some(action.to_owned()), ..AuditQuery::default() }).await.len()
    }

    pub(super) async fn snapshot(&self) -> Snapshot {
        let people = self.people(&UserQuery::default()).await;
        let (mut profiles, mut sessions) = (Vec::new(), Vec::new());
        for person in &people {
            profiles.push(self.profile(person.id).await);
            sessions.extend(self.stores.sessions.list(person.id, self.make.now()).await.unwrap());
        }
        Snapshot {
            trail: self.trail().await,
            people,
            profiles,
            sessions,
            api_keys: self.stores.api_keys.list().await.unwrap(),
            delivered: self.stores.delivered.users(&everything()).await.unwrap().items,
            groups: self.stores.delivered.groups(&everything(), true).await.unwrap().items,
            brakes: self.stores.directory.engaged_brakes().await.unwrap(),
            accounts: self.stores.break_glass.list().await.unwrap(),
        }
    }

    /// Fails unless the store shows what it showed at `before`.
    pub(super) async fn assert_nothing_written(&self, before: &Snapshot) {
        assert_eq!(*before, self.snapshot().await, "something was written");
    }

    /// Fails unless `event` is on record, as it was given.
    pub(super) async fn assert_recorded(&self, event: &AuditEvent) {
        let query = AuditQuery { action: Some(event.action.clone()), ..AuditQuery::default() };
        let found = self.events(&query).await.into_iter().find(|found| found.id == event.id);
        assert_eq!(found.as_ref(), Some(event), "the record is not in the audit trail as it was given");
    }
}

/// The ports leave open in what order proofs and challenges come.
pub(super) fn sorted(mut facts: ProfileFacts) -> ProfileFacts {
    facts.proofs.sort_by_key(|proof| proof.method);
    facts.challenges.sort_by_key(|challenge| challenge.method);
    facts
}

/// The fingerprint of a person's e-mail address or phone number; of nothing, when there is none.
pub(super) fn contact(user: &User, method: Method) -> Fingerprint {
    let fingerprint = match method {
        Method::Email => user.email_fingerprint,
        Method::Sms => user.phone_fingerprint,
        Method::Push => None,
    };
    fingerprint.unwrap_or(Fingerprint::from([0; 32]))
}
