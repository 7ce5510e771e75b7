"""Stores films with dicomweb-client, finds and fetches them again, and compares what pydicom reads."""

import io
import os
import re
import sys
from pathlib import Path

import numpy
import pydicom
from dicomweb_client.api import DICOMwebClient
from dicomweb_client.session_utils import create_session
from PIL import Image
from pydicom.pixels import apply_modality_lut, apply_voi_lut
from requests import HTTPError


def client(token):
    session = create_session()
    session.headers["Authorization"] = f"Bearer {token}"
    return DICOMwebClient(url=os.environ["PORTAL_URL"] + "/dicomweb", session=session)


writer = client(os.environ["PORTAL_WRITER"])
reader = client(os.environ["PORTAL_READER"])
faults = []


def check(holds, what):
    if not holds:
        faults.append(what)


def films(folders):
    """What DICOMweb can name and pydicom can read; films that share an instance's UID get one of their own."""
    known = set()
    for folder in folders:
        for path in sorted(Path(folder).rglob("*.dcm")):
            try:
                dataset = pydicom.dcmread(path)
                dataset.StudyInstanceUID, dataset.SeriesInstanceUID, dataset.SOPClassUID, dataset.PixelData
                dataset.file_meta.TransferSyntaxUID
                if dataset.SOPInstanceUID in known:
                    dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = pydicom.uid.generate_uid()
            except Exception:
                continue
            known.add(dataset.SOPInstanceUID)
            yield path.name, dataset


def stored(name, dataset):
    """Stores one film; whether it was taken, `None` when pydicom cannot write it again."""
    try:
        pydicom.dcmwrite(io.BytesIO(), dataset)
    except Exception:
        return None
    try:
        answer = writer.store_instances([dataset])
    except HTTPError as error:
        check(error.response.status_code == 409, f"{name}: {error}")
        return False
    return "ReferencedSOPSequence" in answer


def grey_levels(values, center, width, function):
    """PS3.3 C.11.2.1.2 and C.11.2.1.3: values through a window, to 0 … 255."""
    if function == "SIGMOID":
        return 255 / (1 + numpy.exp(-4 * (values - center) / width))
    if function == "LINEAR_EXACT":
        return numpy.clip((values - center) / width + 0.5, 0, 1) * 255
    if width <= 1:
        return numpy.where(values > center - 0.5, 255.0, 0.0)
    return numpy.clip((values - (center - 0.5)) / (width - 1) + 0.5, 0, 1) * 255


def first(value):
    return float(value[0] if isinstance(value, pydicom.multival.MultiValue) else value)


def references(dataset, stored):
    """How a grey frame looks by the standard: with the parameters of a request, and as the film itself says. pydicom
    does the Modality LUT and VOI LUTs; the windows are the standard's formulas."""
    values = apply_modality_lut(stored, dataset).astype("float64")
    inverted = dataset.PhotometricInterpretation == "MONOCHROME1"
    turned = lambda picture: 255 - picture if inverted else picture
    low, high = numpy.percentile(values, [5, 95])
    center, width = round((low + high) / 2), max(round(high - low), 2)
    yield {"window": f"{center},{width},linear"}, turned(grey_levels(values, center, width, "LINEAR"))
    yield {"window": f"{center},{width},sigmoid"}, turned(grey_levels(values, center, width, "SIGMOID"))
    if "VOILUTSequence" in dataset:
        table = apply_voi_lut(values.astype("int64"), dataset, index=0, prefer_lut=True).astype("float64")
        yield {}, turned(table / (2 ** int(dataset.VOILUTSequence[0].LUTDescriptor[2]) - 1) * 255)
    elif dataset.get("WindowCenter") is not None and dataset.get("WindowWidth") is not None:
        center, width = first(dataset.WindowCenter), first(dataset.WindowWidth)
        function = dataset.get("VOILUTFunction") or "LINEAR"
        yield {}, turned(grey_levels(values, center, width, function))


def compare_rendering(name, dataset, uids, frame):
    """Every pixel within two grey levels of what the standard says."""
    global rendered
    for params, wanted in references(dataset, frame):
        picture = reader.retrieve_instance_rendered(*uids, media_types=("image/png",), params=params)
        ours = numpy.asarray(Image.open(io.BytesIO(picture)).convert("L")).astype("float64")
        counts = numpy.ones(frame.shape, bool)
        if "PixelPaddingValue" in dataset:
            # What is no picture may look as it likes.
            counts = frame != dataset.PixelPaddingValue
        if not params and numpy.ptp(wanted) < 1 < numpy.ptp(frame):
            # The film's window shows nothing of it: then the picture does not follow it.
            check(numpy.ptp(ours) > 100, f"{name}: a picture that shows nothing")
            continue
        far = numpy.abs(ours - wanted)[counts].max(initial=0)
        check(far <= 2, f"{name}: {params or 'as the film says'}: a pixel is {far:.1f} grey levels off")
        rendered += 1


def compare(name, dataset):
    uids = dataset.StudyInstanceUID, dataset.SeriesInstanceUID, dataset.SOPInstanceUID
    found = reader.search_for_instances(*uids[:2], search_filters={"SOPInstanceUID": uids[2]})
    check(len(found) == 1, f"{name}: found {len(found)} times")
    back = reader.retrieve_instance(*uids)
    check(back.SOPInstanceUID == dataset.SOPInstanceUID, f"{name}: another one came back")
    check(back.PixelData == dataset.PixelData, f"{name}: the pixel data are others")
    metadata = pydicom.Dataset.from_json(reader.retrieve_instance_metadata(*uids), bulk_data_uri_handler=lambda uri: b"")
    for keyword in ("PatientName", "PatientID", "Rows", "Columns", "BitsAllocated", "StudyDate"):
        if keyword in dataset:
            # pydicom leaves the escapes of some Chinese and Korean names in the text.
            theirs = re.sub(r"\x1b\$\)[AC]", "", str(dataset.get(keyword)))
            check(str(metadata.get(keyword)) == theirs, f"{name}: {keyword} differs")
    try:
        pixels = dataset.pixel_array
    except Exception:
        return False
    one = pixels[0] if int(dataset.get("NumberOfFrames") or 1) > 1 else pixels
    grey = dataset.SamplesPerPixel == 1 and dataset.BitsAllocated in (8, 16)
    wide = dataset.PhotometricInterpretation == "RGB" and dataset.BitsAllocated == 16 and not dataset.PlanarConfiguration
    if grey or wide:
        frame = reader.retrieve_instance_frames(*uids, frame_numbers=[1])[0]
        ours = numpy.frombuffer(frame, dtype=f"<{one.dtype.kind}{one.dtype.itemsize}")[: one.size].reshape(one.shape)
        far = numpy.abs(ours.astype("int64") - one.astype("int64")).max()
        check(far <= 1, f"{name}: a sample differs by {far}")
    if grey and dataset.PhotometricInterpretation.startswith("MONOCHROME"):
        compare_rendering(name, dataset, uids, one)
    for media in ("image/jpeg", "image/png"):
        picture = reader.retrieve_instance_rendered(*uids, media_types=(media,))
        size = Image.open(io.BytesIO(picture)).size
        check(size == (dataset.Columns, dataset.Rows), f"{name}: {media} of {size}")
    return True


taken = compared = refused = rendered = 0
for name, dataset in films(sys.argv[1:]):
    outcome = stored(name, dataset)
    if outcome is None:
        continue
    if not outcome:
        refused += 1
        continue
    taken += 1
    try:
        compared += compare(name, dataset)
    except Exception as error:
        faults.append(f"{name}: {type(error).__name__}: {error}")

studies = reader.search_for_studies(limit=1000)
check(len(studies) > 0, "no study is found")
first = pydicom.Dataset.from_json(studies[0])
series = reader.search_for_series(first.StudyInstanceUID)
check(len(series) == first.NumberOfStudyRelatedSeries, "another number of series than the study says")
print(f"{taken} taken, {compared} compared, {rendered} renderings compared, {refused} refused")
for fault in faults:
    print(fault, file=sys.stderr)
sys.exit(1 if faults or taken < 3 else 0)
