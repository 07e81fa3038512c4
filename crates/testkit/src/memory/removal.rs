use muster_domain::UserId;
use muster_domain::audit::RevokeReason;
use muster_domain::device::DeviceLoss;
use muster_domain::user::{GivenContacts, Role};
use muster_domain::verification::Method;
use time::OffsetDateTime;

use crate::memory::State;

impl State {
    /// Leaves of somebody what the audit trail needs.
    pub(super) fn remove(&mut self, id: UserId, at: OffsetDateTime) {
        self.remember_all(id, at);
        let Some(user) = self.users.get_mut(&id) else {
            return;
        };
        user.active = false;
        user.role = Role::User;
        user.version += 1;
        user.updated_at = at;
        (user.email, user.email_fingerprint, user.phone, user.phone_fingerprint) = (None, None, None, None);
        user.given = GivenContacts::default();
        self.removed.insert(id, user.external_id.clone());
        self.preferences.remove(&id);
        self.end_all_sessions(id, at);
        for method in Method::ALL {
            self.proofs.remove(&(id, method));
            if let Some(challenge) = self.challenges.remove(&(id, method)) {
                self.deliveries.remove(&challenge.id);
            }
        }
        for device in self.devices_of(id) {
            self.drop_device(id, device.id, at, DeviceLoss::SessionEnded(RevokeReason::Deactivated));
        }
        self.leave_teams(id, at);
        self.push_losses.remove(&id);
        self.notices.retain(|_, (notice, _)| notice.user_id != id);
    }
}
