"""Films for a measurement: one study each, DX of 12 bits, 2.1 MB, all different, every fifth in MONOCHROME1."""

from datetime import date, timedelta
from pathlib import Path

import numpy
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import DigitalXRayImageStorageForPresentation, ExplicitVRLittleEndian, generate_uid

SIDE = 1024
FAMILIES = ("Adams", "Müller", "Öz", "Kowalska", "Silva", "Nguyen", "Yamada", "Haddad", "Smith", "Okafor")


def chest():
    """Something bright with two darker ovals in it."""
    y, x = numpy.mgrid[-1 : 1 : SIDE * 1j, -1 : 1 : SIDE * 1j]
    lungs = sum(numpy.exp(-(((x - side) ** 2) / 0.06 + y**2 / 0.3)) for side in (-0.4, 0.4))
    return 2600 * numpy.exp(-(x**2 + y**2 * 0.7)) - 900 * lungs + 900


def film(number, body, random):
    """One film of a study of its own; noise, as sensors have it, so that nothing compresses it away."""
    made = Dataset()
    made.SpecificCharacterSet, made.ImageType, made.Modality = "ISO_IR 192", ["ORIGINAL", "PRIMARY"], "DX"
    made.SOPClassUID, made.SOPInstanceUID = DigitalXRayImageStorageForPresentation, generate_uid()
    made.StudyInstanceUID, made.SeriesInstanceUID = generate_uid(), generate_uid()
    made.StudyDate = made.ContentDate = (date(2025, 1, 1) + timedelta(days=number % 365)).strftime("%Y%m%d")
    made.StudyTime = made.ContentTime = f"{number % 24:02}{number % 60:02}00"
    made.AccessionNumber, made.PatientID = f"BENCH{number:06}", f"B{number:07}"
    made.PatientName, made.PatientSex = f"{FAMILIES[number % 10]}^Bench", "MF"[number % 2]
    made.PatientBirthDate = f"19{40 + number % 60}0{1 + number % 9}1{number % 10}"
    made.StudyDescription, made.BodyPartExamined, made.ViewPosition = "Chest PA", "CHEST", "PA"
    made.PresentationIntentType, made.Manufacturer, made.StudyID = "FOR PRESENTATION", "Bench", str(number)
    made.SeriesNumber = made.InstanceNumber = 1
    made.SamplesPerPixel, made.Rows, made.Columns = 1, SIDE, SIDE
    made.BitsAllocated, made.BitsStored, made.HighBit, made.PixelRepresentation = 16, 12, 11, 0
    made.WindowCenter, made.WindowWidth = 1800, 3000
    values = body * random.uniform(0.8, 1.2) + random.normal(0, 25, (SIDE, SIDE))
    values = numpy.clip(values, 0, 4095).astype("<u2")
    inverted = number % 5 == 0
    made.PhotometricInterpretation = "MONOCHROME1" if inverted else "MONOCHROME2"
    made.add_new("PixelData", "OW", (4095 - values if inverted else values).tobytes())
    made.file_meta = FileMetaDataset()
    made.file_meta.MediaStorageSOPClassUID = made.SOPClassUID
    made.file_meta.MediaStorageSOPInstanceUID = made.SOPInstanceUID
    made.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    return made


def draw(folder, count):
    """Writes them, and says what each can be asked for by."""
    folder, body, random = Path(folder), chest(), numpy.random.default_rng(1)
    folder.mkdir(parents=True)
    named = []
    for number in range(count):
        made = film(number, body, random)
        path = folder / f"{number:05}.dcm"
        made.save_as(path, enforce_file_format=True)
        uids = (made.StudyInstanceUID, made.SeriesInstanceUID, made.SOPInstanceUID)
        named.append({"path": path, "uids": uids, "patient": made.PatientID, "accession": made.AccessionNumber})
    return named
