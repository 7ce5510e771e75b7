"""Walks FHIR of a portal as a program would that knows nothing but its CapabilityStatement: every kind, every page, every
parameter, include and reference. Each resource is validated with the R4 models of fhir.resources and written, one a line,
into the file named by the first argument, for the next validator."""

import json
import os
import sys
import urllib.error
import urllib.parse
import urllib.request

import fhir.resources
from fhir.resources import construct_fhir_element

assert fhir.resources.__fhir_version__ == "4.0.1", fhir.resources.__fhir_version__

PORTAL = os.environ["PORTAL_URL"]
BASE = PORTAL + "/fhir"
TOKEN = os.environ["PORTAL_TOKEN"]
# The trail is read by a person of role tech, and the rest by a program.
TECH = os.environ["PORTAL_TECH_TOKEN"]
VALUES = {"token": "x", "date": "ge2000", "string": "a", "reference": "x"}
FLAGS = {"active": "true"}

seen = {}
out = open(sys.argv[1], "w", encoding="utf-8")


def ask(url, token=True, accept="application/fhir+json", data=None, headers=()):
    request = urllib.request.Request(url, data=data, headers={"Accept": accept, **dict(headers)})
    if token:
        shown = TECH if "/fhir/AuditEvent" in url else TOKEN
        request.add_header("Authorization", "Bearer " + shown)
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            status, body, media = answer.status, answer.read(), answer.headers["Content-Type"]
    except urllib.error.HTTPError as error:
        status, body, media = error.code, error.read(), error.headers["Content-Type"]
    assert media.startswith("application/fhir+json"), (url, media)
    return status, check(json.loads(body))


def check(resource):
    construct_fhir_element(resource["resourceType"], resource)
    out.write(json.dumps(resource) + "\n")
    return resource


def references(value):
    if isinstance(value, dict):
        for name, inner in value.items():
            if name == "reference" and isinstance(inner, str):
                yield inner
            else:
                yield from references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from references(inner)


def pages(url):
    while url:
        status, bundle = ask(url)
        assert status == 200, (status, url, bundle)
        assert bundle["type"] == "searchset"
        for entry in bundle.get("entry", []):
            assert entry["fullUrl"].startswith(BASE + "/"), entry["fullUrl"]
            check(entry["resource"])
        yield bundle
        links = {link["relation"]: link["url"] for link in bundle["link"]}
        assert "self" in links
        url = links.get("next")


def everything(url):
    return [entry for page in pages(url) for entry in page.get("entry", [])]


def walk(resource):
    kind = resource["type"]
    codes = {interaction["code"] for interaction in resource["interaction"]}
    assert {"read", "search-type"} <= codes, kind
    # The trail grows while it is read: what was there at the start is enough.
    first = f"{BASE}/{kind}?_count=50&subtype=sign_in" if kind == "AuditEvent" else f"{BASE}/{kind}?_count=7"
    entries = everything(first)
    ids = [entry["resource"]["id"] for entry in entries]
    assert len(ids) == len(set(ids)), f"{kind}: a page repeats another"
    for entry in entries:
        status, alone = ask(entry["fullUrl"])
        assert status == 200 and alone == entry["resource"], entry["fullUrl"]
        for reference in references(alone):
            if not reference.startswith("#"):
                seen.setdefault(reference, entry["fullUrl"])
    found = 0
    for param in resource["searchParam"]:
        name, of = param["name"], param["type"]
        value = ids[0] if name == "_id" and ids else FLAGS.get(name, VALUES[of])
        pages_of = everything if kind != "AuditEvent" else lambda url: next(pages(url)).get("entry", [])
        found += len(pages_of(f"{BASE}/{kind}?" + urllib.parse.urlencode({name: value, "_count": 200})))
        form = urllib.parse.urlencode({name: value}).encode()
        status, bundle = ask(f"{BASE}/{kind}/_search", data=form, headers=[("Content-Type", "application/x-www-form-urlencoded")])
        assert status == 200 and bundle["resourceType"] == "Bundle"
    for name, includes in (("_include", "searchInclude"), ("_revinclude", "searchRevInclude")):
        for value in resource.get(includes, []):
            query = urllib.parse.urlencode({name: value, "_count": 20})
            beside = [e for e in everything(f"{BASE}/{kind}?{query}") if e["search"]["mode"] == "include"]
            assert beside or not ids, f"{kind}: {name}={value} brings nothing"
    print(f"{kind}: {len(ids)} read, {found} found by parameters")
    return len(ids)


def send_orders():
    """Somebody and an order, as an EHR would; sent twice, made once."""
    name = "urn:uuid:61ebe359-bfdc-4613-8bf2-c5e300945f0a"
    patient = {
        "resourceType": "Patient", "name": [{"family": "Demo", "given": ["Ada"]}], "birthDate": "2022-03-04",
        "gender": "female", "identifier": [{"system": "urn:oid:1.2.3", "value": "EHR-1"}],
    }
    order = {
        "resourceType": "ServiceRequest", "status": "active", "intent": "order", "priority": "urgent",
        "identifier": [
            {"system": "urn:ehr:orders", "value": "O-1"},
            {"type": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v2-0203", "code": "ACSN"}]}, "value": "ACC-1"},
        ],
        "code": {"coding": [{"system": "http://loinc.org", "code": "30745-4"}], "text": "Chest X-ray"},
        "orderDetail": [{"coding": [{"system": "http://dicom.nema.org/resources/ontology/DCM", "code": "DX"}]}],
        "performer": [{"type": "Device", "identifier": {"system": "urn:medical-portal:ae-title", "value": "CR1"}}],
        "subject": {"reference": name}, "occurrenceDateTime": "2026-11-20T09:00:00+01:00",
        "requester": {"display": "Dr Ward"}, "reasonCode": [{"text": "Cough"}],
    }
    bundle = check({"resourceType": "Bundle", "type": "transaction", "entry": [
        {"resource": order, "request": {"method": "PUT", "url": "ServiceRequest?identifier=urn:ehr:orders|O-1"}},
        {"fullUrl": name, "resource": patient,
         "request": {"method": "POST", "url": "Patient", "ifNoneExist": "identifier=urn:oid:1.2.3|EHR-1"}},
    ]})
    for expected in ("201", "200"):
        media = [("Content-Type", "application/fhir+json")]
        status, answer = ask(BASE, data=json.dumps(bundle).encode(), headers=media)
        assert status == 200, (status, answer)
        statuses = [entry["response"]["status"] for entry in answer["entry"]]
        assert all(one.startswith(expected) for one in statuses), statuses

    # An order of a film that is there, so that a report is based on it.
    for entry in everything(f"{BASE}/DiagnosticReport"):
        report = entry["resource"]
        numbers = [one["value"] for one in report.get("identifier", []) if "type" in one]
        if numbers:
            order["identifier"] = [
                {"system": "urn:ehr:orders", "value": "O-2"},
                {"type": {"coding": [{"code": "ACSN"}]}, "value": numbers[0]},
            ]
            order["subject"] = {"reference": report["subject"]["reference"]}
            status, answer = ask(f"{BASE}/ServiceRequest", data=json.dumps(order).encode(), headers=media)
            assert status == 201, (status, answer)
            status, based = ask(f"{BASE}/DiagnosticReport/{report['id']}")
            assert based["basedOn"][0]["reference"] == f"ServiceRequest/{answer['id']}"
            return
    raise AssertionError("no report has an accession number")


def main():
    status, statement = ask(BASE + "/metadata", token=None)
    assert status == 200 and statement["fhirVersion"] == "4.0.1"
    send_orders()
    total = 0
    for resource in statement["rest"][0]["resource"]:
        count = walk(resource)
        assert count, f"there is no {resource['type']} to be looked at"
        total += count
    for reference, where in seen.items():
        status, _ = ask(f"{BASE}/{reference}")
        assert status == 200, f"{where} refers to {reference}, which is not there"
    for expected, url, options in (
        (401, "Patient", {"token": None}),
        (404, "Patient/nobody", {}),
        (404, "Medication", {}),
        (400, "Patient?birthdate=yesterday", {}),
        (400, "Patient?colour=red", {"headers": [("Prefer", "handling=strict")]}),
        (406, "Patient", {"accept": "application/fhir+xml"}),
    ):
        status, outcome = ask(f"{BASE}/{url}", **options)
        assert status == expected and outcome["resourceType"] == "OperationOutcome", (url, status)
    print(f"{total} resources and {len(seen)} references, all as FHIR 4.0.1 has them (fhir.resources)")


main()
out.close()
