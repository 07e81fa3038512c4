//! Keyset pagination: a page is asked for by what came before it, never by an offset.

/// Seals cursors that clients can neither read nor make: a cursor may hold a person's name, and addresses reach logs.
#[cfg_attr(feature = "mock", mockall::automock)]
pub trait CursorSealer: Send + Sync {
    /// Seals bytes for one context. The same bytes give the same cursor.
    fn seal_cursor(&self, plain: &[u8], context: &[u8]) -> Vec<u8>;

    /// The bytes that were sealed for that context, by any key that the server has; `None` of anything else.
    fn open_cursor(&self, sealed: &[u8], context: &[u8]) -> Option<Vec<u8>>;
}

/// How many items a page holds: 1 to 200, 50 when nobody says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit(u16);

impl Limit {
    /// The largest page.
    pub const MAX: u16 = 200;

    /// [`Limit::MAX`] items.
    pub const LARGEST: Self = Self(Self::MAX);

    /// `None` outside 1 to [`Limit::MAX`].
    #[must_use]
    pub fn new(items: u16) -> Option<Self> {
        (1..=Self::MAX).contains(&items).then_some(Self(items))
    }

    /// The number of items.
    #[must_use]
    pub fn get(self) -> u16 {
        self.0
    }
}

impl Default for Limit {
    fn default() -> Self {
        Self(50)
    }
}

/// One page and where the next one starts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T, K> {
    /// At most as many items as the limit asked for, in the query's order.
    pub items: Vec<T>,
    /// The key of the last item when more follow; `None` on the last page.
    pub next: Option<K>,
}

impl<T, K> Page<T, K> {
    /// Makes a page of what a store returned for `limit + 1` items: the one too many only tells that more follow.
    ///
    /// ```
    /// use muster_domain::page::{Limit, Page};
    ///
    /// let limit = Limit::new(2).unwrap();
    /// let page = Page::from_one_more(vec!["ada", "grace", "linus"], limit, |name| *name);
    /// assert_eq!(page.items, ["ada", "grace"]);
    /// assert_eq!(page.next, Some("grace"));
    /// ```
    pub fn from_one_more(mut items: Vec<T>, limit: Limit, key: impl Fn(&T) -> K) -> Self {
        let limit = usize::from(limit.get());
        let more = items.len() > limit;
        items.truncate(limit);
        let next = if more { items.last().map(key) } else { None };
        Self { items, next }
    }
}
