"""The vision transformer of CLIP and BERT without its pooler."""

import torch
from torch import Tensor, nn

from .layers import ACTIVATIONS, Attention, PreNormBlock


class VisionEmbeddings(nn.Module):
    def __init__(self, image: int, patch: int, width: int):
        super().__init__()
        self.class_embedding = nn.Parameter(torch.zeros(width))
        self.patch_embedding = nn.Conv2d(3, width, patch, stride=patch, bias=False)
        self.position_embedding = nn.Embedding((image // patch) ** 2 + 1, width)

    def forward(self, pixels: Tensor) -> Tensor:
        patches = self.patch_embedding(pixels).flatten(2).transpose(1, 2)
        first = self.class_embedding.expand(len(pixels), 1, -1)
        return torch.cat([first, patches], 1) + self.position_embedding.weight


class VisionTransformer(nn.Module):
    def __init__(self, config: dict):
        super().__init__()
        width, heads, ratio = config["width"], config["heads"], config.get("ffnRatio", 4)
        dropout, activation = config.get("dropout", 0), config.get("activation", "gelu")
        self.embeddings = VisionEmbeddings(config["imageSize"], config["patchSize"], width)
        self.pre_layrnorm = nn.LayerNorm(width)
        blocks = [PreNormBlock(width, heads, ratio, dropout, activation) for _ in range(config["layers"])]
        self.encoder = nn.ModuleDict({"layers": nn.ModuleList(blocks)})
        self.post_layernorm = nn.LayerNorm(width)
        self.drop = nn.Dropout(dropout)

    def forward(self, pixels: Tensor) -> Tensor:
        x = self.drop(self.pre_layrnorm(self.embeddings(pixels)))
        for block in self.encoder["layers"]:
            x = block(x)
        return self.post_layernorm(x)


class BertBlock(nn.Module):
    """BERT's block: `norm(x + f(x))`, named as in BERT's checkpoints."""

    def __init__(self, width: int, heads: int, hidden: int, dropout: float, activation: str):
        super().__init__()
        attend = Attention(width, heads, dropout)
        names = {"query": attend.q_proj, "key": attend.k_proj, "value": attend.v_proj}
        output = nn.ModuleDict({"dense": attend.out_proj, "LayerNorm": nn.LayerNorm(width, eps=1e-12)})
        self.attention = nn.ModuleDict({"self": nn.ModuleDict(names), "output": output})
        self.intermediate = nn.ModuleDict({"dense": nn.Linear(width, hidden)})
        self.output = nn.ModuleDict({"dense": nn.Linear(hidden, width), "LayerNorm": nn.LayerNorm(width, eps=1e-12)})
        self.activate, self.drop = ACTIVATIONS[activation], nn.Dropout(dropout)
        # The same linear layers under their other names, not registered twice.
        object.__setattr__(self, "attend", attend)

    def train(self, mode: bool = True) -> "BertBlock":
        self.attend.training = mode
        return super().train(mode)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        x = self.attention["output"]["LayerNorm"](x + self.drop(self.attend(x, mask=mask)))
        fed = self.output["dense"](self.activate(self.intermediate["dense"](x)))
        return self.output["LayerNorm"](x + self.drop(fed))


class Bert(nn.Module):
    def __init__(self, config: dict):
        super().__init__()
        width, hidden = config["width"], round(config["width"] * config.get("ffnRatio", 4))
        dropout, activation = config.get("dropout", 0), config.get("activation", "gelu")
        self.embeddings = nn.ModuleDict(
            {
                "word_embeddings": nn.Embedding(config["vocabularySize"], width),
                "position_embeddings": nn.Embedding(config.get("positions", config["maxLength"]), width),
                "token_type_embeddings": nn.Embedding(2, width),
                "LayerNorm": nn.LayerNorm(width, eps=1e-12),
            }
        )
        blocks = [BertBlock(width, config["heads"], hidden, dropout, activation) for _ in range(config["layers"])]
        self.encoder = nn.ModuleDict({"layer": nn.ModuleList(blocks)})
        self.drop = nn.Dropout(dropout)

    def forward(self, ids: Tensor, mask: Tensor) -> Tensor:
        parts = self.embeddings
        place = parts["position_embeddings"].weight[: ids.shape[1]]
        x = parts["word_embeddings"](ids) + place + parts["token_type_embeddings"].weight[0]
        x = self.drop(parts["LayerNorm"](x))
        for block in self.encoder["layer"]:
            x = block(x, mask)
        return x
