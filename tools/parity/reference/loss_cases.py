"""Every loss term with every option: its value, and its gradient with respect to the six representations."""
import math

import torch

from .fixture import Group
from .losses import NAMES, PRESETS, TERMS, VIEWS

N, D = 7, 5
FALSE = {"maskFalseNegatives": True}

# (term, what the case is, options, batch)
CASES = [
    ("v2t", "within an item, as printed", {}, "full"),
    ("v2t", "within, symmetric", {"symmetric": True}, "full"),
    ("v2t", "across the pair", {"pairing": "across"}, "full"),
    ("v2t", "across, symmetric", {"pairing": "across", "symmetric": True}, "full"),
    ("v2t", "both pairings", {"pairing": "both"}, "full"),
    ("v2t", "both pairings, symmetric", {"pairing": "both", "symmetric": True}, "full"),
    ("v2t", "temperature 0.2", {"temperature": 0.2}, "full"),
    ("v2t", "learned temperature", {"temperature": {"learnedFrom": 0.1}}, "full"),
    ("v2t", "missing modalities", {}, "partial"),
    ("v2t", "across, missing modalities", {"pairing": "across", "symmetric": True}, "partial"),
    ("v2t", "both pairings, symmetric, missing modalities", {"pairing": "both", "symmetric": True}, "partial"),
    ("v2t", "false negatives masked", {"pairing": "both", **FALSE}, "full"),
    (
        "v2t",
        "both pairings, symmetric, missing modalities, false negatives masked",
        {"pairing": "both", "symmetric": True, **FALSE},
        "partial",
    ),
    ("pml", "as printed", {}, "full"),
    ("pml", "symmetric", {"symmetric": True}, "full"),
    ("pml", "temperature 0.2", {"temperature": 0.2}, "full"),
    ("pml", "learned temperature", {"temperature": {"learnedFrom": 0.05}, "symmetric": True}, "full"),
    ("pml", "hinge", {"kind": "hinge"}, "full"),
    ("pml", "hinge, symmetric", {"kind": "hinge", "symmetric": True}, "full"),
    ("pml", "hinge, alpha1 0.5", {"kind": "hinge", "alpha1": 0.5}, "full"),
    ("pml", "missing modalities", {}, "partial"),
    ("pml", "symmetric, missing modalities", {"symmetric": True}, "partial"),
    ("pml", "hinge, symmetric, missing modalities", {"kind": "hinge", "symmetric": True}, "partial"),
    ("pml", "false negatives masked", FALSE, "full"),
    ("pml", "hinge, false negatives masked", {"kind": "hinge", **FALSE}, "full"),
    (
        "pml",
        "symmetric, missing modalities, false negatives masked",
        {"symmetric": True, **FALSE},
        "partial",
    ),
    ("pdc", "as printed", {}, "full"),
    ("pdc", "mean", {"reduction": "mean"}, "full"),
    ("pdc", "without the diagonal", {"excludeDiagonal": True}, "full"),
    ("pdc", "mean without the diagonal", {"reduction": "mean", "excludeDiagonal": True}, "full"),
    ("pdc", "positives of the item", {"positives": "item"}, "full"),
    (
        "pdc",
        "positives of the item, mean without the diagonal",
        {"positives": "item", "reduction": "mean", "excludeDiagonal": True},
        "full",
    ),
    ("pdc", "alpha2 0.3", {"alpha2": 0.3}, "full"),
    ("pdc", "missing modalities", {}, "partial"),
    ("pdc", "positives of the item, mean, missing modalities", {"positives": "item", "reduction": "mean"}, "partial"),
    ("pdc", "false negatives masked", FALSE, "full"),
    (
        "pdc",
        "mean without the diagonal, missing modalities, false negatives masked",
        {"reduction": "mean", "excludeDiagonal": True, **FALSE},
        "partial",
    ),
    ("plc", "as printed, more neighbours than rows", {"reduction": "sum"}, "full"),
    ("plc", "as printed, k 3", {"reduction": "sum", "k": 3}, "full"),
    ("plc", "mean, k 3", {"k": 3}, "full"),
    ("plc", "mean, k 1", {"k": 1}, "full"),
    ("plc", "alpha3 0.01", {"alpha3": 0.01, "k": 5}, "full"),
    ("plc", "sum, k 3, missing modalities", {"reduction": "sum", "k": 3}, "partial"),
    ("plc", "mean, k 5, missing modalities", {"k": 5}, "partial"),
    ("plc", "k 3, false negatives masked", {"k": 3, **FALSE}, "full"),
    ("plc", "sum, missing modalities, false negatives masked", {"reduction": "sum", **FALSE}, "partial"),
    ("v2v", "as printed, half the batch", {"reduction": "sum"}, "full"),
    ("v2v", "mean", {}, "full"),
    ("v2v", "hard negatives: the whole batch", {"hardNegatives": {"share": 1}}, "full"),
    ("v2v", "hard negatives: 2", {"hardNegatives": {"count": 2}}, "full"),
    ("v2v", "hard negatives: 2, sum", {"hardNegatives": {"count": 2}, "reduction": "sum"}, "full"),
    ("v2v", "hard negatives: none", {"hardNegatives": {"count": 0}}, "full"),
    ("v2v", "symmetric", {"symmetric": True}, "full"),
    ("v2v", "alpha4 0.4", {"alpha4": 0.4}, "full"),
    ("v2v", "temperature 0.2", {"temperature": 0.2}, "full"),
    ("v2v", "learned temperature", {"temperature": {"learnedFrom": 0.1}}, "full"),
    ("v2v", "half the batch, missing modalities", {}, "partial"),
    ("v2v", "hard negatives: 3, sum, missing modalities", {"hardNegatives": {"count": 3}, "reduction": "sum"}, "partial"),
    ("v2v", "false negatives masked", FALSE, "full"),
    ("v2v", "symmetric, missing modalities, false negatives masked", {"symmetric": True, **FALSE}, "partial"),
    ("t2t", "as printed", {}, "full"),
    ("t2t", "symmetric", {"symmetric": True}, "full"),
    ("t2t", "temperature 0.1", {"temperature": 0.1}, "full"),
    ("t2t", "learned temperature", {"temperature": {"learnedFrom": 0.05}}, "full"),
    ("t2t", "missing modalities", {}, "partial"),
    ("t2t", "false negatives masked", FALSE, "full"),
    ("t2t", "symmetric, missing modalities, false negatives masked", {"symmetric": True, **FALSE}, "partial"),
    ("tasks", "both directions", {}, "full"),
    ("tasks", "one direction", {"symmetric": False}, "full"),
    ("tasks", "learned temperature", {"temperature": {"learnedFrom": 0.07}}, "full"),
    ("tasks", "missing modalities", {}, "partial"),
    ("tasks", "one direction, missing modalities", {"symmetric": False}, "partial"),
    ("tasks", "false negatives masked", FALSE, "full"),
    (
        "tasks",
        "learned temperature, missing modalities, false negatives masked",
        {"temperature": {"learnedFrom": 0.1}, **FALSE},
        "partial",
    ),
]

# Eq. 7, 10, 13 and 18: groups of terms and their total, each term with a lambda of its own.
SUMS = [
    ("CMAL (Eq. 10)", "paper", ["v2t", "pml"]),
    ("CLAL (Eq. 13)", "paper", ["pdc", "plc"]),
    ("IMCL (Eq. 18)", "paper", ["v2v", "t2t"]),
    ("total (Eq. 7), preset paper", "paper", list(PRESETS["paper"])),
    ("total, preset recommended", "recommended", list(PRESETS["recommended"])),
]
LAMBDAS = {"v2t": 0.7, "pml": 1.3, "pdc": 0.2, "plc": 1.1, "v2v": 0.9, "t2t": 0.4, "tasks": 1.7}


def batch(draw, partial):
    """Two sides of random unit vectors; some products stand in several pairs."""
    sides = []
    products = [[5, 1, 2, 5, 4, 9, 6], [20, 21, 1, 23, 24, 24, 26]]
    absent = [{"v": [1, 6], "t": [3, 6], "f": [6]}, {"v": [2], "t": [1], "f": []}]
    for side in range(2):
        item = {view: draw.unit(N, D) for view in VIEWS}
        item["valid"] = {
            view: [0 if partial and i in absent[side][view] else 1 for i in range(N)] for view in VIEWS
        }
        item["product"] = products[side]
        sides.append(item)
    return sides


def leaves(items):
    """The batch again, with representations that gradients are taken of."""
    return [{**item, **{view: item[view].clone().requires_grad_() for view in VIEWS}} for item in items]


def gradients(items):
    arrays = {}
    for side, item in enumerate(items):
        for view, name in VIEWS.items():
            grad = item[view].grad
            arrays[f"gradient.item{side + 1}.{name}"] = torch.zeros_like(item[view]) if grad is None else grad
    return arrays


def learned(options):
    """The parameter of a learned temperature, where the options have one."""
    start = options.get("temperature")
    if not isinstance(start, dict):
        return None
    return torch.tensor(math.log(start["learnedFrom"]), dtype=torch.float64, requires_grad=True)


def loss_group(seed):
    group = Group("losses", seed)
    batches = {name: batch(group.draw(name), name == "partial") for name in ("full", "partial")}
    for name, items in batches.items():
        for side, item in enumerate(items):
            prefix = f"batches/{name}/item{side + 1}"
            group.add(prefix, {full: item[view] for view, full in VIEWS.items()})
            group.add(f"{prefix}/valid", {full: torch.tensor(item["valid"][view]) for view, full in VIEWS.items()})
            group.add(prefix, {"product": torch.tensor(item["product"])})
    for term, what, options, name in CASES:
        items, tau = leaves(batches[name]), learned(options)
        loss = TERMS[term](items, options, tau)
        loss.backward()
        expected = {"loss": loss, **gradients(items)}
        if tau is not None:
            expected["gradient.log_temperature"] = tau.grad
        group.case(f"{NAMES[term]}: {what}", expected, kind="term", term=term, options=options, batch=name)
    for what, preset, terms in SUMS:
        for name, ending in (("full", ""), ("partial", ", missing modalities")):
            items = leaves(batches[name])
            total, expected = 0, {}
            for term in terms:
                options = PRESETS[preset][term]
                loss = TERMS[term](items, options, learned(options))
                expected[f"loss.{NAMES[term]}"] = loss
                total = total + LAMBDAS[term] * loss
            total.backward()
            expected |= {"loss": total, **gradients(items)}
            lambdas = {NAMES[term]: LAMBDAS[term] for term in terms}
            group.case(what + ending, expected, kind="sum", preset=preset, lambdas=lambdas, batch=name)
    return group
