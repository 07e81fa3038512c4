#!/usr/bin/env bash
# SCIMMY 1.3.5: a filter value with an escaped quote is refused as "Unexpected token", though values are JSON strings (RFC 7644,
# 3.4.2.2). A client that looks for a group called Night "B" shift gets 400 and cannot tell whether the group exists.
# Muster: crates/scim reads filter values as JSON strings.
# Needs: Node.js with npm.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --prefix . scimmy@1.3.5

cat >try.mjs <<'JS'
import SCIMMY from 'scimmy';
const groups = [{ displayName: 'Night "B" shift' }, { displayName: 'Day shift' }];
const found = filter => {
  try {
    return new SCIMMY.Types.Filter(filter).match(groups).map(group => group.displayName).join();
  } catch (error) {
    return `${error.name}: ${error.message}`;
  }
};
const plain = found('displayName eq "Day shift"');
const quoted = found('displayName eq "Night \\"B\\" shift"');
console.log(`SCIMMY 1.3.5: without a quote [${plain}], with an escaped quote [${quoted}]`);
process.exit(plain === 'Day shift' && /Unexpected token/.test(quoted) ? 0 : 1);
JS
node try.mjs || { echo 'another behaviour than before' >&2; exit 1; }
