"""What a million people cost whose phones refresh every 15 minutes, day and night, from what was measured."""

from .rounds import middle

PEOPLE, EVERY, KEPT_DAYS = 1_000_000, 900, 30


def sizes(stage):
    """Bytes of a row with its indexes, on the filled database; with the bloat that it has, as it is vacuumed."""
    found = stage.postgres.rows(stage.database, """SELECT relname, pg_total_relation_size(relid)
        / greatest(n_live_tup, 1) AS bytes FROM pg_stat_user_tables
        WHERE relname IN ('audit_events', 'refresh_tokens', 'sessions', 'users')""")
    return {row["relname"]: row["bytes"] for row in found}


def render(found):
    """The model as Markdown; None while a part of it was not measured."""
    refresh = found["scenarios"].get("refresh@32", {})
    server, database, wal = (middle(refresh, "muster", key) for key in ("server_us", "database_us", "wal_bytes"))
    bytes_of = found.get("row_bytes")
    if None in (server, database, wal, bytes_of):
        return None
    rate = PEOPLE / EVERY
    day = rate * 86400
    tokens, audit = bytes_of["refresh_tokens"], bytes_of["audit_events"]
    return "\n".join([
        "| what | how much | from |", "|---|---|---|",
        f"| refreshes | {rate:,.0f}/s, {day / 1e6:,.0f} million a day | {PEOPLE:,} phones, each every 15 minutes |",
        f"| refresh tokens | {day * tokens / 1e9:,.0f} GB a day, {day * KEPT_DAYS * tokens / 1e9:,.0f} GB in all | "
        f"{tokens:,} bytes a row with indexes, kept for {KEPT_DAYS} days after they were superseded |",
        f"| audit records | {day * audit / 1e9:,.0f} GB a day | {audit:,} bytes a row with indexes, kept as long as "
        "`MUSTER_AUDIT_RETENTION_DAYS` says |",
        f"| write-ahead log | {day * wal / 1e9:,.0f} GB a day | {wal:,.0f} bytes a refresh, with seals and full pages "
        "after checkpoints |",
        f"| the servers' processors | {rate * server / 1e6:,.1f} | {server:,.0f} µs a refresh |",
        f"| the database's processors | {rate * database / 1e6:,.1f} | {database:,.0f} µs a refresh |"])
