#!/usr/bin/env bash
# scim-patch 0.8.3: Entra ID removes a member by `{"op": "Remove", "path": "members", "value": [{"value": ID}]}`. The library
# compares whole objects, so a member that is stored with a display name or $ref stays, and nothing is raised; the caller
# answers 200 and the person stays in the group. A member that is stored with its id alone is removed.
# Muster: crates/scim compares members by their value.
# Needs: Node.js with npm.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --prefix . scim-patch@0.8.3

cat >try.mjs <<'JS'
import { scimPatch } from 'scim-patch';
const group = members => ({ schemas: ['urn:ietf:params:scim:schemas:core:2.0:Group'], members, meta: {} });
const remove = [{ op: 'Remove', path: 'members', value: [{ value: '1' }] }];
const left = members => (scimPatch(group(members), remove).members ?? []).map(member => member.value).join();
const plain = left([{ value: '1' }, { value: '2' }]);
const named = left([{ value: '1', display: 'Ada' }, { value: '2', display: 'Grace' }]);
console.log(`scim-patch 0.8.3: after removing member 1: stored by id alone [${plain}], stored with display [${named}]`);
process.exit(plain === '2' && named === '1,2' ? 0 : 1);
JS
node try.mjs || { echo 'another behaviour than before' >&2; exit 1; }
