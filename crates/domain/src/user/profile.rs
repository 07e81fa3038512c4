use std::fmt;

use time::OffsetDateTime;

use crate::UserId;
use crate::device::{Device, PushLoss};
use crate::preferences::StoredPreferences;
use crate::team::Membership;
use crate::user::{Role, User};
use crate::verification::{Challenge, ChannelSet, Fingerprint, Proof, VerificationStatus};

/// Everything on record about one person, read as a whole.
#[derive(Debug, Clone, PartialEq)]
pub struct ProfileFacts {
    /// The person.
    pub user: User,
    /// Their active teams, by name.
    pub teams: Vec<Membership>,
    /// E-mail and SMS proofs on record; one counts only while its fingerprint is the contact's.
    pub proofs: Vec<Proof>,
    /// Their devices, oldest first.
    pub devices: Vec<Device>,
    /// The latest challenge of each method.
    pub challenges: Vec<Challenge>,
    /// The last time that a device of theirs went that was proven.
    pub push_loss: Option<PushLoss>,
    /// What they chose to be told; `None` while the defaults hold.
    pub preferences: Option<StoredPreferences>,
}

impl ProfileFacts {
    /// Which channels are proven as of `now`, and whether the person can be on call in an installation that has the
    /// channels `required` on.
    #[must_use]
    pub fn verification(&self, required: ChannelSet, now: OffsetDateTime) -> VerificationStatus {
        VerificationStatus::derive(self, required, now)
    }

    /// What is on record once `challenge` was completed at `at` for a destination that has this fingerprint.
    pub(crate) fn prove(&mut self, challenge: &Challenge, fingerprint: Fingerprint, at: OffsetDateTime) {
        let method = challenge.method;
        self.challenges.retain(|other| other.method != method);
        if let Some(device) = self.devices.iter_mut().find(|device| Some(device.id) == challenge.device_id) {
            device.verified_at = Some(at);
        } else {
            self.proofs.retain(|proof| proof.method != method);
            self.proofs.push(Proof { method, fingerprint, verified_at: at });
        }
    }
}

/// A person as a list shows them.
#[derive(Clone, PartialEq)]
pub struct UserSummary {
    /// Who.
    pub id: UserId,
    /// The sign-in name.
    pub user_name: String,
    /// The name to show.
    pub display_name: String,
    /// Where e-mail goes, as the directory gave it.
    pub email: Option<String>,
    /// Platform role.
    pub role: Role,
    /// Whether the person may sign in.
    pub active: bool,
    /// True only for an active person whose channels that were asked for are all proven: the same rule as
    /// [`VerificationStatus::can_be_on_call`].
    pub can_be_on_call: bool,
    /// Their active teams, by name.
    pub teams: Vec<Membership>,
}

impl fmt::Debug for UserSummary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UserSummary").field("id", &self.id).finish_non_exhaustive()
    }
}
