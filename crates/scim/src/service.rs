use std::fmt;
use std::sync::Arc;

use muster_domain::audit::Origin;
use muster_domain::directory::DirectoryService;
use muster_domain::page::CursorSealer;
use muster_domain::user::Region;
use serde_json::{Value, json};

use crate::object::Object;
use crate::paging::Links;
use crate::{Query, ScimError, schema, version};

/// SCIM 2.0 over the directory's use cases. Methods take an id as it stands in the path (one that is malformed names
/// nothing), a body as its bytes, and preconditions as the texts of `If-Match` and `If-None-Match`.
pub struct ScimService {
    /// Taking over what the directory says.
    pub directory: Arc<DirectoryService>,
    /// Whose national phone numbers are meant when a number has no country code.
    pub default_region: Option<Region>,
    /// Seals the cursors of pages.
    pub cursors: Arc<dyn CursorSealer>,
    /// Where this is mounted, without a slash at the end: `https://muster.example/scim/v2`. Resources are located by it.
    pub base: String,
}

/// Who makes a change.
#[derive(Debug, Clone, Copy)]
pub struct Caller<'a> {
    /// Whose deactivations are counted together, see [`Brake`](muster_domain::directory::Brake).
    pub client: &'a str,
    /// For the audit trail.
    pub origin: &'a Origin,
}

/// What the client gets.
#[derive(Clone, PartialEq)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The body, `application/scim+json`.
    pub body: Option<Value>,
    /// For `ETag`.
    pub etag: Option<String>,
    /// For `Location`.
    pub location: Option<String>,
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The body is a person.
        f.debug_struct("Answer").field("status", &self.status).field("etag", &self.etag).finish_non_exhaustive()
    }
}

impl ScimService {
    /// `GET /ServiceProviderConfig`: what of the protocol is spoken. The `User-Agent` tells of clients that fail on what
    /// they do not know.
    #[must_use]
    pub fn service_provider_config(&self, user_agent: Option<&str>) -> Answer {
        let mut config = schema::service_provider_config(&self.base);
        // Older releases of scim2-models, as in Canaille 0.3.6, refuse a configuration that has more than RFC 7643 says, and
        // their clients then deliver nobody. They say no more of themselves than the name of their HTTP client.
        if user_agent.is_some_and(|agent| agent.starts_with("python-httpx/"))
            && let Some(config) = config.as_object_mut()
        {
            config.remove("pagination");
        }
        Answer::ok(config)
    }

    /// `GET /ResourceTypes`: what kinds of resources there are.
    #[must_use]
    pub fn resource_types(&self) -> Answer {
        Answer::all(schema::resource_types(&self.base))
    }

    /// `GET /ResourceTypes/{id}`: one of them.
    ///
    /// # Errors
    /// 404.
    pub fn resource_type(&self, id: &str) -> Result<Answer, ScimError> {
        one(schema::resource_types(&self.base), id)
    }

    /// `GET /Schemas`: which attributes are kept.
    #[must_use]
    pub fn schemas(&self) -> Answer {
        Answer::all(schema::schemas(&self.base))
    }

    /// `GET /Schemas/{id}`: those of one kind of resource.
    ///
    /// # Errors
    /// 404.
    pub fn schema(&self, id: &str) -> Result<Answer, ScimError> {
        one(schema::schemas(&self.base), id)
    }
}

impl Answer {
    /// Nothing to say but that it is done, and which version there is now.
    pub(crate) fn no_content(etag: Option<String>) -> Self {
        Self { status: 204, body: None, etag, location: None }
    }

    /// One resource, as the client wants to see it.
    pub(crate) fn resource(status: u16, version: i64, mut resource: Object, query: &Query) -> Self {
        let location = resource.get("meta").and_then(|meta| meta["location"].as_str()).map(str::to_owned);
        query.projection.apply(&mut resource);
        Self {
            status,
            body: Some(Value::Object(resource)),
            etag: Some(version::etag(version)),
            location: location.filter(|_| status == 201),
        }
    }

    /// What the client has is what there is.
    pub(crate) fn not_modified(version: i64) -> Self {
        Self { status: 304, body: None, etag: Some(version::etag(version)), location: None }
    }

    /// A page of those that match: by index (RFC 7644, section 3.4.2), or with links by cursor (RFC 9865).
    pub(crate) fn page(
        total: u64,
        resources: impl Iterator<Item = Object>,
        query: &Query,
        links: Option<Links>,
    ) -> Self {
        let project = |mut resource: Object| {
            query.projection.apply(&mut resource);
            Value::Object(resource)
        };
        let start_index = if links.is_some() { None } else { Some(query.start_index()) };
        Self::list(total, start_index, resources.map(project).collect(), links.unwrap_or_default())
    }

    fn all(resources: Vec<Value>) -> Self {
        Self::list(resources.len() as u64, Some(1), resources, Links::default())
    }

    fn list(total: u64, start_index: Option<u32>, resources: Vec<Value>, links: Links) -> Self {
        let mut body = json!({
            "schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"],
            "totalResults": total,
            "itemsPerPage": resources.len(),
        });
        if let Some(start_index) = start_index {
            body["startIndex"] = start_index.into();
        }
        for (name, cursor) in [("nextCursor", links.next), ("previousCursor", links.previous)] {
            if let Some(cursor) = cursor {
                body[name] = cursor.into();
            }
        }
        body["Resources"] = Value::Array(resources);
        Self::ok(body)
    }

    fn ok(body: Value) -> Self {
        Self { status: 200, body: Some(body), etag: None, location: None }
    }
}

fn one(resources: Vec<Value>, id: &str) -> Result<Answer, ScimError> {
    let found =
        resources.into_iter().find(|resource| resource["id"].as_str().is_some_and(|own| own.eq_ignore_ascii_case(id)));
    found.map(Answer::ok).ok_or_else(ScimError::not_found)
}
