use muster_domain::UserId;
use muster_domain::directory::{DirectoryRecord, UserAttribute};
use muster_domain::user::User;

use crate::object::{Object, assigned, read_body};
use crate::paging::Asked;
use crate::user::user_to_json;
use crate::user_reader::read_user_object;
use crate::{Answer, Caller, Query, ScimError, ScimService, patch, version};

impl ScimService {
    /// `GET /Users`: the people who match. Nobody is no error.
    ///
    /// # Errors
    /// 400 for a filter or an order that means nothing, 5xx.
    pub async fn list_users(&self, query: &Query) -> Result<Answer, ScimError> {
        let mut asked = Asked::<UserAttribute>::new(self, query, Query::MAX_COUNT)?;
        let mut found = self.directory.reader.users(&asked.query).await?;
        if asked.begins_again(&found) {
            found = self.directory.reader.users(&asked.query).await?;
        }
        let page = asked.page(found);
        let users = page.items.iter().map(|user| user_to_json(user, &self.base));
        Ok(Answer::page(page.total, users, query, page.links))
    }

    /// `GET /Users/{id}`: one person; 304 when `if_none_match` names the version that there is.
    ///
    /// # Errors
    /// 404, 5xx.
    pub async fn get_user(&self, id: &str, query: &Query, if_none_match: Option<&str>) -> Result<Answer, ScimError> {
        let user = self.directory.reader.user(user_id(id)?).await?.ok_or_else(ScimError::not_found)?;
        if version::is_known(if_none_match, user.version) {
            return Ok(Answer::not_modified(user.version));
        }
        Ok(self.user(200, &user, query))
    }

    /// `POST /Users`: a new person, or one who signed in before the directory delivered them.
    ///
    /// # Errors
    /// 400, 409 when the user name or the external id is another's, 429 while the brake on deactivations holds, 5xx.
    pub async fn create_user(&self, body: &[u8], query: &Query, caller: &Caller<'_>) -> Result<Answer, ScimError> {
        let record = self.user_record(&read_body(body)?)?;
        let user = self.directory.create_user(&record, caller.client, caller.origin).await?;
        Ok(self.user(201, &user, query))
    }

    /// `PUT /Users/{id}`: a person as a whole. Whoever is left without an external id or without `active` keeps what
    /// they have; everything else that is left out is gone. An external id that is null is gone, too.
    ///
    /// # Errors
    /// 400, 404, 409, 412, 429 while the brake on deactivations holds, 5xx.
    pub async fn replace_user(
        &self,
        id: &str,
        body: &[u8],
        query: &Query,
        if_match: Option<&str>,
        caller: &Caller<'_>,
    ) -> Result<Answer, ScimError> {
        let body = read_body(body)?;
        let mut record = self.user_record(&body)?;
        if assigned(&body, "externalId").is_some() {
            record = record.with_complete_external_id();
        }
        self.amend(id, if_match, query, caller, |_| Ok(record.clone())).await
    }

    /// `PATCH /Users/{id}`: parts of a person, all of the operations or none.
    ///
    /// # Errors
    /// 400, 404, 409, 412, 429 while the brake on deactivations holds, 5xx.
    pub async fn patch_user(
        &self,
        id: &str,
        body: &[u8],
        query: &Query,
        if_match: Option<&str>,
        caller: &Caller<'_>,
    ) -> Result<Answer, ScimError> {
        let steps = patch::read_user_steps(&read_body(body)?)?;
        self.amend(id, if_match, query, caller, |user| {
            let mut resource = user_to_json(user, &self.base);
            patch::patch_user(&mut resource, &steps, self.default_region)?;
            Ok(self.user_record(&resource)?.with_complete_external_id())
        })
        .await
    }

    /// `DELETE /Users/{id}`: deactivates a person and hides them from the directory.
    ///
    /// # Errors
    /// 404, 412, 429 while the brake on deactivations holds, 5xx.
    pub async fn delete_user(
        &self,
        id: &str,
        if_match: Option<&str>,
        caller: &Caller<'_>,
    ) -> Result<Answer, ScimError> {
        let id = user_id(id)?;
        let mut expected = None;
        if if_match.is_some() {
            let user = self.directory.reader.user(id).await?.ok_or_else(ScimError::not_found)?;
            version::require(if_match, user.version)?;
            expected = Some(user.version);
        }
        self.directory.remove_user(id, expected, caller.client, caller.origin).await?;
        Ok(Answer::no_content(None))
    }

    async fn amend(
        &self,
        id: &str,
        if_match: Option<&str>,
        query: &Query,
        caller: &Caller<'_>,
        record: impl Fn(&User) -> Result<DirectoryRecord, ScimError> + Send + Sync,
    ) -> Result<Answer, ScimError> {
        let checked = |user: &User| {
            version::require(if_match, user.version)?;
            record(user)
        };
        let user = self.directory.amend_user(user_id(id)?, None, caller.client, caller.origin, checked).await?;
        Ok(self.user(200, &user, query))
    }

    fn user(&self, status: u16, user: &User, query: &Query) -> Answer {
        Answer::resource(status, user.version, user_to_json(user, &self.base), query)
    }

    fn user_record(&self, resource: &Object) -> Result<DirectoryRecord, ScimError> {
        let checked = read_user_object(resource).and_then(|raw| DirectoryRecord::parse(raw, self.default_region));
        checked.map_err(|errors| ScimError::fields(&errors))
    }
}

/// What is no id names nothing.
fn user_id(id: &str) -> Result<UserId, ScimError> {
    id.parse().map_err(|_| ScimError::not_found())
}
