"""Tries everything that somebody owns with a caller's credential (OWASP API1:2023, broken object level authorization).

OWNED holds, by path, the values of its parameters that name what is owned; every path of the document with parameters is
in it, so that one that is added is decided on. A path of none is not tried. Prints a JSON array a case, of the operation
and the status; ends with an error when a path is missing.
"""

import json
import os
import sys

import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings

OWNED = json.loads(os.environ["OWNED"])
URL = os.environ["MUSTER_URL"]
CASES = 10


def attempt(operation, values):
    @seed(6)
    @settings(
        max_examples=CASES,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy())
    def each(case):
        case.path_parameters = dict(values)
        response = case.call(base_url=URL, headers={"Authorization": f"Bearer {os.environ['CALLER']}"})
        print(json.dumps([operation.label, response.status_code]))

    each()


with_parameters = set()
schema = schemathesis.openapi.from_url(f"{URL}/openapi.json")
for result in schema.get_all_operations():
    operation = result.ok()
    if "{" in operation.path:
        with_parameters.add(operation.path)
        for values in OWNED.get(operation.path) or []:
            attempt(operation, values)
if with_parameters != set(OWNED):
    sys.exit(f"whose are they? {sorted(with_parameters ^ set(OWNED))}")
