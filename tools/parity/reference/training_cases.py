"""The whole model: a forward pass, the gradients of all parameters, and five steps of training."""
import torch

from .fixture import Group
from .fusion import PAPER, RECOMMENDED
from .layers import fill, weights
from .losses import PRESETS
from .training import Training, Uniecs

N, STEPS = 5, 5
ENCODERS = {
    "image": {"imageSize": 6, "patchSize": 3, "width": 6, "layers": 1, "heads": 2, "ffnRatio": 2},
    "text": {"vocabularySize": 17, "maxLength": 7, "width": 10, "layers": 1, "heads": 2, "ffnRatio": 2},
}
SIZES = {"width": 6, "heads": 2, "crossLayers": 1, "selfBlocks": 1, "fusionBlocks": 1, "ffnRatio": 2}
# The gradient of a key's bias is zero in exact arithmetic (the softmax does not see it) and rounding in float32. AdamW divides a
# gradient by its own size, so with an epsilon of 1e-8 rounding becomes a full step. The cases have 1e-3, and all their weights
# are compared; two of them are taken again with the default.
ADAMW = {"learningRate": 1e-3, "beta1": 0.9, "beta2": 0.98, "epsilon": 1e-3, "weightDecay": 0.05}
DEFAULT_EPSILON = {**ADAMW, "epsilon": 1e-8}
PAPER_WEIGHTING = {"beta": 0.5, "sumTo": 1, "floor": 0}
FIXED = {"beta": 0, "sumTo": "terms", "floor": 0, "initial": [0.1] * 6 + [1]}
FLOORED = {"beta": 0.5, "sumTo": "terms", "floor": 0.02}

# (what the case is, fusion, preset of the losses, changes of single options, weighting, scope, missing modalities, clip)
CASES = [
    ("preset paper", PAPER, "paper", {}, PAPER_WEIGHTING, "parameters", False, None),
    ("preset paper, missing modalities", PAPER, "paper", {}, PAPER_WEIGHTING, "parameters", True, None),
    ("preset recommended", RECOMMENDED, "recommended", {}, FIXED, "representations", False, None),
    ("preset recommended, missing modalities", RECOMMENDED, "recommended", {}, FIXED, "representations", True, None),
    (
        "adaptive weights of seven terms by representations, floor, false negatives masked, clipped",
        RECOMMENDED,
        "recommended",
        {"tasks": {"maskFalseNegatives": True}, "v2t": {"maskFalseNegatives": True}},
        FLOORED,
        "representations",
        True,
        1,
    ),
]


def batch(draw, partial):
    image, text = ENCODERS["image"], ENCODERS["text"]
    size, length = image["imageSize"], text["maxLength"]
    lengths = draw.integers(1, length + 1, 2 * N)
    mask = (torch.arange(length)[None] < lengths[:, None]).double()
    has_image, has_text = torch.ones(2 * N), torch.ones(2 * N)
    if partial:
        has_image[[1, 7]] = 0
        has_text[[3, 5]] = 0
    mask = mask * has_text[:, None].double()
    return {
        "pixels": draw.normal(2 * N, size, size, 3),
        "ids": draw.integers(1, text["vocabularySize"], 2 * N, length) * mask.long(),
        "mask": mask,
        "hasImage": has_image,
        "hasText": has_text,
        "product": draw.integers(0, 2 * N, 2, N),
    }


def training_group(seed):
    group = Group("training", seed)
    batches = {}
    for partial, kind in ((False, "full"), (True, "partial")):
        batches[kind] = [batch(group.draw(f"{kind} {step}"), partial) for step in range(STEPS)]
        for step, arrays in enumerate(batches[kind]):
            group.add(f"batches/{kind}/{step}", arrays)
    for name, fusion, preset, changes, weighting, scope, partial, clip in CASES:
        config = {**ENCODERS, "fusion": {**fusion, **SIZES}}
        losses = {term: {**o, **changes.get(term, {})} for term, o in PRESETS[preset].items()}
        kind = "partial" if partial else "full"
        runs = [(name, ADAMW)]
        if name in ("preset paper", "preset recommended"):
            runs.append((f"{name}, default epsilon", DEFAULT_EPSILON))
        for run, optimizer in runs:
            model = fill(Uniecs(config), group.draw(f"weights {name}"))
            if optimizer is ADAMW:
                group.add(f"weights/{name}", weights(model))
            training = Training(model, losses, weighting, scope, optimizer, clip)
            expected = trained(training, batches[kind], with_gradients=optimizer is ADAMW)
            group.case(
                run,
                expected,
                weights=name,
                model=config,
                preset=preset,
                losses=changes,
                weighting=weighting,
                scope=scope,
                optimizer=optimizer,
                clipNorm=clip,
                batch=kind,
            )
    return group


def trained(training, batches, with_gradients):
    """Representations and gradients at the first batch, what each step reports, and lambdas and weights after the last."""
    expected = {}
    if with_gradients:
        vectors, *_ = training.differentiate(batches[0])
        expected |= {f"representation.{view}": x for view, x in vectors.items()}
        expected |= {f"gradient.{key}": p.grad.clone() for key, p in training.parameters.items()}
    steps = [training.step(each) for each in batches]
    for key in ("terms", "norms", "total", "lambdas"):
        expected[f"step.{key}"] = torch.stack([step[key] for step in steps])
    expected["lambda.after"] = training.lambdas
    return expected | {f"weight.{key}": p for key, p in training.parameters.items()}
