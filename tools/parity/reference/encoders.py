"""The encoders (3.2): CLIP's vision transformer and BERT, of torch.nn layers with the names of their checkpoints."""
import torch
from torch import nn

from .layers import ACTIVATIONS, PreNormBlock, attend


class PatchEmbeddings(nn.Module):
    def __init__(self, config):
        super().__init__()
        width, patch = config["width"], config["patchSize"]
        self.class_embedding = nn.Parameter(torch.zeros(width))
        self.patch_embedding = nn.Conv2d(3, width, patch, stride=patch, bias=False)
        self.position_embedding = nn.Embedding((config["imageSize"] // patch) ** 2 + 1, width)

    def forward(self, pixels):
        patches = self.patch_embedding(pixels.permute(0, 3, 1, 2)).flatten(2).transpose(1, 2)
        first = self.class_embedding.expand(len(pixels), 1, -1)
        return torch.cat([first, patches], 1) + self.position_embedding.weight


class VisionTransformer(nn.Module):
    """Pixels [B, S, S, 3] to token features V [B, 1 + (S / p)^2, D], class token first; the last norm on every token."""

    def __init__(self, config):
        super().__init__()
        width = config["width"]
        self.embeddings = PatchEmbeddings(config)
        self.pre_layrnorm = nn.LayerNorm(width)
        make = lambda: PreNormBlock(width, config["heads"], config["ffnRatio"], config.get("activation", "gelu"))
        self.encoder = nn.ModuleDict({"layers": nn.ModuleList(make() for _ in range(config["layers"]))})
        self.post_layernorm = nn.LayerNorm(width)

    def forward(self, pixels):
        x = self.pre_layrnorm(self.embeddings(pixels))
        for layer in self.encoder["layers"]:
            x = layer(x)
        return self.post_layernorm(x)


def named(**parts):
    return nn.ModuleDict(parts)


class BertLayer(nn.Module):
    """Post-norm: LayerNorm(x + Attention(x)), then LayerNorm(x + FeedForward(x))."""

    def __init__(self, width, heads, ratio, activation):
        super().__init__()
        line, norm = lambda a, b: nn.Linear(a, b), lambda: nn.LayerNorm(width, eps=1e-12)
        own = named(query=line(width, width), key=line(width, width), value=line(width, width))
        self.attention = named(self=own, output=named(dense=line(width, width), LayerNorm=norm()))
        self.intermediate = named(dense=line(width, ratio * width))
        self.output = named(dense=line(ratio * width, width), LayerNorm=norm())
        self.heads, self.activation = heads, ACTIVATIONS[activation]

    def forward(self, x, keys):
        own, out = self.attention["self"], self.attention["output"]
        heard = attend(own["query"](x), own["key"](x), own["value"](x), self.heads, keys)
        x = out["LayerNorm"](x + out["dense"](heard))
        return self.output["LayerNorm"](x + self.output["dense"](self.activation(self.intermediate["dense"](x))))


class Bert(nn.Module):
    """Token ids [B, L] to token features T [B, L, D]; no key is padding."""

    def __init__(self, config):
        super().__init__()
        width = config["width"]
        self.embeddings = named(
            word_embeddings=nn.Embedding(config["vocabularySize"], width),
            position_embeddings=nn.Embedding(config.get("positions", config["maxLength"]), width),
            token_type_embeddings=nn.Embedding(2, width),
            LayerNorm=nn.LayerNorm(width, eps=1e-12),
        )
        make = lambda: BertLayer(width, config["heads"], config["ffnRatio"], config.get("activation", "gelu"))
        self.encoder = nn.ModuleDict({"layer": nn.ModuleList(make() for _ in range(config["layers"]))})

    def forward(self, ids, keys):
        e = self.embeddings
        positions = torch.arange(ids.shape[1])
        x = e["word_embeddings"](ids) + e["position_embeddings"](positions)
        x = e["LayerNorm"](x + e["token_type_embeddings"](torch.zeros_like(ids)))
        for layer in self.encoder["layer"]:
            x = layer(x, keys)
        return x
