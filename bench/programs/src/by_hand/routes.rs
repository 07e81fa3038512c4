//! What is served.

use actix_web::web::{Bytes, Data};
use actix_web::{HttpRequest, HttpResponse};
use serde::{Deserialize, Serialize};
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use crate::access::{ACCESS_SECONDS, Access, Caller};
use crate::clock;
use crate::origin::Origin;
use crate::pool::{Connection, Pool};
use crate::postgres::{self, AFTER_RECORDS};
use crate::problem::Problem;
use crate::profile::{Profile, Records, User};
use crate::refresh_token;
use crate::sqlite::Sqlite;

const LIFETIME: Duration = Duration::days(90);

/// The framework alone.
pub(crate) async fn empty() -> HttpResponse {
    HttpResponse::Ok().content_type("application/json").body("{}")
}

/// `GET /api/users/me`.
pub(crate) async fn me(access: Data<Access>, pool: Data<Pool>, request: HttpRequest) -> Result<HttpResponse, Problem> {
    let now = clock::now();
    let caller = access.caller(&request, now)?;
    let row = {
        let connection = pool.take().await?;
        let id = match caller {
            Caller::Person { id, .. } => id,
            Caller::Identity { .. } => account(&connection, &caller, now).await?,
        };
        connection.client.query_opt(&connection.person, &[&id]).await?.ok_or(Problem::UNAUTHENTICATED)?
    };
    let (user, json) = postgres::user(&row)?;
    show(&user, &serde_json::from_str(&json)?, now)
}

/// The same from SQLite, for our own tokens.
pub(crate) async fn me_on_sqlite(
    access: Data<Access>,
    store: Data<Sqlite>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let now = clock::now();
    let Caller::Person { id, .. } = access.caller(&request, now)? else {
        return Err(Problem::UNAUTHENTICATED);
    };
    let found = store.person(id).map_err(|error| Problem::internal(&error))?;
    let (user, records) = found.ok_or(Problem::UNAUTHENTICATED)?;
    show(&user, &records, now)
}

fn show(user: &User, records: &Records<'_>, now: OffsetDateTime) -> Result<HttpResponse, Problem> {
    if !user.active {
        return Err(Problem::UNAUTHENTICATED);
    }
    if user.source == "local" {
        return Err(Problem::FORBIDDEN);
    }
    Ok(HttpResponse::Ok().json(Profile::new(user, records, now)?))
}

/// Whose account the caller uses, if it is active, theirs to use, and the session they are in lives.
async fn account(connection: &Connection, caller: &Caller, now: OffsetDateTime) -> Result<Uuid, Problem> {
    let found = match caller {
        Caller::Person { id, session } => {
            connection.client.query_opt(&connection.account, &[id, session, &now]).await?
        }
        Caller::Identity { subject, logins } => {
            connection.client.query_opt(&connection.identity, &[subject, logins]).await?
        }
    };
    let row = found.ok_or(Problem::UNAUTHENTICATED)?;
    let (active, in_session): (bool, bool) = (row.try_get(1)?, row.try_get(3)?);
    if !active || !in_session {
        return Err(Problem::UNAUTHENTICATED);
    }
    if row.try_get::<_, &str>(2)? == "local" {
        return Err(Problem::FORBIDDEN);
    }
    Ok(row.try_get(0)?)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Presented<'a> {
    refresh_token: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Refreshed<'a> {
    access_token: &'a str,
    token_type: &'static str,
    expires_in: i64,
    refresh_token: &'a str,
    #[serde(with = "time::serde::rfc3339")]
    refresh_token_expires_at: OffsetDateTime,
    user: Profile<'a>,
}

/// `POST /api/mobile/refresh`. A token that was superseded is refused; ending its session is left out.
pub(crate) async fn refresh(
    access: Data<Access>,
    pool: Data<Pool>,
    request: HttpRequest,
    body: Bytes,
) -> Result<HttpResponse, Problem> {
    let presented: Presented<'_> = serde_json::from_slice(&body).map_err(|_| Problem::INVALID)?;
    let hash = refresh_token::hash_of(presented.refresh_token).ok_or(Problem::INVALID)?;
    let connection = pool.take().await?;
    let row = connection.client.query_opt(&connection.candidate, &[&hash]).await?.ok_or(Problem::REFUSED)?;
    let (user, json) = postgres::user(&row)?;
    let session: Uuid = row.try_get(AFTER_RECORDS)?;
    let parent: Option<Vec<u8>> = row.try_get(AFTER_RECORDS + 1)?;
    let superseded_at: Option<OffsetDateTime> = row.try_get(AFTER_RECORDS + 2)?;
    let expires_at: OffsetDateTime = row.try_get(AFTER_RECORDS + 3)?;
    let revoked_at: Option<OffsetDateTime> = row.try_get(AFTER_RECORDS + 4)?;
    let now = clock::now();
    if revoked_at.is_some() || expires_at <= now || !user.active || superseded_at.is_some() {
        return Err(Problem::REFUSED);
    }

    let successor = refresh_token::draw()?;
    let access_token = access.keys.sign(user.id, session, now)?;
    let origin = Origin::of(&request, now)?;
    let event = clock::new_id(now)?;
    let details = format!(r#"{{"sessionId":"{session}"}}"#);
    // `query_one` of tokio-postgres reads the answer to its end, and so waits for the commit.
    let moved = connection
        .client
        .query_one(
            &connection.rotate,
            &[
                &session,
                &now,
                &hash,
                &parent,
                &successor.hash,
                &successor.salt,
                &event,
                &user.id,
                &details,
                &origin.ip,
                &origin.user_agent,
                &origin.request_id,
            ],
        )
        .await?;
    drop(connection);
    if moved.try_get::<_, i64>(0)? != 1 {
        return Err(Problem::REFUSED);
    }
    let records = serde_json::from_str(&json)?;
    Ok(HttpResponse::Ok().json(Refreshed {
        access_token: &access_token,
        token_type: "Bearer",
        expires_in: ACCESS_SECONDS,
        refresh_token: &successor.text,
        refresh_token_expires_at: expires_at,
        user: Profile::new(&user, &records, now)?,
    }))
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Phone {
    device_name: Option<String>,
    device_id: Option<Uuid>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Issued<'a> {
    id: Uuid,
    refresh_token: &'a str,
    #[serde(with = "time::serde::rfc3339")]
    expires_at: OffsetDateTime,
    access_token: &'a str,
    token_type: &'static str,
    expires_in: i64,
}

/// `POST /api/mobile/token`.
pub(crate) async fn issue(
    access: Data<Access>,
    pool: Data<Pool>,
    request: HttpRequest,
    body: Bytes,
) -> Result<HttpResponse, Problem> {
    let now = clock::now();
    let caller = access.caller(&request, now)?;
    let Phone { device_name, device_id } =
        if body.is_empty() { Phone::default() } else { serde_json::from_slice(&body).map_err(|_| Problem::INVALID)? };
    let connection = pool.take().await?;
    let user = account(&connection, &caller, now).await?;
    let (id, event, expires_at) = (clock::new_id(now)?, clock::new_id(now)?, now + LIFETIME);
    let token = refresh_token::draw()?;
    let access_token = access.keys.sign(user, id, now)?;
    let origin = Origin::of(&request, now)?;
    let details = format!(r#"{{"sessionId":"{id}"}}"#);
    let row = connection
        .client
        .query_one(
            &connection.issue,
            &[
                &user,
                &device_id,
                &id,
                &device_name,
                &now,
                &expires_at,
                &token.hash,
                &token.salt,
                &event,
                &details,
                &origin.ip,
                &origin.user_agent,
                &origin.request_id,
            ],
        )
        .await?;
    match (row.try_get::<_, i64>(0)?, row.try_get::<_, i64>(1)?) {
        (0, _) => Err(Problem::UNAUTHENTICATED),
        (_, 0) => Err(Problem::INVALID),
        _ => Ok(HttpResponse::Created().json(Issued {
            id,
            refresh_token: &token.text,
            expires_at,
            access_token: &access_token,
            token_type: "Bearer",
            expires_in: ACCESS_SECONDS,
        })),
    }
}
