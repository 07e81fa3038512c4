//! What `--help` says beyond a line for each command and argument: details, exit codes, examples.

pub(super) const PROGRAM: &str = "\
Settings come from a .env file in the working directory, over it from the environment, and over both from
flags: `muster help settings` lists them. Every command that reads settings takes their flags.
Secrets have no flags, because others can read a command line: name a file with the setting's _FILE form.

With --json a command prints one JSON document, times in RFC 3339, for scripts.

Exit codes: 0 done, 1 failed, 2 wrong usage, 3 imported but some records were refused (import), 4 the schema
is not the one of this build (migrate --check), 5 the audit trail was tampered with, 6 it is whole and records
wait for their seals (audit verify);
130 and 143 stopped by SIGINT or SIGTERM, 141 nobody reads the output any more, as after `| head -1`.

Examples:
  muster                                 serve in development mode on 127.0.0.1:8080
  muster serve --listen 127.0.0.1:9000   serve on another port
  muster import people.json              load people as an identity provider exports them
  muster admin grant ada@example.com     make somebody an admin
  muster doctor                          check that messages can go out
  muster help key create                 what one command does, with examples";

pub(super) const SERVE: &str = "\
What a bare `muster` does. SIGTERM lets what is under way end, SIGINT ends it at once.

Exit codes: 0 stopped as told, 1 could not start or failed, 2 wrong usage.

Examples:
  muster serve
  muster serve --mode production --public-url https://muster.example.com --pepper-file /etc/muster/pepper";

pub(super) const MIGRATE: &str = "\
Migrations are applied in one transaction, all or none; of several that migrate at once one does it
and the others wait. A schema that a newer build made is refused.

Exit codes: 0 the schema is current, 1 failed, 2 wrong usage, 4 with --check: migrations are pending,
or the schema is newer than this build.

Examples:
  muster migrate
  muster migrate --check                 before a release: is there anything to do?
  muster migrate --dry-run | less        which statements would run";

pub(super) const IMPORT: &str = "\
The file is a SCIM 2.0 ListResponse or a list of User resources, as Okta or Entra ID export them.
Each record that was added, changed, deactivated, reactivated or refused is printed with the line
that it begins on, and at the end how many of each there were. A record that is refused hinders no
other. People who are not in the file are left as they are. Importing a file again changes nothing.

With --json each line is a JSON object: its `type` is `record`, and at the end once `summary`.

Exit codes: 0 every record holds, 1 failed, 2 wrong usage, 3 some records were refused.

Examples:
  muster import people.json
  muster import --json people.json | jq -c 'select(.outcome == \"refused\")'";

pub(super) const ADMIN: &str = "\
Each change is recorded in the audit trail.

Examples:
  muster admin grant ada@example.com     the first admin of a new installation
  muster admin list";

pub(super) const GRANT: &str = "\
For the first admin of a new installation; admins make other admins through the API. The grant is
recorded in the audit trail.

Exit codes: 0 they are an admin, 1 failed, 2 wrong usage.

Example:
  muster admin grant ada@example.com";

pub(super) const REVOKE_ADMIN: &str = "\
They stay in the directory and keep their phone sessions. The last active admin stays an admin.

Exit codes: 0 they are no admin, 1 failed or the last one, 2 wrong usage.

Example:
  muster admin revoke ada@example.com";

pub(super) const LIST_ADMINS: &str = "\
One line for each: user name, name, e-mail address, and whether they are deactivated. Break-glass accounts
are admins too: muster break-glass list.

Examples:
  muster admin list
  muster admin list --json | jq -r '.items[].email'";

pub(super) const KEY: &str = "\
Only its SHA-256 is kept, so a key that is lost is gone: rotate it. Each change is recorded in the
audit trail.

Exit codes: 0 done, 1 failed or no such key, 2 wrong usage.

Examples:
  muster key create --name Okta --scopes scim
  muster key list";

pub(super) const CREATE_KEY: &str = "\
Only its SHA-256 is kept, so a key that is lost is gone: rotate it.

Examples:
  muster key create --name Okta --scopes scim
  KEY=$(muster key create --name pager --scopes users:read,readiness:read | tail -n 1)
  KEY=$(muster key create --name pager --scopes users:read --json | jq -r .key)";

pub(super) const LIST_KEYS: &str = "\
One line for each: id, how it begins, scopes, when it was last used, whether it works, name.

Examples:
  muster key list
  muster key list --json | jq -r '.items[] | select(.lastUsedAt == null) | .id'";

pub(super) const ROTATE_KEY: &str = "\
Both work for a while, so that the service can be given the new one at leisure.

Example:
  muster key rotate 0199e0a1-7c00-7000-8000-000000000001 --overlap-hours 2";

pub(super) const REVOKE_KEY: &str = "\
Example:
  muster key revoke 0199e0a1-7c00-7000-8000-000000000001";

pub(super) const DIRECTORY: &str = "\
When one client of the directory deactivates more people within an hour than may be, further ones are
refused until somebody looked and released the brake: the directory may have been emptied by mistake,
and nobody's pager is to fall silent over that. How many may be is MUSTER_DEACTIVATION_BRAKE_PERCENT
and MUSTER_DEACTIVATION_BRAKE_FREE.

Exit codes: 0 done, 1 failed or nothing to release, 2 wrong usage.

Examples:
  muster directory status
  muster directory release Okta";

pub(super) const DIRECTORY_STATUS: &str = "\
Examples:
  muster directory status
  muster directory status --json | jq '.items | length'";

pub(super) const DIRECTORY_RELEASE: &str = "\
The directory repeats by itself what was refused.

Exit codes: 0 released, 1 failed or nothing to release, 2 wrong usage.

Examples:
  muster directory release
  muster directory release Okta";

pub(super) const BREAK_GLASS: &str = "\
A local admin for the night when nobody can sign in, for the identity provider is down: the password
goes into a safe. Only its Argon2id hash is kept, so one that is lost is gone: revoke the account and
make another. Each use is told to every admin. Each change is recorded in the audit trail.

Exit codes: 0 done, 1 failed or no such account, 2 wrong usage.

Example:
  muster break-glass create safe";

pub(super) const CREATE_ACCOUNT: &str = "\
Only its Argon2id hash is kept, so a password that is lost is gone: revoke the account and make another.

Example:
  muster break-glass create heron-42";

pub(super) const LIST_ACCOUNTS: &str = "\
One line for each: id, when it was made, when it was last used, whether it works, name.

Example:
  muster break-glass list";

pub(super) const REVOKE_ACCOUNT: &str = "\
Example:
  muster break-glass revoke heron-42";

pub(super) const SESSIONS: &str = "\
Phones hold sessions that live for 90 days. An operator ends them when a phone is lost and its owner cannot.

Exit codes: 0 done, 1 failed or no such person, 2 wrong usage.

Examples:
  muster sessions list ada@example.com
  muster sessions revoke ada@example.com";

pub(super) const LIST_SESSIONS: &str = "\
One line for each that is live, the one that was used last first: id, when it was opened, when it was last
used, when it ends, what its owner calls the phone.

Examples:
  muster sessions list ada@example.com
  muster sessions list ada@example.com --json";

pub(super) const REVOKE_SESSIONS: &str = "\
Each session that ends is recorded in the audit trail, with the reason revokedByOperator. The person is not
locked out: whoever can sign in opens a new session. An access token that a phone has fetched already works
for up to 15 minutes more. Deactivate the person in the directory to lock them out.

Exit codes: 0 no session is left, 1 failed or no such person, 2 wrong usage.

Example:
  muster sessions revoke ada@example.com";

pub(super) const AUDIT: &str = "\
Every change is on record: who, what, when, from where.

Examples:
  muster audit export --since 2026-11-01 --output audit.ndjson
  muster audit verify";

pub(super) const EXPORT_AUDIT: &str = "\
One JSON object a line, newest first, with the members that GET /api/audit shows. With --output the file
appears once it is whole, for its owner alone, and takes the place of one that is there.

Exit codes: 0 all of it, 1 failed, 2 wrong usage, 141 nobody reads the output any more.

Examples:
  muster audit export --since 2026-11-01 --until 2026-12-01 --output november.ndjson
  muster audit export --user ada@example.com --action session.issued
  muster audit export | head -1          what happened last";

pub(super) const VERIFY_AUDIT: &str = "\
Each record carries a keyed hash over what it says, its place, and the hash before it. A record that was
changed, removed, moved or put in by somebody without the pepper is found and named. Whoever has the pepper
too can make the whole chain anew: note its head, which is printed at the end, where they cannot write, and
give it back later with --noted. It needs the pepper that each record names (MUSTER_PEPPER_PREVIOUS counts too), and
only reads, but with --adopt: after the pepper was changed without an overlap, servers seal nothing until a chain that
is whole was adopted.

Exit codes: 0 the chain is whole, 1 could not be checked, 2 wrong usage, 5 faults were found, 6 the chain is
whole and records have waited for their seals for more than an hour: no fault. Servers seal a backlog by themselves,
some thousands a second: verify again once muster_audit_seal_lag_seconds is 0. When none is sealed meanwhile no server
runs, or its log says why sealing fails.

Examples:
  muster audit verify
  muster audit verify --json | jq -r '.head | \"\\(.position):\\(.hash)\"' >> /mnt/worm/muster-heads
  muster audit verify --noted \"$(tail -n 1 /mnt/worm/muster-heads)\"
  muster audit verify --old-pepper-file /etc/muster/pepper.2025 --adopt";

pub(super) const PEPPER: &str = "\
Each contact, device, code and refresh token says which pepper it was hashed with, by a short id that tells
nothing of the pepper. Servers move what a previous pepper (MUSTER_PEPPER_PREVIOUS) hashed to the present one
by themselves.

Examples:
  muster pepper status
  muster pepper move --old-pepper-file /etc/muster/pepper.2025";

pub(super) const PEPPER_STATUS: &str = "\
It reads only. Refresh tokens under a pepper that is not configured any more are nothing to mend: their
sessions go on.

Exit codes: 0 counted, 1 failed, 2 wrong usage.

Examples:
  muster pepper status
  muster pepper status --json | jq .rows";

pub(super) const MOVE_PEPPER: &str = "\
What is proven stays proven. A fingerprint is moved when one of the peppers made it of the contact on record:
the present one, those of MUSTER_PEPPER_PREVIOUS, and those of --old-pepper-file. With --unverified those are
moved too whose pepper is lost; whoever changed a contact in the database by hand would gain its proof.

Exit codes: 0 moved, 1 failed, 2 wrong usage.

Examples:
  muster pepper move --old-pepper-file /etc/muster/pepper.2025    the leaked one was removed from the servers
  muster pepper move --unverified                                 the old one is lost";

pub(super) const DOCTOR: &str = "\
It reads the configuration as the server would, looks at the store, and asks each provider whether it
would take messages: credentials, the sender's identity, sandboxes, clocks. Nothing is sent. With
--send-to one real message goes out over each channel that is on, to what is on file for that person,
with a code that works; that counts against the limits and is recorded in the audit trail.

With --token it reads a token of the identity provider from standard input and says of each check that
signing in makes how it went and which setting to change, and at last whether the person is on record
and active. It prints neither the token nor the person's names; it looks at nothing else.

Exit codes: 0 messages can go out, or the token is good, 1 something must be mended, 2 wrong usage.

Examples:
  muster doctor                                 before the first start, and when people get no codes
  muster doctor --send-to ada@example.com       is it really on her phone?
  muster doctor --token < token.txt             why is it refused?
  muster doctor --json | jq '.findings[] | select(.verdict == \"bad\")'";

pub(super) const OPENAPI: &str = "\
The document that the server answers GET /openapi.json with. It reads no settings.

Example:
  muster openapi > openapi.json";

pub(super) const COMPLETIONS: &str = "\
Examples:
  muster completions bash > /etc/bash_completion.d/muster
  muster completions zsh > \"${fpath[1]}/_muster\"
  muster completions fish > ~/.config/fish/completions/muster.fish";

pub(super) const MAN: &str = "\
Without --dir the page of the program itself goes to standard output.

Examples:
  muster man | man -l -
  muster man --dir /usr/local/share/man/man1";

pub(super) const SETTINGS: &str = "\
It tells what there is, not what is set, and reads no settings itself.

Examples:
  muster settings
  muster settings --format env > .env";
