"""What schemathesis does not do by itself: counts what was reached, and holds every refusal to one shape.

MUSTER_REACHED names the file for the counts; MUSTER_SELF is the id of the person who calls, if a person does.
"""

import atexit
import collections
import itertools
import json
import os

import schemathesis

SELF = os.environ.get("MUSTER_SELF")
SEND, VERIFY = (f"POST /api/notifications/verification/{verb}" for verb in ("send", "verify"))
reached = collections.Counter()
codes = {}
conditional = itertools.count()


@atexit.register
def write_counts():
    with open(os.environ["MUSTER_REACHED"], "w", encoding="utf-8") as file:
        json.dump([[*key, count] for key, count in reached.items()], file)


@schemathesis.hook
def after_call(context, case, response):
    if response.request.method == case.operation.method.upper():
        reached[(case.operation.label, response.status_code)] += 1
    if case.operation.label == SEND and response.status_code == 200:
        sent = response.json()
        codes[sent["method"]] = sent.get("code")


@schemathesis.hook
def before_call(context, case, kwargs):
    """Puts in what no document can tell: the code that was sent, for another well-formed one; and, two times in three, no
    version at all for one that no resource has."""
    if case.meta is None or case.meta.phase.name == "coverage" or case.meta.generation.mode.is_negative:
        return
    if "If-Match" in case.headers and next(conditional) % 3:
        del case.headers["If-Match"]
    if case.operation.label == VERIFY:
        if code := codes.pop(case.body.get("method"), None):
            case.body["code"] = code


@schemathesis.hook
def filter_case(context, case):
    """Leaves out what would end the run's own credential: an admin who makes a plain user of themselves."""
    own_role = case.operation.label == "PATCH /api/users/{id}/role" and case.path_parameters.get("id") == SELF
    return not (own_role and isinstance(case.body, dict) and case.body.get("role") == "user")


@schemathesis.deserializer("application/x-ndjson")
def ndjson(context, response):
    """Lines of JSON are documented as text; that each is a record is checked here."""
    for line in response.text.splitlines():
        assert isinstance(json.loads(line), dict), line
    return response.text


@schemathesis.check
def refusal_is_a_problem(ctx, response, case):
    """Every answer of 400 and more is RFC 9457's problem, or RFC 7644's error where SCIM is spoken."""
    if response.status_code < 400:
        return
    headers = {name: values[0] for name, values in response.headers.items()}
    if response.status_code == 401:
        assert "www-authenticate" in headers, "a 401 says how to authenticate (RFC 9110, section 15.5.2)"
    if response.status_code == 405:
        assert "allow" in headers, "a 405 says what is allowed (RFC 9110, section 15.5.6)"
    if response.status_code == 429:
        assert int(headers["retry-after"]) > 0, "a 429 says when to try again"
    if response.request.method == "HEAD":
        return
    body = response.json()
    if case.operation.path.startswith("/scim/v2"):
        assert headers["content-type"] == "application/scim+json"
        assert body["schemas"] == ["urn:ietf:params:scim:api:messages:2.0:Error"]
        assert body["status"] == str(response.status_code)
    else:
        assert headers["content-type"] == "application/problem+json"
        assert body["type"].startswith("urn:muster:problem:")
        assert body["status"] == response.status_code
        assert body["instance"] == headers["x-request-id"]
