"""A case as `write-case.mjs` writes it: settings, weights and a batch."""

import json
from pathlib import Path

import torch

from . import safetensors


def read_case(folder: Path) -> tuple[dict, dict[str, torch.Tensor], dict[str, torch.Tensor]]:
    case = json.loads((folder / "case.json").read_text())
    batch = safetensors.read(folder / "batch.safetensors")
    batch["ids"] = batch["ids"].long()
    return case, safetensors.read(folder / "weights.safetensors"), batch
