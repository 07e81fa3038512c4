use std::fmt;

use muster_domain::directory::{DirectoryQuery, Order};
use serde_json::{Value, json};

use crate::ScimError;
use crate::filter::{self, Queryable};
use crate::object::{Object, attribute};
use crate::projection::Projection;

/// What a request's query string asks for (RFC 7644, sections 3.4.2 and 3.9).
#[derive(Clone)]
pub struct Query {
    filter: Option<String>,
    sort_by: Option<String>,
    order: Order,
    start_index: u32,
    cursor: Option<String>,
    count: u16,
    pub(crate) projection: Projection,
}

/// The parameters of a query.
const PARAMETERS: [&str; 8] =
    ["filter", "sortBy", "sortOrder", "startIndex", "cursor", "count", "attributes", "excludedAttributes"];

impl fmt::Debug for Query {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A filter holds names and addresses.
        f.debug_struct("Query")
            .field("start_index", &self.start_index)
            .field("count", &self.count)
            .finish_non_exhaustive()
    }
}

impl Default for Query {
    fn default() -> Self {
        Self {
            filter: None,
            sort_by: None,
            order: Order::Ascending,
            start_index: 1,
            cursor: None,
            count: Self::DEFAULT_COUNT,
            projection: Projection::default(),
        }
    }
}

impl Query {
    /// The most resources on a page, as `ServiceProviderConfig` says.
    pub const MAX_COUNT: u16 = 200;
    /// How many there are on a page when nothing is said.
    pub(crate) const DEFAULT_COUNT: u16 = 100;

    /// Reads a query string as it is in the address.
    ///
    /// # Errors
    /// It cannot be decoded, and as [`from_pairs`](Self::from_pairs): what cannot be read must not find everyone.
    pub fn parse(query_string: &str) -> Result<Self, ScimError> {
        let decoded = query_string.split('&').filter(|pair| !pair.is_empty()).map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            Some((decoded(name)?, decoded(value)?))
        });
        let pairs: Option<Vec<_>> = decoded.collect();
        let pairs = pairs.ok_or_else(|| {
            ScimError::invalid_syntax("the query string has a percent sign without two hexadecimal digits, or no UTF-8")
        })?;
        Self::from_pairs(pairs.iter().map(|(name, value)| (name.as_str(), value.as_str())))
    }

    /// Reads the parameters, whose names do not depend on case. Those that are not SCIM's are passed over, and so are
    /// those without a value, but for a filter and a cursor: clients add their own.
    ///
    /// # Errors
    /// A parameter is there twice, `filter` is empty, `startIndex` or `count` is no whole number, `startIndex` is there
    /// beside `cursor`, `sortOrder` is no order, more than 100 attributes are named.
    pub fn from_pairs<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<Self, ScimError> {
        let mut query = Self::default();
        let mut seen = Vec::new();
        let mut count = None;
        for (name, value) in pairs {
            let value = value.trim();
            let Some(name) = PARAMETERS.into_iter().find(|own| own.eq_ignore_ascii_case(name)) else { continue };
            if seen.contains(&name) {
                return Err(refused(name, "is there more than once"));
            }
            seen.push(name);
            if name == "cursor" {
                // An empty one asks for the first page (RFC 9865, section 2).
                query.cursor = Some(value.to_owned());
            }
            if value.is_empty() {
                // A client that meant one person must not get everyone.
                if name == "filter" {
                    return Err(refused(name, "is empty"));
                }
                continue;
            }
            match name {
                "filter" => query.filter = Some(value.to_owned()),
                "sortBy" => query.sort_by = Some(value.to_owned()),
                "sortOrder" => query.order = order(value)?,
                "startIndex" => query.start_index = whole_number("startIndex", value, 1, u32::MAX)?,
                "count" => count = Some(whole_number("count", value, 0, Self::MAX_COUNT)),
                "attributes" => query.projection.keep_only(value)?,
                "excludedAttributes" => query.projection.leave_out(value)?,
                _ => {}
            }
        }
        if query.cursor.is_some() && seen.contains(&"startIndex") {
            return Err(ScimError::invalid_value("startIndex and cursor are two ways to ask for a page; give one"));
        }
        match count {
            // Pages by cursor have a word of their own for it.
            Some(Err(error)) if query.cursor.is_some() => return Err(ScimError::invalid_count(error.detail)),
            Some(count) => query.count = count?,
            None => {}
        }
        Ok(query)
    }

    /// Reads a search request (RFC 7644, section 3.4.3).
    pub(crate) fn from_body(body: &Object) -> Result<Self, ScimError> {
        let told = |name: &str, value: &Value| match value {
            Value::String(text) => Ok(text.clone()),
            Value::Number(number) => Ok(number.to_string()),
            Value::Array(names) if names.iter().all(Value::is_string) => {
                Ok(names.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(","))
            }
            _ => Err(ScimError::invalid_value(format!("{name} has a value of the wrong type"))),
        };
        let mut pairs = Vec::new();
        for name in PARAMETERS {
            if let Some(value) = attribute(body, name) {
                pairs.push((name, told(name, value)?));
            }
        }
        Self::from_pairs(pairs.iter().map(|(name, value)| (*name, value.as_str())))
    }

    /// What the store is asked about resources of one kind.
    pub(crate) fn of<A: Queryable>(&self) -> Result<DirectoryQuery<A>, ScimError> {
        let sort_by = self.sort_by.as_deref().map(filter::sort_attribute).transpose()?.flatten();
        let filter = self.filter.as_deref().map(|filter| filter::condition(filter, false)).transpose()?;
        Ok(DirectoryQuery {
            filter,
            sort: sort_by.map(|attribute| (attribute, self.order)),
            skip: self.start_index - 1,
            count: self.count,
            counted: true,
        })
    }

    /// What the store is asked about one kind of several, when there are `before` of those that come before it, of which
    /// `shown` are on the page.
    pub(crate) fn across<A: Queryable>(&self, before: u64, shown: usize) -> Result<DirectoryQuery<A>, ScimError> {
        if self.sort_by.is_some() {
            return Err(ScimError::invalid_value("sortBy cannot sort resources of several kinds"));
        }
        Ok(DirectoryQuery {
            filter: self.filter.as_deref().map(|filter| filter::condition(filter, true)).transpose()?,
            sort: None,
            skip: u32::try_from(u64::from(self.start_index - 1).saturating_sub(before)).unwrap_or(u32::MAX),
            count: self.count.saturating_sub(u16::try_from(shown).unwrap_or(u16::MAX)),
            counted: true,
        })
    }

    /// Whether it has a filter.
    #[must_use]
    pub fn filters(&self) -> bool {
        self.filter.is_some()
    }

    /// The cursor of a page that is asked for by one; empty for the first.
    pub(crate) fn cursor(&self) -> Option<&str> {
        self.cursor.as_deref()
    }

    pub(crate) fn count(&self) -> u16 {
        self.count
    }

    /// What all pages of a query for `what` have in common.
    pub(crate) fn context(&self, what: &str) -> Vec<u8> {
        let is_descending = self.order == Order::Descending;
        json!([what, self.filter, self.sort_by, is_descending]).to_string().into_bytes()
    }

    pub(crate) fn start_index(&self) -> u32 {
        self.start_index
    }
}

/// A name or a value of a query string (`application/x-www-form-urlencoded`); `None` where it cannot be decoded.
fn decoded(text: &str) -> Option<String> {
    let mut decoded = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        decoded.push(match byte {
            b'+' => b' ',
            b'%' => {
                let mut digit = || char::from(bytes.next()?).to_digit(16);
                u8::try_from(digit()? * 16 + digit()?).ok()?
            }
            byte => byte,
        });
    }
    String::from_utf8(decoded).ok()
}

fn refused(name: &str, detail: &str) -> ScimError {
    let detail = format!("{name} {detail}");
    if name == "filter" { ScimError::invalid_filter(detail) } else { ScimError::invalid_value(detail) }
}

fn order(value: &str) -> Result<Order, ScimError> {
    match value.to_ascii_lowercase().as_str() {
        "ascending" => Ok(Order::Ascending),
        "descending" => Ok(Order::Descending),
        _ => Err(ScimError::invalid_value("sortOrder must be ascending or descending")),
    }
}

/// A number that is too small or too large is taken for the nearest that holds (RFC 7644, section 3.4.2.4).
fn whole_number<N: TryFrom<i128> + Copy>(name: &str, value: &str, least: N, most: N) -> Result<N, ScimError>
where
    i128: From<N>,
{
    let number: i128 = value.parse().map_err(|_| ScimError::invalid_value(format!("{name} must be a whole number")))?;
    Ok(N::try_from(number.clamp(least.into(), most.into())).unwrap_or(most))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn read(pairs: &[(&str, &str)]) -> Result<Query, ScimError> {
        Query::from_pairs(pairs.iter().copied())
    }

    #[rstest]
    #[case(&[], 1, 100)]
    #[case(&[("startIndex", "0"), ("count", "-5")], 1, 0)]
    #[case(&[("STARTINDEX", "-7"), ("Count", "0")], 1, 0)]
    #[case(&[("startIndex", "11"), ("count", "1000000")], 11, 200)]
    #[case(&[("startIndex", "99999999999999999999"), ("count", "")], u32::MAX, 100)]
    #[case(&[("api-version", "2.0"), ("count", " 5 ")], 1, 5)]
    fn pages_are_bounded(#[case] pairs: &[(&str, &str)], #[case] start_index: u32, #[case] count: u16) {
        let query = read(pairs).unwrap();
        assert_eq!((query.start_index, query.count), (start_index, count));
    }

    #[rstest]
    #[case("startIndex", "one")]
    #[case("startIndex", "1.5")]
    #[case("count", "ten")]
    #[case("count", "1e3")]
    #[case("sortOrder", "upwards")]
    fn what_cannot_be_meant_is_an_invalid_value(#[case] name: &str, #[case] value: &str) {
        let error = read(&[(name, value)]).unwrap_err();
        assert_eq!((error.status, error.scim_type), (400, Some("invalidValue")));
        assert!(error.detail.starts_with(name), "{error}");
    }

    #[rstest]
    #[case("filter=userName%20eq%20%22a%2Bb%22&count=7", "userName eq \"a+b\"")]
    #[case("%66ilter=userName+pr", "userName pr")]
    #[case("&&filter=userName+eq+%22%C3%A9%22&x=%25", "userName eq \"é\"")]
    fn query_string_is_decoded(#[case] text: &str, #[case] filter: &str) {
        assert_eq!(Query::parse(text).unwrap().filter.as_deref(), Some(filter));
    }

    #[rstest]
    #[case("filter=userName%20eq%20%22a%2%22", "invalidSyntax")]
    #[case("filter=userName%20pr%", "invalidSyntax")]
    #[case("filter=userName%u0020pr", "invalidSyntax")]
    #[case("filter=%2Bx%+1", "invalidSyntax")]
    #[case("filter=userName%20eq%20%22%FF%22", "invalidSyntax")]
    #[case("count=1&%zz", "invalidSyntax")]
    #[case("filter=userName+pr&FILTER=active+eq+true", "invalidFilter")]
    #[case("filter=&filter=userName+pr", "invalidFilter")]
    #[case("filter", "invalidFilter")]
    #[case("filter=%20", "invalidFilter")]
    #[case("count=1&count=1", "invalidValue")]
    #[case("attributes=&Attributes=userName", "invalidValue")]
    #[case("count=%31%30x", "invalidValue")]
    fn query_string_that_cannot_be_read_is_refused(#[case] text: &str, #[case] scim_type: &str) {
        let error = Query::parse(text).unwrap_err();
        assert_eq!((error.status, error.scim_type), (400, Some(scim_type)));
    }

    #[test]
    fn query_does_not_show_whom_it_asks_for() {
        let query = read(&[("filter", "userName eq \"ada@example.com\"")]).unwrap();
        assert!(!format!("{query:?}").contains("ada"));
    }
}
