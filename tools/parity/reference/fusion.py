"""The gated multimodal encoder, Eq. 1 to 6 (3.3 and 3.4).

A missing modality is done as the paper says it: "sets missing modality features and indicators to zero". All of its tokens
are zeroed and stay in every attention, every block and every mean.
"""
import torch
from torch import nn
from torch.nn import functional as F

from .layers import Attention, PreNormBlock

PAPER = {
    "norm": "post",
    "indicator": "own",
    "gating": True,
    "gateBias": 0,
    "fusionInput": "concat",
    "residual": "none",
}
RECOMMENDED = {**PAPER, "gateBias": -2, "residual": "attended"}


def mean_of(x, keys):
    """The mean over the tokens that count, [B, L, D] to [B, D]."""
    return (x * keys[..., None]).sum(1) / keys.sum(1, keepdim=True)


class Gate(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(width, 2 * width + 1))
        self.bias = nn.Parameter(torch.zeros(width))

    def forward(self, own, attended, indicator):
        e = indicator[:, None, None].expand(-1, own.shape[1], 1)
        g = torch.sigmoid(torch.cat([own, attended, e], -1) @ self.weight.T + self.bias)  # Eq. 3
        return g * attended + (1 - g) * own  # Eq. 4


class Side(nn.Module):
    """One modality's half of a cross layer."""

    def __init__(self, width, heads, gating):
        super().__init__()
        self.cross_attn = Attention(width, heads)
        self.layer_norm = nn.LayerNorm(width)
        if gating:
            self.gate = Gate(width)


class CrossLayer(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        for name in ("image", "text"):
            setattr(self, name, Side(config["width"], config["heads"], config["gating"]))

    def half(self, own, other, x, keys, present):
        side, pre = getattr(self, own), self.config["norm"] == "pre"
        if pre:
            query, key = side.layer_norm(x[own]), getattr(self, other).layer_norm(x[other])
            attended = side.cross_attn(query, key, keys[other])
        else:
            attended = side.layer_norm(side.cross_attn(x[own], x[other], keys[other]))  # Eq. 2
        if not self.config["gating"]:
            return x[own] + attended
        return side.gate(x[own], attended, present[own if self.config["indicator"] == "own" else other])

    def forward(self, x, keys, present):
        return {
            "image": self.half("image", "text", x, keys, present),
            "text": self.half("text", "image", x, keys, present),
        }


class Pool(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.layer_norm, self.linear = nn.LayerNorm(width), nn.Linear(width, width)

    def forward(self, x, keys):
        return torch.tanh(self.linear(self.layer_norm(mean_of(x, keys))))


class FusionNetwork(nn.Module):
    def __init__(self, config):
        super().__init__()
        width = config["width"]
        if config["fusionInput"] == "concat":
            self.projection = nn.Linear(2 * width, width)
        else:
            self.modality_embedding = nn.Parameter(torch.zeros(2, width))
        make = lambda: PreNormBlock(width, config["heads"], config["ffnRatio"])
        self.layers = nn.ModuleList(make() for _ in range(config["fusionBlocks"]))
        self.layer_norm = nn.LayerNorm(width)
        self.concat = config["fusionInput"] == "concat"

    def forward(self, image, text):
        if self.concat:
            x = self.projection(torch.cat([image, text], -1))[:, None]
        else:
            x = torch.stack([image, text], 1) + self.modality_embedding
        for layer in self.layers:
            x = layer(x)
        return self.layer_norm(x).mean(1)


class Residual(nn.Module):
    """Not in the paper: normalised maps of the means of two streams, present modalities only, beside the scaled fusion."""

    def __init__(self, width):
        super().__init__()
        self.image, self.text = nn.Linear(width, width, bias=False), nn.Linear(width, width, bias=False)
        self.scale = nn.Parameter(torch.ones(1))

    def forward(self, streams, keys, present, fused):
        total = fused * self.scale / fused.shape[-1] ** 0.5
        for name in ("image", "text"):
            direction = F.normalize(getattr(self, name)(mean_of(streams[name], keys[name])), dim=-1)
            total = total + direction * present[name][:, None]
        return total


class GatedFusion(nn.Module):
    def __init__(self, config):
        super().__init__()
        width = config["width"]
        make = lambda count: nn.ModuleList(
            PreNormBlock(width, config["heads"], config["ffnRatio"]) for _ in range(count)
        )
        self.image_projection = nn.Linear(config["imageWidth"], width)
        self.text_projection = nn.Linear(config["textWidth"], width)
        self.cross_layers = nn.ModuleList(CrossLayer(config) for _ in range(config["crossLayers"]))
        self.image_blocks, self.text_blocks = make(config["selfBlocks"]), make(config["selfBlocks"])
        self.image_pool, self.text_pool = Pool(width), Pool(width)
        self.fusion = FusionNetwork(config)
        self.start = config["residual"]
        if self.start != "none":
            self.residual = Residual(width)

    def embed(self, features, keys, present):
        """One embedding a row. A modality that `present` says a row lacks is zeroed, all of its tokens."""
        x = {
            name: getattr(self, f"{name}_projection")(features[name] * present[name][:, None, None])  # Eq. 1
            for name in ("image", "text")
        }
        # Tokens of a missing modality are all the same zero token: none of them is padding.
        keys = {name: torch.where(present[name][:, None] > 0, keys[name], 1) for name in keys}
        projected = x
        for layer in self.cross_layers:
            x = layer(x, keys, present)
        attended = {}
        for name in ("image", "text"):
            attended[name] = x[name]
            for block in getattr(self, f"{name}_blocks"):
                attended[name] = block(attended[name], keys[name])  # Eq. 5
        f = self.fusion(*(getattr(self, f"{name}_pool")(attended[name], keys[name]) for name in attended))  # Eq. 6
        if self.start != "none":
            f = self.residual(projected if self.start == "pooled" else attended, keys, present, f)
        return F.normalize(f, dim=-1)

    def forward(self, features, keys, present):
        """f, v and t (3.4): what the row has, the text set to zero, the image set to zero."""
        none = torch.zeros_like(present["image"])
        return {
            "fused": self.embed(features, keys, present),
            "image": self.embed(features, keys, {**present, "text": none}),
            "text": self.embed(features, keys, {**present, "image": none}),
        }
