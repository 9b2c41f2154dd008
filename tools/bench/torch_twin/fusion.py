"""The gated cross-modal fusion. A modality that is not there enters as one zero token."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .layers import Attention, PreNormBlock, masked_mean


class Stream:
    """One modality: tokens [B, L, D], its attention mask [B, 1, 1, L] and weights [B, L] (None: all count), presence."""

    def __init__(self, tokens: Tensor, weights: Tensor | None, presence: float):
        self.tokens, self.weights, self.presence = tokens, weights, presence
        self.mask = None if weights is None else (weights > 0)[:, None, None, :]

    def replaced(self, tokens: Tensor) -> "Stream":
        return Stream(tokens, self.weights, self.presence)


class Gate(nn.Module):
    """`G = sigmoid(W [own; attended; E] + b)`, `G * attended + (1 - G) * own`; the weight's columns as in the concatenation."""

    def __init__(self, width: int):
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(width, 2 * width + 1))
        self.bias = nn.Parameter(torch.zeros(width))

    def forward(self, own: Tensor, attended: Tensor, presence: float) -> Tensor:
        width = own.shape[-1]
        of_own, of_attended, of_presence = self.weight.split([width, width, 1], dim=1)
        constant = self.bias + presence * of_presence.squeeze(1)
        opening = torch.sigmoid(F.linear(own, of_own) + F.linear(attended, of_attended, constant))
        return torch.lerp(own, attended.expand_as(own), opening)


class CrossSide(nn.Module):
    def __init__(self, width: int, heads: int, dropout: float):
        super().__init__()
        self.cross_attn, self.layer_norm, self.gate = Attention(width, heads, dropout), nn.LayerNorm(width), Gate(width)

    def forward(self, own: Stream, other: Stream) -> Tensor:
        heard = self.layer_norm(self.cross_attn(own.tokens, other.tokens, other.mask))
        return self.gate(own.tokens, heard, own.presence)


class CrossLayer(nn.Module):
    def __init__(self, width: int, heads: int, dropout: float):
        super().__init__()
        self.image, self.text = CrossSide(width, heads, dropout), CrossSide(width, heads, dropout)

    def forward(self, image: Stream, text: Stream) -> tuple[Stream, Stream]:
        return image.replaced(self.image(image, text)), text.replaced(self.text(text, image))


class Pool(nn.Module):
    def __init__(self, width: int):
        super().__init__()
        self.layer_norm, self.linear = nn.LayerNorm(width), nn.Linear(width, width)

    def forward(self, mean: Tensor) -> Tensor:
        return torch.tanh(self.linear(self.layer_norm(mean)))


class FusionNetwork(nn.Module):
    def __init__(self, config: dict):
        super().__init__()
        width, blocks = config["width"], range(config["fusionBlocks"])
        self.projection = nn.Linear(2 * width, width)
        block = lambda: PreNormBlock(width, config["heads"], config["ffnRatio"], config["dropout"])
        self.layers = nn.ModuleList([block() for _ in blocks])
        self.layer_norm = nn.LayerNorm(width)

    def forward(self, image: Tensor, text: Tensor) -> Tensor:
        x = self.projection(torch.cat([image, text], 1)).unsqueeze(1)
        for layer in self.layers:
            x = layer(x)
        return self.layer_norm(x).squeeze(1)


class Residual(nn.Module):
    """The shortcut of the preset `recommended`: normalised image and text means beside the scaled fusion."""

    def __init__(self, width: int):
        super().__init__()
        self.image, self.text = nn.Linear(width, width, bias=False), nn.Linear(width, width, bias=False)
        self.scale = nn.Parameter(torch.ones(1))

    def forward(self, image: tuple[Tensor, float], text: tuple[Tensor, float], fused: Tensor) -> Tensor:
        """A mean [B, D] and the presence of each modality."""
        x = fused * self.scale * fused.shape[-1] ** -0.5
        for layer, (mean, presence) in ((self.image, image), (self.text, text)):
            if presence:
                x = x + F.normalize(layer(mean), dim=-1)
        return x


class GatedFusion(nn.Module):
    """Eq. 1 to 6 with the options that the two presets use: post-norm, own indicator, gating, concatenation."""

    shortcuts = True

    def __init__(self, config: dict, image_width: int, text_width: int):
        super().__init__()
        expected = {"norm": "post", "indicator": "own", "gating": True, "fusionInput": "concat"}
        other = {name: config[name] for name, value in expected.items() if config[name] != value}
        if other:
            raise ValueError(f"GatedFusion: the twin has {expected}, got {other}")
        width, heads, ratio, dropout = (config[name] for name in ("width", "heads", "ffnRatio", "dropout"))
        blocks = lambda: nn.ModuleList([PreNormBlock(width, heads, ratio, dropout) for _ in range(config["selfBlocks"])])
        self.image_projection, self.text_projection = nn.Linear(image_width, width), nn.Linear(text_width, width)
        self.cross_layers = nn.ModuleList([CrossLayer(width, heads, dropout) for _ in range(config["crossLayers"])])
        self.image_blocks, self.text_blocks = blocks(), blocks()
        self.image_pool, self.text_pool = Pool(width), Pool(width)
        self.fusion = FusionNetwork(config)
        self.start = config["residual"]
        self.residual = None if self.start == "none" else Residual(width)

    def mean(self, stream: Stream, blocks: nn.ModuleList) -> Tensor:
        x = stream.tokens
        if not (self.shortcuts and blocks):
            for block in blocks:
                x = block(x, stream.mask)
            return masked_mean(x, stream.weights)
        for block in blocks[:-1]:
            x = block(x, stream.mask)
        return blocks[-1].forward_mean(x, stream.mask, stream.weights)

    def absent(self, projection: nn.Linear, features: Tensor) -> Stream:
        """Features set to zero. All tokens are then the same, and stay so: with the shortcut, one stands for them."""
        zeros = torch.zeros_like(features[:, :1] if self.shortcuts else features)
        return Stream(projection(zeros), None, 0.0)

    def fuse(self, image: Stream, text: Stream) -> Tensor:
        presences = (image.presence, text.presence)
        projected = [masked_mean(x.tokens, x.weights) for x in (image, text)] if self.start == "pooled" else None
        for layer in self.cross_layers:
            image, text = layer(image, text)
        means = [self.mean(image, self.image_blocks), self.mean(text, self.text_blocks)]
        fused = self.fusion(self.image_pool(means[0]), self.text_pool(means[1]))
        if self.residual:
            fused = self.residual(*zip(projected or means, presences), fused)
        return F.normalize(fused, dim=-1)

    def forward(self, image: Tensor, text: Tensor, mask: Tensor) -> Tensor:
        """f [B, D]."""
        own_image = Stream(self.image_projection(image), None, 1.0)
        return self.fuse(own_image, Stream(self.text_projection(text), mask, 1.0))

    def represent(self, image: Tensor, text: Tensor, mask: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """f, v and t [B, D] from one projection of each modality."""
        own_image = Stream(self.image_projection(image), None, 1.0)
        own_text = Stream(self.text_projection(text), mask, 1.0)
        fused = self.fuse(own_image, own_text)
        images = self.fuse(own_image, self.absent(self.text_projection, text))
        return fused, images, self.fuse(self.absent(self.image_projection, image), own_text)
