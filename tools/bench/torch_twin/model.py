"""UniECS assembled."""

import torch
from torch import Tensor, nn

from .encoders import Bert, VisionTransformer
from .fusion import GatedFusion


class UniECS(nn.Module):
    """With `shortcuts`, nothing is computed that is known to be constant or that commutes with a mean; the results are the same."""

    def __init__(self, config: dict, shortcuts: bool = True):
        super().__init__()
        image, text, fusion = config["image"], config["text"], config["fusion"]
        self.image_encoder, self.text_encoder = VisionTransformer(image), Bert(text)
        self.fusion = GatedFusion(fusion, image["width"], text["width"])
        for module in self.modules():
            module.shortcuts = shortcuts

        mean, std = (torch.tensor(config["pixels"][name]) for name in ("mean", "std"))
        self.register_buffer("scale", 1 / (255 * std), persistent=False)
        self.register_buffer("shift", -mean / std, persistent=False)

    def images(self, pixels: Tensor) -> Tensor:
        """Bytes [B, S, S, 3] to normalised floats [B, 3, S, S], which stay where they are."""
        return (pixels * self.scale + self.shift).permute(0, 3, 1, 2)

    def forward(self, pixels: Tensor, ids: Tensor, mask: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """f, v and t [B, D] from bytes [B, S, S, 3], ids [B, L] and mask [B, L]."""
        text = self.text_encoder(ids, (mask > 0)[:, None, None, :])
        return self.fusion.represent(self.image_encoder(self.images(pixels)), text, mask)

    def embed(self, pixels: Tensor, ids: Tensor, mask: Tensor) -> Tensor:
        """f alone."""
        text = self.text_encoder(ids, (mask > 0)[:, None, None, :])
        return self.fusion(self.image_encoder(self.images(pixels)), text, mask)
