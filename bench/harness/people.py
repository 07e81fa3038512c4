"""Who sends the requests: identity tokens, phone sessions opened through the API, and files for bench-load."""

import http.client
import json
from concurrent.futures import ThreadPoolExecutor

from .processes import Failed

JSON = {"content-type": "application/json"}


def numbers(count, of, first=2):
    """That many people, if there are, spread evenly, without the inactive (every tenth) and the one admin."""
    step = max(1, (of - first) // count)
    found, n = [], first
    while len(found) < count and n <= of:
        found.append(n if n % 10 else n + 1)
        n += step
    return found


def name(n):
    return f"person{n}@example.com"


class People:
    def __init__(self, openid, users, folder):
        self.openid, self.users, self.folder = openid, users, folder
        self.tokens = {}

    def identity(self, wanted):
        """Identity tokens of people by number, in that order."""
        missing = [n for n in wanted if n not in self.tokens]
        with ThreadPoolExecutor(4) as pool:
            self.tokens.update(zip(missing, pool.map(lambda n: self.openid.token(name(n)), missing)))
        return [self.tokens[n] for n in wanted]

    def sessions(self, server, count):
        """Opens a session for each of so many people: their answers."""
        wanted = numbers(count, self.users)
        tokens = self.identity(wanted)

        def some(part):
            connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
            opened = []
            for token in part:
                connection.request("POST", "/api/mobile/token", "{}", {**JSON, "authorization": f"Bearer {token}"})
                answer = connection.getresponse()
                body = answer.read()
                if answer.status != 201:
                    raise Failed(f"a session was refused with {answer.status}: {body[:300]!r}")
                opened.append(json.loads(body))
            connection.close()
            return opened

        with ThreadPoolExecutor(4) as pool:
            parts = pool.map(some, [tokens[i::4] for i in range(4)])
        return [session for part in parts for session in part]

    def sign_in_once(self, server, count):
        """The first sign-in of a person binds their subject. What is measured are those that come after."""
        tokens = self.identity(numbers(count, self.users))

        def some(part):
            connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
            for token in part:
                connection.request("GET", "/api/users/me", headers={"authorization": f"Bearer {token}"})
                answer = connection.getresponse()
                body = answer.read()
                if answer.status != 200:
                    raise Failed(f"a sign-in was refused with {answer.status}: {body[:300]!r}")
            connection.close()

        with ThreadPoolExecutor(4) as pool:
            list(pool.map(some, [tokens[i::4] for i in range(4)]))

    def write(self, file, lines):
        path = self.folder / f"{file}.jsonl"
        path.write_text("".join(json.dumps(line) + "\n" for line in lines))
        return path

    def profiles(self, file, sessions):
        return self.write(file, [request("GET", "/api/users/me", s["accessToken"]) for s in sessions])

    def refreshes(self, file, sessions):
        return self.write(file, [{**request("POST", "/api/mobile/refresh", body='{"refreshToken":"{kept}"}'),
                                  "kept": s["refreshToken"]} for s in sessions])

    def sign_ins(self, file, count):
        return self.write(file, [request("POST", "/api/mobile/token", token, '{"deviceName":"Bench"}')
                                 for token in self.identity(numbers(count, self.users))])


def request(method, path, token=None, body=None):
    headers = {"authorization": f"Bearer {token}"} if token else {}
    return {"method": method, "path": path, "headers": {**headers, **JSON} if body else headers, "body": body}
