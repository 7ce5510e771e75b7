"""Schemathesis signed in as one of the demo's accounts; PORTAL_ROLE says which, `anonymous` as nobody."""

import json
import os
import urllib.error
import urllib.request

import schemathesis
from hypothesis import strategies

BASE = os.environ["PORTAL_URL"]
ROLE = os.environ["PORTAL_ROLE"]
PASSWORD = os.environ["PORTAL_DEMO_PASSWORD"]


def sign_in():
    body = json.dumps({"email": f"{ROLE}@example.com", "password": PASSWORD}).encode()
    request = urllib.request.Request(
        f"{BASE}/api/auth/login", body, {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=20) as answer:
        return json.load(answer)["token"]


def is_valid(token):
    request = urllib.request.Request(
        f"{BASE}/api/auth/me", headers={"Authorization": f"Bearer {token}"}
    )
    try:
        with urllib.request.urlopen(request, timeout=20):
            return True
    except urllib.error.HTTPError:
        return False


if ROLE != "anonymous":

    # What is tried may end the session it is tried with, so that it is looked after every second.
    @schemathesis.auth(refresh_interval=1)
    class Session:
        token = None

        def get(self, case, context):
            if self.token is None or not is_valid(self.token):
                self.token = sign_in()
            return self.token

        def set(self, case, data, context):
            case.headers = case.headers or {}
            case.headers["Authorization"] = f"Bearer {data}"


@schemathesis.serializer("application/offset+octet-stream")
def piece(context, value):
    return value if isinstance(value, bytes) else str(value).encode()


schemathesis.openapi.media_type("application/offset+octet-stream", strategies.binary(max_size=4096))
