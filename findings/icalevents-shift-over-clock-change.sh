#!/usr/bin/env bash
# icalevents 0.3.1: a weekly shift in Europe/Berlin that begins at 09:00 before the end of summer time and whose DTEND is 09:00 a
# week later ends at 10:00, also in the first week, where DTEND itself says 09:00. The end is the start's local time plus the
# elapsed 169 hours. Without an RRULE the same event ends at 09:00. Every shift overlaps the next by an hour.
# Muster: reads no calendars yet; a roster must take the end of a shift as local time.
# Needs: python3 with venv.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check icalevents==0.3.1

cat >try.py <<'PY'
import sys
from datetime import datetime, timezone

from icalevents.icalevents import events

SHIFT = """BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//Roster//EN
BEGIN:VTIMEZONE
TZID:Europe/Berlin
BEGIN:STANDARD
DTSTART:19961027T030000
TZOFFSETFROM:+0200
TZOFFSETTO:+0100
RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU
END:STANDARD
BEGIN:DAYLIGHT
DTSTART:19960331T020000
TZOFFSETFROM:+0100
TZOFFSETTO:+0200
RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU
END:DAYLIGHT
END:VTIMEZONE
BEGIN:VEVENT
UID:primary
DTSTAMP:20260101T000000Z
SUMMARY:Ada
DTSTART;TZID=Europe/Berlin:20261019T090000
DTEND;TZID=Europe/Berlin:20261026T090000
@RULE@END:VEVENT
END:VCALENDAR
"""


def first(rule):
    text = SHIFT.replace("@RULE@", rule).replace("\n", "\r\n").encode()
    window = datetime(2026, 10, 1, tzinfo=timezone.utc), datetime(2026, 11, 15, tzinfo=timezone.utc)
    return min(event.end for event in events(string_content=text, start=window[0], end=window[1])).isoformat()


once, weekly = first(""), first("RRULE:FREQ=WEEKLY;COUNT=3\n")
print(f"icalevents 0.3.1: the first shift ends {once} without a rule, {weekly} with FREQ=WEEKLY")
sys.exit(0 if (once, weekly) == ("2026-10-26T09:00:00+01:00", "2026-10-26T10:00:00+01:00") else 1)
PY
venv/bin/python try.py || { echo 'another behaviour than before' >&2; exit 1; }
