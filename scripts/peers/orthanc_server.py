"""An Orthanc of Debian's packages on loopback, with a folder of its own."""

import json
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path

PLUGINS = Path("/usr/share/orthanc/plugins")
PROGRAM = Path("/usr/sbin/Orthanc")


def missing():
    """What has to be installed before; empty when everything is there."""
    if not PROGRAM.exists():
        return "Orthanc (Debian: apt-get install orthanc orthanc-dicomweb)"
    if not (PLUGINS / "libOrthancDicomWeb.so").exists():
        return "Orthanc's DICOMweb (Debian: apt-get install orthanc-dicomweb)"
    return ""


class Orthanc:
    """Started on entry, ended on exit. `settings` stand above what is chosen here."""

    def __init__(self, folder, http, dicom, settings, plugins=("libOrthancDicomWeb.so",)):
        self.folder, self.url = Path(folder), f"http://127.0.0.1:{http}"
        self.settings = {
            "StorageDirectory": str(self.folder / "storage"),
            "IndexDirectory": str(self.folder / "storage"),
            "Plugins": [str(PLUGINS / name) for name in plugins],
            "HttpPort": http,
            "DicomPort": dicom,
            "HttpBindAddresses": ["127.0.0.1"],
            "RemoteAccessAllowed": False,
            "OverwriteInstances": False,
            "HttpThreadsCount": 50,
            "TcpNoDelay": True,
            **settings,
        }

    def __enter__(self):
        self.folder.mkdir(parents=True, exist_ok=True)
        written = self.folder / "orthanc.json"
        written.write_text(json.dumps(self.settings, indent=1))
        self.log = open(self.folder / "orthanc.log", "w")
        self.process = subprocess.Popen([str(PROGRAM), str(written)], stdout=self.log, stderr=self.log)
        for _ in range(300):
            if self.process.poll() is not None:
                break
            try:
                self.call("GET", "/system")
                return self
            except (urllib.error.URLError, ConnectionError):
                time.sleep(0.1)
        self.__exit__()
        raise SystemExit(f"Orthanc did not start: {(self.folder / 'orthanc.log').read_text()[-2000:]}")

    def __exit__(self, *_):
        self.process.terminate()
        try:
            self.process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.log.close()

    def call(self, method, path, body=None):
        """A request of its REST interface; an error of it is an exception that says what it answered."""
        data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, method=method, data=data)
        try:
            with urllib.request.urlopen(request, timeout=120) as answer:
                raw = answer.read()
                return json.loads(raw) if "json" in answer.headers.get("Content-Type", "") else raw
        except urllib.error.HTTPError as error:
            raise RuntimeError(f"{method} {path}: {error.code}, {self.reason(error.read())}") from error

    @staticmethod
    def reason(raw):
        """What it answers of an error, in a line."""
        try:
            told = json.loads(raw)
            return told.get("Details") or told.get("Message")
        except ValueError:
            return raw.decode(errors="replace")[:200]

    def errors(self):
        """The last errors of its log."""
        lines = (self.folder / "orthanc.log").read_text(errors="replace").splitlines()
        return [line.split("] ", 1)[-1] for line in lines if line.startswith("E")][-6:]
