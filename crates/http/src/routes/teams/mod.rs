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
use utoipa::{OpenApi, ToSchema};

use super::{Endpoint, endpoint};
use crate::openapi::schemas;

#[derive(OpenApi)]
#[openapi(paths(list_teams::list_teams, get_team::get_team, change_member_role::change_member_role))]
pub(super) struct Documented;

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
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Member)]
struct MemberView {
    /// The person's id.
    #[schema(value_type = schemas::Id)]
    id: UserId,
    /// The sign-in name.
    #[schema(examples("grace@example.com"))]
    user_name: String,
    /// The name to show.
    #[schema(examples("Grace Hopper"))]
    display_name: String,
    active: bool,
    #[schema(value_type = schemas::TeamRole)]
    role: TeamRole,
    can_be_on_call: bool,
    /// The channels that are on and not proven.
    #[schema(value_type = Vec<schemas::Channel>, max_items = 3)]
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
