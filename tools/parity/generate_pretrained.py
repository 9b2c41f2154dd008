"""Writes the fixtures of pretrained checkpoints, titles and pixels: `python tools/parity/generate_pretrained.py`."""
import platform
from pathlib import Path

import torch
import transformers

from reference.pixel_cases import pixel_group
from reference.pretrained_cases import pretrained_group
from reference.title_cases import write_titles

SEED = 20261126


def main():
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    versions = {
        "torch": torch.__version__,
        "transformers": transformers.__version__,
        "python": platform.python_version(),
    }
    folder = Path(__file__).parent / "fixtures"
    for group in (pretrained_group(SEED, folder), pixel_group(SEED)):
        group.write(folder, {**versions, **getattr(group, "versions", {})}, "python tools/parity/generate_pretrained.py")
        print(f"{group.name}: {len(group.cases)} cases")
    write_titles(folder, SEED, versions)


if __name__ == "__main__":
    main()
