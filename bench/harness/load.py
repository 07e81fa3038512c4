"""Load over HTTP by bench-load, and what it cost the server and the database."""

import json
import subprocess

from . import processes
from .processes import Failed


class Load:
    def __init__(self, binary, postgres):
        self.binary, self.postgres = binary, postgres

    def command(self, server, requests, connections, seconds, *, keep=None, expect=None, rate=None, warmup=0,
                series=None):
        command = [str(self.binary), "--target", server.target, "--requests", str(requests), "--connections",
                   str(connections), "--seconds", str(seconds), "--warmup", str(warmup)]
        if keep:
            command += ["--keep", keep, "--write-kept", str(requests)]
        for option, value in [("--expect", expect), ("--rate", rate), ("--series", series)]:
            if value is not None:
                command += [option, str(value)]
        return command

    def run(self, server, requests, connections, seconds, **options):
        """What bench-load says, with processor time per request of the server and of the database, in microseconds,
        and bytes of write-ahead log. What the warm-up took is in these, and in the count that divides them, as if its
        rate were the same."""
        costs = self._costs(server)
        # A server that no longer answers must not hold up all that comes after it.
        longest = seconds + options.get("warmup", 0) + 60
        try:
            done = subprocess.run(self.command(server, requests, connections, seconds, **options), text=True,
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=longest)
        except subprocess.TimeoutExpired:
            raise Failed(f"bench-load was not done after {longest:.0f} s") from None
        if not done.stdout.strip():
            raise Failed(f"bench-load failed: {done.stderr}")
        found = json.loads(done.stdout)
        count = max(1, found["requests"]) * (1 + options.get("warmup", 0) / seconds)
        server_s, database_s, wal = (after - before for before, after in zip(costs, self._costs(server)))
        found.update(server_us=server_s * 1e6 / count, database_us=database_s * 1e6 / count, wal_bytes=wal / count)
        found["rss"] = processes.tree_rss(server.pid)
        found["as_expected"] = done.returncode == 0
        return found

    def _costs(self, server):
        wal = int(self.postgres.sql("postgres", "SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')::bigint"))
        return [processes.tree_cpu(server.pid), processes.tree_cpu(self.postgres.process.pid), wal]
