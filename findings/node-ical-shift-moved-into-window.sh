#!/usr/bin/env bash
# node-ical 0.26.1: expandRecurringEvent() looks for the instances of a rule in the window and then replaces those that were
# moved. An instance that was moved into the window from before it is never listed, with expandOngoing too: a person swapped a
# shift from September to October, and the roster that is read for October does not have it.
# Muster: reads no calendars yet; a roster must add moved instances by their own start.
# Needs: Node.js with npm.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --prefix . node-ical@0.26.1

cat >try.mjs <<'JS'
import ical from 'node-ical';
const text = `BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//Roster//EN
BEGIN:VEVENT
UID:primary
DTSTAMP:20260101T000000Z
SUMMARY:Ada
DTSTART:20260914T090000Z
DTEND:20260914T170000Z
RRULE:FREQ=WEEKLY;COUNT=3
END:VEVENT
BEGIN:VEVENT
UID:primary
DTSTAMP:20260102T000000Z
SUMMARY:Ada
RECURRENCE-ID:20260921T090000Z
DTSTART:20261006T090000Z
DTEND:20261006T170000Z
END:VEVENT
END:VCALENDAR
`.replaceAll('\n', '\r\n');
const shifts = (from, to) => Object.values(ical.sync.parseICS(text)).filter(event => event.type === 'VEVENT')
  .flatMap(event => ical.expandRecurringEvent(event, { from: new Date(from), to: new Date(to), expandOngoing: true }))
  .map(shift => shift.start.toISOString().slice(0, 10)).join();
const both = shifts('2026-09-01', '2026-11-01');
const october = shifts('2026-10-01', '2026-11-01');
console.log(`node-ical 0.26.1: September and October [${both}], October alone [${october}]`);
process.exit(both.includes('2026-10-06') && october === '' ? 0 : 1);
JS
node try.mjs || { echo 'another behaviour than before' >&2; exit 1; }
