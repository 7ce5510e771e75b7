"""Talks HL7 v2 with a portal as a hospital's systems do: python-hl7 sends patients and orders, hl7apy's server takes the
results and validates each against the standard's structures (2.5.1)."""

import json
import os
import sys
import threading
import time
import urllib.error
import urllib.request

import hl7
from hl7.client import MLLPClient
from hl7apy.mllp import AbstractHandler, MLLPServer
from hl7apy.parser import parse_message

PORT = int(os.environ["PORTAL_HL7_PORT"])
PORTAL = os.environ["PORTAL_URL"]
PASSWORD = "demo-portal-2026"
taken = []
faults = []


class Results(AbstractHandler):
    """Takes a result, and refuses the first one, so that it comes again."""

    def reply(self):
        message = parse_message(self.incoming_message, find_groups=True)
        report = "validation.txt"
        try:
            message.validate(report_file=report)
            with open(report, encoding="utf-8") as lines:
                faults.extend(line for line in lines if line.startswith("Error"))
        except Exception as error:  # Every fault is told at the end.
            faults.append(repr(error))
        control = message.msh.msh_10.value
        code = "AE" if not taken else "AA"
        taken.append(self.incoming_message)
        return f"\x0bMSH|^~\\&|EHR||MEDICAL_PORTAL||20261126080000||ACK|1|P|2.5.1\rMSA|{code}|{control}\r\x1c\r"


class Unknown(AbstractHandler):
    def reply(self):
        faults.append("a message of another kind came")
        return ""


def call(method, path, token=None, body=None):
    request = urllib.request.Request(PORTAL + path, method=method, data=json.dumps(body).encode() if body else None)
    request.add_header("Content-Type", "application/json")
    if token:
        request.add_header("Authorization", "Bearer " + token)
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as error:
        raise AssertionError(f"{method} {path}: {error.read().decode()}") from error


def send(client, *segments):
    answer = hl7.parse(client.send_message("\r".join(segments) + "\r").decode("utf-8"))
    return str(answer.segment("MSA")[1]), answer


def head(kind, number):
    return f"MSH|^~\\&|HIS|WARD|PORTAL|XRAY|20261126080000+0000||{kind}|{number}|P|2.5.1||||||UNICODE UTF-8"


def main():
    server = MLLPServer("127.0.0.1", 0, {"ORU^R01^ORU_R01": (Results,), "ERR": (Unknown,)})
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(server.server_address[1], flush=True)
    # Whoever started this adds the receiver and says so.
    sys.stdin.readline()

    person = "PID|1||H-77^^^HIS^MR||Lovelace^Ada||19151210|F"
    with MLLPClient("127.0.0.1", PORT) as client:
        for number, kind, *rest in (
            (1, "ADT^A04^ADT_A01", "EVN|A04|20261126080000", person),
            (2, "ADT^A08^ADT_A01", "EVN|A08|20261126080000", person + "|||||555-1"),
            (3, "ORM^O01^ORM_O01", person, "ORC|NW|O-1^HIS", "OBR|1|O-1^HIS||XR^Chest X-ray^L||||||||||||||ACC-77||||||DX"),
            (4, "OMI^O23^OMI_O23", person, "ORC|XO|O-1^HIS", "TQ1|1||||||20261127083000+0000||S", "OBR|1|||XR^Chest X-ray^L", "IPC|ACC-77||||DX"),
        ):
            code, answer = send(client, head(kind, number), *rest)
            assert code == "AA", (kind, str(answer))
        code, answer = send(client, head("ORM^O01", 5), person, "ORC|CA|O-99^HIS")
        assert code == "AE" and "204" in str(answer), str(answer)
        assert "H-77" not in str(answer), "an answer repeats nothing"

    doctor = call("POST", "/api/auth/login", body={"email": "doctor@example.com", "password": PASSWORD})["token"]
    found = call("GET", "/api/patients?search=H-77", doctor)["items"]
    assert [one["name"] for one in found] == ["Ada Lovelace"] and found[0]["phone"] == "555-1", found

    queue = call("GET", "/api/reviews/queue", doctor)["items"]
    case = next(one for one in queue if not one.get("claimed_by"))
    report = case["report_id"]
    call("POST", f"/api/reviews/queue/{report}/impression", doctor, {"risk": "high"})
    review = {"report_id": report, "doctor_risk_assessment": "high", "urgency_level": "urgent", "clinical_findings": "Opacity | right.\nNo effusion."}
    call("POST", "/api/reviews", doctor, review)
    for _ in range(600):
        if len(taken) > 1:
            break
        time.sleep(0.1)
    assert len(taken) == 2, f"the result came {len(taken)} times"
    first, again = (hl7.parse(text) for text in taken)
    assert str(first.segment("OBR")[3]) == str(again.segment("OBR")[3])
    text = hl7.parse(taken[1]).segments("OBX")[0][5][0]
    assert again.unescape(str(text)) == "Opacity | right.\rNo effusion.", repr(str(text))
    assert not faults, faults
    print(f"{len(again.segments('OBX'))} observations of a signed result were taken at the second attempt, without a fault of structure")


main()
