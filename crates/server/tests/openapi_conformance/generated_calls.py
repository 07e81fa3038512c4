"""Calls a server by the generated client, as an admin (ADMIN) and as a user (USER), and looks at what it makes of the answers.
"""

import os
import uuid

from muster_client import AuthenticatedClient, Client
from muster_client.api.audit import list_audit, list_user_audit
from muster_client.api.preferences import get_preferences, put_preferences
from muster_client.api.users import get_me, get_user, list_users
from muster_client.api.verification import send_code, verify_code
from muster_client.models import (
    AuditArea,
    Channel,
    ChallengeSentDetails,
    CodeProblem,
    PreferencesUpdatedDetails,
    Problem,
    Profile,
    SendRequest,
    ValidationProblem,
    VerifyRequest,
)

url = os.environ["URL"]
admin, user = (AuthenticatedClient(base_url=url, token=os.environ[name]) for name in ("ADMIN", "USER"))
nobody = Client(base_url=url)


def refused(answer, status, kind, slug):
    assert (answer.status_code, type(answer.parsed)) == (status, kind), answer
    assert answer.parsed.type_.value == f"urn:muster:problem:{slug}", answer
    assert answer.parsed.status == status
    assert answer.parsed.instance == answer.headers["x-request-id"]
    return answer.parsed


me = get_me.sync(client=user)
assert isinstance(me, Profile)
refused(get_me.sync_detailed(client=nobody), 401, Problem, "unauthenticated")
refused(list_users.sync_detailed(client=user), 403, Problem, "forbidden")
refused(get_user.sync_detailed(uuid.uuid4(), client=admin), 404, Problem, "not-found")
invalid = refused(list_users.sync_detailed(client=admin, limit=0), 422, ValidationProblem, "validation-failed")
assert [fault.field for fault in invalid.errors] == ["limit"]

sent = send_code.sync(client=user, body=SendRequest(method=Channel.EMAIL))
wrong = "000000" if sent.code != "000000" else "000001"
wrong = verify_code.sync_detailed(client=user, body=VerifyRequest(method=Channel.EMAIL, code=wrong))
assert refused(wrong, 422, CodeProblem, "invalid-or-expired-code").attempts_left == 4
again = send_code.sync_detailed(client=user, body=SendRequest(method=Channel.EMAIL))
refused(again, 429, Problem, "too-soon")

preferences = get_preferences.sync(client=user)
preferences.channels.sms = False
put_preferences.sync(client=user, body=preferences)

# What is on record of it, with details of the action's own type.
records = list_user_audit.sync(me.id, client=user)
details = {record.action: record.details for record in records.items}
assert isinstance(details["contact.verification.sent"], ChallengeSentDetails), details
assert details["contact.verification.sent"].send_success
assert isinstance(details["preferences.updated"], PreferencesUpdatedDetails), details
assert not details["preferences.updated"].after.channels.sms
assert details["preferences.updated"].before.channels.sms
channels = list_user_audit.sync(me.id, client=user, area=AuditArea.CHANNELS)
assert "preferences.updated" not in {record.action for record in channels.items}
every = list_audit.sync(client=admin, limit=200)
forms = {type(record.details).__name__ for record in every.items}
assert len(forms) >= 5, forms
print(f"{len(every.items)} records of {len(forms)} forms: {sorted(forms)}")
