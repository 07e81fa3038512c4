#!/usr/bin/env bash
# scim-patch 0.8.3: attribute names in a PATCH are matched by case, though RFC 7643 (2.1) says they are case-insensitive. A
# replace of "Active" adds a second attribute beside "active", and no error is raised: the person stays active.
# Muster: crates/scim reads attribute names in any case.
# Needs: Node.js with npm.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --prefix . scim-patch@0.8.3

cat >try.mjs <<'JS'
import { scimPatch } from 'scim-patch';
const person = { schemas: ['urn:ietf:params:scim:schemas:core:2.0:User'], userName: 'ada', active: true, meta: {} };
const { active, Active } = scimPatch(person, [{ op: 'replace', path: 'Active', value: false }]);
console.log(`scim-patch 0.8.3: after replace Active = false: active = ${active}, Active = ${Active}`);
process.exit(active === true && Active === false ? 0 : 1);
JS
node try.mjs || { echo 'another behaviour than before' >&2; exit 1; }
