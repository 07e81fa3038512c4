//! SCIM 2.0 (RFC 7643, RFC 7644) over the directory's use cases: how Okta, Entra ID and others deliver people and groups.
//!
//! Nothing here does I/O. A request comes in as its parts (id, query, body, preconditions), an [`Answer`] or a
//! [`ScimError`] goes out; whoever mounts it speaks HTTP. Filters, order and pages go to the store as conditions.
//!
//! What is read is read leniently, for clients write SCIM in dialects: attribute names without regard to case, true and
//! false as strings, attributes that Muster does not keep. What is written is only what is stored. `docs/scim.md` tells
//! clients of it.

#![warn(missing_docs)]

mod error;
mod filter;
mod group;
mod groups;
mod object;
mod paging;
mod patch;
mod projection;
mod query;
mod schema;
mod search;
mod service;
mod user;
mod user_reader;
mod users;
mod version;

pub use error::ScimError;
pub use query::Query;
pub use service::{Answer, Caller, ScimService};
pub use user_reader::{name_of, read_user};
