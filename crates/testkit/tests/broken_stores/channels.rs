//! A store that knows better which channels must be proven.

use async_trait::async_trait;
use muster_domain::StoreError;
use muster_domain::user::{UserQuery, UserStore, UserSummary};
use muster_domain::verification::ChannelSet;

use crate::breakable::{Users, over_memory};
use crate::{breaking, caught};

over_memory! {
    /// Wants every channel proven, whatever is required.
    WantsAll;
}

#[async_trait]
impl Users for WantsAll {
    async fn list(&self, query: &UserQuery) -> Result<Vec<UserSummary>, StoreError> {
        UserStore::list(&self.0, &UserQuery { required: ChannelSet::ALL, ..query.clone() }).await
    }
}

#[test]
fn a_list_that_ignores_the_required_channels_is_caught() {
    caught!(breaking!(users, WantsAll), user_lists::only_the_required_channels_count_for_can_be_on_call, "required: ");
    caught!(breaking!(users, WantsAll), user_lists::can_be_on_call_follows_the_same_rule_as_the_status, "are required");
    caught!(breaking!(users, WantsAll), user_lists::can_be_on_call_follows_whatever_changes_it, "are required");
}
