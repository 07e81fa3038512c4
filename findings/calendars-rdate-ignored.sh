#!/usr/bin/env bash
# icalevents 0.3.1 and node-ical 0.26.1: RDATE (RFC 5545, 3.8.5.2) adds an instance to an event. Neither lists it, for an event
# with a rule or without one, and neither says so: an extra shift is missing from the roster.
# Muster: reads no calendars yet; a roster must expand RDATE or refuse the event.
# Needs: python3 with venv, Node.js with npm.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check icalevents==0.3.1
npm install --silent --no-audit --no-fund --prefix . node-ical@0.26.1

# calendar RULE: two events of a day, with an extra date for the second of them.
calendar() {
  printf '%s\r\n' BEGIN:VCALENDAR VERSION:2.0 'PRODID:-//Roster//EN' BEGIN:VEVENT UID:primary DTSTAMP:20260101T000000Z \
    SUMMARY:Ada DTSTART:20261005T090000Z DTEND:20261005T170000Z "$@" RDATE:20261020T090000Z END:VEVENT END:VCALENDAR
}
calendar >single.ics
calendar 'RRULE:FREQ=DAILY;COUNT=2' >daily.ics

cat >try.py <<'PY'
import sys
from datetime import datetime, timezone

from icalevents.icalevents import events

window = {"start": datetime(2026, 10, 1, tzinfo=timezone.utc), "end": datetime(2026, 11, 1, tzinfo=timezone.utc)}
print(",".join(sorted(event.start.date().isoformat() for event in events(file=sys.argv[1], **window))))
PY
cat >try.mjs <<'JS'
import ical from 'node-ical';
const window = { from: new Date('2026-10-01'), to: new Date('2026-11-01') };
console.log(Object.values(ical.sync.parseFile(process.argv[2])).filter(event => event.type === 'VEVENT')
  .flatMap(event => ical.expandRecurringEvent(event, window)).map(shift => shift.start.toISOString().slice(0, 10)).join());
JS
changed=0
for name in single daily; do
  python=$(venv/bin/python try.py "$name.ics") node=$(node try.mjs "$name.ics")
  echo "$name, with RDATE 2026-10-20: icalevents 0.3.1 [$python], node-ical 0.26.1 [$node]"
  if [[ $python$node == *2026-10-20* || $python != 2026-10-05* || $node != 2026-10-05* ]]; then changed=1; fi
done
if [ $changed = 1 ]; then echo 'another behaviour than before' >&2; exit 1; fi
