use serde::Serialize;
use utoipa::IntoParams;

/// Which resources are shown (RFC 7644, section 3.4.2).
#[derive(Serialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub(crate) struct ScimListQuery {
    /// Which resources (RFC 7644, section 3.4.2.2).
    #[param(example = "userName eq \"ada@example.com\"")]
    filter: Option<String>,
    /// By which attribute they come.
    #[param(example = "meta.created")]
    sort_by: Option<String>,
    /// In which order.
    #[param(inline)]
    sort_order: Option<ScimSortOrder>,
    /// The first resource that is shown, from 1; less than 1 is 1.
    #[param(value_type = Option<i64>, default = 1)]
    start_index: Option<i64>,
    /// A `nextCursor` or `previousCursor` of the same query (RFC 9865), empty for the first page. Not beside `startIndex`.
    cursor: Option<String>,
    /// How many at the most; more than 200 is 200, groups with their members come by the 100.
    #[param(value_type = Option<i64>, default = 100)]
    count: Option<i64>,
    /// Only these attributes are shown, with commas.
    #[param(example = "userName,emails")]
    attributes: Option<String>,
    /// All but these attributes are shown, with commas.
    #[param(example = "members")]
    excluded_attributes: Option<String>,
}

#[derive(Serialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
enum ScimSortOrder {
    Ascending,
    Descending,
}

/// What of a resource is shown (RFC 7644, section 3.9).
#[derive(Serialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub(crate) struct ScimQuery {
    /// Only these attributes are shown, with commas.
    #[param(example = "userName,emails")]
    attributes: Option<String>,
    /// All but these attributes are shown, with commas.
    #[param(example = "members")]
    excluded_attributes: Option<String>,
}
