"""highdicom beside a portal with the demo's data: it reads films that come back, and makes of one a segmentation, a
secondary capture, a structured report and a presentation state. What the portal says of each is told and compared with
its conformance statement: what has pixels is stored and comes back as it was, the rest is refused with its reason."""

import json
import warnings

import highdicom as hd
import numpy
import pydicom
from highdicom.sr.coding import CodedConcept
from peer import PORTAL, ask, check, finish, signed_in, say, token, until, web
from pydicom.sr.codedict import codes
from requests import HTTPError

warnings.filterwarnings("ignore")
NO_IMAGE = 0x0122
DEVICE = dict(manufacturer="Peers", manufacturer_model_name="Peers", software_versions="1", device_serial_number="1")


def new(number, instance=1):
    return dict(series_instance_uid=hd.UID(), series_number=number, sop_instance_uid=hd.UID(), instance_number=instance)


def read(client):
    """A film of the demo's, as highdicom reads it."""
    [study] = client.search_for_studies(search_filters={"AccessionNumber": "DEMO-08"})
    instance = client.search_for_instances(study["0020000D"]["Value"][0], search_filters={"Modality": "DX"})[0]
    uids = [instance[tag]["Value"][0] for tag in ("0020000D", "0020000E", "00080018")]
    film = client.retrieve_instance(*uids)
    image = hd.Image.from_dataset(film)
    frame = image.get_frame(1, apply_modality_transform=False)
    say(f"  {film.SOPClassUID.name}, {frame.shape[1]} x {frame.shape[0]}: values {frame.min()} to {frame.max()}")
    check(numpy.array_equal(frame, film.pixel_array), "highdicom reads other values than pydicom")
    windowed = image.get_frame(1, apply_voi_transform=True, voi_output_range=(0, 255))
    say(f"  through the film's own window: mean {windowed.mean():.1f} of 255")
    return film


def segmentation(film):
    mask = film.pixel_array > numpy.percentile(film.pixel_array, 75)
    algorithm = hd.AlgorithmIdentificationSequence("threshold", codes.cid7162.ArtificialIntelligence, "1")
    segment = hd.seg.SegmentDescription(
        1, "bright", codes.cid7150.Tissue, codes.cid7166.ConnectiveTissue, hd.seg.SegmentAlgorithmTypeValues.AUTOMATIC, algorithm
    )
    return hd.seg.Segmentation([film], mask, hd.seg.SegmentationTypeValues.BINARY, [segment], **new(100), **DEVICE)


def secondary_capture(film):
    grey = (film.pixel_array / film.pixel_array.max() * 255).astype("uint8")
    return hd.sc.SCImage.from_ref_dataset(
        film, grey, "MONOCHROME2", 8, "PATIENT", patient_orientation=("L", "F"), **new(101), manufacturer="Peers"
    )


def structured_report(film):
    image = hd.sr.SourceImageForMeasurementGroup.from_source_image(film)
    group = hd.sr.MeasurementsAndQualitativeEvaluations(
        hd.sr.TrackingIdentifier(hd.UID(), "chest"),
        source_images=[image],
        measurements=[hd.sr.Measurement(codes.DCM.ProbabilityOfCancer, 1.0, codes.UCUM.Percent)],
    )
    observer = hd.sr.ObserverContext(codes.DCM.Device, hd.sr.DeviceObserverIdentifyingAttributes(hd.UID(), name="Peers"))
    context = hd.sr.ObservationContext(observer_device_context=observer)
    content = hd.sr.MeasurementReport(
        context, CodedConcept("399067008", "SCT", "Lateral projection"), imaging_measurements=[group],
        title=codes.DCM.ImagingMeasurementReport,
    )
    return hd.sr.EnhancedSR([film], content[0], **new(102), manufacturer="Peers", is_complete=True)


def presentation_state(film):
    lookup = hd.PresentationLUTTransformation("IDENTITY")
    return hd.pr.GrayscaleSoftcopyPresentationState(
        [film], **new(103), **DEVICE, content_label="PEERS", content_creator_name="Peers^Demo",
        presentation_lut_transformation=lookup,
    )


def store(name, writer, reader, made):
    """What the portal says of it: the reason why it is refused, or none when it is stored and the same when it comes back."""
    try:
        answer = writer.store_instances([made])
    except HTTPError as error:
        answer = pydicom.Dataset.from_json(error.response.text)
    failed = [item.FailureReason for item in answer.get("FailedSOPSequence", [])]
    stored = len(answer.get("ReferencedSOPSequence", []))
    say(f"  {name}, {made.SOPClassUID.name}: {'stored' if stored else f'refused with {failed[0]:04X}'}")
    if stored:
        back = reader.retrieve_instance(made.StudyInstanceUID, made.SeriesInstanceUID, made.SOPInstanceUID)
        check(back.PixelData == made.PixelData, f"{name}: other pixel data came back")
        seen = hd.Image.from_dataset(back).get_frame(1, apply_modality_transform=False)
        check(numpy.array_equal(seen, made.pixel_array.reshape(seen.shape)), f"{name}: highdicom reads other values")
    return failed[0] if failed else None


def are_unscored(modalities):
    """Whether each of them became a case that a doctor reads, and none of them has a score."""
    doctor = signed_in("doctor@example.com")
    found = {}

    def look():
        reports = json.loads(ask(PORTAL + "/api/reports?limit=100", headers=doctor)[1])["items"]
        for report in reports:
            modality = (report["image_metadata"].get("study") or {}).get("modality")
            if modality in modalities and report["status"] == "analyzed":
                found[modality] = report
        return len(found) == len(modalities)

    check(until(look), f"of {modalities} only {sorted(found)} are in front of a doctor")
    for modality, report in sorted(found.items()):
        say(f"  {modality}: {report['findings']}")
        check(report["risk_score"] is None, f"{modality} has a score")


def main():
    say(f"highdicom {hd.__version__}, pydicom {pydicom.__version__}")
    reader = web(token("highdicom reads", "doctor", "dicomweb.read"))
    writer = web(token("highdicom stores", "radiologist", "dicomweb.write"))
    say("\nA film comes back and is read")
    film = read(reader)
    say("\nWhat is made of it is sent to the portal")
    for name, make, wanted in (
        ("a segmentation", segmentation, None),
        ("a secondary capture", secondary_capture, None),
        ("a structured report", structured_report, NO_IMAGE),
        ("a presentation state", presentation_state, NO_IMAGE),
    ):
        check(store(name, writer, reader, make(film)) == wanted, f"{name}: not what the conformance statement says")
    say("\nWhat became of what was stored")
    are_unscored(("OT", "SEG"))
    finish("highdicom")


main()
