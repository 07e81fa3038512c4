"""Has Canaille deliver people and a group to the SCIM server of SCIM_URL; prints as JSON what it has in the end.

Nothing of Canaille is changed: its own SCIM client writes when a person or a group is saved or deleted. It logs what a
server refuses, and goes on. Its token for the server is made beforehand, with SCIM_KEY in it.
"""

import datetime
import json
import os
import tempfile

from canaille import create_app
from canaille.app import models
from canaille.backends import Backend

now = datetime.datetime.now(datetime.timezone.utc)
PEOPLE = [
    {"user_name": "bare", "family_name": "Bare"},
    {
        "user_name": "full", "formatted_name": "Dr Full Example", "given_name": "Full", "family_name": "Example",
        "display_name": "Full", "emails": ["full@canaille.example", "other@canaille.example"],
        "phone_numbers": ["+1 202 555 0143", "+44 7400 123456"], "formatted_address": "1 Main Street, Town",
        "street": "1 Main Street", "postal_code": "12345", "locality": "Town", "region": "Region",
        "profile_url": "https://canaille.example/full", "title": "Engineer", "preferred_language": "de",
        "employee_number": "7", "department": "Navy", "organization": "Company", "photo": b"\xff\xd8\xff\xe0photo",
        "password": "correct horse battery",
    },
    {"user_name": "zoë", "formatted_name": "Zoë Müller", "family_name": "Müller", "emails": ["zoe@canaille.example"]},
    # Canaille's own made-up people have numbers like this.
    {"user_name": "garbled", "family_name": "Garbled", "emails": ["garbled@x"], "phone_numbers": ["536-90-4399"]},
    {"user_name": "locked", "family_name": "Locked", "emails": ["locked@canaille.example"], "lock_date": now},
    {"user_name": "leaver", "family_name": "Leaver", "emails": ["leaver@canaille.example"]},
]

folder = tempfile.TemporaryDirectory()
app = create_app({
    "SECRET_KEY": "not a secret of anybody",
    "SERVER_NAME": "canaille.example",
    "CANAILLE": {"DATABASE": "sql"},
    "CANAILLE_SQL": {"DATABASE_URI": f"sqlite:///{folder.name}/canaille.db"},
    "CANAILLE_SCIM": {"ENABLE_CLIENT": True},
})
with app.app_context(), Backend.instance.session():
    save = Backend.instance.save
    client = models.Client(
        client_id="muster", client_name="Muster", client_uri=os.environ["SCIM_URL"], client_id_issued_at=now
    )
    save(client)
    save(models.Token(
        token_id="muster", access_token=os.environ["SCIM_KEY"], client=client, audience=[client], subject=None,
        scope=["openid"], issue_date=now, lifetime=86400,
    ))
    people = {person["user_name"]: models.User(**person) for person in PEOPLE}
    for person in people.values():
        save(person)
    team = models.Group(display_name="On call", members=[people["full"], people["zoë"], people["leaver"]])
    save(team)
    people["zoë"].given_name = "Zoë"
    people["garbled"].lock_date = now
    for name in ["zoë", "garbled"]:
        save(people[name])
    Backend.instance.delete(people.pop("leaver"))
    shown = [
        {"id": person.id, "user_name": person.user_name, "given_name": person.given_name,
         "active": person.lock_date is None}
        for person in people.values()
    ]
    print(json.dumps({"people": shown, "team": team.id}))
