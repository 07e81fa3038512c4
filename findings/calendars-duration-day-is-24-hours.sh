#!/usr/bin/env bash
# icalevents 0.3.1 and node-ical 0.26.1: DURATION:P1D is a day by the calendar (RFC 5545, 3.3.6), so a shift from 20:00 in
# Europe/Berlin lasts until 20:00 of the next day, 25 hours at the end of summer time. Both add 24 hours and end it at 19:00, an hour before the next shift begins.
# Muster: reads no calendars yet; a roster must add days and weeks in local time, and hours as hours.
# Needs: python3 with venv, Node.js with npm.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check icalevents==0.3.1
npm install --silent --no-audit --no-fund --prefix . node-ical@0.26.1

printf '%s\r\n' BEGIN:VCALENDAR VERSION:2.0 'PRODID:-//Roster//EN' BEGIN:VTIMEZONE TZID:Europe/Berlin \
  BEGIN:STANDARD DTSTART:19961027T030000 TZOFFSETFROM:+0200 TZOFFSETTO:+0100 'RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU' \
  END:STANDARD BEGIN:DAYLIGHT DTSTART:19960331T020000 TZOFFSETFROM:+0100 TZOFFSETTO:+0200 \
  'RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU' END:DAYLIGHT END:VTIMEZONE BEGIN:VEVENT UID:night DTSTAMP:20260101T000000Z \
  SUMMARY:Ada 'DTSTART;TZID=Europe/Berlin:20261024T200000' DURATION:P1D END:VEVENT END:VCALENDAR >night.ics

cat >try.py <<'PY'
from datetime import datetime, timezone

from icalevents.icalevents import events

window = {"start": datetime(2026, 10, 1, tzinfo=timezone.utc), "end": datetime(2026, 11, 1, tzinfo=timezone.utc)}
print(*(event.end.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%MZ") for event in events(file="night.ics", **window)))
PY
cat >try.mjs <<'JS'
import ical from 'node-ical';
const [shift] = Object.values(ical.sync.parseFile('night.ics')).filter(event => event.type === 'VEVENT');
console.log(shift.end.toISOString().replace(':00.000', ''));
JS
python=$(venv/bin/python try.py) node=$(node try.mjs)
echo "DTSTART 2026-10-24 20:00 Berlin, P1D ends: icalevents 0.3.1 $python, node-ical 0.26.1 $node (19:00Z is 20:00 Berlin)"
if [ "$python/$node" != 2026-10-25T18:00Z/2026-10-25T18:00Z ]; then echo 'another behaviour than before' >&2; exit 1; fi
