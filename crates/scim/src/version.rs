use crate::ScimError;

/// Which versions a precondition names (RFC 9110, section 13.1). Ours are weak tags, and they compare weakly: the same
/// version may be shown with other attributes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Versions {
    /// Whichever there is.
    Any,
    /// One of these. A tag that is none of ours names none.
    OneOf(Vec<i64>),
}

impl Versions {
    pub(crate) fn parse(header: &str) -> Self {
        if header.trim() == "*" {
            return Self::Any;
        }
        Self::OneOf(header.split(',').filter_map(version).collect())
    }

    pub(crate) fn contain(&self, version: i64) -> bool {
        match self {
            Self::Any => true,
            Self::OneOf(versions) => versions.contains(&version),
        }
    }
}

/// Refuses a version that `If-Match` does not name.
pub(crate) fn require(if_match: Option<&str>, version: i64) -> Result<(), ScimError> {
    let admitted = if_match.is_none_or(|header| Versions::parse(header).contain(version));
    if admitted { Ok(()) } else { Err(ScimError::precondition_failed()) }
}

/// Whether the client has this version already, as `If-None-Match` says.
pub(crate) fn is_known(if_none_match: Option<&str>, version: i64) -> bool {
    if_none_match.is_some_and(|header| Versions::parse(header).contain(version))
}

/// The entity tag of a version.
pub(crate) fn etag(version: i64) -> String {
    format!("W/\"{version}\"")
}

fn version(tag: &str) -> Option<i64> {
    let tag = tag.trim();
    let tag = tag.strip_prefix("W/").unwrap_or(tag);
    tag.strip_prefix('"')?.strip_suffix('"')?.parse().ok()
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("W/\"3\"", true)]
    #[case("\"3\"", true)]
    #[case("*", true)]
    #[case(" W/\"1\" , W/\"3\"", true)]
    #[case("W/\"4\"", false)]
    #[case("3", false)]
    #[case("", false)]
    #[case("W/\"abc\", \"", false)]
    fn precondition_names_versions(#[case] header: &str, #[case] admits: bool) {
        assert_eq!(Versions::parse(header).contain(3), admits);
        assert_eq!(require(Some(header), 3).is_ok(), admits);
    }

    #[test]
    fn tag_of_a_version_names_it() {
        assert!(Versions::parse(&etag(7)).contain(7));
    }
}
