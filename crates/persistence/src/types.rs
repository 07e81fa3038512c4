//! SQL types that both engines have, and the Rust values that go in and out of them.

use diesel::backend::Backend;
use diesel::deserialize::{self, FromSql, FromSqlRow};
use diesel::expression::AsExpression;
use diesel::query_builder::QueryId;
use diesel::serialize::{self, Output, ToSql};
use diesel::sql_types::{Binary, SqlType};
use muster_domain::api_key::ApiKeyHash;
use muster_domain::audit::chain::SealHash;
use muster_domain::session::{SuccessorSalt, TokenHash};
use muster_domain::verification::Fingerprint;
use muster_domain::{ApiKeyId, AuditId, ChallengeId, DeviceId, KeyId, NoticeId, SessionId, TeamId, UserId, to_micros};
use time::OffsetDateTime;
use uuid::Uuid;

/// `timestamptz` on PostgreSQL, microseconds since the epoch as `BIGINT` on SQLite.
#[derive(Debug, Clone, Copy, Default, SqlType, QueryId)]
#[cfg_attr(feature = "postgres", diesel(postgres_type(oid = 1184, array_oid = 1185)))]
#[cfg_attr(feature = "sqlite", diesel(sqlite_type(name = "Long")))]
pub struct Instant;

/// `uuid` on PostgreSQL, a 16-byte `BLOB` on SQLite.
#[derive(Debug, Clone, Copy, Default, SqlType, QueryId)]
#[cfg_attr(feature = "postgres", diesel(postgres_type(oid = 2950, array_oid = 2951)))]
#[cfg_attr(feature = "sqlite", diesel(sqlite_type(name = "Binary")))]
pub struct Id;

/// A time in an [`Instant`] column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, AsExpression, FromSqlRow)]
#[diesel(sql_type = Instant)]
pub(crate) struct Ts(OffsetDateTime);

/// An id in an [`Id`] column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, AsExpression, FromSqlRow)]
#[diesel(sql_type = Id)]
pub(crate) struct DbId(pub(crate) Uuid);

impl Ts {
    /// So many microseconds after the epoch; the epoch itself for a number that is no time.
    pub(crate) fn from_micros(micros: i64) -> Self {
        let time = OffsetDateTime::from_unix_timestamp_nanos(i128::from(micros) * 1_000);
        Self(time.unwrap_or(OffsetDateTime::UNIX_EPOCH))
    }
}

impl From<OffsetDateTime> for Ts {
    fn from(at: OffsetDateTime) -> Self {
        Self(to_micros(at))
    }
}

impl From<Ts> for OffsetDateTime {
    fn from(at: Ts) -> Self {
        at.0
    }
}

macro_rules! ids {
    ($($id:ident),*) => {$(
        impl From<$id> for DbId {
            fn from(id: $id) -> Self {
                Self(id.0)
            }
        }

        impl From<DbId> for $id {
            fn from(id: DbId) -> Self {
                Self(id.0)
            }
        }
    )*};
}

ids!(ApiKeyId, AuditId, ChallengeId, DeviceId, NoticeId, SessionId, TeamId, UserId);

/// Bytes of one length in a `Binary` column.
macro_rules! bytes {
    ($($name:ident: $length:literal = $($of:ident)|*;)*) => {$(
        #[derive(Clone, Copy, PartialEq, Eq, AsExpression, FromSqlRow)]
        #[diesel(sql_type = Binary)]
        pub(crate) struct $name(pub(crate) [u8; $length]);

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(concat!(stringify!($name), "(redacted)"))
            }
        }

        impl<DB: Backend> ToSql<Binary, DB> for $name
        where
            [u8]: ToSql<Binary, DB>,
        {
            fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, DB>) -> serialize::Result {
                <[u8] as ToSql<Binary, DB>>::to_sql(self.0.as_slice(), out)
            }
        }

        impl<DB: Backend> FromSql<Binary, DB> for $name
        where
            Vec<u8>: FromSql<Binary, DB>,
        {
            fn from_sql(value: DB::RawValue<'_>) -> deserialize::Result<Self> {
                let bytes = <Vec<u8> as FromSql<Binary, DB>>::from_sql(value)?;
                bytes.try_into().map(Self).map_err(|_| concat!("not ", $length, " bytes").into())
            }
        }

        $(
            impl From<$of> for $name {
                fn from(value: $of) -> Self {
                    Self(value.0)
                }
            }

            impl From<$name> for $of {
                fn from(value: $name) -> Self {
                    Self(value.0)
                }
            }
        )*
    )*};
}

bytes! {
    Hash: 32 = ApiKeyHash | SealHash | TokenHash;
    Salt: 16 = SuccessorSalt;
}

impl From<Fingerprint> for Hash {
    fn from(fingerprint: Fingerprint) -> Self {
        Self(fingerprint.hash)
    }
}

/// The id of a key as a column has it.
pub(crate) fn key_column(key: KeyId) -> i32 {
    i32::from_be_bytes(key.0)
}

/// The id of the key that a column has.
pub(crate) fn key_id(column: i32) -> KeyId {
    KeyId(column.to_be_bytes())
}

/// A fingerprint of two columns.
pub(crate) fn fingerprint(hash: Hash, key: Option<i32>) -> Fingerprint {
    Fingerprint { hash: hash.0, key: key.map(key_id) }
}

/// What a column holds, or nothing where that cannot be a value of its type: for rows that must be shown whatever
/// somebody wrote into them by hand.
#[derive(FromSqlRow)]
pub(crate) struct Lenient<T>(pub(crate) Option<T>);

impl<T, ST, DB> FromSql<ST, DB> for Lenient<T>
where
    DB: Backend,
    T: FromSql<ST, DB>,
{
    fn from_sql(value: DB::RawValue<'_>) -> deserialize::Result<Self> {
        Ok(Self(T::from_sql(value).ok()))
    }

    fn from_nullable_sql(value: Option<DB::RawValue<'_>>) -> deserialize::Result<Self> {
        Ok(Self(T::from_nullable_sql(value).ok()))
    }
}

#[cfg(feature = "postgres")]
mod on_postgres {
    use diesel::deserialize::{self, FromSql};
    use diesel::pg::{Pg, PgValue};
    use diesel::serialize::{self, Output, ToSql};
    use diesel::sql_types;
    use time::OffsetDateTime;
    use uuid::Uuid;

    use super::{DbId, Id, Instant, Ts};

    impl ToSql<Instant, Pg> for Ts {
        fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
            <OffsetDateTime as ToSql<sql_types::Timestamptz, Pg>>::to_sql(&self.0, &mut out.reborrow())
        }
    }

    impl FromSql<Instant, Pg> for Ts {
        fn from_sql(value: PgValue<'_>) -> deserialize::Result<Self> {
            <OffsetDateTime as FromSql<sql_types::Timestamptz, Pg>>::from_sql(value).map(Self)
        }
    }

    impl ToSql<Id, Pg> for DbId {
        fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
            <Uuid as ToSql<sql_types::Uuid, Pg>>::to_sql(&self.0, &mut out.reborrow())
        }
    }

    impl FromSql<Id, Pg> for DbId {
        fn from_sql(value: PgValue<'_>) -> deserialize::Result<Self> {
            <Uuid as FromSql<sql_types::Uuid, Pg>>::from_sql(value).map(Self)
        }
    }
}

#[cfg(feature = "sqlite")]
mod on_sqlite {
    use diesel::backend::Backend;
    use diesel::deserialize::{self, FromSql};
    use diesel::serialize::{self, IsNull, Output, ToSql};
    use diesel::sql_types::BigInt;
    use diesel::sqlite::Sqlite;
    use time::OffsetDateTime;
    use uuid::Uuid;

    use super::{DbId, Id, Instant, Ts};

    impl ToSql<Instant, Sqlite> for Ts {
        fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Sqlite>) -> serialize::Result {
            out.set_value(i64::try_from(self.0.unix_timestamp_nanos().div_euclid(1_000))?);
            Ok(IsNull::No)
        }
    }

    impl FromSql<Instant, Sqlite> for Ts {
        fn from_sql(value: <Sqlite as Backend>::RawValue<'_>) -> deserialize::Result<Self> {
            let micros = <i64 as FromSql<BigInt, Sqlite>>::from_sql(value)?;
            let at = OffsetDateTime::from_unix_timestamp_nanos(i128::from(micros) * 1_000);
            at.map(Self).map_err(|_| "not a time of the years -9999 to 9999".into())
        }
    }

    impl ToSql<Id, Sqlite> for DbId {
        fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Sqlite>) -> serialize::Result {
            out.set_value(self.0.as_bytes().as_slice());
            Ok(IsNull::No)
        }
    }

    impl FromSql<Id, Sqlite> for DbId {
        fn from_sql(mut value: <Sqlite as Backend>::RawValue<'_>) -> deserialize::Result<Self> {
            Uuid::from_slice(value.read_blob()).map(Self).map_err(|_| "not 16 bytes".into())
        }
    }
}
