"""Orthanc beside a portal with the demo's data: it pushes films (C-STORE with storage commitment, STOW-RS), pulls the
demo's (C-FIND with C-MOVE, QIDO-RS with WADO-RS), takes what the portal sends on by a route, and is asked for earlier studies.
Whatever went either way is compared: whose it is, and its pixel data."""

import io
import json
import os
from pathlib import Path

import pydicom
from orthanc_server import Orthanc, missing
from peer import DICOM_PORT, FILMS, PORTAL, WORK, ask, check, finish, free_port, portal, say, signed_in, token, until

# A folder with an authority's and Orthanc's certificates, where the portal is reached over TLS.
TLS = os.environ.get("PEERS_TLS")
IDENTITY = ("PatientName", "PatientID", "PatientBirthDate", "StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID")


def same(one, other):
    """Whether two copies of a film are the same film with the same pixels."""
    differ = [keyword for keyword in (*IDENTITY, "PixelData") if one.get(keyword) != other.get(keyword)]
    return check(not differ, f"{', '.join(differ)}: not the same at the portal")


def film(raw):
    return pydicom.dcmread(io.BytesIO(raw))


def of_the_portal(reader, dataset):
    """The portal's copy of a film, as its DICOMweb gives it."""
    path = f"/dicomweb/studies/{dataset.StudyInstanceUID}/series/{dataset.SeriesInstanceUID}/instances/{dataset.SOPInstanceUID}"
    headers = {"Authorization": f"Bearer {reader}", "Accept": 'multipart/related; type="application/dicom"; transfer-syntax=*'}
    status, body, _ = ask(PORTAL + path, headers=headers)
    if not check(status == 200, f"a film is not at the portal: {status}"):
        return None
    return film(body.split(b"\r\n\r\n", 1)[1].rsplit(b"\r\n--", 1)[0])


def pushes_by_dimse(orthanc, ids, reader):
    say("\nOrthanc pushes by C-STORE and asks for storage commitment")
    echo = orthanc.call("POST", "/modalities/portal/echo", {})
    say(f"  POST /modalities/portal/echo: {echo}")
    body = {"Resources": ids, "Synchronous": True, "StorageCommitment": True}
    done = orthanc.call("POST", "/modalities/portal/store", body)
    sent, failed = done["InstancesCount"], done["FailedInstancesCount"]
    say(f"  POST /modalities/portal/store, {len(ids)} films: {sent} sent, {failed} failed")
    check(done["FailedInstancesCount"] == 0, "C-STORE: films failed")
    transaction = done["StorageCommitmentTransactionUID"]
    report = lambda: orthanc.call("GET", f"/storage-commitment/{transaction}")
    until(lambda: report()["Status"] != "Pending")
    told = report()
    say(f"  GET /storage-commitment/...: {told['Status']}, {len(told['Success'])} promised, {len(told['Failures'])} not")
    check(told["Status"] == "Success" and len(told["Success"]) == len(ids), "storage commitment is not given")
    compare_all(orthanc, ids, reader)


def pushes_by_web(orthanc, ids, reader):
    say("\nOrthanc pushes by STOW-RS")
    done = orthanc.call("POST", "/dicom-web/servers/portal/stow", {"Resources": ids, "Synchronous": True})
    say(f"  POST /dicom-web/servers/portal/stow, {len(ids)} films: {done}")
    compare_all(orthanc, ids, reader)


def compare_all(orthanc, ids, reader):
    held = 0
    for each in ids:
        own = film(orthanc.call("GET", f"/instances/{each}/file"))
        theirs = of_the_portal(reader, own)
        held += theirs is not None and same(own, theirs)
    say(f"  {held} of {len(ids)} are the same here and there: identity and pixel data")


def pulls_by_dimse(orthanc, reader):
    say("\nOrthanc pulls by C-FIND and C-MOVE")
    before = set(orthanc.call("GET", "/instances"))
    query = {"Level": "Study", "Query": {"ModalitiesInStudy": "DX", "AccessionNumber": "DEMO-0*", "PatientName": ""}}
    asked = orthanc.call("POST", "/modalities/portal-archive/query", query)["ID"]
    answers = orthanc.call("GET", f"/queries/{asked}/answers")
    say(f"  POST /modalities/portal-archive/query, AccessionNumber=DEMO-0*: {len(answers)} studies")
    check(len(answers) > 5, "C-FIND: the demo's studies are not found")
    wanted = {"TargetAet": "ORTHANC", "Synchronous": True}
    for at in answers[:3]:
        job = orthanc.call("POST", f"/queries/{asked}/answers/{at}/retrieve", wanted)
        say(f"  POST /queries/.../answers/{at}/retrieve: {job['Description']}, from {job['RemoteAet']}")
    came(orthanc, before, 3, reader)


def pulls_by_web(orthanc, reader):
    say("\nOrthanc pulls by QIDO-RS and WADO-RS")
    arguments = {"AccessionNumber": "DEMO-0*", "limit": "3", "offset": "4"}
    found = orthanc.call("POST", "/dicom-web/servers/portal-archive/qido", {"Uri": "/studies", "Arguments": arguments})
    say(f"  POST /dicom-web/servers/portal-archive/qido, three studies from the fifth: {len(found)} answers")
    check(len(found) == 3, "QIDO-RS: three studies are there and were not found")
    before = set(orthanc.call("GET", "/instances"))
    body = {"Resources": [{"Study": study["0020000D"]["Value"]} for study in found], "Synchronous": True}
    done = orthanc.call("POST", "/dicom-web/servers/portal-archive/retrieve", body)
    say(f"  POST /dicom-web/servers/portal-archive/retrieve: {done}")
    came(orthanc, before, 3, reader)


def came(orthanc, before, least, reader):
    new = sorted(set(orthanc.call("GET", "/instances")) - before)
    check(len(new) >= least, f"{len(new)} films came, {least} are there")
    compare_all(orthanc, new, reader)


def is_sent_what_comes_in(orthanc, writer, reader, path):
    say("\nThe portal sends films on to Orthanc by a route")
    say(f"  medical-portal route add --to ORTHANC --modality DX: {portal('route', 'add', '--to', 'ORTHANC', '--modality', 'DX')}")
    before = set(orthanc.call("GET", "/instances"))
    status = stow(writer, path.read_bytes())
    say(f"  POST /dicomweb/studies, a film of DX, by another program: {status}")
    check(status == 200, "STOW-RS: a film was not stored")
    until(lambda: set(orthanc.call("GET", "/instances")) - before)
    came(orthanc, before, 1, reader)


def of_one_patient(path, day, name="Synthetic^Prior"):
    """A film like that one, of another study and of a patient that is in nobody's record yet."""
    dataset = pydicom.dcmread(path)
    dataset.PatientID, dataset.PatientName, dataset.PatientBirthDate = "PEER-PRIOR", name, "19600102"
    for keyword in ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID"):
        setattr(dataset, keyword, pydicom.uid.generate_uid())
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    dataset.StudyDate, dataset.AccessionNumber = day, ""
    written = io.BytesIO()
    dataset.save_as(written)
    return dataset, written.getvalue()


def is_asked_for_priors(orthanc, writer, path):
    say("\nThe portal asks Orthanc for earlier studies and fetches them")
    say(f"  medical-portal archive add --ae-title ORTHANC: {portal('archive', 'add', '--ae-title', 'ORTHANC')}")
    earlier, raw = of_one_patient(path, "20240304")
    orthanc.call("POST", "/instances", raw)
    orthanc.call("POST", "/instances", of_one_patient(path, "20250607", "Somebody^Else")[1])
    status = stow(writer, of_one_patient(path, "20261101")[1])
    check(status == 200, f"STOW-RS: a film was not stored: {status}")
    doctor = signed_in("doctor@example.com")
    reports = json.loads(ask(f"{PORTAL}/api/reports?sort=-upload_date", headers=doctor)[1])["items"]
    case = f"{PORTAL}/api/reports/{reports[0]['report_id']}"
    priors = lambda: json.loads(ask(f"{case}/priors", headers=doctor)[1])
    until(lambda: any(study["state"] == "here" for study in priors()["studies"]))
    studies = priors()["studies"]
    for study in studies:
        doubts = ", ".join(study["doubts"]) or "none"
        say(f"  {study['made_at'][:10]}, {study['patient_name']}: {study['state']}, doubts: {doubts}, films: {len(study['images'])}")
    here = [study for study in studies if study["state"] == "here"]
    doubtful = [study for study in studies if study["doubts"]]
    if check(len(here) == 1 and len(studies) == 2, "not the two earlier studies that Orthanc has, one of them fetched"):
        check(doubtful[0]["state"] == "found" and doubtful[0] != here[0], "a study of another name was fetched")
        fetched = film(ask(PORTAL + here[0]["images"][0]["image_url"], headers=doctor)[1])
        if same(earlier, fetched):
            say("  the film is the same there and here: identity and pixel data")


def stow(writer, film):
    kind = 'multipart/related; type="application/dicom"; boundary=peers'
    body = b"--peers\r\nContent-Type: application/dicom\r\n\r\n" + film + b"\r\n--peers--\r\n"
    headers = {"Authorization": f"Bearer {writer}", "Content-Type": kind, "Accept": "application/dicom+json"}
    return ask(PORTAL + "/dicomweb/studies", "POST", body, headers)[0]


def settings(writer, reader):
    """What a hospital adds to Orthanc's configuration, with the portal of this run in it."""
    written = json.loads(Path("ops/orthanc/portal.json").read_text())
    for modality in written["DicomModalities"].values():
        modality |= {"Host": "127.0.0.1", "Port": DICOM_PORT}
    for name, secret in (("portal", writer), ("portal-archive", reader)):
        server = written["DicomWeb"]["Servers"][name]
        server |= {"Url": PORTAL + "/dicomweb/", "HttpHeaders": {"Authorization": f"Bearer {secret}"}}
    return written | (over_tls(written) if TLS else {})


def over_tls(written):
    """The same where the portal wants TLS, and a certificate of Orthanc's."""
    for modality in written["DicomModalities"].values():
        modality["UseDicomTls"] = True
    authorities = f"{TLS}/authority.pem"
    return {
        "DicomTlsEnabled": True,
        "DicomTlsCertificate": f"{TLS}/orthanc.pem",
        "DicomTlsPrivateKey": f"{TLS}/orthanc.key",
        "DicomTlsTrustedCertificates": authorities,
        "HttpsCACertificates": authorities,
    }


def attempt(what, *arguments):
    """One part of the round; an error of it is a fault, and the next part is tried."""
    try:
        what(*arguments)
    except Exception as error:
        check(False, f"{what.__name__}: {type(error).__name__}: {error}")
        orthanc = arguments[0]
        for line in orthanc.errors():
            say(f"    {line}")


def main():
    if missing():
        say(f"skipped: the round with Orthanc needs {missing()}")
        return
    http, dicom = free_port(), free_port()
    listens = ("--host", "127.0.0.1", "--port", str(dicom), *(("--over-tls",) if TLS else ()))
    say(portal("device", "add", "--ae-title", "ORTHANC", *listens))
    say(portal("device", "add", "--ae-title", "ORTHANC_READ", "--address", "127.0.0.1", "--role", "doctor"))
    writer = token("Orthanc stores", "radiologist", "dicomweb.write")
    reader = token("Orthanc reads", "doctor", "dicomweb.read")
    films = sorted(FILMS.glob("*.dcm"))
    with Orthanc(WORK / ("orthanc-tls" if TLS else "orthanc"), http, dicom, settings(writer, reader)) as orthanc:
        system = orthanc.call("GET", "/system")
        web = orthanc.call("GET", "/plugins/dicom-web")
        say(f"Orthanc {system['Version']}, DICOMweb plugin {web['Version']}")
        ids = [orthanc.call("POST", "/instances", path.read_bytes())["ID"] for path in films[:6]]
        attempt(pushes_by_dimse, orthanc, ids[:3], reader)
        attempt(pushes_by_web, orthanc, ids[3:6], reader)
        attempt(pulls_by_dimse, orthanc, reader)
        attempt(pulls_by_web, orthanc, reader)
        attempt(is_sent_what_comes_in, orthanc, writer, reader, films[6])
        attempt(is_asked_for_priors, orthanc, writer, films[7])
    finish("Orthanc")


main()
