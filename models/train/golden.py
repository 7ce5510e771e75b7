"""Golden inputs by formula (no patient), for the package's import check and the resizer's parity test."""

import hashlib

import numpy as np

import data

TOLERANCE = 1e-3


def picture(spec: dict, width: int, height: int) -> np.ndarray:
    """The uint8 [height, width] picture of a specification; all arithmetic on integers, / is floor division."""
    y, x = np.mgrid[0:height, 0:width].astype(np.int64)
    if spec["kind"] == "linear":
        return ((x * spec["a"] + y * spec["b"] + (x * y) // spec["c"]) % 256).astype(np.uint8)
    if spec["kind"] == "disc":
        inside = (x - spec["cx"]) ** 2 + (y - spec["cy"]) ** 2 < spec["r"] ** 2
        return np.where(inside, spec["inside"], spec["outside"]).astype(np.uint8)
    if spec["kind"] == "constant":
        return np.full((height, width), spec["value"], np.uint8)
    raise ValueError(f"unknown kind {spec['kind']}")


def specifications(size: int) -> dict[str, dict]:
    half = size // 2
    return {
        "linear-ramp": {"kind": "linear", "a": 2, "b": 1, "c": 1000000},
        "linear-waves": {"kind": "linear", "a": 5, "b": 3, "c": 7},
        "linear-fine": {"kind": "linear", "a": 37, "b": 11, "c": 3},
        "linear-products": {"kind": "linear", "a": 0, "b": 0, "c": 5},
        "disc-bright": {"kind": "disc", "cx": half, "cy": half, "r": size // 3, "inside": 200, "outside": 30},
        "disc-dark": {"kind": "disc", "cx": size // 4, "cy": half, "r": size // 5, "inside": 25, "outside": 180},
        "disc-corner": {"kind": "disc", "cx": size - 1, "cy": 0, "r": half, "inside": 255, "outside": 0},
        "constant-grey": {"kind": "constant", "value": 128},
        "constant-black": {"kind": "constant", "value": 0},
    }


def cases(session, size: int) -> dict:
    """golden.json: every specification, its digest and the outputs of ONNX Runtime."""
    out = []
    for name, spec in specifications(size).items():
        pixels = picture(spec, size, size)
        logit, scope, cam, _ = session.run(
            ["logit", "scope", "cam", "features"], {"image": pixels.astype(np.float32)[None, None]})
        out.append({
            "name": name, "input": spec, "input_sha256": hashlib.sha256(pixels.tobytes()).hexdigest(),
            "expected": {
                "logit": round(float(logit[0, 0]), 6), "scope": round(float(scope[0, 0]), 6),
                "cam_sum": round(float(cam.sum()), 6), "cam_max": round(float(cam.max()), 6),
            },
        })
    return {"tolerance": TOLERANCE, "size": size, "cases": out}


def resize_cases() -> dict:
    """resize_golden.json: sources by formula, and what the training-time resizer makes of them."""
    plan = [
        ("small-down", {"kind": "linear", "a": 13, "b": 29, "c": 3}, (7, 5), (4, 3)),
        ("small-up", {"kind": "linear", "a": 13, "b": 29, "c": 3}, (7, 5), (10, 8)),
        ("same", {"kind": "linear", "a": 13, "b": 29, "c": 3}, (7, 5), (7, 5)),
        ("odd-down", {"kind": "disc", "cx": 15, "cy": 9, "r": 8, "inside": 200, "outside": 30}, (33, 20), (8, 8)),
        ("mixed", {"kind": "linear", "a": 7, "b": 11, "c": 2}, (33, 20), (16, 32)),
        ("film-down", {"kind": "linear", "a": 5, "b": 3, "c": 7}, (300, 180), (data.SIZE, data.SIZE)),
        ("film-up", {"kind": "linear", "a": 2, "b": 3, "c": 50}, (64, 64), (data.SIZE, data.SIZE)),
        ("large-down", {"kind": "disc", "cx": 900, "cy": 700, "r": 600, "inside": 220, "outside": 15},
         (2021, 1753), (data.SIZE, data.SIZE)),
    ]
    out = []
    for name, spec, (width, height), (to_width, to_height) in plan:
        result = data.resize(picture(spec, width, height), to_width, to_height)
        case = {"name": name, "source": spec, "width": width, "height": height,
                "target_width": to_width, "target_height": to_height,
                "mean": round(float(result.astype(np.float64).mean()), 5)}
        if result.size <= 600:
            case["values"] = [[round(float(v), 4) for v in row] for row in result]
        else:
            spots = [(0, 0), (1, 0), (0, 1), (64, 64), (127, 127), (37, 90), (101, 13), (75, 50), (20, 60), (126, 3)]
            case["samples"] = [{"x": x, "y": y, "value": round(float(result[y, x]), 4)} for x, y in spots]
        out.append(case)
    return {"tolerance": 0.01, "method": "triangle filter, support scaled by the ratio when shrinking, no rounding", "cases": out}
