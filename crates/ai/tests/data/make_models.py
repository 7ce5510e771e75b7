"""Makes the small packages, refused model files and resizing cases that the tests of crate `ai` use.

The weights are written by hand so that a test can say what must come out; no model here was trained and none says
anything about a patient. Needs onnx, onnxruntime, numpy and Pillow:  python3 make_models.py
"""

import hashlib
import json
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper
from PIL import Image

HERE = Path(__file__).parent
SIZE = 32
PICTURE = ["batch", 1, SIZE, SIZE]


def weight(name, values, kind=np.float32):
    return numpy_helper.from_array(np.asarray(values, kind), name)


def model(nodes, outputs, weights, inputs=PICTURE, name="image"):
    graph = helper.make_graph(
        nodes, "films",
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, inputs)],
        [helper.make_tensor_value_info(output, TensorProto.FLOAT, shape) for output, shape in outputs],
        weights,
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def rows(top, bottom):
    out = np.empty((SIZE, SIZE), np.float32)
    out[: SIZE // 2], out[SIZE // 2:] = top, bottom
    return out


def scope_parts():
    """Upright and not inverted: the upper half brighter than the lower, the middle brighter than the border."""
    halves = rows(1, -1) / (SIZE * SIZE / 2)
    middle = np.zeros((SIZE, SIZE), bool)
    middle[8:24, 8:24] = True
    centre = np.where(middle, 1 / middle.sum(), -1 / (~middle).sum())
    weights = [weight("looks", np.stack([halves, centre])[:, None] / 4), weight("reserve", [-1.0, -1.0])]
    nodes = [
        helper.make_node("Conv", ["image", "looks", "reserve"], ["looked"], strides=[1, 1], dilations=[1, 1], pads=[0, 0, 0, 0]),
        helper.make_node("ReduceMin", ["looked"], ["least"], axes=[1, 2, 3], keepdims=0),
        helper.make_node("Unsqueeze", ["least", "axis_one"], ["least_column"]),
        helper.make_node("Sigmoid", ["least_column"], ["scope"]),
    ]
    return nodes, weights + [weight("axis_one", [1], np.int64)], ("scope", ["batch", 1])


def cam_nodes(channels=1):
    """Mean grey of 8 x 8 patches, (mean - 100) / 20 on the logit scale; further channels look mirrored in sign."""
    kernel = np.full((channels, 1, 8, 8), 1 / 64 / 20)
    kernel[1:] *= -1
    nodes = [helper.make_node("Conv", ["image", "patch", "shift"], ["cam"], strides=[8, 8], dilations=[1, 1], pads=[0, 0, 0, 0])]
    shift = np.where(np.arange(channels) == 0, -5.0, 5.0)
    return nodes, [weight("patch", kernel), weight("shift", shift)]


def pooled(output, columns):
    return [
        helper.make_node("ReduceMean", ["cam"], [output], axes=[2, 3], keepdims=0),
    ], (output, ["batch", columns])


def binary(extra=(), extra_weights=(), logit="logit"):
    scope_nodes, scope_weights, scope = scope_parts()
    nodes, weights = cam_nodes()
    head, port = pooled(logit, 1)
    features = [
        helper.make_node("ReduceMean", ["image"], ["mean"], axes=[2, 3], keepdims=0),
        helper.make_node("ReduceMax", ["image"], ["top"], axes=[2, 3], keepdims=0),
        helper.make_node("Concat", ["mean", "top"], ["features"], axis=1),
    ]
    return model(
        scope_nodes + nodes + head + features + list(extra),
        [("logit", port[1]), scope, ("cam", ["batch", 1, 4, 4]), ("features", ["batch", 2])],
        scope_weights + weights + list(extra_weights),
    )


def softmax():
    """Low, medium and high fall and rise with the mean grey; the columns stand in another order than the categories."""
    nodes = [
        helper.make_node("ReduceMean", ["image"], ["mean"], axes=[2, 3], keepdims=0),
        helper.make_node("Gemm", ["mean", "slopes", "offsets"], ["classes"]),
    ]
    weights = [weight("slopes", [[0.04, -0.04, 0.0]]), weight("offsets", [-5.0, 5.0, 0.5])]
    return model(nodes, [("classes", ["batch", 3])], weights)


def findings():
    nodes, weights = cam_nodes(2)
    head, port = pooled("scores", 2)
    return model(nodes + head, [port, ("cam", ["batch", 2, 4, 4])], weights)


def picture(spec, width=SIZE, height=SIZE):
    y, x = np.mgrid[0:height, 0:width].astype(np.int64)
    if spec["kind"] == "linear":
        return ((x * spec["a"] + y * spec["b"] + (x * y) // spec["c"]) % 256).astype(np.uint8)
    if spec["kind"] == "disc":
        inside = (x - spec["cx"]) ** 2 + (y - spec["cy"]) ** 2 < spec["r"] ** 2
        return np.where(inside, spec["inside"], spec["outside"]).astype(np.uint8)
    return np.full((height, width), spec["value"], np.uint8)


GOLDEN = {
    "ramp": {"kind": "linear", "a": 2, "b": 1, "c": 1000000},
    "waves": {"kind": "linear", "a": 5, "b": 3, "c": 7},
    "backwards": {"kind": "linear", "a": -3, "b": 2, "c": 9},
    "disc": {"kind": "disc", "cx": 16, "cy": 12, "r": 9, "inside": 200, "outside": 30},
    "grey": {"kind": "constant", "value": 128},
}


def golden(graph, outputs):
    session = onnxruntime.InferenceSession(graph.SerializeToString(), providers=["CPUExecutionProvider"])
    cases = []
    for name, spec in GOLDEN.items():
        pixels = picture(spec)
        values = session.run(outputs, {"image": pixels.astype(np.float32)[None, None]})
        expected = {}
        for output, value in zip(outputs, values):
            if output == "cam":
                expected |= {"cam_sum": round(float(value.sum()), 6), "cam_max": round(float(value.max()), 6)}
            else:
                flat = [round(float(v), 6) for v in value.reshape(-1)]
                expected[output] = flat[0] if len(flat) == 1 else flat
        digest = hashlib.sha256(pixels.tobytes()).hexdigest()
        cases.append({"name": name, "input": spec, "input_sha256": digest, "expected": expected})
    return {"tolerance": 1e-3, "size": SIZE, "cases": cases}


COMMON = f"""version = "0.1.0"
architecture = "hand-written"
framework = "onnx"
description = "Weights by hand for tests; says nothing about a patient."
licence = "AGPL-3.0-or-later"
trained_date = "2025-01-31"

[training]
dataset_version = "none"
images = 0
patients = 0

[input]
name = "image"
size = {SIZE}
channels = 1
resize = "squash-triangle"
range = [0.0, 255.0]

[intended_use]
modality = ["CR", "DX"]
body_part = ["CHEST"]
view = ["AP", "PA"]
minimum_age_years = 1
maximum_age_years = 5
statement = "Tests only."

[evaluation]
dataset = "none"
images = 1
auroc = 0.9
sensitivity = 0.9
specificity = 0.9
accuracy = 0.9
precision = 0.9
f1_score = 0.9
expected_calibration_error = 0.1
brier = 0.1
"""

HEADS = {
    "binary": """
[head]
kind = "binary"
output = "logit"
activation = "sigmoid"
finding = "Brightness"

[calibration]
method = "platt"
slope = 1.5
intercept = 0.25

[thresholds]
medium = 0.2
high = 0.7

[gate]
output = "scope"
minimum = 0.5

[heatmap]
output = "cam"
""",
    "softmax": """
[head]
kind = "softmax"
output = "classes"
activation = "softmax"
classes = ["high", "low", "medium"]

[calibration]
method = "none"
""",
    "findings": """
[head]
kind = "findings"
output = "scores"
activation = "sigmoid"

[[head.findings]]
name = "Brightness"
medium = 0.3
high = 0.8

[[head.findings]]
name = "Darkness"
medium = 0.6
high = 0.9

[calibration]
method = "none"

[heatmap]
output = "cam"
""",
}

CARD = """# {name}

A package of the tests of crate `ai`. Its weights were written by hand (see `make_models.py`), so that a test can say
what must come out. It was trained on nothing, its test figures are placeholders of the right form, and it says nothing
about any patient. Never activate it.
"""


def package(name, graph, outputs):
    folder = HERE / name
    folder.mkdir(exist_ok=True)
    onnx.checker.check_model(graph)
    (folder / "model.onnx").write_bytes(graph.SerializeToString())
    (folder / "model.toml").write_text(f'name = "{name}"\n' + COMMON + HEADS[name])
    (folder / "golden.json").write_text(json.dumps(golden(graph, outputs), indent=1) + "\n")
    (folder / "MODEL_CARD.md").write_text(CARD.format(name=name))


def loop():
    body = helper.make_graph(
        [helper.make_node("Identity", ["condition"], ["go"]), helper.make_node("Identity", ["carried"], ["next"])],
        "body",
        [helper.make_tensor_value_info("turn", TensorProto.INT64, []),
         helper.make_tensor_value_info("condition", TensorProto.BOOL, []),
         helper.make_tensor_value_info("carried", TensorProto.FLOAT, ["batch", 1])],
        [helper.make_tensor_value_info("go", TensorProto.BOOL, []),
         helper.make_tensor_value_info("next", TensorProto.FLOAT, ["batch", 1])],
    )
    node = helper.make_node("Loop", ["turns", "", "raw"], ["logit"], body=body)
    return binary([node], [weight("turns", 9_000_000_000_000_000, np.int64)], logit="raw")


def external():
    graph = binary()
    tensor = graph.graph.initializer[0]
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="../../../../etc/hostname")
    return graph


def known_giant():
    """A shape written in the file: 2^40 elements."""
    nodes = [
        helper.make_node("ConstantOfShape", ["giant"], ["zeros"]),
        helper.make_node("ReduceMax", ["zeros"], ["nothing"], keepdims=0),
        helper.make_node("Add", ["raw", "nothing"], ["logit"]),
    ]
    return binary(nodes, [weight("giant", [1 << 20, 1 << 20], np.int64)], logit="raw")


def hidden_giant():
    """A shape known only when the graph runs: the picture's sides times 2^15."""
    nodes = [
        helper.make_node("Shape", ["image"], ["sides"]),
        helper.make_node("Mul", ["sides", "times"], ["giant"]),
        helper.make_node("ConstantOfShape", ["giant"], ["zeros"]),
        helper.make_node("ReduceMax", ["zeros"], ["nothing"], keepdims=0),
        helper.make_node("Add", ["raw", "nothing"], ["logit"]),
    ]
    return binary(nodes, [weight("times", [1, 1, 1 << 15, 1 << 15], np.int64)], logit="raw")


def not_a_number():
    nodes = [helper.make_node("Sub", ["raw", "raw"], ["zero"]), helper.make_node("Div", ["zero", "zero"], ["logit"])]
    return binary(nodes, logit="raw")


def vendor():
    graph = binary([helper.make_node("Gelu", ["raw"], ["logit"], domain="com.microsoft")], logit="raw")
    graph.opset_import.append(helper.make_opsetid("com.microsoft", 1))
    return graph


def neighbour():
    """Subtracts the mean of the batch."""
    nodes = [
        helper.make_node("ReduceMean", ["raw"], ["all"], axes=[0], keepdims=1),
        helper.make_node("Sub", ["raw", "all"], ["logit"]),
    ]
    return binary(nodes, logit="raw")


def fixed_batch():
    graph = binary()
    graph.graph.input[0].type.tensor_type.shape.dim[0].dim_value = 1
    return graph


def other_size():
    graph = binary()
    graph.graph.input[0].type.tensor_type.shape.dim[3].dim_value = 64
    return graph


def brighter():
    """The package's model with another bias: loads and runs, but is not the model of the golden file."""
    graph = binary()
    for tensor in graph.graph.initializer:
        if tensor.name == "shift":
            tensor.CopyFrom(weight("shift", [-4.9]))
    return graph


def resizing():
    """What Pillow makes of pictures by formula: shrinking, growing, both, one axis only, one pixel."""
    waves = {"kind": "linear", "a": 13, "b": 29, "c": 3}
    disc = {"kind": "disc", "cx": 900, "cy": 700, "r": 600, "inside": 220, "outside": 15}
    plan = [
        ("shrink", waves, (37, 23), (8, 5)), ("grow", waves, (7, 5), (16, 12)), ("both", waves, (33, 9), (8, 20)),
        ("width only", waves, (40, 12), (11, 12)), ("height only", waves, (12, 40), (12, 11)),
        ("to one pixel", waves, (50, 60), (1, 12)), ("film", disc, (2021, 1753), (128, 128)),
        ("large film", waves, (2500, 2800), (96, 160)),
    ]
    cases = []
    for name, spec, (width, height), target in plan:
        grey = Image.fromarray(picture(spec, width, height).astype(np.float32), "F")
        out = np.asarray(grey.resize(target, Image.Resampling.BILINEAR), np.float64)
        spots = np.random.default_rng(1).integers(0, target, (min(out.size, 60), 2))
        cases.append({
            "name": name, "source": spec, "width": width, "height": height, "target_width": target[0],
            "target_height": target[1], "mean": round(float(out.mean()), 5),
            "samples": [{"x": int(x), "y": int(y), "value": round(float(out[y, x]), 5)} for x, y in spots],
        })
    return {"tolerance": 0.001, "cases": cases}


def main():
    (HERE / "resize_golden.json").write_text(json.dumps(resizing()) + "\n")
    package("binary", binary(), ["logit", "scope", "cam", "features"])
    package("softmax", softmax(), ["classes"])
    package("findings", findings(), ["scores", "cam"])
    refused = HERE / "refused"
    refused.mkdir(exist_ok=True)
    for make in (loop, external, known_giant, hidden_giant, not_a_number, vendor, neighbour, fixed_batch, other_size, brighter):
        (refused / f"{make.__name__}.onnx").write_bytes(make().SerializeToString())
    whole = (HERE / "binary" / "model.onnx").read_bytes()
    (refused / "truncated.onnx").write_bytes(whole[: len(whole) // 2])


if __name__ == "__main__":
    main()
