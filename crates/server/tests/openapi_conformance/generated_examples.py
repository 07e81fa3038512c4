"""Has the generated client parse every JSON answer that the document shows, by each operation that can answer so.

A problem has to come out as an object of the schema's class with each of its members. Ends with an error where an answer
is not parsed, or where a kind of problem or a form of details is missing.
"""

import importlib
import json
import pkgutil
import sys

import httpx

import muster_client.api
from muster_client import Client, models

document = json.load(open("openapi.json", encoding="utf-8"))
client = Client(base_url="https://muster.example.com", raise_on_unexpected_status=True)


def operations():
    """Each module of the client, by its operation's name without case."""
    for tag in pkgutil.iter_modules(muster_client.api.__path__):
        folder = importlib.import_module(f"muster_client.api.{tag.name}")
        for module in pkgutil.iter_modules(folder.__path__):
            name = f"{folder.__name__}.{module.name}"
            yield module.name.replace("_", ""), importlib.import_module(name)


def resolve(value):
    while "$ref" in value:
        found = document
        for part in value["$ref"].removeprefix("#/").split("/"):
            found = found[part]
        value = found
    return value


def examples(response):
    for content_type, content in resolve(response).get("content", {}).items():
        if content_type.endswith("json"):
            yield from (example["value"] for example in content.get("examples", {}).values())
            if "example" in content:
                yield content["example"]


modules = dict(operations())
parsed = {"Problem": set(), "ValidationProblem": set(), "CodeProblem": set(), "ScimError": set()}
answers = 0
for path, item in document["paths"].items():
    for method, operation in item.items():
        if method.startswith("x-"):
            continue
        module = modules.pop(operation["operationId"].lower())
        for status, response in operation["responses"].items():
            for example in examples(response):
                answer = httpx.Response(int(status), json=example)
                value = module._build_response(client=client, response=answer).parsed
                where = f"{method} {path}: {status} {example}"
                assert value is not None, where
                answers += 1
                if int(status) >= 400:
                    kind = type(value).__name__
                    assert kind in parsed, f"{where} is a {kind}"
                    assert value.to_dict() == example, where
                    parsed[kind].add(example.get("type", status))

assert not modules, f"no operations of the document: {list(modules)}"
for name in ("Problem", "ValidationProblem", "CodeProblem"):
    kinds = set(document["components"]["schemas"][name]["properties"]["type"]["enum"])
    # No operation answers with a wrong method.
    kinds -= {"urn:muster:problem:method-not-allowed"}
    assert parsed[name] == kinds, f"{name}: {parsed[name] ^ kinds}"
assert parsed["ScimError"]

# The details of a record, of each form.
forms = [resolve(form) for form in document["components"]["schemas"]["AuditDetails"]["oneOf"]]
names = [form["$ref"].rsplit("/", 1)[1] for form in document["components"]["schemas"]["AuditDetails"]["oneOf"]]
assert all(hasattr(models, name) for name in names)
print(f"{answers} answers parsed, {len(names)} forms of details", file=sys.stderr)
