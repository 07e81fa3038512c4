"""Signs a person in as a browser does: the authorization code flow of OpenID Connect with PKCE (RFC 7636).

Reads JSON from standard input: issuer, client_id, client_secret, login, password, scope, and parameters (more of the
authorization request and of the token request). Prints the answer of the token endpoint.
"""

import base64
import hashlib
import http.cookiejar
import json
import secrets
import sys
import urllib.error
import urllib.parse
import urllib.request
from html.parser import HTMLParser

REDIRECT_URI = "http://127.0.0.1:9/signed-in"
MOST_PAGES = 12


class Forms(HTMLParser):
    """The forms of a page: address, method and fields."""

    def __init__(self, page):
        super().__init__()
        self.forms = []
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        attributes = {name: value or "" for name, value in attributes}
        if tag == "form":
            self.forms.append({"action": "", "method": "get", "fields": {}, **attributes})
        if tag not in ("input", "button") or not self.forms or not attributes.get("name"):
            return
        name, value, kind = attributes["name"], attributes.get("value", ""), attributes.get("type", "").lower()
        fields = self.forms[-1]["fields"]
        if kind == "submit" or tag == "button":
            # One button is pressed: the one that agrees, else the first.
            if value == "accept" or name not in fields:
                fields[name] = value
        elif kind not in ("checkbox", "radio") or "checked" in attributes:
            fields[name] = value


class NoRedirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None


class Browser:
    """Keeps cookies, uses no proxy and follows no redirect by itself."""

    def __init__(self):
        cookies = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
        self.opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), cookies, NoRedirects())

    def open(self, url, data=None, headers=None, method=None):
        """The status, the address of a redirect or None, and the text of the answer."""
        headers = {"Accept": "text/html", **(headers or {})}
        request = urllib.request.Request(url, data=data, method=method, headers=headers)
        try:
            answer = self.opener.open(request, timeout=60)
        except urllib.error.HTTPError as error:
            answer = error
        with answer:
            location = answer.headers.get("Location")
            return answer.status, location and urllib.parse.urljoin(url, location), answer.read().decode()


def filled_in(url, page, login, password):
    """The request that sends the page's form: address and body."""
    known = {"login": login, "username": login, "user": login, "password": password}
    forms = [form for form in Forms(page).forms if form["fields"]]
    if not forms:
        raise SystemExit(f"no form at {url}:\n{page[:3000]}")
    form = max(forms, key=lambda form: (sum(name in known for name in form["fields"]), form["method"].lower() == "post"))
    body = urllib.parse.urlencode({name: known.get(name, value) for name, value in form["fields"].items()})
    target = urllib.parse.urljoin(url, form["action"])
    return (target, body.encode()) if form["method"].lower() == "post" else (f"{target}?{body}", None)


def signed_in_to_glewlwyd(browser, url, asked):
    """Does what the script of Glewlwyd's login page does: password, consent, back to the authorization endpoint."""
    query = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(url).query))
    for method, path, body in [
        ("POST", "/api/auth", {"username": asked["login"], "password": asked["password"]}),
        ("PUT", "/api/auth/grant/" + query["client_id"], {"scope": query["scope"]}),
    ]:
        headers = {"Content-Type": "application/json"}
        status, _, text = browser.open(urllib.parse.urljoin(url, path), json.dumps(body).encode(), headers, method)
        if status != 200:
            raise SystemExit(f"{method} {path} answered {status}: {text}")
    return query["callback_url"] + "&g_continue"


def authorization_code(authorization_endpoint, query, asked):
    browser = Browser()
    url, body = authorization_endpoint + "?" + urllib.parse.urlencode(query), None
    for _ in range(MOST_PAGES):
        status, location, page = browser.open(url, body)
        if location and location.startswith(REDIRECT_URI):
            answer = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(location).query))
            if "code" not in answer:
                raise SystemExit(f"no code: {answer}")
            return answer["code"]
        if location and "/login.html?" in location:
            url, body = signed_in_to_glewlwyd(browser, location, asked), None
        elif location:
            url, body = location, None
        elif status == 200:
            url, body = filled_in(url, page, asked["login"], asked["password"])
        else:
            raise SystemExit(f"{url} answered {status}: {page[:3000]}")
    raise SystemExit(f"not signed in after {MOST_PAGES} pages; the last was {url}:\n{page[:3000]}")


def main():
    asked = json.load(sys.stdin)
    client = Browser()
    discovery_url = asked["issuer"].rstrip("/") + "/.well-known/openid-configuration"
    discovery = json.loads(client.open(discovery_url)[2])
    verifier = secrets.token_urlsafe(48)
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    query = {
        "client_id": asked["client_id"], "response_type": "code", "redirect_uri": REDIRECT_URI, "scope": asked["scope"],
        "state": "state", "nonce": secrets.token_urlsafe(12), "code_challenge": challenge,
        "code_challenge_method": "S256", **asked["parameters"],
    }
    form = {
        "grant_type": "authorization_code", "redirect_uri": REDIRECT_URI, "code_verifier": verifier,
        "code": authorization_code(discovery["authorization_endpoint"], query, asked), **asked["parameters"],
    }
    basic = base64.b64encode(f"{asked['client_id']}:{asked['client_secret']}".encode()).decode()
    headers = {"Authorization": f"Basic {basic}", "Accept": "application/json"}
    status, _, text = client.open(discovery["token_endpoint"], urllib.parse.urlencode(form).encode(), headers)
    if status != 200:
        raise SystemExit(f"the token endpoint answered {status}: {text}")
    print(text)


main()
