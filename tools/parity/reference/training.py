"""UniECS assembled, and its training step as 3.5, 3.6 and 4.1 describe it: all of the batch at once, a graph a term."""
import math

import torch
from torch import nn

from .encoders import Bert, VisionTransformer
from .fusion import GatedFusion
from .losses import NAMES, TERMS
from .weighting import update

VIEWS = {"f": "fused", "v": "image", "t": "text"}


class Uniecs(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.image_encoder = VisionTransformer(config["image"])
        self.text_encoder = Bert(config["text"])
        self.fusion = GatedFusion(
            {**config["fusion"], "imageWidth": config["image"]["width"], "textWidth": config["text"]["width"]}
        )

    def forward(self, items):
        """f, v and t of B items. Only images and titles that exist are encoded; the features of the others are zero."""
        has = {"image": items["hasImage"].bool(), "text": items["hasText"].bool()}
        images = self.image_encoder(items["pixels"][has["image"]])
        titles = self.text_encoder(items["ids"][has["text"]], items["mask"][has["text"]])
        features = {"image": spread(images, has["image"]), "text": spread(titles, has["text"])}
        ones = torch.ones(features["image"].shape[:2], dtype=torch.float64)
        keys = {"image": ones, "text": items["mask"]}
        return self.fusion(features, keys, {name: x.double() for name, x in has.items()})


def spread(x, rows):
    """The rows of x where `rows` is true, zeros elsewhere."""
    full = torch.zeros(len(rows), *x.shape[1:], dtype=x.dtype)
    return full.masked_scatter(rows[:, None, None], x)


def sides(vectors, batch):
    """The two sides of N pairs from the vectors of 2N items, items 1 first."""
    n = len(vectors["fused"]) // 2
    found = []
    for side in range(2):
        half = slice(side * n, (side + 1) * n)
        valid = {"f": [1] * n, "v": batch["hasImage"][half].tolist(), "t": batch["hasText"][half].tolist()}
        item = {view: vectors[name][half] for view, name in VIEWS.items()}
        found.append({**item, "valid": valid, "product": batch["product"][side].tolist()})
    return found


class Training:
    def __init__(self, model, losses, weighting, scope, optimizer, clip_norm=None):
        self.model, self.losses, self.weighting, self.scope = model, losses, weighting, scope
        self.clip_norm = clip_norm
        self.temperatures = {
            term: nn.Parameter(torch.tensor(math.log(o["temperature"]["learnedFrom"])).float().double())
            for term, o in losses.items()
            if isinstance(o.get("temperature"), dict)
        }
        self.parameters = {
            **dict(model.named_parameters()),
            **{f"terms.{NAMES[term]}.log_temperature": p for term, p in self.temperatures.items()},
        }
        self.lambdas = torch.tensor(
            weighting.get("initial", [1.0] * len(losses)), dtype=torch.float64
        )
        groups = [
            {"params": [p], "weight_decay": optimizer["weightDecay"] if p.dim() >= 2 else 0}
            for p in self.parameters.values()
        ]
        betas = (optimizer["beta1"], optimizer["beta2"])
        self.optimizer = torch.optim.AdamW(groups, lr=optimizer["learningRate"], betas=betas, eps=optimizer["epsilon"])

    def differentiate(self, batch):
        """The vectors, each term, its gradient norm, and the gradient of the weighted sum in `.grad`."""
        vectors = self.model(batch)
        items = sides(vectors, batch)
        terms = [TERMS[term](items, o, self.temperatures.get(term)) for term, o in self.losses.items()]
        if self.scope == "parameters":
            leaves = list(self.parameters.values())
        else:
            leaves = list(vectors.values())
        norms = []
        for loss in terms:
            found = torch.autograd.grad(loss, leaves, retain_graph=True, allow_unused=True)
            norms.append(torch.sqrt(sum((x**2).sum() for x in found if x is not None)))
        total = sum(weight * loss for weight, loss in zip(self.lambdas, terms))
        self.optimizer.zero_grad()
        total.backward()
        return vectors, torch.stack(terms), torch.stack(norms), total

    def step(self, batch):
        """One step with lambda(t), then lambda(t + 1)."""
        _, terms, norms, total = self.differentiate(batch)
        taken = self.lambdas
        if self.clip_norm is not None:
            nn.utils.clip_grad_norm_(self.parameters.values(), self.clip_norm)
        self.optimizer.step()
        w = self.weighting
        if w["beta"] > 0:
            sum_to = len(terms) if w["sumTo"] == "terms" else w["sumTo"]
            self.lambdas = update(self.lambdas, norms.detach(), w["beta"], sum_to, w["floor"])
        return {"terms": terms, "norms": norms, "total": total, "lambdas": taken}
