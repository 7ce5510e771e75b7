"""The two servers of a measurement, each with an empty store of its own on the same disk. Stores stay until the end: a file
system that has just lost files searches longer for room for new ones."""

import json
import os
import secrets
import shutil
import signal
import subprocess
import time
import urllib.request
from pathlib import Path

from orthanc_server import PLUGINS, Orthanc
from orthanc_server import missing as orthanc_is_missing
from bench_load import free_port


def missing():
    """What has to be installed before; empty when everything is there."""
    if orthanc_is_missing():
        return orthanc_is_missing()
    if not (PLUGINS / "libOrthancPostgreSQLIndex.so").exists():
        return "Orthanc's PostgreSQL index (Debian: apt-get install orthanc-postgresql)"
    return "" if programs() else "PostgreSQL's server programs (Debian: apt-get install postgresql)"


def programs():
    """The folder of the newest PostgreSQL's programs."""
    folders = Path("/usr/lib/postgresql").glob("*/bin/initdb")
    return max((path.parent for path in folders), key=lambda path: int(path.parent.name), default=None)


class Portal:
    """The portal on its private cluster, with its own settings: fsync, full_page_writes and synchronous_commit are on."""

    name = "portal"
    title = "PORTAL"

    def __init__(self, folder, workers):
        self.folder, self.workers = Path(folder), workers

    def __enter__(self):
        self.folder.mkdir(parents=True)
        words = [os.environ["PORTAL_BINARY"], "serve", "--data-dir", str(self.folder), "--workers", str(self.workers)]
        words += ["--listen", "127.0.0.1:0", "--dicom-port", "0"]
        words += ["--requests-an-address", "100000000", "--requests-a-session", "100000000"]
        self.log = open(f"{self.folder}.log", "w")
        self.process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=self.log, text=True)
        for line in self.process.stdout:
            if "running at" in line:
                self.root = line.split("running at ")[1].strip() + "/dicomweb"
            if line.startswith("Devices send films to"):
                self.dicom = int(line.rsplit(":", 1)[1])
                break
        else:
            raise SystemExit(f"the portal did not start: {Path(self.log.name).read_text()[-2000:]}")
        self.command("device", "add", "--ae-title", "BENCH", "--address", "127.0.0.1")
        self.writes = self.token("radiologist", "dicomweb.write")
        self.reads = self.token("doctor", "dicomweb.read")
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGINT)
        self.process.wait(timeout=120)
        self.log.close()

    def processes(self):
        return [self.process.pid]

    def command(self, *words):
        command = [os.environ["PORTAL_BINARY"], *words, "--data-dir", str(self.folder)]
        return subprocess.run(command, check=True, stdout=subprocess.PIPE, stderr=self.log, text=True).stdout.strip()

    def token(self, role, scope):
        secret = self.command("token", "create", "--name", f"bench {role}", "--role", role, "--scope", scope)
        return {"Authorization": f"Bearer {secret}"}

    def count(self):
        """Films that it has: each is a study of its own."""
        return len(ask(f"{self.root}/studies?limit=1000", self.reads))


class Peer:
    """Orthanc with a PostgreSQL index and files on disk. Durable as well: it syncs each file (SyncStorageArea, its default),
    and the index's server runs with PostgreSQL's defaults."""

    name = "Orthanc"
    title = "ORTHANC"
    writes = reads = {}

    def __init__(self, folder, cluster):
        database = cluster.database()
        index = {"EnableIndex": True, "EnableStorage": False, "Host": "127.0.0.1", "Port": cluster.port}
        index |= {"Database": database, "Username": "orthanc", "Password": cluster.password}
        settings = {"DicomAet": self.title, "SyncStorageArea": True, "PostgreSQL": index}
        http, self.dicom = free_port(), free_port()
        plugins = ("libOrthancDicomWeb.so", "libOrthancPostgreSQLIndex.so")
        self.orthanc = Orthanc(folder, http, self.dicom, settings, plugins)
        self.root, self.cluster = f"{self.orthanc.url}/dicom-web", cluster

    def __enter__(self):
        self.orthanc.__enter__()
        return self

    def __exit__(self, *_):
        self.orthanc.__exit__()

    def processes(self):
        return [self.orthanc.process.pid, self.cluster.process()]

    def count(self):
        return self.orthanc.call("GET", "/statistics")["CountInstances"]


class Cluster:
    """A PostgreSQL server for Orthanc's index: sized as the portal's private one, everything else as PostgreSQL has it."""

    SIZES = ("shared_buffers=128MB", "max_wal_size=1GB", "wal_compression=on")

    def __init__(self, folder):
        self.folder, self.port, self.password = Path(folder), free_port(), secrets.token_urlsafe(16)
        self.made = 0

    def as_server(self, *words):
        """Runs one of its programs, as the account `postgres` where this is root. Its output goes to a file: a server that
        stays behind would hold a pipe open."""
        account = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
        with open(self.folder / "output", "w+") as told:
            done = subprocess.run([*account, *map(str, words)], stdout=told, stderr=told, cwd="/")
            told.seek(0)
            text = told.read()
        if done.returncode:
            raise SystemExit(f"PostgreSQL for Orthanc's index: {text[-1000:]}")
        return text

    def __enter__(self):
        self.folder.mkdir(parents=True)
        word = self.folder / "password"
        word.write_text(self.password)
        if os.geteuid() == 0:
            shutil.chown(self.folder, "postgres")
            shutil.chown(word, "postgres")
        word.chmod(0o600)
        data = self.folder / "data"
        access = ("-U", "orthanc", "-A", "scram-sha-256", f"--pwfile={word}")
        self.as_server(programs() / "initdb", "-D", data, "-E", "UTF8", *access)
        options = f"-p {self.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={self.folder} "
        options += " ".join(f"-c {size}" for size in self.SIZES)
        self.as_server(programs() / "pg_ctl", "-D", data, "-w", "-o", options, "-l", self.folder / "log", "start")
        return self

    def __exit__(self, *_):
        self.as_server(programs() / "pg_ctl", "-D", self.folder / "data", "-w", "-m", "fast", "stop")

    def database(self):
        """A new, empty one."""
        self.made += 1
        name = f"orthanc_{self.made}"
        environment = dict(os.environ, PGPASSWORD=self.password)
        words = ("-h", "127.0.0.1", "-p", self.port, "-U", "orthanc")
        subprocess.run([str(word) for word in (programs() / "createdb", *words, name)], check=True, env=environment)
        return name

    def process(self):
        return int((self.folder / "data" / "postmaster.pid").read_text().split()[0])

    def version(self):
        return self.as_server(programs() / "postgres", "--version").split()[2]


def ask(url, headers):
    request = urllib.request.Request(url, headers={"Accept": "application/dicom+json", **headers})
    with urllib.request.urlopen(request, timeout=120) as answer:
        return json.loads(answer.read() or b"[]")


def settled(server, wanted):
    """Whether it has as many instances as were sent; Orthanc counts a moment later."""
    for _ in range(50):
        if server.count() == wanted:
            return True
        time.sleep(0.1)
    return False
