//! A census that counts the wrong people.

use async_trait::async_trait;
use muster_domain::StoreError;
use muster_domain::user::{UserQuery, UserStore};
use muster_domain::verification::{Census, ChannelSet, ReadinessReader};

use crate::breakable::{Counting, over_memory};
use crate::{breaking, caught};

over_memory! {
    /// Counts those who are not active too.
    CountsEverybody;
    /// Tells all channels, on or off.
    TellsAll;
    /// Counts those as ready who have all channels proven, whatever is on.
    AllOrNothing;
    /// Counts in two steps.
    TwoSteps;
}

#[async_trait]
impl Counting for CountsEverybody {
    async fn census(&self, required: ChannelSet) -> Result<Census, StoreError> {
        let everybody = UserStore::list(&self.0, &UserQuery::default()).await?.len() as u64;
        Ok(Census { active: everybody, ..self.0.census(required).await? })
    }
}

#[async_trait]
impl Counting for TellsAll {
    async fn census(&self, required: ChannelSet) -> Result<Census, StoreError> {
        let missing = self.0.census(ChannelSet::ALL).await?.missing;
        Ok(Census { missing, ..self.0.census(required).await? })
    }
}

#[async_trait]
impl Counting for AllOrNothing {
    async fn census(&self, required: ChannelSet) -> Result<Census, StoreError> {
        let ready = self.0.census(ChannelSet::ALL).await?.ready;
        Ok(Census { ready, ..self.0.census(required).await? })
    }
}

#[async_trait]
impl Counting for TwoSteps {
    async fn census(&self, required: ChannelSet) -> Result<Census, StoreError> {
        let first = self.0.census(required).await?;
        let mut second = first.clone();
        // Somebody writes in between, sooner or later.
        for _ in 0..100_000 {
            if second.ready != first.ready {
                break;
            }
            tokio::task::yield_now().await;
            second = self.0.census(required).await?;
        }
        Ok(Census { missing: second.missing, ..first })
    }
}

#[test]
fn a_census_of_the_wrong_people_is_caught() {
    caught!(
        breaking!(readiness, CountsEverybody),
        census::active_people_of_the_directory_are_counted_and_no_others,
        "somebody counts who is not active"
    );
    caught!(breaking!(readiness, TellsAll), census::those_channels_alone_are_missing_that_are_on, "left");
    caught!(breaking!(readiness, TellsAll), census::among_nobody_nobody_is_ready_or_lacks_anything, "left");
    caught!(
        breaking!(readiness, AllOrNothing),
        census::who_is_ready_follows_the_same_rule_as_a_persons_status,
        "are required"
    );
    caught!(breaking!(readiness, TwoSteps), census::a_census_is_of_one_moment, "a census mixed what was with what is");
}
