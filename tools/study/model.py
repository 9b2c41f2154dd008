"""UniECS with what the study tries around its fusion, and the baselines, of the benchmarks' encoders."""

import math
import re
import sys
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "bench"))
from torch_twin.encoders import Bert, VisionTransformer  # noqa: E402
from torch_twin.fusion import GatedFusion, Stream  # noqa: E402
from torch_twin.layers import PreNormBlock, masked_mean  # noqa: E402

MEAN, STD = (0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711)


class ScoreFusion(nn.Module):
    """CLIP_SF."""

    def __init__(self, o: dict):
        super().__init__()
        self.image, self.text = nn.Linear(128, 128, bias=False), nn.Linear(128, 128, bias=False)

    def represent(self, image: Tensor, text: Tensor, mask: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        v = F.normalize(self.image(image.mean(1)), dim=-1)
        t = F.normalize(self.text(masked_mean(text, mask)), dim=-1)
        return F.normalize(v + t, dim=-1), v, t


class FeatureFusion(nn.Module):
    """CLIP_FF."""

    def __init__(self, o: dict):
        super().__init__()
        self.image_projection, self.text_projection = nn.Linear(128, 128), nn.Linear(128, 128)
        self.modality_embedding = nn.Parameter(torch.zeros(2, 128))
        self.blocks = nn.ModuleList([PreNormBlock(128, 4, 4, o["dropout"]) for _ in range(2)])
        self.layer_norm, self.projection = nn.LayerNorm(128), nn.Linear(128, 128, bias=False)

    def embed(self, x: Tensor, weights: Tensor | None) -> Tensor:
        mask = None if weights is None else (weights > 0)[:, None, None, :]
        for block in self.blocks:
            x = block(x, mask)
        return F.normalize(self.projection(masked_mean(self.layer_norm(x), weights)), dim=-1)

    def represent(self, image: Tensor, text: Tensor, mask: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        v = self.image_projection(image) + self.modality_embedding[0]
        t = self.text_projection(text) + self.modality_embedding[1]
        both = torch.cat([mask.new_ones(v.shape[:2]), mask], 1)
        return self.embed(torch.cat([v, t], 1), both), self.embed(v, None), self.embed(t, mask)


class StudyFusion(GatedFusion):
    """The gated fusion with what the study tries around it: the branch of the network dropped by item, its input detached, other shortcuts."""

    def __init__(self, o: dict):
        names = ("crossLayers", "selfBlocks", "fusionBlocks", "dropout")
        fixed = {"width": 128, "heads": 4, "ffnRatio": 4, "norm": "post", "indicator": "own", "gating": True, "fusionInput": "concat"}
        residual = "pooled" if o["residual"] == "unimodal" else o["residual"]
        super().__init__({**fixed, **{name: o[name] for name in names}, "residual": residual}, 128, 128)
        self.drop, self.detach, self.unimodal = o["dropBranch"], o["detach"], o["residual"] == "unimodal"
        self.residual.scale.requires_grad_(o["learnScale"])

    def branch(self, image: Stream, text: Stream) -> tuple[Tensor, list[Tensor]]:
        """The network's output as long as it starts, some rows dropped in training; and the means after the blocks."""
        if self.detach:
            image, text = image.replaced(image.tokens.detach()), text.replaced(text.tokens.detach())
        for layer in self.cross_layers:
            image, text = layer(image, text)
        means = [self.mean(image, self.image_blocks), self.mean(text, self.text_blocks)]
        fused = self.fusion(self.image_pool(means[0]), self.text_pool(means[1])) * self.residual.scale * 128**-0.5
        if self.training and self.drop:
            kept = (torch.rand(len(fused), 1, device=fused.device) >= self.drop).float()
            fused = fused * kept / (1 - self.drop)
        return fused, means

    def fuse(self, image: Stream, text: Stream) -> Tensor:
        projected = [masked_mean(x.tokens, x.weights) for x in (image, text)]
        x, means = self.branch(image, text)
        sources = projected if self.start == "pooled" else means
        for layer, mean, presence in zip((self.residual.image, self.residual.text), sources, (image.presence, text.presence)):
            if presence:
                x = x + F.normalize(layer(mean), dim=-1)
        return F.normalize(x, dim=-1)

    def represent(self, image: Tensor, text: Tensor, mask: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        if not self.unimodal:
            return super().represent(image, text, mask)
        own_image = Stream(self.image_projection(image), None, 1.0)
        own_text = Stream(self.text_projection(text), mask, 1.0)
        v = self.fuse(own_image, self.absent(self.text_projection, text))
        t = self.fuse(self.absent(self.image_projection, image), own_text)
        return F.normalize(v + t + self.branch(own_image, own_text)[0], dim=-1), v, t


class Model(nn.Module):
    def __init__(self, o: dict, vocabulary: int, length: int):
        super().__init__()
        image = {"imageSize": 64, "patchSize": 8, "width": 128, "layers": 4, "heads": 4, "dropout": o["encoderDropout"]}
        text = {"vocabularySize": vocabulary, "maxLength": length, "width": 128, "layers": 2, "heads": 4}
        self.image_encoder = VisionTransformer(image)
        self.text_encoder = Bert({**text, "dropout": o["encoderDropout"]})
        self.fusion = {"uniecs": StudyFusion, "clip-sf": ScoreFusion, "clip-ff": FeatureFusion}[o["model"]](o)
        self.log_temperature = nn.Parameter(torch.tensor(math.log(0.07)))
        self.register_buffer("scale", 1 / (255 * torch.tensor(STD)).view(1, 3, 1, 1))
        self.register_buffer("shift", (-torch.tensor(MEAN) / torch.tensor(STD)).view(1, 3, 1, 1))

    def forward(self, pixels: Tensor, ids: Tensor, mask: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """f, v and t [B, D] from pixels [B, 3, S, S] of 0 to 255."""
        image = self.image_encoder(pixels * self.scale + self.shift)
        return self.fusion.represent(image, self.text_encoder(ids, (mask > 0)[:, None, None, :]), mask)


def draw_weights(model: Model, o: dict, seed: int) -> None:
    """The first weights `fanIn`, with draws of PyTorch's own."""
    random = torch.Generator().manual_seed(seed)
    modules = dict(model.named_modules())
    for name, p in model.named_parameters():
        owner = modules[name.rpartition(".")[0]]
        if p.ndim >= 2:
            table = re.search(r"embeddings?(\.weight)?$", name) and not name.endswith("patch_embedding.weight")
            deviation = 0.02 if table else p[0].numel() ** -0.5
            if name.endswith("position_embedding.weight"):
                deviation = o["positions"]
            p.data = torch.randn(p.shape, generator=random) * deviation
        elif name.endswith("class_embedding"):
            p.data = torch.randn(p.shape, generator=random) * p.numel() ** -0.5
        elif name.endswith("gate.bias"):
            p.data.fill_(o["gateBias"])
        elif name.endswith("residual.scale"):
            p.data.fill_(o["scale"])
        elif isinstance(owner, nn.Linear):
            p.data.zero_()
