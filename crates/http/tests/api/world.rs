use std::fmt::Write;
use std::sync::Arc;

use actix_web::http::Method;
use actix_web::http::header::HeaderMap;
use actix_web::test::{TestRequest, call_service, init_service, read_body};
use actix_web::web;
use futures_util::FutureExt;
use futures_util::future::{BoxFuture, ready};
use muster_domain::access::{
    AccessClaims, AccessService, AccessTokens, Audience, Identity, IdentityError, IdentityTokens, TokenRefusal,
};
use muster_domain::api_key::ApiKeyService;
use muster_domain::audit::{Actor, AuditEvent, DirectoryFeed};
use muster_domain::break_glass::BreakGlassService;
use muster_domain::device::DeviceService;
use muster_domain::directory::{BrakePolicy, DirectoryService, DirectoryStore};
use muster_domain::preferences::PreferenceService;
use muster_domain::session::SessionService;
use muster_domain::team::{Member, TeamRole, TeamService};
use muster_domain::user::{Phone, User, UserService};
use muster_domain::verification::{ChannelSet, SendLimits, VerificationService};
use muster_domain::{Clock, Text, UserId};
use muster_http::{Api, Development, Edge, EdgeSettings, FrontEnd, Outbox, OutboxMessage, ProviderView, Vitals, app};
use muster_scim::ScimService;
use muster_testkit::{
    Answer, Builders, FakeAccessTokens, FakePasswordHasher, MemoryStore, RecordingSender, UserBuilder,
};
use serde_json::{Value, json};
use time::{Duration, OffsetDateTime};

use crate::conformance;

/// A server over fakes, with three people on record.
pub(crate) struct World {
    pub(crate) make: Builders,
    pub(crate) store: MemoryStore,
    pub(crate) sender: Arc<RecordingSender>,
    pub(crate) tokens: Arc<FakeAccessTokens>,
    pub(crate) passwords: Arc<FakePasswordHasher>,
    pub(crate) api: web::Data<Api>,
    pub(crate) edge: web::Data<Edge>,
    /// An admin.
    pub(crate) ada: User,
    /// A responder of the team Platform.
    pub(crate) grace: User,
    /// Somebody else.
    pub(crate) linus: User,
}

/// What came back.
pub(crate) struct Exchange {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Exchange {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("not JSON ({error}): {}", self.text))
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    /// The status, the headers that are part of the contract, and the body, for a snapshot.
    pub(crate) fn show(&self) -> String {
        let mut shown = format!("{}\n", self.status);
        for name in ["content-type", "etag", "link", "retry-after", "www-authenticate", "allow"] {
            if let Some(value) = self.header(name) {
                writeln!(shown, "{name}: {value}").unwrap();
            }
        }
        if !self.text.is_empty() {
            let mut body = self.json();
            if body.get("instance").is_some() {
                assert_eq!(body["instance"], self.header("x-request-id").unwrap());
                body["instance"] = "[request]".into();
            }
            write!(shown, "\n{}", serde_json::to_string_pretty(&body).unwrap()).unwrap();
        }
        shown
    }

    /// The problem's last part of `type`.
    pub(crate) fn problem(&self) -> String {
        assert_eq!(self.header("content-type"), Some("application/problem+json"), "{}", self.text);
        let body = self.json();
        assert_eq!(body["status"], self.status);
        body["type"].as_str().unwrap().strip_prefix("urn:muster:problem:").unwrap().to_owned()
    }

    /// The fields that a validation problem names.
    pub(crate) fn fields(&self) -> Vec<String> {
        assert_eq!(self.problem(), "validation-failed", "{}", self.text);
        let body = self.json();
        body["errors"].as_array().unwrap().iter().map(|e| e["field"].as_str().unwrap().to_owned()).collect()
    }
}

struct NoMessages;

/// An identity provider whose tokens are `idp:` and a user name, which has an outage for `idp!`, and which may be asked
/// again in 3.2 seconds for `idp?`.
struct Provider;

#[async_trait::async_trait]
impl IdentityTokens for Provider {
    async fn verify(&self, token: &str, _: OffsetDateTime) -> Result<Identity, IdentityError> {
        if token.starts_with("idp!") {
            return Err(IdentityError::Unavailable("told to be unavailable".into()));
        }
        if token.starts_with("idp?") {
            return Err(IdentityError::NotYet { retry_after: Duration::milliseconds(3200) });
        }
        let login = token.strip_prefix("idp:").ok_or(IdentityError::Refused(TokenRefusal::Malformed))?;
        let subject = format!("subject of {login}");
        let logins = vec![login.to_owned()];
        let issuer = "https://login.example".to_owned();
        Ok(Identity { issuer, subject, logins, email: None, display_name: None, issued_at: None })
    }
}

/// One provider, which is down.
struct OneDown;

impl Vitals for OneDown {
    fn providers(&self) -> Vec<ProviderView> {
        vec![ProviderView { name: "ses", circuit: "open" }]
    }

    fn metrics(&self, brakes: Option<usize>) -> BoxFuture<'_, String> {
        let text = format!("muster_notify_circuit_open{{provider=\"ses\"}} 1\nbrakes {brakes:?}\n");
        ready(text).boxed()
    }
}

impl Outbox for NoMessages {
    fn messages(&self) -> Vec<OutboxMessage> {
        Vec::new()
    }
}

impl World {
    /// In development mode, with an outbox that captures.
    pub(crate) async fn new() -> Self {
        Self::start(Answer::Capture, Some(Development { outbox: Arc::new(NoMessages) })).await
    }

    /// In production mode, with providers that accept.
    pub(crate) async fn production() -> Self {
        Self::start(Answer::Accept, None).await
    }

    /// In production mode, with these channels on and these limits.
    pub(crate) async fn with_limits(channels: ChannelSet, limits: SendLimits) -> Self {
        Self::start_with(Answer::Accept, None, channels, limits).await
    }

    /// The same with these settings of the edge.
    pub(crate) fn behind(self, settings: EdgeSettings) -> Self {
        Self { edge: web::Data::new(Edge::new(settings)), ..self }
    }

    pub(crate) async fn start(answer: Answer, development: Option<Development>) -> Self {
        Self::start_with(answer, development, ChannelSet::ALL, SendLimits::default()).await
    }

    async fn start_with(
        answer: Answer,
        development: Option<Development>,
        channels: ChannelSet,
        limits: SendLimits,
    ) -> Self {
        let make = Builders::default();
        let store = MemoryStore::new();
        let sender = Arc::new(RecordingSender::answering(answer));
        let tokens = Arc::new(FakeAccessTokens::default());
        let passwords = Arc::new(FakePasswordHasher::default());
        let mut api = api(&make, &store, &sender, &tokens, development, channels, limits);
        api.break_glass.passwords = passwords.clone();
        let api = web::Data::new(api);
        let ada = add(&make, &store, make.user("ada").admin()).await;
        let grace = add(&make, &store, make.user("grace").phone(Some(Phone::from_stored("+12025550100", true)))).await;
        let linus = add(&make, &store, make.user("linus")).await;
        let directory = directory(&make, &store);
        let members = [Member { user_id: grace.id, role: TeamRole::Responder }];
        let origin = muster_domain::audit::Origin::system("test");
        let name = Text::parse("Platform").unwrap();
        directory.create_team(name, &members, DirectoryFeed::Seed, &origin).await.unwrap();
        let edge = web::Data::new(Edge::new(EdgeSettings::default()));
        Self { make, store, sender, tokens, passwords, api, edge, ada, grace, linus }
    }

    pub(crate) async fn add(&self, user: UserBuilder) -> User {
        add(&self.make, &self.store, user).await
    }

    /// A bearer token of that person's.
    pub(crate) fn token(&self, id: UserId) -> String {
        let now = self.make.now();
        let claims = AccessClaims {
            user_id: id,
            session_id: None,
            audience: Audience::Development,
            issued_at: now,
            expires_at: now + Duration::days(365),
        };
        self.tokens.sign(&claims).unwrap().expose().to_owned()
    }

    pub(crate) async fn call(&self, request: TestRequest) -> Exchange {
        let app = init_service(app(&self.api, &self.edge)).await;
        let request = request.to_request();
        let (method, path) = (request.method().clone(), request.path().to_owned());
        let response = call_service(&app, request).await;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let body = read_body(response).await;
        let text = String::from_utf8(body.to_vec()).unwrap();
        conformance::check(&method, &path, status, &headers, &text);
        Exchange { status, headers, text }
    }

    /// A request of that person's, with a JSON body unless it is null.
    pub(crate) async fn ask(&self, user: &User, method: Method, path: &str, body: Value) -> Exchange {
        self.call(self.request(user, method, path, body)).await
    }

    pub(crate) fn request(&self, user: &User, method: Method, path: &str, body: Value) -> TestRequest {
        let request = TestRequest::default().method(method).uri(path);
        let request = request.insert_header(("authorization", format!("Bearer {}", self.token(user.id))));
        if body.is_null() { request } else { request.set_json(body) }
    }

    pub(crate) async fn get(&self, user: &User, path: &str) -> Exchange {
        self.ask(user, Method::GET, path, Value::Null).await
    }

    pub(crate) async fn post(&self, user: &User, path: &str, body: Value) -> Exchange {
        self.ask(user, Method::POST, path, body).await
    }

    /// The actions on record after `before`, oldest first.
    pub(crate) fn actions_since(&self, before: usize) -> Vec<String> {
        self.store.audit_trail().iter().skip(before).map(|event| event.action.clone()).collect()
    }

    pub(crate) fn last_event(&self) -> AuditEvent {
        self.store.audit_trail().last().unwrap().clone()
    }

    /// Proves one of a person's contacts through the API.
    pub(crate) async fn prove(&self, user: &User, method: &str) -> Exchange {
        let sent = self.post(user, "/api/notifications/verification/send", json!({ "method": method })).await;
        assert_eq!(sent.status, 200, "{}", sent.text);
        let code = self.sender.last_code().unwrap();
        let body = json!({ "method": method, "code": code.expose() });
        self.post(user, "/api/notifications/verification/verify", body).await
    }
}

async fn add(make: &Builders, store: &MemoryStore, user: UserBuilder) -> User {
    let user = user.build();
    let event = make.event("test.user.created", Some(user.id));
    store.insert_user(&user, &event).await.unwrap();
    user
}

fn directory(make: &Builders, store: &MemoryStore) -> DirectoryService {
    DirectoryService {
        directory: Arc::new(store.clone()),
        reader: Arc::new(store.clone()),
        fingerprinter: Arc::new(make.hasher),
        brake: BrakePolicy { percent: 10, free: 2 },
        clock: make.clock.clone(),
        entropy: make.entropy.clone(),
    }
}

fn api(
    make: &Builders,
    store: &MemoryStore,
    sender: &Arc<RecordingSender>,
    tokens: &Arc<FakeAccessTokens>,
    development: Option<Development>,
    channels: ChannelSet,
    limits: SendLimits,
) -> Api {
    let directory = Arc::new(directory(make, store));
    let store = Arc::new(store.clone());
    let clock: Arc<dyn Clock> = make.clock.clone();
    let entropy = make.entropy.clone();
    let hasher = Arc::new(make.hasher);
    Api {
        users: UserService {
            profiles: store.clone(),
            users: store.clone(),
            clock: clock.clone(),
            entropy: entropy.clone(),
        },
        teams: TeamService { teams: store.clone(), clock: clock.clone(), entropy: entropy.clone() },
        preferences: PreferenceService {
            preferences: store.clone(),
            channels,
            clock: clock.clone(),
            entropy: entropy.clone(),
        },
        verification: Arc::new(VerificationService {
            profiles: store.clone(),
            store: store.clone(),
            devices: store.clone(),
            fingerprinter: hasher.clone(),
            hasher: hasher.clone(),
            email: sender.clone(),
            sms: sender.clone(),
            push: sender.clone(),
            channels,
            limits,
            clock: clock.clone(),
            entropy: entropy.clone(),
        }),
        devices: DeviceService {
            devices: store.clone(),
            fingerprinter: hasher.clone(),
            clock: clock.clone(),
            entropy: entropy.clone(),
        },
        sessions: SessionService {
            sessions: store.clone(),
            hasher,
            access_tokens: tokens.clone(),
            clock: clock.clone(),
            entropy,
            replay_grace: Duration::seconds(60),
        },
        audit: store.clone(),
        scim: ScimService {
            directory,
            default_region: None,
            cursors: Arc::new(make.hasher),
            base: "https://muster.test/scim/v2".to_owned(),
        },
        break_glass: BreakGlassService {
            accounts: store.clone(),
            passwords: Arc::new(FakePasswordHasher::default()),
            clock: clock.clone(),
            entropy: make.entropy.clone(),
        },
        access: AccessService {
            users: store.clone(),
            access_tokens: tokens.clone(),
            identities: Some(Arc::new(Provider)),
            people: store.clone(),
            keys: ApiKeyService {
                keys: store.clone(),
                hasher: Arc::new(make.hasher),
                clock: clock.clone(),
                entropy: make.entropy.clone(),
            },
            newcomers: None,
            clock: clock.clone(),
            entropy: make.entropy.clone(),
        },
        jwks: json!({ "keys": [{ "kty": "OKP", "crv": "Ed25519" }] }),
        channels,
        front_end: FrontEnd {
            issuer: Some("https://provider.example".to_owned()),
            client_id: Some("0oa1b2c3".to_owned()),
            channels: channels.iter().collect(),
            vapid_public_key: Some("BP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIg".to_owned()),
        },
        health: store,
        vitals: Arc::new(OneDown),
        clock,
        development,
    }
}

pub(crate) fn user_actor(user: &User) -> Actor {
    Actor::User { id: user.id }
}
