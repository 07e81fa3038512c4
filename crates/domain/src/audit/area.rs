use serde::Deserialize;

use crate::audit::DirectoryFeed;

/// A part of what is on record about a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub enum AuditArea {
    /// The history of a person's channels: codes, proofs made and lost, devices, and what the directory changed of the person,
    /// contacts among it.
    Channels,
}

impl AuditArea {
    /// The area of that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        (name == "channels").then_some(Self::Channels)
    }

    /// The actions of its records.
    #[must_use]
    pub fn actions(self) -> Vec<String> {
        match self {
            Self::Channels => {
                let verification = ["opened", "sent", "refused", "failed", "completed", "lost"];
                let verification = verification.iter().map(|verb| format!("contact.verification.{verb}"));
                let device = ["registered", "updated", "released", "removed", "expired"];
                let device = device.iter().map(|verb| format!("device.{verb}"));
                // What the directory does to a person changes contacts, or ends the sessions and the devices that they are on.
                let verbs = ["created", "updated", "deactivated", "reactivated", "removed"];
                let of_feed = |feed: DirectoryFeed| verbs.map(|verb| format!("{}.user.{verb}", feed.as_str()));
                let directory = DirectoryFeed::ALL.into_iter().flat_map(of_feed);
                verification.chain(device).chain(directory).collect()
            }
        }
    }
}

impl TryFrom<String> for AuditArea {
    type Error = &'static str;

    fn try_from(name: String) -> Result<Self, Self::Error> {
        Self::from_name(&name).ok_or("must be channels")
    }
}
