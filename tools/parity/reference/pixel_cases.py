"""Fifty made images and what Pillow and CLIP's processor make of them.

Pillow before 13: rows are scaled before columns, as they were since 2016. Pillow 13 begins with the columns where that is quicker.
"""
import io

import numpy as np
import PIL
import torch
from PIL import Image
from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil

from .fixture import Group

SIDE = 24


def sides(i):
    """Width and height of image i: wide, high, square, smaller than the result, and of odd sides."""
    return 11 + (i * 37) % 97, 13 + (i * 53) % 71


def picture(i):
    """Ramps that wrap around, blocks and noise, in whole numbers that any language computes alike: [height, width, 3]."""
    width, height = sides(i)
    y, x = np.mgrid[0:height, 0:width].astype(np.int64)
    channels = []
    for c in range(3):
        ramp = (x * (i % 7 + 1) * (c + 1) + y * (i % 5 + 2)) >> (i % 3)
        blocks = (((x >> 2) ^ (y >> 3)) * (29 + 17 * c)) % 97
        noise = ((x * 7919 + y * 104729 + c * 1299709 + i * 15485863) % 1009) % (1 + 12 * (i % 4))
        channels.append((ramp + blocks + noise) % 256)
    return np.stack(channels, -1).astype(np.uint8)


def pixel_group(seed):
    assert int(PIL.__version__.split(".")[0]) < 13, "pip install 'pillow<13'"
    group = Group("pixels", seed)
    processor = CLIPImageProcessorPil(size={"shortest_edge": SIDE}, crop_size=SIDE)
    raw = CLIPImageProcessorPil(size={"shortest_edge": SIDE}, crop_size=SIDE, do_rescale=False, do_normalize=False)
    for i in range(50):
        image = Image.fromarray(picture(i))
        name = str(i)
        if i >= 35:
            # The encoded file is the input: both sides decode it.
            file = io.BytesIO()
            image.resize((image.width // 2 + 20, image.height // 2 + 20)).save(file, "JPEG", quality=88, subsampling=i % 3)
            group.add(f"files/{name}", {"jpeg": torch.frombuffer(bytearray(file.getvalue()), dtype=torch.uint8)})
            image = Image.open(io.BytesIO(file.getvalue()))
        cut = raw(image, return_tensors="np")["pixel_values"][0].transpose(1, 2, 0)
        expected = {"cover": torch.from_numpy(np.ascontiguousarray(cut.astype(np.uint8)))}
        assert (cut == cut.astype(np.uint8)).all()
        if i < 3:
            values = processor(image, return_tensors="np")["pixel_values"][0].transpose(1, 2, 0)
            expected["normalized"] = torch.from_numpy(np.ascontiguousarray(values))
        if i % 10 == 4:
            for filter in ("bilinear", "bicubic", "lanczos"):
                scaled = image.resize((SIDE, SIDE), Image.Resampling[filter.upper()])
                expected[f"fill.{filter}"] = torch.from_numpy(np.array(scaled))
        group.case(name, expected, width=image.width, height=image.height)
    group.versions = {"pillow": PIL.__version__}
    return group
