"""What the rounds with other programs share: the transcript, what did not hold, and the portal that is talked with."""

import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

PORTAL = os.environ["PORTAL_URL"]
DICOM_PORT = int(os.environ["PORTAL_DICOM_PORT"])
FILMS = Path(os.environ["PEERS_FILMS"])
WORK = Path(os.environ["PEERS_WORK"])
faults = []


def say(text=""):
    """A line of the transcript, without the folders of this run."""
    print(str(text).replace(str(FILMS), "films").replace(str(WORK), "work"), flush=True)


def check(holds, what):
    """Notes what does not hold; the round goes on, so that one run tells all."""
    if not holds:
        faults.append(what)
        say(f"  FAULT: {what}")
    return holds


def finish(round_):
    say(f"{round_}: {'; '.join(faults) if faults else 'everything held'}")
    sys.exit(1 if faults else 0)


def run(*command, timeout=120):
    """Runs another program: its exit status, and what it says, both of its streams."""
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, timeout=timeout, errors="replace")
    return done.returncode, done.stdout + done.stderr


def portal(*command):
    """A command of the portal's own; what it prints."""
    words = [os.environ["PORTAL_BINARY"], *command, "--data-dir", os.environ["PORTAL_DATA_DIR"]]
    done = subprocess.run(words, capture_output=True, text=True, timeout=120)
    if done.returncode:
        raise SystemExit(f"medical-portal {' '.join(command)}: {done.stderr.strip()}")
    return done.stdout.strip()


def token(name, role, scope):
    return portal("token", "create", "--name", name, "--role", role, "--scope", scope)


def ask(url, method="GET", body=None, headers=None):
    """A request: the status, the body, and the headers of the answer. JSON goes out as such."""
    headers = dict(headers or {})
    if body is not None and not isinstance(body, bytes):
        body, headers["Content-Type"] = json.dumps(body).encode(), headers.get("Content-Type", "application/json")
    request = urllib.request.Request(url, method=method, data=body, headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=120) as answer:
            return answer.status, answer.read(), answer.headers
    except urllib.error.HTTPError as error:
        return error.code, error.read(), error.headers


def signed_in(address):
    """The headers of somebody of the demo's."""
    body = {"email": address, "password": os.environ.get("PORTAL_DEMO_PASSWORD", "demo-portal-2026")}
    return {"Authorization": "Bearer " + json.loads(ask(PORTAL + "/api/auth/login", "POST", body)[1])["token"]}


def web(secret):
    """dicomweb-client with a token."""
    from dicomweb_client.api import DICOMwebClient
    from dicomweb_client.session_utils import create_session

    session = create_session()
    session.headers["Authorization"] = f"Bearer {secret}"
    return DICOMwebClient(PORTAL + "/dicomweb", session=session)


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def until(holds, seconds=60):
    """Whether it holds before the time is over."""
    end = time.monotonic() + seconds
    while not (done := holds()) and time.monotonic() < end:
        time.sleep(0.2)
    return done
