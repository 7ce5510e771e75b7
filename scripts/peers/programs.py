"""dcmtk, pynetdicom and dicomweb-client beside a portal with the demo's data: each stores films, finds and fetches the
demo's. dcmtk also sends films that it compressed itself. More of dcmtk is in the tests of the room `dimse`, more of
dicomweb-client in `make test-dicomweb`."""

import re
import shutil

import numpy
import pydicom
import pynetdicom
from peer import DICOM_PORT, FILMS, WORK, check, finish, portal, run, say, token, until, web
from pynetdicom import AE, evt
from pynetdicom import sop_class as classes

ADDRESS = ("127.0.0.1", str(DICOM_PORT))
# Accession number, program, its options, and storescu's option that proposes what comes of it.
COMPRESSED = (
    ("PEERS-JPEG", ("dcmcjpeg", "+e1"), "-xs"),
    ("PEERS-JLS", ("dcmcjpls",), "-xt"),
    ("PEERS-RLE", ("dcmcrle",), "-xr"),
    ("PEERS-DEFLATE", ("dcmconv", "+td"), "-xd"),
)


def renamed(path, accession, name, inverted=False):
    """A film as one of a study of its own, written in the folder of this run; turned into MONOCHROME1 if wanted so."""
    dataset = pydicom.dcmread(path)
    if inverted:
        most = 2 ** dataset.BitsStored - 1
        dataset.PhotometricInterpretation = "MONOCHROME1"
        dataset.PixelData = (most - dataset.pixel_array).astype("<u2").tobytes()
        dataset.WindowCenter = most - dataset.WindowCenter
    for keyword in ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID"):
        setattr(dataset, keyword, pydicom.uid.generate_uid())
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    dataset.AccessionNumber = accession
    dataset.save_as(WORK / name)
    return WORK / name


def dcmtk(reader):
    say(f"dcmtk {run('storescu', '--version')[1].split()[2]}")
    status, _ = run("echoscu", "-aet", "DCMTK", "-aec", "PORTAL", *ADDRESS)
    say(f"  echoscu: {status}")
    check(status == 0, "echoscu failed")
    for accession, (program, *options), proposed in COMPRESSED:
        plain = renamed(FILMS / "film-00008.dcm", accession, "plain.dcm")
        squeezed = WORK / f"{accession}.dcm"
        status, told = run(program, *options, plain, squeezed)
        check(status == 0, f"{program}: {told}")
        status, told = run("storescu", "-aet", "DCMTK", "-aec", "PORTAL", proposed, *ADDRESS, squeezed)
        syntax = pydicom.dcmread(squeezed, stop_before_pixels=True).file_meta.TransferSyntaxUID
        say(f"  {program}, storescu {proposed}: {status}, {syntax.name}")
        check(status == 0, f"storescu {proposed}: {told}")
        came_back(reader, pydicom.dcmread(plain), pydicom.dcmread(squeezed), accession)
    find_and_fetch()


def came_back(reader, plain, squeezed, what):
    """The compressed film comes back byte for byte, and its frame as it was before it was compressed."""
    uids = squeezed.StudyInstanceUID, squeezed.SeriesInstanceUID, squeezed.SOPInstanceUID
    back = reader.retrieve_instance(*uids)
    check(back.PixelData == squeezed.PixelData, f"{what}: other pixel data came back")
    frame = reader.retrieve_instance_frames(*uids, frame_numbers=[1])[0]
    check(frame[: len(plain.PixelData)] == plain.PixelData, f"{what}: the decoded frame is another")


def find_and_fetch():
    keys = ("-k", "QueryRetrieveLevel=STUDY", "-k", "AccessionNumber=DEMO-0*", "-k", "StudyInstanceUID")
    status, told = run("findscu", "-S", "-aet", "READER", "-aec", "PORTAL", *keys, *ADDRESS)
    found = re.findall(r"UI \[([\d.]+)", told)
    studies = [uid for uid in dict.fromkeys(found) if not uid.startswith("1.2.840.10008")]
    say(f"  findscu AccessionNumber=DEMO-0*: {status}, {len(studies)} studies")
    check(len(studies) == 9, f"findscu found {len(studies)} studies of 9")
    folder = WORK / "got"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    keys = ("-k", "QueryRetrieveLevel=STUDY", "-k", f"StudyInstanceUID={studies[0]}")
    status, told = run("getscu", "-S", "-aet", "READER", "-aec", "PORTAL", "-od", folder, *keys, *ADDRESS)
    say(f"  getscu of one study: {status}, {len(list(folder.iterdir()))} film")
    check(status == 0 and len(list(folder.iterdir())) == 1, f"getscu: {told}")


def associated(title, *contexts, **more):
    """An association with the portal, of this name."""
    ae = AE(ae_title=title)
    for context in contexts:
        ae.add_requested_context(context)
    association = ae.associate("127.0.0.1", DICOM_PORT, ae_title="PORTAL", **more)
    check(association.is_established, f"pynetdicom: {title} is not associated")
    return association


def by_pynetdicom():
    say(f"\npynetdicom {pynetdicom.__version__}")
    film = pydicom.dcmread(renamed(FILMS / "film-00008.dcm", "PEERS-INVERTED", "inverted.dcm", inverted=True))
    promised = []

    def report(event):
        promised.extend(item.ReferencedSOPInstanceUID for item in event.event_information.ReferencedSOPSequence)
        return 0, None

    handlers = [(evt.EVT_N_EVENT_REPORT, report)]
    commitment = classes.StorageCommitmentPushModel
    association = associated("PYNETDICOM", classes.Verification, film.SOPClassUID, commitment, evt_handlers=handlers)
    say(f"  C-ECHO: {association.send_c_echo().Status:04X}")
    status = association.send_c_store(film).Status
    say(f"  C-STORE of a film in MONOCHROME1: {status:04X}")
    check(status == 0, "pynetdicom: C-STORE")
    asked = pydicom.Dataset()
    asked.TransactionUID = pydicom.uid.generate_uid()
    item = pydicom.Dataset()
    item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = film.SOPClassUID, film.SOPInstanceUID
    asked.ReferencedSOPSequence = [item]
    status, _ = association.send_n_action(asked, 1, commitment, classes.StorageCommitmentPushModelInstance)
    until(lambda: promised, 10)
    association.release()
    say(f"  N-ACTION: {status.Status:04X}; N-EVENT-REPORT: {len(promised)} promised")
    check(promised == [film.SOPInstanceUID], "pynetdicom: the film is not promised")


def finds_and_gets():
    model = classes.PatientRootQueryRetrieveInformationModelFind
    association = associated("READER", model)
    asked = pydicom.Dataset()
    asked.QueryRetrieveLevel, asked.PatientID, asked.PatientName = "PATIENT", "DEMO-0001", ""
    answers = [(status.Status, found) for status, found in association.send_c_find(asked, model)]
    association.release()
    names = [str(found.PatientName) for _, found in answers if found]
    say(f"  C-FIND, Patient Root: {', '.join(f'{status:04X}' for status, _ in answers)}; {names}")
    check(names == ["Demo^Ada"], "pynetdicom: C-FIND")
    gets()


def gets():
    get = classes.PatientRootQueryRetrieveInformationModelGet
    storage = classes.DigitalXRayImageStorageForPresentation
    came = []

    def take(event):
        came.append(event.dataset)
        return 0

    association = associated(
        "READER", get, storage, ext_neg=[pynetdicom.build_role(storage, scp_role=True)], evt_handlers=[(evt.EVT_C_STORE, take)]
    )
    asked = pydicom.Dataset()
    asked.QueryRetrieveLevel, asked.PatientID = "PATIENT", "DEMO-0001"
    statuses = [f"{status.Status:04X}" for status, _ in association.send_c_get(asked, get)]
    association.release()
    say(f"  C-GET of a patient: {', '.join(statuses)}; {len(came)} films")
    check(len(came) == 3 and {film.PatientID for film in came} == {"DEMO-0001"}, "pynetdicom: C-GET")


def by_dicomweb_client(writer, reader):
    from importlib.metadata import version

    say(f"\ndicomweb-client {version('dicomweb-client')}")
    film = pydicom.dcmread(renamed(FILMS / "film-00008.dcm", "PEERS-WEB", "web.dcm"))
    answer = writer.store_instances([film])
    say(f"  store_instances: {len(answer.get('ReferencedSOPSequence', []))} stored")
    found = reader.search_for_studies(search_filters={"AccessionNumber": "PEERS-WEB"})
    say(f"  search_for_studies: {len(found)} found")
    uids = film.StudyInstanceUID, film.SeriesInstanceUID, film.SOPInstanceUID
    back = reader.retrieve_instance(*uids)
    same = numpy.array_equal(back.pixel_array, film.pixel_array)
    say(f"  retrieve_instance: {'the same pixels' if same else 'other pixels'}")
    check(len(found) == 1 and same, "dicomweb-client: the film did not come back")


def main():
    for title in ("DCMTK", "PYNETDICOM"):
        portal("device", "add", "--ae-title", title, "--address", "127.0.0.1")
    portal("device", "add", "--ae-title", "READER", "--address", "127.0.0.1", "--role", "doctor")
    reader = web(token("dicomweb-client reads", "doctor", "dicomweb.read"))
    writer = web(token("dicomweb-client stores", "radiologist", "dicomweb.write"))
    if shutil.which("storescu"):
        dcmtk(reader)
    else:
        say("skipped: the round with dcmtk needs dcmtk (Debian: apt-get install dcmtk)")
    by_pynetdicom()
    finds_and_gets()
    by_dicomweb_client(writer, reader)
    finish("dcmtk, pynetdicom, dicomweb-client")


main()
