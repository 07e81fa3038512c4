//! Teams, and who of them can be on call.

mod change_member_role;
mod get_team;
mod list_teams;

use actix_web::http::Method;
use actix_web::web;
use muster_domain::UserId;
use muster_domain::team::{MemberFacts, TeamRole};
use muster_domain::verification::{self, ChannelSet};
use serde::Serialize;

use super::{Endpoint, endpoint};

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        endpoint("/api/teams", [(Method::GET, web::to(list_teams::list_teams))]),
        endpoint("/api/teams/{id}", [(Method::GET, web::to(get_team::get_team))]),
        endpoint(
            "/api/teams/{id}/members/{userId}",
            [(Method::PATCH, web::to(change_member_role::change_member_role))],
        ),
    ]
}

/// A member of a team, for everybody to see: no contacts.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct MemberView {
    id: UserId,
    user_name: String,
    display_name: String,
    active: bool,
    role: TeamRole,
    can_be_on_call: bool,
    missing: Vec<verification::Method>,
}

impl MemberView {
    /// The member in an installation that has those channels on.
    fn new(member: MemberFacts, channels: ChannelSet) -> Self {
        Self {
            can_be_on_call: member.can_be_on_call(channels),
            missing: member.missing(channels),
            id: member.id,
            user_name: member.user_name,
            display_name: member.display_name,
            active: member.active,
            role: member.role,
        }
    }
}
