"""What an arm of the study may change, and what it is otherwise."""

import torch

DEVICE = "cuda" if torch.cuda.is_available() else "cpu"

DEFAULTS = {
    "model": "uniecs",
    "epochs": 10,
    "batch": 96,
    "rate": 1e-3,
    "warmup": 50,
    "decay": 0.05,
    "dropout": 0.0,
    "encoderDropout": 0.0,
    "gateBias": -2.0,
    "residual": "attended",
    "scale": 1.0,
    "learnScale": True,
    "dropBranch": 0.0,
    "detach": False,
    "crossLayers": 1,
    "selfBlocks": 1,
    "fusionBlocks": 3,
    "fusionRate": 1.0,
    "imageSideWeight": 1.0,
    "six": 0.1,
    "area": 0.85,
    "aspect": 1.1,
    "jitter": 0.05,
    "average": 0.99,
    "titleNoise": 0.0,
    "photoNoise": 0.0,
    "positions": 1.0,
    "pairs": 9000,
}
SIX = {
    "V2T": {"temperature": 0.07, "pairing": "both", "symmetric": True},
    "PML": {"temperature": 0.07, "symmetric": True},
    "PDC": {"reduction": "mean"},
    "PLC": {},
    "V2V": {},
    "T2T": {},
}
SIDES = ("v", "t", "vt")
