"""All items of a study on the device, and their augmentation."""

import io
import json
import math
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from settings import DEVICE
from torch import Tensor


class Data:
    """All items: photos [N, 64, 64, 3] bytes, ids and mask [N, L]; training pairs first, then validation pairs, then distractors."""

    def __init__(self, folder: Path):
        about = json.loads((folder / "about.json").read_text())
        self.train, self.val, self.distractors = (about[name] for name in ("train", "val", "distractors"))
        self.vocabulary, self.length = about["vocabulary"], about["length"]
        sizes = np.fromfile(folder / "sizes.u32", dtype=np.uint32)
        stored, ends = (folder / "photos.bin").read_bytes(), np.cumsum(sizes)

        def decode(row: int) -> np.ndarray:
            photo = Image.open(io.BytesIO(stored[ends[row] - sizes[row] : ends[row]])).convert("RGB")
            return np.asarray(photo.resize((64, 64), Image.LANCZOS))

        with ThreadPoolExecutor(16) as pool:
            photos = np.stack(list(pool.map(decode, range(len(sizes)), chunksize=256)))
        self.photos = torch.from_numpy(photos).to(DEVICE)
        ids = np.fromfile(folder / "ids.i16", dtype=np.int16).reshape(-1, self.length)
        self.ids = torch.from_numpy(ids.astype(np.int64)).to(DEVICE)
        self.mask = (self.ids != 0).float()


def augment(photos: Tensor, draws: Tensor, o: dict) -> Tensor:
    """Random resized crop and colour jitter, as `augmentImage`: bytes [B, S, S, 3] and draws [B, 8] to floats of 0 to 255."""
    x = photos.permute(0, 3, 1, 2).float()
    if o["area"] < 1:
        area = o["area"] + draws[:, 0] * (1 - o["area"])
        ratio = torch.exp((2 * draws[:, 1] - 1) * math.log(o["aspect"]))
        width, height = (area * ratio).sqrt().clamp(max=1), (area / ratio).sqrt().clamp(max=1)
        left, top = draws[:, 2] * (1 - width), draws[:, 3] * (1 - height)
        zero = torch.zeros_like(width)
        rows = [torch.stack([width, zero, 2 * left + width - 1], 1), torch.stack([zero, height, 2 * top + height - 1], 1)]
        grid = F.affine_grid(torch.stack(rows, 1), list(x.shape), align_corners=False)
        x = F.grid_sample(x, grid, padding_mode="border", align_corners=False)
    if o["jitter"]:
        b, c, s = ((1 - o["jitter"] + 2 * o["jitter"] * draws[:, i])[:, None, None, None] for i in (5, 6, 7))
        grey = luma(x)
        mean = grey.mean((2, 3), keepdim=True)
        x = (b * (c * (s * x + (1 - s) * grey) + (1 - c) * mean)).round().clamp(0, 255)
    return x


def luma(x: Tensor) -> Tensor:
    return 0.299 * x[:, :1] + 0.587 * x[:, 1:2] + 0.114 * x[:, 2:]
