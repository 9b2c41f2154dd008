"""The gated fusion in every form, with rows that have both modalities, one, or a mixture: f, v, t and all gradients."""
import torch

from .fixture import Group
from .fusion import PAPER, RECOMMENDED, GatedFusion
from .layers import fill, gradients, weights

B, NV, NT, DV, DT = 5, 7, 11, 3, 13
SIZES = {
    "imageWidth": DV,
    "textWidth": DT,
    "width": 6,
    "heads": 2,
    "crossLayers": 2,
    "selfBlocks": 1,
    "fusionBlocks": 2,
    "ffnRatio": 2,
}
LENGTHS = [11, 2, 1, 7, 5]
MIXED = {"image": [1, 0, 1, 1, 0], "text": [1, 1, 0, 1, 1]}

# (form, its options, [(presence, whether the text has padding)])
FORMS = [
    (
        "as printed",
        {},
        [
            ("both", False),
            ("both", True),
            ("image only", False),
            ("text only", False),
            ("text only", True),
            ("mixed rows", False),
            ("mixed rows", True),
        ],
    ),
    ("norm pre", {"norm": "pre"}, [("both", True), ("image only", False), ("text only", True), ("mixed rows", True)]),
    (
        "indicator other",
        {"indicator": "other"},
        [("both", True), ("image only", False), ("text only", True), ("mixed rows", True)],
    ),
    (
        "no gating",
        {"gating": False},
        [("both", True), ("image only", False), ("text only", True), ("mixed rows", True)],
    ),
    (
        "fusion of two tokens",
        {"fusionInput": "tokens"},
        [("both", True), ("image only", False), ("text only", True), ("mixed rows", True)],
    ),
    ("gate bias -2", {"gateBias": -2}, [("both", False), ("mixed rows", True)]),
    (
        "pooled residual",
        {"residual": "pooled"},
        [("both", True), ("image only", False), ("text only", True), ("mixed rows", True)],
    ),
    (
        "attended residual",
        {"residual": "attended"},
        [("both", True), ("image only", False), ("text only", True), ("mixed rows", True)],
    ),
    ("one cross layer, no self blocks", {"crossLayers": 1, "selfBlocks": 0}, [("both", True), ("mixed rows", True)]),
    (
        "three cross layers, two self blocks, three fusion blocks",
        {"crossLayers": 3, "selfBlocks": 2, "fusionBlocks": 3},
        [("both", True), ("mixed rows", True)],
    ),
    ("norm pre, indicator other", {"norm": "pre", "indicator": "other"}, [("mixed rows", True)]),
    ("preset recommended", RECOMMENDED, [("both", True), ("mixed rows", True)]),
]


def presence(name):
    rows = {
        "both": {"image": [1] * B, "text": [1] * B},
        "image only": {"image": [1] * B, "text": [0] * B},
        "text only": {"image": [0] * B, "text": [1] * B},
        "mixed rows": MIXED,
    }[name]
    return {modality: torch.tensor(values, dtype=torch.float64) for modality, values in rows.items()}


def fusion_group(seed):
    group = Group("fusion", seed)
    draw = group.draw("inputs")
    inputs = {"image": draw.normal(B, NV, DV), "text": draw.normal(B, NT, DT)}
    directions = {view: draw.normal(B, SIZES["width"]) for view in ("fused", "image", "text")}
    padding = (torch.arange(NT)[None] < torch.tensor(LENGTHS)[:, None]).double()
    group.add("inputs", {**inputs, "mask": padding})
    group.add("inputs", {f"present.{name}": torch.tensor(rows) for name, rows in MIXED.items()})
    group.add("inputs", {f"direction.{name}": x for name, x in directions.items()})
    for form, options, runs in FORMS:
        config = {**PAPER, **SIZES, **options}
        model = fill(GatedFusion(config), group.draw(f"weights {form}"))
        with torch.no_grad():
            for name, parameter in model.named_parameters():
                if name.endswith("gate.bias"):
                    parameter.copy_((parameter + config["gateBias"]).float().double())
        group.add(f"weights/{form}", weights(model))
        for which, padded in runs:
            model.zero_grad(set_to_none=True)
            features = {name: x.clone().requires_grad_() for name, x in inputs.items()}
            keys = {"image": torch.ones(B, NV).double(), "text": padding if padded else torch.ones(B, NT).double()}
            outputs = model(features, keys, presence(which))
            sum((outputs[view] * directions[view]).sum() for view in outputs).backward()
            expected = {f"output.{view}": x for view, x in outputs.items()}
            expected |= {f"gradient.input.{name}": x.grad for name, x in features.items()}
            expected |= gradients(model)
            name = f"{form}: {which}{', padded text' if padded else ''}"
            group.case(name, expected, form=form, options=config, presence=which, padded=padded)
    return group
