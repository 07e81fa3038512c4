use muster_domain::directory::{Group, GroupAttribute, GroupChange, MembersChange};
use muster_domain::{StoreError, TeamId, UserId};

use crate::group::{group_to_json, read_group};
use crate::object::{assigned, read_body};
use crate::paging::Asked;
use crate::{Answer, Caller, Query, ScimError, ScimService, patch, version};

/// The most groups on a page that shows their members.
const MAX_WITH_MEMBERS: u16 = 100;
/// The most ids of people who are left out that a log line has.
const MAX_SKIPPED_IN_A_LINE: usize = 100;

impl ScimService {
    /// `GET /Groups`: the groups that match, 100 at the most with their members. None is no error.
    ///
    /// # Errors
    /// 400 for a filter or an order that means nothing, 5xx.
    pub async fn list_groups(&self, query: &Query) -> Result<Answer, ScimError> {
        let with_members = query.projection.shows("members");
        let reader = &self.directory.reader;
        let mut asked = Asked::<GroupAttribute>::new(self, query, most_groups(with_members))?;
        let mut found = reader.groups(&asked.query, with_members).await?;
        if asked.begins_again(&found) {
            found = reader.groups(&asked.query, with_members).await?;
        }
        let page = asked.page(found);
        let groups = page.items.iter().map(|group| group_to_json(group, &self.base, with_members));
        Ok(Answer::page(page.total, groups, query, page.links))
    }

    /// `GET /Groups/{id}`: one group; 304 when `if_none_match` names the version that there is.
    ///
    /// # Errors
    /// 404, 5xx.
    pub async fn get_group(&self, id: &str, query: &Query, if_none_match: Option<&str>) -> Result<Answer, ScimError> {
        let group = self.stored_group(group_id(id)?, query.projection.shows("members")).await?;
        if version::is_known(if_none_match, group.version) {
            return Ok(Answer::not_modified(group.version));
        }
        Ok(self.group(200, &group, query))
    }

    /// `POST /Groups`: a new group.
    ///
    /// # Errors
    /// 400, also for members that are no Users; 409 when the name or the external id is another's; 5xx.
    pub async fn create_group(&self, body: &[u8], query: &Query, caller: &Caller<'_>) -> Result<Answer, ScimError> {
        let record = read_group(&read_body(body)?)?;
        let (group, skipped) = self.directory.create_group(&record, caller.origin).await?;
        tell_skipped(group.id, &skipped);
        Ok(self.group(201, &group, query))
    }

    /// `PUT /Groups/{id}`: a group as a whole. Members who are left out are out; an external id that is left out stays,
    /// one that is null is gone.
    ///
    /// # Errors
    /// 400, 404, 409, 412, 5xx.
    pub async fn replace_group(
        &self,
        id: &str,
        body: &[u8],
        query: &Query,
        if_match: Option<&str>,
        caller: &Caller<'_>,
    ) -> Result<Answer, ScimError> {
        let id = group_id(id)?;
        let body = read_body(body)?;
        let record = read_group(&body)?;
        let names_external_id = assigned(&body, "externalId").is_some();
        let change = |group: &Group| {
            version::require(if_match, group.version)?;
            let known = if names_external_id { None } else { patch::external_id_of(group)? };
            Ok::<_, ScimError>(GroupChange {
                external_id: record.external_id.clone().or(known),
                name: record.name.clone(),
                members: MembersChange::Replace(record.members.clone()),
            })
        };
        let skipped = self.directory.amend_group(id, if_match.is_some(), caller.origin, change).await?;
        tell_skipped(id, &skipped);
        let group = self.stored_group(id, query.projection.shows("members")).await?;
        Ok(self.group(200, &group, query))
    }

    /// `PATCH /Groups/{id}`: parts of a group, all of the operations or none. Answers 204, for a large group is not to
    /// be sent back for each member that comes or goes; with `attributes` or `excludedAttributes` 200 and what they ask
    /// for (RFC 7644, section 3.5.2).
    ///
    /// # Errors
    /// 400, 404, 409, 412, 5xx.
    pub async fn patch_group(
        &self,
        id: &str,
        body: &[u8],
        query: &Query,
        if_match: Option<&str>,
        caller: &Caller<'_>,
    ) -> Result<Answer, ScimError> {
        let id = group_id(id)?;
        let patch = patch::GroupPatch::read(&read_body(body)?, id)?;
        let change = |group: &Group| {
            version::require(if_match, group.version)?;
            patch.change(group)
        };
        let skipped = self.directory.amend_group(id, if_match.is_some(), caller.origin, change).await?;
        tell_skipped(id, &skipped);
        let chosen = query.projection.is_chosen();
        let group = self.stored_group(id, chosen && query.projection.shows("members")).await?;
        Ok(if chosen { self.group(200, &group, query) } else { Answer::no_content(Some(version::etag(group.version))) })
    }

    /// `DELETE /Groups/{id}`: takes a group out of sight, and everybody out of it.
    ///
    /// # Errors
    /// 404, 412, 5xx.
    pub async fn delete_group(
        &self,
        id: &str,
        if_match: Option<&str>,
        caller: &Caller<'_>,
    ) -> Result<Answer, ScimError> {
        let id = group_id(id)?;
        let mut expected = None;
        if if_match.is_some() {
            let group = self.stored_group(id, false).await?;
            version::require(if_match, group.version)?;
            expected = Some(group.version);
        }
        self.directory.remove_group(id, expected, caller.origin).await?;
        Ok(Answer::no_content(None))
    }

    async fn stored_group(&self, id: TeamId, with_members: bool) -> Result<Group, ScimError> {
        let group: Result<_, StoreError> = self.directory.reader.group(id, with_members).await;
        group?.ok_or_else(ScimError::not_found)
    }

    fn group(&self, status: u16, group: &Group, query: &Query) -> Answer {
        let resource = group_to_json(group, &self.base, query.projection.shows("members"));
        Answer::resource(status, group.version, resource, query)
    }
}

/// How many groups a page has at the most. With members there are few, which may be fewer than `count` (RFC 7644, section
/// 3.4.2.4): any of them may have everybody in it.
pub(crate) fn most_groups(with_members: bool) -> u16 {
    if with_members { MAX_WITH_MEMBERS } else { Query::MAX_COUNT }
}

/// A directory does not look at the audit trail, and an operator who wonders about a team looks here.
fn tell_skipped(group: TeamId, people: &[UserId]) {
    if !people.is_empty() {
        let ids: Vec<String> = people.iter().take(MAX_SKIPPED_IN_A_LINE).map(ToString::to_string).collect();
        tracing::warn!(%group, count = people.len(), users = ids.join(" "), "members are not on record and are left out");
    }
}

/// What is no id names nothing.
fn group_id(id: &str) -> Result<TeamId, ScimError> {
    id.parse().map_err(|_| ScimError::not_found())
}
