//! What answers look like: the domain's values under the names of the HTTP contract. Devices never show their token,
//! sessions never their hashes.

mod device;
mod profile;
mod verification;

pub(crate) use device::DeviceView;
pub(crate) use profile::{ProfileView, UserSummaryView};
pub(crate) use verification::VerificationStatusView;

use serde::Serialize;
use utoipa::ToSchema;

/// One page of a list.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = PageOf)]
pub(crate) struct PageView<T> {
    #[schema(max_items = 200)]
    pub(crate) items: Vec<T>,
    /// The `cursor` of the page that follows; null on the last one.
    #[schema(required = true, examples("dWdyYWNl"))]
    pub(crate) next_cursor: Option<String>,
}

/// A list that is always whole.
#[derive(Serialize, ToSchema)]
#[schema(as = ListOf)]
pub(crate) struct ListView<T> {
    pub(crate) items: Vec<T>,
}
