use crate::verification::Method;

/// The channels that an installation has on: those that people prove and are told over. Never empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ChannelSet(u8);

impl ChannelSet {
    /// Every channel, which is what holds when nothing is said.
    pub const ALL: Self = Self(0b111);

    /// The set of these; `None` when there are none, for then nobody could be reached.
    #[must_use]
    pub fn of(methods: impl IntoIterator<Item = Method>) -> Option<Self> {
        let bits = methods.into_iter().fold(0, |bits, method| bits | bit(method));
        (bits != 0).then_some(Self(bits))
    }

    /// Whether a channel is on.
    #[must_use]
    pub fn contains(self, method: Method) -> bool {
        self.0 & bit(method) != 0
    }

    /// The channels that are on and not proven.
    ///
    /// ```
    /// use muster_domain::verification::{ChannelSet, Method};
    ///
    /// let on = ChannelSet::of([Method::Email, Method::Push]).unwrap();
    /// assert_eq!(on.missing(|method| method == Method::Email), [Method::Push]);
    /// assert!(ChannelSet::of([]).is_none(), "an installation has one channel at least");
    /// ```
    pub fn missing(self, is_proven: impl Fn(Method) -> bool) -> Vec<Method> {
        self.iter().filter(|method| !is_proven(*method)).collect()
    }

    /// The channels that are on.
    pub fn iter(self) -> impl Iterator<Item = Method> {
        Method::ALL.into_iter().filter(move |method| self.contains(*method))
    }
}

impl Default for ChannelSet {
    fn default() -> Self {
        Self::ALL
    }
}

fn bit(method: Method) -> u8 {
    match method {
        Method::Email => 0b001,
        Method::Sms => 0b010,
        Method::Push => 0b100,
    }
}
