"""Writes the fixtures of the parity tests: `python tools/parity/generate.py [GROUP ...]`, all groups without arguments."""
import platform
import sys
from pathlib import Path

import torch

from reference.adamw_cases import adamw_group
from reference.encoder_cases import encoder_group
from reference.fusion_cases import fusion_group
from reference.loss_cases import loss_group
from reference.training_cases import training_group
from reference.weighting_cases import weighting_group

SEED = 20250901
GROUPS = {
    "losses": loss_group,
    "fusion": fusion_group,
    "encoders": encoder_group,
    "weighting": weighting_group,
    "adamw": adamw_group,
    "training": training_group,
}


def main(names):
    unknown = [name for name in names if name not in GROUPS]
    if unknown:
        sys.exit(f"generate: expected {', '.join(GROUPS)}, got {unknown[0]}")
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    versions = {"torch": torch.__version__, "python": platform.python_version()}
    folder = Path(__file__).parent / "fixtures"
    folder.mkdir(exist_ok=True)
    for name in names or GROUPS:
        group = GROUPS[name](SEED)
        group.write(folder, versions)
        size = sum(path.stat().st_size for path in folder.glob(f"{name}.*"))
        print(f"{name}: {len(group.cases)} cases, {size / 1024:.0f} kB")


if __name__ == "__main__":
    main(sys.argv[1:])
