use crate::group::group_to_json;
use crate::object::read_body;
use crate::user::user_to_json;
use crate::{Answer, Query, ScimError, ScimService};

/// Queries whose parameters are in a body (RFC 7644, section 3.4.3), which no log of addresses shows.
impl ScimService {
    /// `POST /.search`: the people who match, and then the groups. There is no order over both.
    ///
    /// # Errors
    /// 400 for a filter that means nothing, and for `sortBy`; 5xx.
    pub async fn search(&self, body: &[u8]) -> Result<Answer, ScimError> {
        let query = Query::from_body(&read_body(body)?)?;
        let with_members = query.projection.shows("members");
        let users = self.directory.reader.users(&query.across(0, 0)?).await?;
        let groups = self.found_groups(query.across(users.total, users.items.len())?, with_members).await?;
        let resources = users.items.iter().map(|user| user_to_json(user, &self.base));
        let resources =
            resources.chain(groups.items.iter().map(|group| group_to_json(group, &self.base, with_members)));
        Ok(Answer::page(users.total + groups.total, resources, &query))
    }

    /// `POST /Users/.search`.
    ///
    /// # Errors
    /// As [`list_users`](Self::list_users).
    pub async fn search_users(&self, body: &[u8]) -> Result<Answer, ScimError> {
        self.list_users(&Query::from_body(&read_body(body)?)?).await
    }

    /// `POST /Groups/.search`.
    ///
    /// # Errors
    /// As [`list_groups`](Self::list_groups).
    pub async fn search_groups(&self, body: &[u8]) -> Result<Answer, ScimError> {
        self.list_groups(&Query::from_body(&read_body(body)?)?).await
    }
}
