use async_trait::async_trait;
use muster_domain::StoreError;
use muster_domain::verification::{Census, ChannelSet, Method, ReadinessReader, VerificationStatus};

use crate::MemoryStore;

#[async_trait]
impl ReadinessReader for MemoryStore {
    async fn census(&self, required: ChannelSet) -> Result<Census, StoreError> {
        let state = self.open()?;
        let active = state.delivered().filter(|user| user.active);
        // No time enters into it: a proof does not age.
        let statuses: Vec<VerificationStatus> =
            active.filter_map(|user| Some(state.profile(user.id)?.verification(required, user.created_at))).collect();
        let lacking = |method: Method| statuses.iter().filter(|status| status.missing().contains(&method)).count();
        Ok(Census {
            active: statuses.len() as u64,
            ready: statuses.iter().filter(|status| status.can_be_on_call()).count() as u64,
            missing: required.iter().map(|method| (method, lacking(method) as u64)).collect(),
        })
    }
}
