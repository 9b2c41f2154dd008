"""Random numbers that are exact in float32, and the two files of a group of fixtures."""
import json
import struct
import zlib
from pathlib import Path

import torch

DTYPES = {torch.float32: ("F32", "<f4"), torch.int32: ("I32", "<i4"), torch.uint8: ("U8", "u1")}


class Draw:
    """A seeded stream of numbers by name: float64 tensors whose values float32 can hold."""

    def __init__(self, seed, name):
        self.generator = torch.Generator().manual_seed(zlib.crc32(f"{seed}/{name}".encode()))

    def normal(self, *shape, scale=1.0):
        return rounded(torch.randn(shape, generator=self.generator, dtype=torch.float64) * scale)

    def unit(self, rows, width):
        x = torch.randn(rows, width, generator=self.generator, dtype=torch.float64)
        return rounded(x / x.norm(dim=1, keepdim=True))

    def integers(self, low, high, *shape):
        return torch.randint(low, high, shape, generator=self.generator)


def rounded(x):
    """x as float32 stores it, computed with in float64."""
    return x.to(torch.float32).to(torch.float64)


class Group:
    """Cases and arrays of one fixture: GROUP.safetensors beside GROUP.json."""

    def __init__(self, name, seed):
        self.name = name
        self.seed = seed
        self.cases = []
        self.arrays = {}

    def draw(self, name):
        return Draw(self.seed, f"{self.name}/{name}")

    def add(self, prefix, arrays):
        for name, x in arrays.items():
            x = x.detach()
            if x.is_floating_point():
                assert torch.isfinite(x).all(), f"{prefix}/{name} is not finite"
                x = x.to(torch.float32)
            elif x.dtype != torch.uint8:
                x = x.to(torch.int32)
            key = f"{prefix}/{name}"
            assert key not in self.arrays, f"two arrays called {key}"
            self.arrays[key] = x.contiguous()

    def case(self, name, expected, **facts):
        """A case: what our side needs to know, and what it must compute."""
        assert all(name != case["name"] for case in self.cases), f"two cases called {name}"
        self.cases.append({"name": name, **facts})
        self.add(f"expected/{name}", expected)

    def write(self, folder, versions, command=None):
        command = command or f"python tools/parity/generate.py {self.name}"
        facts = {
            "group": self.name,
            "made": {**versions, "seed": self.seed, "command": command},
            "precision": "computed in float64 from inputs that float32 holds exactly, stored as float32",
            "cases": self.cases,
        }
        Path(folder, f"{self.name}.json").write_text(json.dumps(facts, indent=1) + "\n")
        Path(folder, f"{self.name}.safetensors").write_bytes(serialized(self.arrays))


def serialized(arrays):
    """The bytes of a safetensors file."""
    header, chunks, offset = {}, [], 0
    for name, x in arrays.items():
        data = x.numpy().astype(DTYPES[x.dtype][1]).tobytes()
        header[name] = {
            "dtype": DTYPES[x.dtype][0],
            "shape": list(x.shape),
            "data_offsets": [offset, offset + len(data)],
        }
        chunks.append(data)
        offset += len(data)
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    return struct.pack("<Q", len(text)) + text + b"".join(chunks)
