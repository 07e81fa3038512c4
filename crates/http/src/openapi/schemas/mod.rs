//! Schemas of what the domain's types look like in JSON, under the names that the document shows. The domain does not
//! know of OpenAPI, so each of these says again what a type over there does; they are never made.

#![expect(dead_code, reason = "only their schemas are used")]

mod audit;
mod people;
mod preferences;
mod requests;
mod scalars;
mod scim;
mod scim_lists;
mod scim_query;

pub(crate) use audit::{Actor, AuditArea, AuditDetails};
pub(crate) use people::{Channel, Membership, Platform, Role, Scope, Source, TeamRole};
pub(crate) use preferences::Preferences;
pub(crate) use requests::DeviceRegistration;
pub(crate) use scalars::{Action, EntityTags, Id, Text35, Text50, Text64, Text100, Text200, Text255, Text400, Time};
pub(crate) use scim::{ScimError, ScimGroup, ScimNewGroup, ScimNewUser, ScimPatch, ScimSearch, ScimUser};
pub(crate) use scim_lists::{ScimList, ScimResource, ScimResourceType, ScimSchema, ScimServiceProviderConfig};
pub(crate) use scim_query::{ScimListQuery, ScimQuery};
