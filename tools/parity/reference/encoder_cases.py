"""The encoders: token features and the gradients of all parameters, of a random weighting of the tokens that are no padding."""
import torch

from .encoders import Bert, VisionTransformer
from .fixture import Group
from .layers import fill, gradients, weights

VISION = {"imageSize": 6, "patchSize": 3, "width": 6, "layers": 2, "heads": 2, "ffnRatio": 3}
TEXT = {"vocabularySize": 17, "maxLength": 7, "width": 10, "layers": 2, "heads": 2, "ffnRatio": 2}
IMAGES = [
    ("ViT: gelu", VISION),
    ("ViT: quickGelu", {**VISION, "activation": "quickGelu"}),
    ("ViT: nine patches, three layers", {**VISION, "patchSize": 2, "layers": 3}),
    ("ViT: one patch, one head", {**VISION, "patchSize": 6, "width": 7, "heads": 1, "layers": 1}),
]
TITLES = [
    ("BERT: no padding", TEXT, [7, 7, 7]),
    ("BERT: padding", TEXT, [7, 3, 1]),
    ("BERT: shorter than its longest title, more positions", {**TEXT, "positions": 13}, [5, 2, 4]),
    ("BERT: quickGelu, padding", {**TEXT, "activation": "quickGelu", "layers": 1}, [2, 7, 5]),
]
B = 3


def backward(model, tokens, draw, keys=None):
    direction = draw.normal(*tokens.shape)
    if keys is not None:
        direction, tokens = direction * keys[..., None], tokens * keys[..., None]
    (tokens * direction).sum().backward()
    return {"output.tokens": tokens, **gradients(model)}, direction


def encoder_group(seed):
    group = Group("encoders", seed)
    for name, config in IMAGES:
        draw = group.draw(name)
        model = fill(VisionTransformer(config), draw)
        pixels = draw.normal(B, config["imageSize"], config["imageSize"], 3)
        expected, direction = backward(model, model(pixels), draw)
        group.add(f"weights/{name}", weights(model))
        group.add(f"inputs/{name}", {"pixels": pixels, "direction": direction})
        group.case(name, expected, encoder="visionTransformer", options=config)
    for name, config, lengths in TITLES:
        draw = group.draw(name)
        model = fill(Bert(config), draw)
        length = max(lengths)
        keys = (torch.arange(length)[None] < torch.tensor(lengths)[:, None]).double()
        ids = draw.integers(1, config["vocabularySize"], B, length) * keys.long()
        expected, direction = backward(model, model(ids, keys), draw, keys)
        group.add(f"weights/{name}", weights(model))
        group.add(f"inputs/{name}", {"ids": ids, "mask": keys, "direction": direction})
        group.case(name, expected, encoder="bert", options=config)
    return group
