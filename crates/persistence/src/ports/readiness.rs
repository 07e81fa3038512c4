use async_trait::async_trait;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool};
use diesel_async::RunQueryDsl;
use muster_domain::StoreError;
use muster_domain::verification::{Census, ChannelSet, Method, ReadinessReader};

use crate::Store;
use crate::db::with_conn;

/// The rule of [`super::on_call`], over everybody: how many active people of the directory's have which channels proven.
/// Where that one looks up each person's proofs, this one joins them, which takes a seventh of the time.
const CENSUS: &str = "SELECT email, sms, push, count(*) AS people FROM (
    SELECT email.user_id IS NOT NULL AS email, sms.user_id IS NOT NULL AS sms, push.user_id IS NOT NULL AS push
    FROM users
    LEFT JOIN proofs AS email
        ON email.user_id = users.id AND email.method = 'email' AND email.fingerprint = users.email_fingerprint
    LEFT JOIN proofs AS sms
        ON sms.user_id = users.id AND sms.method = 'sms' AND sms.fingerprint = users.phone_fingerprint
    LEFT JOIN (SELECT DISTINCT user_id FROM devices WHERE verified_at IS NOT NULL) AS push ON push.user_id = users.id
    WHERE users.active AND users.source = 'scim' AND users.removed_at IS NULL
) AS proven GROUP BY email, sms, push";

#[derive(QueryableByName)]
struct Alike {
    #[diesel(sql_type = Bool)]
    email: bool,
    #[diesel(sql_type = Bool)]
    sms: bool,
    #[diesel(sql_type = Bool)]
    push: bool,
    #[diesel(sql_type = BigInt)]
    people: i64,
}

impl Alike {
    fn has(&self, method: Method) -> bool {
        match method {
            Method::Email => self.email,
            Method::Sms => self.sms,
            Method::Push => self.push,
        }
    }
}

#[async_trait]
impl ReadinessReader for Store {
    async fn census(&self, required: ChannelSet) -> Result<Census, StoreError> {
        self.reading(move |db| async move {
            let groups: Vec<Alike> = with_conn!(&db, |c| diesel::sql_query(CENSUS).load(c).await?);
            let count = |counts: &dyn Fn(&Alike) -> bool| {
                groups.iter().filter(|group| counts(group)).map(|group| group.people.unsigned_abs()).sum::<u64>()
            };
            let required = || Method::ALL.into_iter().filter(|method| required.contains(*method));
            Ok(Census {
                active: count(&|_| true),
                ready: count(&|group| required().all(|method| group.has(method))),
                missing: required().map(|method| (method, count(&|group| !group.has(method)))).collect(),
            })
        })
        .await
    }
}
