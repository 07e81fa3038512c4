//! What answers look like: the domain's values under the names of the HTTP contract. Devices never show their token,
//! sessions never their hashes.

mod device;
mod profile;
mod verification;

pub(crate) use device::DeviceView;
pub(crate) use profile::{ProfileView, UserSummaryView};
pub(crate) use verification::VerificationStatusView;

use serde::Serialize;

/// One page of a list.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PageView<T> {
    pub(crate) items: Vec<T>,
    pub(crate) next_cursor: Option<String>,
}

/// A list that is always whole.
#[derive(Serialize)]
pub(crate) struct ListView<T> {
    pub(crate) items: Vec<T>,
}
