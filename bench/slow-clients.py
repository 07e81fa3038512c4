#!/usr/bin/env python3
"""What clients that never finish their requests cost the others, on a development server that runs already.

    cargo run --release &
    bench/slow-clients.py --url http://127.0.0.1:8080 --pid $(pidof muster)

Opens connections that send half a head, again as soon as the server cuts them off, and measures GET /api/users/me with
wrk (-c4), without them and with them; beside it the server's descriptors and memory.
"""

import argparse
import json
import os
import re
import socket
import subprocess
import threading
import time
import urllib.parse
import urllib.request


def token(url, login):
    request = urllib.request.Request(
        f"{url}/dev/login", json.dumps({"email": login}).encode(), {"content-type": "application/json"}
    )
    return json.load(urllib.request.urlopen(request))["accessToken"]


def measure(url, bearer, seconds):
    command = ["wrk", "-t1", "-c4", f"-d{seconds}s", "--latency", "-H", f"authorization: Bearer {bearer}"]
    told = subprocess.run([*command, f"{url}/api/users/me"], capture_output=True, text=True, check=True).stdout
    p50, p99 = (re.search(rf"^\s+{share}%\s+(\S+)", told, re.M)[1] for share in (50, 99))
    bad = re.search(r"Non-2xx or 3xx responses: (\d+)", told)
    rate = re.search(r"Requests/sec:\s+(\S+)", told)[1]
    return f"{rate}/s, p50 {p50}, p99 {p99}, {bad[1] if bad else 0} not 2xx"


def resident(pid):
    with open(f"/proc/{pid}/status") as status:
        return re.search(r"VmRSS:\s+(.*)", status.read())[1]


class HalfOpen:
    """Connections with half a head each, opened anew when the server closes them."""

    def __init__(self, address, count):
        self.address, self.count, self.going, self.sockets, self.cut_off = address, count, True, [], 0
        self.thread = threading.Thread(target=self.keep_open, daemon=True)
        self.thread.start()

    def open(self):
        stream = socket.create_connection(self.address)
        stream.sendall(b"GET /api/users/me HTTP/1.1\r\nhost: x\r\nx-half: ")
        stream.setblocking(False)
        return stream

    def keep_open(self):
        while self.going:
            self.sockets += [self.open() for _ in range(self.count - len(self.sockets))]
            live = []
            for stream in self.sockets:
                try:
                    if stream.recv(1024) is not None:  # A 408, or the end.
                        stream.close()
                        self.cut_off += 1
                except BlockingIOError:
                    live.append(stream)
                except OSError:
                    self.cut_off += 1
            self.sockets = live
            time.sleep(0.2)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--url", default="http://127.0.0.1:8080")
    parser.add_argument("--pid", type=int, required=True, help="the server's")
    parser.add_argument("--login", default="ada@example.com")
    parser.add_argument("--clients", type=int, default=1000)
    parser.add_argument("--seconds", type=int, default=20)
    options = parser.parse_args()
    where = urllib.parse.urlsplit(options.url)
    if where.hostname not in ("127.0.0.1", "localhost", "::1"):
        parser.error("load goes to this machine only")
    bearer = token(options.url, options.login)

    def figures():
        return f"{len(os.listdir(f'/proc/{options.pid}/fd'))} descriptors, {resident(options.pid)}"

    measure(options.url, bearer, 3)
    print(f"without:    {measure(options.url, bearer, options.seconds)}; {figures()}")
    slow = HalfOpen((where.hostname, where.port), options.clients)
    time.sleep(2)
    during = measure(options.url, bearer, options.seconds)
    print(f"with {len(slow.sockets):>6}: {during}; {figures()}; {slow.cut_off} were cut off")
    slow.going = False
    slow.thread.join()
    for stream in slow.sockets:
        stream.close()
    time.sleep(2)
    print(f"afterwards: {measure(options.url, bearer, 3)}; {figures()}")


if __name__ == "__main__":
    main()
