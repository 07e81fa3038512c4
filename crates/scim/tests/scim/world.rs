use std::sync::Arc;

use muster_domain::audit::Origin;
use muster_domain::directory::{BrakePolicy, DirectoryService};
use muster_scim::{Answer, Caller, Query, ScimError, ScimService};
use muster_testkit::{FakeHasher, FixedClock, MemoryStore, SeededEntropy};
use serde_json::{Value, json};

pub(crate) const BASE: &str = "https://muster.example/scim/v2";

/// A directory without anybody, and its protocol.
pub(crate) struct World {
    pub(crate) store: MemoryStore,
    pub(crate) clock: Arc<FixedClock>,
    scim: ScimService,
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) body: Value,
    pub(crate) etag: Option<String>,
    pub(crate) location: Option<String>,
    pub(crate) retry_after: Option<u64>,
}

impl World {
    pub(crate) fn new() -> Self {
        Self::with_brake(BrakePolicy { percent: 100, free: 0 })
    }

    pub(crate) fn with_brake(brake: BrakePolicy) -> Self {
        let store = MemoryStore::new();
        let shared = Arc::new(store.clone());
        let clock = Arc::new(FixedClock::default());
        let directory = Arc::new(DirectoryService {
            directory: shared.clone(),
            reader: shared,
            fingerprinter: Arc::new(FakeHasher::default()),
            brake,
            clock: clock.clone(),
            entropy: Arc::new(SeededEntropy::default()),
        });
        Self {
            store,
            clock,
            scim: ScimService {
                directory,
                default_region: "GB".parse().ok(),
                cursors: Arc::new(FakeHasher::default()),
                base: BASE.to_owned(),
            },
        }
    }

    /// Calls by method and path, with a query that stands as it is.
    pub(crate) async fn call(&self, method: &str, path: &str, body: Value) -> Reply {
        self.conditional(method, path, body, None).await
    }

    /// The same with a precondition: `If-None-Match` for GET, else `If-Match`; `User-Agent` for the configuration.
    pub(crate) async fn conditional(&self, method: &str, path: &str, body: Value, condition: Option<&str>) -> Reply {
        self.raw(method, path, body.to_string().as_bytes(), condition).await
    }

    pub(crate) async fn raw(&self, method: &str, path: &str, body: &[u8], condition: Option<&str>) -> Reply {
        self.answer(method, path, body, condition).await.map_or_else(|error| Reply::refused(&error), Reply::answered)
    }

    async fn answer(
        &self,
        method: &str,
        path: &str,
        body: &[u8],
        condition: Option<&str>,
    ) -> Result<Answer, ScimError> {
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let query = Query::from_pairs(query.split('&').filter_map(|pair| pair.split_once('=')))?;
        let origin = Origin::system("test");
        let caller = Caller { client: "Okta", origin: &origin };
        let scim = &self.scim;
        match (method, path.trim_start_matches('/').split_once('/').unwrap_or((&path[1..], ""))) {
            ("GET", ("Users", "")) => scim.list_users(&query).await,
            ("POST", ("Users", "")) => scim.create_user(body, &query, &caller).await,
            ("POST", ("Users", ".search")) => scim.search_users(body).await,
            ("GET", ("Users", id)) => scim.get_user(id, &query, condition).await,
            ("PUT", ("Users", id)) => scim.replace_user(id, body, &query, condition, &caller).await,
            ("PATCH", ("Users", id)) => scim.patch_user(id, body, &query, condition, &caller).await,
            ("DELETE", ("Users", id)) => scim.delete_user(id, condition, &caller).await,
            ("GET", ("Groups", "")) => scim.list_groups(&query).await,
            ("POST", ("Groups", "")) => scim.create_group(body, &query, &caller).await,
            ("POST", ("Groups", ".search")) => scim.search_groups(body).await,
            ("GET", ("Groups", id)) => scim.get_group(id, &query, condition).await,
            ("PUT", ("Groups", id)) => scim.replace_group(id, body, &query, condition, &caller).await,
            ("PATCH", ("Groups", id)) => scim.patch_group(id, body, &query, condition, &caller).await,
            ("DELETE", ("Groups", id)) => scim.delete_group(id, condition, &caller).await,
            ("POST", (".search", "")) => scim.search(body).await,
            ("GET", ("ServiceProviderConfig", "")) => Ok(scim.service_provider_config(condition)),
            ("GET", ("ResourceTypes", "")) => Ok(scim.resource_types()),
            ("GET", ("ResourceTypes", id)) => scim.resource_type(id),
            ("GET", ("Schemas", "")) => Ok(scim.schemas()),
            ("GET", ("Schemas", id)) => scim.schema(id),
            other => panic!("nothing is at {other:?}"),
        }
    }

    pub(crate) async fn get(&self, path: &str) -> Value {
        let reply = self.call("GET", path, Value::Null).await;
        assert_eq!(reply.status, 200, "{path}: {reply:?}");
        reply.body
    }

    /// Adds somebody and returns the path.
    pub(crate) async fn add(&self, user: Value) -> String {
        self.add_to("/Users", user).await
    }

    pub(crate) async fn add_named(&self, user_name: &str) -> String {
        self.add(json!({ "userName": user_name })).await
    }

    pub(crate) async fn add_group(&self, name: &str, members: &[&str]) -> String {
        let members: Vec<Value> = members.iter().map(|path| json!({ "value": id_of(path) })).collect();
        self.add_to("/Groups", json!({ "displayName": name, "members": members })).await
    }

    async fn add_to(&self, endpoint: &str, resource: Value) -> String {
        let reply = self.call("POST", endpoint, resource).await;
        assert_eq!(reply.status, 201, "{reply:?}");
        format!("{endpoint}/{}", reply.body["id"].as_str().unwrap())
    }

    pub(crate) async fn patch(&self, path: &str, operations: Value) -> Reply {
        let body = json!({
            "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
            "Operations": operations,
        });
        self.call("PATCH", path, body).await
    }

    /// Patches somebody, which must succeed, and returns them as they are then.
    pub(crate) async fn patched(&self, path: &str, operations: Value) -> Value {
        let reply = self.patch(path, operations).await;
        assert!([200, 204].contains(&reply.status), "{reply:?}");
        self.get(path).await
    }

    /// The ids of a group's members, in their order.
    pub(crate) async fn members(&self, path: &str) -> Vec<String> {
        let group = self.get(path).await;
        let members = group["members"].as_array().cloned().unwrap_or_default();
        members.iter().map(|member| member["value"].as_str().unwrap().to_owned()).collect()
    }

    /// The user names, or display names, of what a list holds.
    pub(crate) async fn names(&self, path: &str) -> Vec<String> {
        let list = self.get(path).await;
        let name = |resource: &Value| {
            resource.get("userName").unwrap_or(&resource["displayName"]).as_str().unwrap().to_owned()
        };
        list["Resources"].as_array().unwrap().iter().map(name).collect()
    }
}

impl Reply {
    fn answered(answer: Answer) -> Self {
        let Answer { status, body, etag, location } = answer;
        Self { status, body: body.unwrap_or_default(), etag, location, retry_after: None }
    }

    fn refused(error: &ScimError) -> Self {
        let body = error.to_json();
        Self { status: error.status, body, etag: None, location: None, retry_after: error.retry_after_seconds }
    }

    pub(crate) fn scim_type(&self) -> &str {
        self.body["scimType"].as_str().unwrap_or_default()
    }

    pub(crate) fn detail(&self) -> &str {
        self.body["detail"].as_str().unwrap_or_default()
    }
}

pub(crate) fn id_of(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or_default()
}
