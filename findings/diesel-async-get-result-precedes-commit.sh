#!/usr/bin/env bash
# diesel-async 0.9.2 with PostgreSQL: `get_result` on an autocommitted INSERT … RETURNING answers Ok with the row although
# PostgreSQL refuses the statement when it commits. The row is not stored, and no later call reports the error.
#
# Expected: Err, because the statement failed. `load` and `execute` of the same crate report it, and so does `query_one` of
# tokio-postgres, on which diesel-async stands.
# Seen: `get_result` takes the first row from the stream and drops the stream. The row arrives before the implicit commit,
# and the ErrorResponse that follows it goes to nobody. A deferred constraint makes it visible; a serialization failure at
# commit, a lost connection or a failed synchronous replica have the same effect.
#
# Needs: cargo and PostgreSQL's server programs; the latter are installed from Debian's packages where they are missing.
set -euo pipefail

find_postgres() {
  if command -v initdb >/dev/null && command -v postgres >/dev/null; then dirname "$(readlink -f "$(command -v initdb)")"; return; fi
  compgen -G '/usr/lib/postgresql/*/bin' | sort -V | tail -n 1
}
if [ -z "$(find_postgres || true)" ]; then
  apt-get update -qq >&2 && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends postgresql >&2
fi
bin=$(find_postgres)

work=$(mktemp -d)
unprivileged=()
if [ "$(id -u)" = 0 ]; then
  unprivileged=(runuser -u nobody --)
  chown nobody "$work"
fi
stop() { "${unprivileged[@]}" "$bin/pg_ctl" -D "$work/data" -m immediate stop >/dev/null 2>&1 || true; rm -rf "$work"; }
trap stop EXIT
cd "$work"
"${unprivileged[@]}" "$bin/initdb" -D "$work/data" -U finder --auth=trust -E UTF8 --locale=C >/dev/null
"${unprivileged[@]}" "$bin/pg_ctl" -D "$work/data" -w -l "$work/log" \
  -o "-c listen_addresses='' -c unix_socket_directories=$work -c fsync=off" start >/dev/null

mkdir -p try/src
cat >try/Cargo.toml <<'TOML'
[package]
name = "finding"
version = "0.0.0"
edition = "2024"

[workspace]

[dependencies]
diesel = { version = "=2.3.14", default-features = false }
diesel-async = { version = "=0.9.2", default-features = false, features = ["postgres"] }
tokio = { version = "1", features = ["macros", "rt"] }
tokio-postgres = "0.7"
TOML
cat >try/src/main.rs <<'RUST'
use diesel::prelude::*;
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl, SimpleAsyncConnection};

diesel::table! { pages (id) { id -> Integer, } }

const SET_UP: &str = "
    CREATE TABLE pages (id integer PRIMARY KEY);
    CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''refused at commit''; END';
    CREATE CONSTRAINT TRIGGER at_commit AFTER INSERT ON pages
        DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION refuse();";

fn told<T, E>(result: &Result<T, E>) -> &'static str {
    if result.is_ok() { "Ok" } else { "Err" }
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let socket = std::env::args().nth(1).expect("the socket's folder");
    let mut c = AsyncPgConnection::establish(&format!("postgres://finder@localhost/postgres?host={socket}"))
        .await
        .expect("a connection");
    c.batch_execute(SET_UP).await.expect("the table");
    let insert = |id: i32| diesel::insert_into(pages::table).values(pages::id.eq(id));

    let got: QueryResult<i32> = insert(1).returning(pages::id).get_result(&mut c).await;
    println!("diesel-async get_result: {}", told(&got));
    let loaded: QueryResult<Vec<i32>> = insert(2).returning(pages::id).load(&mut c).await;
    println!("diesel-async load: {}", told(&loaded));
    let executed = insert(3).execute(&mut c).await;
    println!("diesel-async execute: {}", told(&executed));
    let stored: i64 = pages::table.count().get_result(&mut c).await.expect("a count");
    println!("rows stored: {stored}");

    let (client, connection) = tokio_postgres::connect(&format!("host={socket} user=finder dbname=postgres"), tokio_postgres::NoTls)
        .await
        .expect("a second connection");
    tokio::spawn(connection);
    let one = client.query_one("INSERT INTO pages VALUES (4) RETURNING id", &[]).await;
    println!("tokio-postgres query_one: {}", told(&one));
}
RUST
(cd try && cargo run --quiet -- "$work") | tee seen

cat >expected <<'TEXT'
diesel-async get_result: Ok
diesel-async load: Err
diesel-async execute: Err
rows stored: 0
tokio-postgres query_one: Err
TEXT
if ! diff expected seen; then
  echo "changed: this is no longer what diesel-async 0.9.2 was seen to do" >&2
  exit 1
fi
echo "as described"
