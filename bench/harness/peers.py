"""Those that Muster is measured beside: written by hand in Rust, and in Node's ecosystem."""

import os
import shutil
import subprocess

from . import issuer, processes

PROFILE, REFRESH, TOKEN = "profile", "refresh", "token"
# Name: folder, environment.
NODE = {
    "fastify (2 processes)": ("fastify-pg", {"WORKERS": "2"}),
    "fastify (1 process)": ("fastify-pg", {"WORKERS": "0"}),
    "express-prisma": ("express-prisma", {"WORKERS": "2"}),
    "express-prisma tuned": ("express-prisma", {"WORKERS": "2", "PRISMA_TUNED": "1"}),
}


class Peer:
    """A contestant that prints `listening` when it is ready."""

    def __init__(self, name, command, env, folder, port, cwd=None):
        self.name, self.port, self.target = name, port, f"http://127.0.0.1:{port}"
        log = folder / f"{name.replace(' ', '-')}.log"
        log.unlink(missing_ok=True)
        self.process = processes.start(command, env=env, log=log, cwd=cwd)
        self.pid = self.process.pid
        try:
            processes.wait_for(name, lambda: "listening" in log.read_text(), self.process, 30)
        except BaseException:
            self.stop()
            raise

    def stop(self):
        processes.stop(self.process, 5)


def by_hand(binary, url, installation, openid):
    port = processes.free_port()
    command = [str(binary), "--listen", f"127.0.0.1:{port}", "--database-url", url, "--public-key",
               str(installation.key_file), "--workers", str(os.cpu_count()), "--issuer-jwks-url", openid.jwks_url]
    return Peer("by hand", command, dict(os.environ), installation.folder, port)


def build_node(root):
    """Makes the peers ready; says why they are left out when they cannot be."""
    if not shutil.which("npm"):
        as_root = [] if os.getuid() == 0 else ["sudo", "-n"]
        subprocess.run([*as_root, "apt-get", "install", "-y", "-qq", "--no-install-recommends", "nodejs", "npm"],
                       stdout=subprocess.DEVNULL)
    if not shutil.which("npm"):
        return "Node.js is not there and could not be installed"
    for folder in ("express-prisma", "fastify-pg"):
        where = root / "bench/peers" / folder
        commands = [["npm", "ci", "--no-audit", "--no-fund", "--loglevel=error"], ["npm", "run", "build", "--if-present"]]
        # npm writes this when all else is there.
        installed, wanted = where / "node_modules/.package-lock.json", where / "package-lock.json"
        if installed.exists() and installed.stat().st_mtime > wanted.stat().st_mtime:
            commands.pop(0)
        for command in commands:
            try:
                done = subprocess.run(command, cwd=where, stdout=subprocess.DEVNULL, timeout=900).returncode == 0
            except subprocess.TimeoutExpired:
                done = False
            if not done:
                return f"{' '.join(command)} failed in bench/peers/{folder}"
    return None


def node(name, url, installation, openid, root):
    folder, env = NODE[name]
    port = processes.free_port()
    env = {**os.environ, **env, "PORT": str(port), "DATABASE_URL": url, "NODE_ENV": "production",
           "MUSTER_PUBLIC_KEY_FILE": str(installation.key_file), "MUSTER_SIGNING_KEY_FILE": str(installation.key_file),
           "MUSTER_PUBLIC_URL": installation.env["MUSTER_PUBLIC_URL"], "MUSTER_OIDC_ISSUER": openid.url,
           "MUSTER_OIDC_AUDIENCE": issuer.AUDIENCE, "ISSUER_JWKS_URL": openid.jwks_url}
    return Peer(name, ["node", "server.js"], env, installation.folder, port, root / "bench/peers" / folder)
