"""The bound that PostgreSQL itself sets: pgbench sends the very statement that Muster sends.

Its text is overheard from a running server, so it cannot drift. Parameters become what pgbench can make: a person of
the client's own, a hash that follows from a counter, the time, a new id.
"""

import re
import subprocess
import tempfile
from pathlib import Path

from . import processes
from .processes import Failed

# An id in the order of time, as Muster makes them: random ones would slow the bound down by where they are stored.
NEW_ID = ("(lpad(to_hex((extract(epoch FROM clock_timestamp()) * 1000000)::bigint), 14, '0') || "
          "'7' || lpad(to_hex((random() * 65535)::int), 4, '0') || '8' || lpad(to_hex((random() * 2147483647)::int), "
          "12, '0'))::uuid")
# Each client takes so many people, and a transaction one of them.
PEOPLE = 8


def statement(heard, *words):
    """The overheard statement with all of these words, and its parameters."""
    for text, detail in heard.items():
        if all(word in text for word in words):
            values = re.findall(r"\$(\d+) = ('(?:[^']|'')*'|NULL)", detail)
            return text, {int(number): value for number, value in values}
    raise LookupError(f"Muster sends no one statement with {', '.join(words)}")


def columns(text):
    """For each parameter the column that it is for, as `table.column` in what is inserted, else `.column`."""
    found = {}
    for table, names, values in re.findall(r"INSERT INTO (\w+) \(([^)]*)\) SELECT ((?:\$\d+(?:, )?)+)", text):
        for column, number in zip(names.split(","), re.findall(r"\$(\d+)", values)):
            found[int(number)] = f"{table}.{column.strip()}"
    for column, number in re.findall(r'(\w+)"? ?(?:=|>|<=|>=) \$(\d+)', text.replace('" =', '" =').replace('"', "")):
        found.setdefault(int(number), "." + column)
    return found


def filled(text, values, expressions):
    """The statement with an expression for each parameter: the one named for its column, else what Muster sent."""
    of = columns(text)

    def one(match):
        number = int(match[1])
        column = of.get(number, "")
        if column in expressions:
            return expressions[column]
        value = values[number]
        if value != "NULL" and re.fullmatch(r"'\d{4}-\d\d-\d\d [\d:.]+\+\d\d'", value):
            return "now()"
        # pgbench takes a colon and a name for a variable.
        return re.sub(r":(?=\w)", "' || chr(58) || '", value) if value != "NULL" else value

    return re.sub(r"\$(\d+)", one, text) + ";\n"


def profile(heard):
    """A script and its variables. Each parameter stays one, so that PostgreSQL takes it for the same statement."""
    text, values = statement(heard, "json_build_object", "users", "$1")
    person = [number for number, value in values.items() if re.fullmatch(r"'[0-9a-f-]{36}'", value)][0]
    numbers = [int(number) for number in re.findall(r"\$(\d+)", text)]
    if numbers != sorted(set(numbers)):
        raise LookupError("a profile whose parameters stand in their order")
    branches = []
    for n in range(PEOPLE):
        word = "if" if n == 0 else "elif"
        own = re.sub(r"\$(\d+)", lambda found, n=n: f":id{n}" if int(found[1]) == person else f":v{found[1]}", text)
        branches.append(f"\\{word} :k = {n}\n{own};\n")
    ids = ", ".join(f"(SELECT id::text FROM bench_people WHERE n = :client_id * {PEOPLE} + {n}) AS id{n}"
                    for n in range(PEOPLE))
    script = (f"\\if :fresh = 1\nSELECT {ids} \\gset\n\\set fresh 0\n\\endif\n"
              f"\\set k random(0, {PEOPLE - 1})\n" + "".join(branches) + "\\endif\n")
    return script, {f"v{number}": value.strip("'") for number, value in values.items() if number != person}


def _hash(step):
    return f"sha256(int8send({step}))"


def refresh(heard):
    """The writes of a refresh: a session's own chain of tokens goes on by one."""
    text, values = statement(heard, "superseded AS", "refresh_tokens", "INSERT INTO audit_events")
    new = filled(text, values, {
        ".id": "CAST(:sid AS uuid)", "refresh_tokens.session_id": "CAST(:sid AS uuid)",
        "refresh_tokens.hash": _hash(":h::bigint + 1"), "refresh_tokens.parent": _hash(":h::bigint"),
        ".hash": _hash(":h::bigint"), "refresh_tokens.salt": "decode(md5(random()::text), 'hex')",
        "audit_events.id": NEW_ID, ".expires_at": "now()", ".last_used_at": "now()", ".superseded_at": "now()"})
    # The presented token comes first in the text, the one it replaced after it.
    first, second = [match.span() for match in re.finditer(r"t\.hash = sha256\(int8send\(:h::bigint\)\)", new)][:2]
    new = new[:second[0]] + "t.hash = " + _hash(":h::bigint - 1") + new[second[1]:]
    return ("\\if :fresh = 1\nSELECT session AS sid, h FROM bench_sessions WHERE n = :client_id \\gset\n"
            f"\\set fresh 0\n\\endif\n{new}\\set h :h + 1\n")


def issue(heard):
    text, values = statement(heard, "INSERT INTO sessions", "INSERT INTO refresh_tokens", "INSERT INTO audit_events")
    # One new session id stands in three places.
    inner = filled(text, values, {
        ".id": "CAST(:id0 AS uuid)", "sessions.id": "(SELECT id FROM new_session)",
        "sessions.user_id": "CAST(:id0 AS uuid)", "refresh_tokens.session_id": "(SELECT id FROM new_session)",
        "refresh_tokens.hash": "sha256(convert_to(random()::text || :client_id || clock_timestamp()::text, 'UTF8'))",
        "refresh_tokens.salt": "decode(md5(random()::text), 'hex')", "audit_events.id": NEW_ID,
        "audit_events.actor_id": "CAST(:id0 AS uuid)", "audit_events.subject": "CAST(:id0 AS uuid)"})
    inner = inner.replace("WITH ", f"WITH new_session AS MATERIALIZED (SELECT {NEW_ID} AS id), ", 1)
    return ("\\if :fresh = 1\nSELECT id::text AS id0 FROM bench_people WHERE n = :client_id \\gset\n\\set fresh 0\n"
            f"\\endif\n{inner}")


def prepare(postgres, database):
    """People and sessions for up to 64 clients. The chain of each session begins with two tokens of its own."""
    postgres.sql(database, f"""SET client_min_messages = warning;
        CREATE TABLE IF NOT EXISTS bench_people (n int PRIMARY KEY, id uuid NOT NULL);
        CREATE TABLE IF NOT EXISTS bench_sessions (n int PRIMARY KEY, session uuid NOT NULL, h bigint NOT NULL);
        TRUNCATE bench_people, bench_sessions;
        INSERT INTO bench_people SELECT row_number() OVER (ORDER BY md5(id::text)) - 1, id FROM users
            WHERE active AND role = 'user' ORDER BY 1 LIMIT {64 * PEOPLE};""")


def renew_sessions(postgres, database):
    """Before each measurement, for pgbench forgets its counters when it ends."""
    postgres.sql(database, """TRUNCATE bench_sessions;
        INSERT INTO bench_sessions SELECT p.n, s.id, (extract(epoch FROM clock_timestamp()) * 1000)::bigint * 1000000
            + p.n * 10000000 FROM bench_people p
            JOIN LATERAL (SELECT id FROM sessions s WHERE s.user_id = p.id AND s.revoked_at IS NULL
                AND s.expires_at > now() LIMIT 1) s ON true WHERE p.n < 64;
        INSERT INTO refresh_tokens (hash, session_id, parent, salt, superseded_at, created_at)
            SELECT sha256(int8send(h + step)), session, CASE step WHEN 0 THEN sha256(int8send(h - 1)) END,
                decode(md5(random()::text), 'hex'), NULL, now()
            FROM bench_sessions, generate_series(-1, 0) AS step;""")


class Pgbench:
    def __init__(self, postgres, database, script, clients, before=None, variables=None):
        self.postgres, self.database, self.clients, self.before = postgres, database, clients, before
        given = {"fresh": "1", **(variables or {})}
        self.variables = [part for name, value in given.items() for part in ("-D", f"{name}={value}")]
        self.folder = Path(tempfile.mkdtemp(prefix="pgbench-", dir=postgres.folder))
        self.script = self.folder / "script.sql"
        self.script.write_text(script)

    def run(self, seconds, clients=None):
        clients = clients or self.clients
        if self.before:
            self.before()
        for old in self.folder.glob("log.*"):
            old.unlink()
        database = processes.tree_cpu(self.postgres.process.pid)
        done = subprocess.run(
            [self.postgres.bin / "pgbench", "-n", "-M", "prepared", "-c", str(clients), "-j", str(min(2, clients)),
             "-T", str(round(max(1, seconds))), *self.variables, "-f", str(self.script), "-l", "--log-prefix",
             str(self.folder / "log"), "--sampling-rate", "0.1", self.postgres.url(self.database)],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=seconds + 60)
        if done.returncode:
            raise Failed(f"pgbench failed: {done.stderr[-2000:]}")
        count = int(re.search(r"actually processed: (\d+)", done.stdout)[1])
        rate = float(re.search(r"tps = ([\d.]+)", done.stdout)[1])
        times = sorted(int(line.split()[2]) / 1000 for log in self.folder.glob("log.*")
                       for line in log.read_text().splitlines())
        cost = processes.tree_cpu(self.postgres.process.pid) - database
        return {"rate": rate, "requests": count, "p50_ms": times[len(times) // 2] if times else 0,
                "p99_ms": times[len(times) * 99 // 100] if times else 0, "database_us": cost * 1e6 / max(1, count),
                "as_expected": True, "clients": clients}

    def proves(self, count):
        """A bound that does nothing would be quick: whether each transaction makes one more of what is counted."""
        before = int(self.postgres.sql(self.database, count))
        done = self.run(1)
        return int(self.postgres.sql(self.database, count)) - before >= done["requests"]

    def tune(self, seconds):
        """The client count with the best rate is kept."""
        rates = {clients: self.run(seconds, clients)["rate"] for clients in (4, 8, 16, 32)}
        self.clients = max(rates, key=rates.get)
        return rates
