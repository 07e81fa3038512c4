"""A private PostgreSQL in a folder, under an unprivileged user, on a free port of the loopback address."""

import glob
import json
import os
import pwd
import shutil
import signal
import subprocess
import time
from pathlib import Path

from . import processes
from .processes import Failed

SETTINGS = {
    "fsync": "on",
    "synchronous_commit": "on",
    "full_page_writes": "on",
    "shared_buffers": "512MB",
    "max_connections": "200",
    "max_wal_size": "4GB",
    "checkpoint_timeout": "15min",
    "shared_preload_libraries": "pg_stat_statements",
    "pg_stat_statements.max": "1000",
    "compute_query_id": "on",
    "track_io_timing": "off",
    "logging_collector": "on",
    "log_destination": "jsonlog",
    "log_directory": "log",
    "log_filename": "server.log",
    "log_rotation_age": "0",
    "log_rotation_size": "0",
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
}


def _programs():
    folders = sorted(glob.glob("/usr/lib/postgresql/*/bin"), key=lambda path: int(path.split("/")[-2]))
    found = folders[-1] if folders else os.path.dirname(shutil.which("initdb") or "")
    if not found:
        raise Failed("PostgreSQL's programs are missing; scripts/install-postgres installs them")
    return Path(found)


class Postgres:
    def __init__(self, folder, keep):
        self.bin, self.folder, self.keep = _programs(), Path(folder), keep
        self.data = self.folder / "postgres"
        self.port = processes.free_port()
        self.process = None
        self.as_user = []
        if os.getuid() == 0:
            # initdb refuses root.
            user = pwd.getpwnam("postgres")
            self.as_user = ["setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups"]
            for path in [self.folder, self.data]:
                path.mkdir(parents=True, exist_ok=True)
                os.chown(path, user.pw_uid, user.pw_gid)
            self.folder.chmod(0o755)

    def start(self):
        if not (self.data / "PG_VERSION").exists():
            subprocess.run([*self.as_user, self.bin / "initdb", "-D", self.data, "-U", "postgres", "-A", "trust", "-E",
                            "UTF8", "--locale=C", "--no-sync"], check=True, stdout=subprocess.DEVNULL, cwd="/")
        options = [part for name, value in SETTINGS.items() for part in ("-c", f"{name}={value}")]
        self.process = processes.start([*self.as_user, str(self.bin / "postgres"), "-D", str(self.data), "-p",
                                        str(self.port), *options], log=self.folder / "postgres.err", cwd="/")
        processes.wait_for("PostgreSQL", lambda: subprocess.run(
            [self.bin / "pg_isready", "-q", "-h", "127.0.0.1", "-p", str(self.port)]).returncode == 0, self.process)

    def stop(self):
        processes.stop(self.process, 60, signal.SIGINT)

    def url(self, database):
        return f"postgres://postgres@127.0.0.1:{self.port}/{database}"

    def psql(self, database, *arguments):
        done = subprocess.run([self.bin / "psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d",
                               self.url(database), *arguments], stdout=subprocess.PIPE, text=True, check=True)
        return done.stdout.strip()

    def sql(self, database, text):
        return self.psql(database, "-c", text)

    def rows(self, database, text):
        """The rows of a query, each as a dict."""
        return json.loads(self.sql(database, f"SELECT coalesce(json_agg(r), '[]') FROM ({text}) r"))

    def has(self, database):
        return self.sql("postgres", f"SELECT 1 FROM pg_database WHERE datname = '{database}'") == "1"

    def fill(self, database, migrate, script, users, audit):
        """A database of that size; one that a kept folder has already is taken as it is."""
        if self.has(database):
            return False
        self.sql("postgres", f"CREATE DATABASE {database}_new")
        migrate(self.url(f"{database}_new"))
        self.psql(f"{database}_new", "-v", f"users={users}", "-v", f"audit={audit}", "-f", str(script))
        self.sql(f"{database}_new", "CREATE EXTENSION pg_stat_statements")
        # What was interrupted half-way has another name, and is not taken for whole.
        self.sql("postgres", f"ALTER DATABASE {database}_new RENAME TO {database}")
        return True

    def forget_statements(self, database):
        self.sql(database, "SELECT pg_stat_statements_reset()")

    def statements(self, database):
        """What ran since then: text, queryid, calls."""
        return self.rows(database, f"""SELECT queryid::text AS queryid, query, calls FROM pg_stat_statements s
            JOIN pg_database d ON d.oid = s.dbid WHERE d.datname = '{database}'
            AND query NOT LIKE '%pg_stat_statements%' ORDER BY calls DESC""")

    def overheard(self, database, work):
        """The statements that `work` makes others send, as they were prepared, each with its last parameters."""
        log = self.data / "log" / "server.json"
        before = log.stat().st_size if log.exists() else 0
        self._log_statements("ALTER SYSTEM SET log_statement = 'all'")
        work()
        self._log_statements("ALTER SYSTEM RESET log_statement")
        heard = {}
        with open(log, encoding="utf-8") as lines:
            lines.seek(before)
            for line in lines:
                entry = json.loads(line)
                message = entry.get("message", "")
                if entry.get("dbname") == database and message.startswith("execute "):
                    heard[message.split(": ", 1)[1]] = entry.get("detail", "")
        return heard

    def _log_statements(self, change):
        self.sql("postgres", change)
        self.sql("postgres", "SELECT pg_reload_conf()")
        # Each connection takes it up with its next statement, a moment after the signal.
        time.sleep(0.3)

    def settings(self):
        names = "', '".join([*SETTINGS, "server_version"])
        return {row["name"]: row["setting"] for row in self.rows(
            "postgres", f"SELECT name, current_setting(name) AS setting FROM pg_settings WHERE name IN ('{names}')")}
