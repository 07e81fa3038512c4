use muster_domain::directory::{DirectoryQuery, GroupAttribute, UserAttribute};

use crate::group::group_to_json;
use crate::groups::most_groups;
use crate::object::read_body;
use crate::paging::{Cursors, Links, Turn, by_id};
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
        let reader = &self.directory.reader;
        let with_members = query.projection.shows("members");
        let most = most_groups(with_members);
        let cursors = query.cursor().map(|cursor| (cursor, Cursors::new(self, "", &query)));
        let turn = match &cursors {
            Some((cursor, cursors)) if !cursor.is_empty() => Some(cursors.open(cursor)?),
            _ => None,
        };
        let count = usize::from(query.count());
        let of_people = query.across::<UserAttribute>(0, 0)?;
        let (mut users, users_total) = match &turn {
            None => {
                let found = reader.users(&of_people).await?;
                (found.items, found.total)
            }
            Some(turn) if turn.among_groups => (Vec::new(), 0),
            Some(turn) => {
                let after = DirectoryQuery { count: of_people.count + 1, ..of_people }.after(&turn.position);
                (reader.users(&after).await?.items, 0)
            }
        };
        let more_users = users.len() > count;
        users.truncate(count);
        let of_groups = query.across::<GroupAttribute>(users_total, users.len())?;
        let room = of_groups.count.min(most);
        // One more tells whether more follow.
        let of_groups = match &turn {
            None => DirectoryQuery { count: room, ..of_groups },
            Some(turn) if turn.among_groups => DirectoryQuery { count: room + 1, ..of_groups }.after(&turn.position),
            Some(_) => DirectoryQuery { count: room + 1, counted: false, ..of_groups },
        };
        let found = reader.groups(&of_groups, with_members).await?;
        let mut groups = found.items;
        let (total, more) = match &turn {
            None => {
                let total = users_total + found.total;
                (total, total > (users.len() + groups.len()) as u64)
            }
            Some(turn) => (turn.total, more_users || groups.len() > usize::from(room)),
        };
        groups.truncate(room.into());
        let last = match groups.last() {
            Some(group) => by_id::<GroupAttribute>(group),
            None => users.last().and_then(by_id::<UserAttribute>),
        };
        let among_groups = !groups.is_empty();
        let next = last.filter(|_| more).map(|position| Turn { backwards: false, among_groups, position, total });
        let links = cursors.map(|(_, cursors)| Links { next: next.map(|turn| cursors.seal(&turn)), previous: None });
        let resources = users.iter().map(|user| user_to_json(user, &self.base));
        let resources = resources.chain(groups.iter().map(|group| group_to_json(group, &self.base, with_members)));
        Ok(Answer::page(total, resources, &query, links))
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
