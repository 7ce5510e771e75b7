"""The load of a measurement, the same for both servers."""

import http.client
import multiprocessing
import socket
import subprocess
import time
from urllib.parse import quote, urlsplit

BOUNDARY = "bench-7f1c"
JSON = {"Accept": "application/dicom+json"}


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


class Client:
    """One connection that stays open."""

    def __init__(self, server, headers):
        parts = urlsplit(server.root)
        self.path, self.headers = parts.path, headers
        self.connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=300)

    def ask(self, method, path, body=None, headers=None):
        self.connection.request(method, self.path + path, body, {**self.headers, **(headers or {})})
        answer = self.connection.getresponse()
        return answer.status, answer.read()


def stow(server, films, clients):
    """Seconds from the first byte until the last film is answered as stored: a film a request, each client its share."""
    head = f"--{BOUNDARY}\r\nContent-Type: application/dicom\r\n\r\n".encode()
    bodies = [head + film["path"].read_bytes() + f"\r\n--{BOUNDARY}--\r\n".encode() for film in films]
    kind = {**JSON, "Content-Type": f'multipart/related; type="application/dicom"; boundary={BOUNDARY}'}
    context = multiprocessing.get_context("fork")
    ready, ends = context.Barrier(clients + 1), context.Queue()

    def send(share):
        client = Client(server, server.writes)
        ready.wait()
        refused = [status for status, _ in (client.ask("POST", "/studies", body, kind) for body in share) if status != 200]
        ends.put((time.perf_counter(), refused))

    workers = [context.Process(target=send, args=(bodies[at::clients],)) for at in range(clients)]
    for worker in workers:
        worker.start()
    ready.wait()
    begun = time.perf_counter()
    told = [ends.get(timeout=600) for _ in workers]
    for worker in workers:
        worker.join()
    refused = [status for _, statuses in told for status in statuses]
    if refused:
        raise SystemExit(f"{server.name}: STOW-RS answered {refused[0]} for {len(refused)} films")
    return max(end for end, _ in told) - begun


def cstore(server, films, clients):
    """The same by dcmsend, one association a client."""
    command = ["dcmsend", "-aet", "BENCH", "-aec", server.title, "127.0.0.1", str(server.dicom)]
    begun = time.perf_counter()
    sending = [subprocess.Popen([*command, *(str(film["path"]) for film in films[at::clients])]) for at in range(clients)]
    statuses = [each.wait() for each in sending]
    seconds = time.perf_counter() - begun
    if any(statuses):
        raise SystemExit(f"{server.name}: dcmsend failed: {statuses}")
    return seconds


def instance(film):
    study, series, uid = film["uids"]
    return f"/studies/{study}/series/{series}/instances/{uid}"


# What is asked: its name, the path for a film chosen at random, and what is accepted.
SINGLE = (
    ("study by Patient ID", lambda film: f"/studies?PatientID={quote(film['patient'])}", JSON),
    ("study by accession number", lambda film: f"/studies?AccessionNumber={film['accession']}", JSON),
    ("study by Study Instance UID", lambda film: f"/studies?StudyInstanceUID={film['uids'][0]}", JSON),
)
LISTS = (
    ("25 studies of a year", lambda _: "/studies?StudyDate=20250101-20251231&limit=25", JSON),
    ("25 studies by modality", lambda _: "/studies?ModalitiesInStudy=DX&limit=25", JSON),
    ("100 studies", lambda _: "/studies?limit=100", JSON),
    ("all studies", lambda _: "/studies?limit=1000", JSON),
)
OCTETS = {"Accept": 'multipart/related; type="application/octet-stream"'}
FETCHES = (
    ("rendered, JPEG", lambda film: instance(film) + "/rendered", {"Accept": "image/jpeg"}),
    ("rendered, PNG", lambda film: instance(film) + "/rendered", {"Accept": "image/png"}),
    ("frame", lambda film: instance(film) + "/frames/1", OCTETS),
    ("metadata of a study", lambda film: f"/studies/{film['uids'][0]}/metadata", JSON),
)


def timed(server, kind, films):
    """Seconds of each request, and the last answer's size."""
    name, path, accept = kind
    client, seconds, size = Client(server, server.reads), [], 0
    for film in films:
        begun = time.perf_counter()
        status, body = client.ask("GET", path(film), headers=accept)
        seconds.append(time.perf_counter() - begun)
        if status != 200:
            raise SystemExit(f"{server.name}: {name}: {status} {body[:200]!r}")
        size = len(body)
    return seconds, size
