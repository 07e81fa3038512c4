use async_trait::async_trait;
use muster_domain::device::Device;
use muster_domain::team::{Member, Membership};
use muster_domain::user::{ProfileFacts, ProfileReader, fold};
use muster_domain::verification::Method;
use muster_domain::{StoreError, UserId};

use crate::MemoryStore;
use crate::memory::State;
use crate::memory::groups::KeptTeam;

#[async_trait]
impl ProfileReader for MemoryStore {
    async fn profile(&self, id: UserId) -> Result<Option<ProfileFacts>, StoreError> {
        Ok(self.open()?.profile(id))
    }
}

impl State {
    pub(super) fn profile(&self, id: UserId) -> Option<ProfileFacts> {
        let of_method = |method| (id, method);
        Some(ProfileFacts {
            user: self.users.get(&id)?.clone(),
            teams: self.memberships(id),
            proofs: Method::ALL.iter().filter_map(|method| self.proofs.get(&of_method(*method)).cloned()).collect(),
            devices: self.devices_of(id),
            challenges: Method::ALL
                .iter()
                .filter_map(|method| self.challenges.get(&of_method(*method)).cloned())
                .collect(),
            push_loss: self.push_losses.get(&id).copied(),
            preferences: self.preferences.get(&id).cloned(),
        })
    }

    fn memberships(&self, id: UserId) -> Vec<Membership> {
        let place = |members: &[Member]| members.iter().find(|m| m.user_id == id).map(|m| m.role);
        let active = self.teams.values().filter(|kept| kept.team.active);
        let membership = |kept: &KeptTeam| {
            Some(Membership { id: kept.team.id, name: kept.team.name.clone(), role: place(&kept.members)? })
        };
        let mut teams: Vec<Membership> = active.filter_map(membership).collect();
        teams.sort_by_key(|team| (fold(&team.name), team.id));
        teams
    }

    pub(super) fn devices_of(&self, id: UserId) -> Vec<Device> {
        let mut devices: Vec<Device> = self.devices.values().filter(|device| device.user_id == id).cloned().collect();
        devices.sort_by_key(|device| (device.created_at, device.id));
        devices
    }
}
