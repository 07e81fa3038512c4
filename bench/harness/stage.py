"""What all scenarios stand on: programs, the private PostgreSQL, filled databases, one running Muster, people."""

import os
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

from .issuer import Issuer
from .load import Load
from .mailer import Mailer
from .muster import Installation
from .people import People
from .postgres import Postgres
from .processes import Failed
from .say import say
from . import pgbench, processes

ROOT = Path(__file__).resolve().parents[2]


class Stage:
    def __init__(self, options):
        self.options = options
        self.running, self.left_out, self.failed, self.without_node = {}, [], [], None
        self.muster = self.postgres = None
        try:
            self._set_up(options)
        except BaseException:
            self.close()
            raise

    def _set_up(self, options):
        self.folder = Path(options.keep or tempfile.mkdtemp(prefix="muster-bench-")).resolve()
        self.bins = self._binaries()
        self.postgres = Postgres(self.folder, options.keep)
        self.postgres.start()
        self.work = self.folder / "work"
        self.work.mkdir(exist_ok=True)
        self.openid = Issuer(self.work)
        self.mailer = Mailer()
        self.installation = Installation(self.bins["muster"], self.work, self.openid, self.mailer)
        self.load = Load(self.bins["bench-load"], self.postgres)
        self.people = People(self.openid, options.users, self.work)
        self.database = self.filled(options.users, options.audit)
        self.url = self.postgres.url(self.database)
        self.muster = self.installation.serve(self.url)
        self._wait_for_seals()
        pgbench.prepare(self.postgres, self.database)

    def _binaries(self):
        names = ["muster", "bench-load", "bench-by-hand"]
        folders = [Path(each) for each in self.options.bin_dir]
        if not folders:
            target = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
            subprocess.run(["cargo", "build", "--release", "-p", "muster-server", "-p", "muster-bench"], cwd=ROOT,
                           check=True)
            folders = [target / "release"]
        found = {name: folder / name for name in names for folder in reversed(folders) if (folder / name).exists()}
        for name in names[:2]:
            if name not in found:
                raise Failed(f"no {name} in {', '.join(map(str, folders))}")
        return found

    def filled(self, users, audit):
        return self.filled_as(f"muster_{users}_{audit}", users, audit)

    def filled_as(self, name, users, audit):
        began = time.monotonic()
        if self.postgres.fill(name, self.installation.migrate, ROOT / "bench/sql/fill.sql", users, audit):
            say(f"filled {name} in {time.monotonic() - began:.0f} s")
        return name

    def _wait_for_seals(self):
        """The audit records that were filled in are sealed once, by the first server."""
        query = "SELECT count(*) FROM audit_events WHERE position IS NULL"
        processes.wait_for("the sealing of audit records",
                           lambda: int(self.postgres.sql(self.database, query)) < 100 or time.sleep(1), seconds=1800)
        self.postgres.sql(self.database, "VACUUM ANALYZE")
        self.postgres.sql(self.database, "CHECKPOINT")

    def contestant(self, name, make):
        """One that is running already, or a new one. All stay until the end, idle but in their turn."""
        if name not in self.running:
            self.running[name] = make()
        return self.running[name]

    def fail(self, what, why):
        """Keeps what went wrong, so that what comes after it is measured all the same."""
        told = f"{what}: {type(why).__name__ + ': ' if isinstance(why, Exception) else ''}{why}"
        if not any(each.startswith(f"{what}: ") for each in self.failed):
            self.failed.append(told)
        say(f"FAILED: {told}")

    def mend(self):
        """What the next scenario stands on, when the last one took it down."""
        self.rest()
        if self.postgres.process.poll() is not None:
            self.postgres.start()
        if self.muster.process.poll() is not None:
            self.muster = self.installation.serve(self.url)

    def rest(self):
        for server in self.running.values():
            if server is not self.muster:
                server.stop()
        self.running.clear()

    def close(self):
        self.rest()
        if self.muster:
            self.muster.stop()
        if self.postgres and self.postgres.process:
            self.postgres.stop()
        if not self.options.keep:
            shutil.rmtree(self.folder, ignore_errors=True)
