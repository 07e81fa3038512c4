//! Pages by cursor (RFC 9865): each begins beside a resource and not after so many, so that what comes and goes meanwhile
//! moves nothing, and that the last page costs no more than the first.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use muster_domain::directory::{Attribute, DirectoryQuery, Found, Operand, Order, Position};
use serde_json::Value;
use time::OffsetDateTime;

use crate::filter::Queryable;
use crate::{Query, ScimError, ScimService};

/// For how many seconds a cursor is good.
pub(crate) const CURSOR_TIMEOUT: i64 = 86_400;

/// Some of the resources that match.
pub(crate) struct Page<T> {
    /// How many there are in all; in pages by cursor, how many there were when the first was asked for.
    pub(crate) total: u64,
    pub(crate) items: Vec<T>,
    /// Where the pages beside it are, of a page by cursor.
    pub(crate) links: Option<Links>,
}

/// Cursors of the pages beside a page.
#[derive(Debug, Default)]
pub(crate) struct Links {
    pub(crate) next: Option<String>,
    pub(crate) previous: Option<String>,
}

/// What a cursor holds.
#[derive(Clone)]
pub(crate) struct Turn {
    /// The page is the one before the position.
    pub(crate) backwards: bool,
    /// The position is a group's, where people come before groups.
    pub(crate) among_groups: bool,
    pub(crate) position: Position,
    pub(crate) total: u64,
}

/// Makes and reads the cursors of one query. A cursor opens for that query alone.
pub(crate) struct Cursors<'a> {
    scim: &'a ScimService,
    context: Vec<u8>,
    count: u16,
}

impl<'a> Cursors<'a> {
    /// Those of a query for `what`.
    pub(crate) fn new(scim: &'a ScimService, what: &str, query: &Query) -> Self {
        Self { scim, context: query.context(what), count: query.count() }
    }

    pub(crate) fn seal(&self, turn: &Turn) -> String {
        let text = |operand: &Operand| match operand {
            Operand::Text(text) => Value::from(text.as_str()),
            Operand::Truth(truth) => Value::from(*truth),
            Operand::Time(time) => Value::from(i64::try_from(time.unix_timestamp_nanos() / 1_000).unwrap_or_default()),
        };
        let Turn { backwards, among_groups, position, total } = turn;
        let value = position.value.as_ref().map(text);
        let plain = Value::from(vec![
            Value::from(*backwards),
            (*among_groups).into(),
            text(&position.id),
            value.unwrap_or_default(),
            self.count.into(),
            (*total).into(),
            self.now().into(),
        ]);
        URL_SAFE_NO_PAD.encode(self.scim.cursors.seal_cursor(plain.to_string().as_bytes(), &self.context))
    }

    pub(crate) fn open(&self, cursor: &str) -> Result<Turn, ScimError> {
        let sealed = URL_SAFE_NO_PAD.decode(cursor).ok();
        let plain = sealed.and_then(|sealed| self.scim.cursors.open_cursor(&sealed, &self.context));
        let read = plain.and_then(|plain| serde_json::from_slice::<Plain>(&plain).ok());
        let (backwards, among_groups, id, value, count, total, sealed_at) =
            read.ok_or_else(|| ScimError::invalid_cursor("cursor is none that was given for this query"))?;
        if self.now() - sealed_at > CURSOR_TIMEOUT {
            return Err(ScimError::expired_cursor(format!("cursor is older than {CURSOR_TIMEOUT} seconds")));
        }
        if count != self.count {
            return Err(ScimError::invalid_count("count must be the same for all pages of a query"));
        }
        let value = match value {
            Value::String(text) => Some(Operand::Text(text)),
            Value::Bool(truth) => Some(Operand::Truth(truth)),
            Value::Number(micros) => micros.as_i64().and_then(|micros| {
                OffsetDateTime::from_unix_timestamp_nanos(i128::from(micros) * 1_000).ok().map(Operand::Time)
            }),
            _ => None,
        };
        Ok(Turn { backwards, among_groups, position: Position { value, id: Operand::Text(id) }, total })
    }

    fn now(&self) -> i64 {
        self.scim.directory.clock.now().unix_timestamp()
    }
}

/// A turn as it is sealed, with the count of its pages and when it was made.
type Plain = (bool, bool, String, Value, u16, u64, i64);

/// A page that is asked of the store.
pub(crate) struct Asked<'a, A> {
    /// What the store is asked.
    pub(crate) query: DirectoryQuery<A>,
    /// What the first page is asked with.
    first: DirectoryQuery<A>,
    /// By cursor: with which cursors, and where it begins, which is nowhere for the first page.
    cursors: Option<(Cursors<'a>, Option<Turn>)>,
}

impl<'a, A: Queryable> Asked<'a, A> {
    /// Reads what a query asks for, `most` resources on a page at the most.
    pub(crate) fn new(scim: &'a ScimService, query: &Query, most: u16) -> Result<Self, ScimError> {
        let asked = query.of::<A>()?;
        let first = DirectoryQuery { count: asked.count.min(most), ..asked };
        let Some(cursor) = query.cursor() else {
            return Ok(Self { query: first.clone(), first, cursors: None });
        };
        let cursors = Cursors::new(scim, A::SCHEMA, query);
        if cursor.is_empty() {
            return Ok(Self { query: first.clone(), first, cursors: Some((cursors, None)) });
        }
        let turn = cursors.open(cursor)?;
        // One more tells whether more follow.
        let query = DirectoryQuery { count: first.count + 1, ..first.clone() };
        let query = if turn.backwards { query.before(&turn.position) } else { query.after(&turn.position) };
        Ok(Self { query, first, cursors: Some((cursors, Some(turn))) })
    }

    /// Whether nothing is left before the position: the first page is asked for then.
    pub(crate) fn begins_again(&mut self, found: &Found<A::Resource>) -> bool {
        let Some((_, turn)) = &mut self.cursors else { return false };
        let is_back = turn.as_ref().is_some_and(|turn| turn.backwards);
        let begins_again = is_back && found.items.is_empty() && self.first.count > 0;
        if begins_again {
            *turn = None;
            self.query = self.first.clone();
        }
        begins_again
    }

    /// The page that the store's answer is.
    pub(crate) fn page(self, found: Found<A::Resource>) -> Page<A::Resource> {
        let Found { mut total, mut items } = found;
        let Some((cursors, turn)) = self.cursors else { return Page { total, items, links: None } };
        let (backwards, more) = match &turn {
            None => (false, total > items.len() as u64),
            Some(turn) => {
                total = turn.total;
                (turn.backwards, items.len() > usize::from(self.first.count))
            }
        };
        items.truncate(self.first.count.into());
        if backwards {
            items.reverse();
        }
        let to = |resource: Option<&A::Resource>, backwards| {
            let position = Position::of(resource?, self.first.sort)?;
            Some(cursors.seal(&Turn { backwards, among_groups: false, position, total }))
        };
        let next = if more || backwards { to(items.last(), false) } else { None };
        let has_previous = if backwards { more } else { turn.is_some() };
        let previous = if has_previous { to(items.first(), true) } else { None };
        Page { total, items, links: Some(Links { next, previous }) }
    }
}

/// Where a resource stands among those of its kind, by id.
pub(crate) fn by_id<A: Attribute>(resource: &A::Resource) -> Option<Position> {
    Position::of::<A>(resource, None::<(A, Order)>)
}
