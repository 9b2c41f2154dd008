"""One training of an arm, and how its result is judged."""

import math
import sys
import time
from copy import deepcopy
from pathlib import Path

import numpy as np
import torch
from data import Data, augment
from model import Model, draw_weights
from settings import DEFAULTS, DEVICE, SIDES, SIX
from torch import Tensor

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "bench"))
from torch_twin.losses import FUNCTIONS  # noqa: E402


class Run:
    """One training, its step recorded as a CUDA graph and played on a stream of its own."""

    def __init__(self, data: Data, arm: dict, seed: int):
        self.o = o = {**DEFAULTS, **arm}
        unknown = set(o) - set(DEFAULTS) - {"name", "seeds"}
        if unknown:
            raise ValueError(f"Run: unknown settings {sorted(unknown)}")
        self.name, self.seed, self.data = arm["name"], seed, data
        self.model = Model(o, data.vocabulary, data.length)
        draw_weights(self.model, o, seed)
        self.model.to(DEVICE).train()
        self.averaged = deepcopy(self.model)
        self.rng = np.random.default_rng([seed, 1])
        self.draw = torch.Generator(DEVICE).manual_seed(seed)
        self.rate = torch.zeros((), device=DEVICE)
        self.optimizer = self.make_optimizer()
        self.per_epoch = o["pairs"] // o["batch"]
        self.steps = self.per_epoch * o["epochs"]
        self.rows = torch.zeros(2 * o["batch"], dtype=torch.long, device=DEVICE)
        self.titles = self.rows.clone()
        self.draws = torch.zeros(2 * o["batch"], 8, device=DEVICE)
        self.loss = torch.zeros((), device=DEVICE)
        self.average_weight = torch.zeros((), device=DEVICE)
        self.photo_of, self.title_of = self.items_with_noise()
        self.taken, self.order, self.graph = 0, torch.empty(0), None
        self.stream = torch.cuda.Stream() if DEVICE == "cuda" else None
        self.started = time.perf_counter()

    def items_with_noise(self) -> tuple[Tensor, Tensor]:
        """Whose photo and whose title each item has: its own, or with the probability of the noise another item's of its split."""
        random, count = np.random.default_rng(12345), len(self.data.ids)
        train, val = 2 * self.data.train, 2 * (self.data.train + self.data.val)
        own = np.arange(count)
        result = []
        for share in (self.o["photoNoise"], self.o["titleNoise"]):
            other = np.concatenate([random.permutation(train), train + random.permutation(val - train), own[val:]])
            swapped = random.random(count) < share
            result.append(torch.from_numpy(np.where(swapped, other, own)).to(DEVICE))
        return result[0], result[1]

    def make_optimizer(self) -> torch.optim.AdamW:
        o, groups = self.o, {}
        for name, p in self.model.named_parameters():
            if not p.requires_grad:
                continue
            groups.setdefault((p.ndim >= 2, name.startswith("fusion.")), []).append(p)
        self.rates = []
        made = []
        for (matrix, fusion), parameters in groups.items():
            rate = torch.zeros((), device=DEVICE)
            self.rates.append((rate, o["fusionRate"] if fusion else 1.0))
            made.append({"params": parameters, "weight_decay": o["decay"] if matrix else 0.0, "lr": rate})
        on_gpu = DEVICE == "cuda"
        return torch.optim.AdamW(made, lr=self.rate, betas=(0.9, 0.98), eps=1e-8, capturable=on_gpu, fused=on_gpu)

    def compute(self) -> None:
        data, o = self.data, self.o
        self.optimizer.zero_grad(set_to_none=True)
        pixels = augment(data.photos[self.rows], self.draws, o)
        f, v, t = self.model(pixels, data.ids[self.titles], data.mask[self.titles])
        (f1, f2), (v1, v2), (t1, t2) = f.chunk(2), v.chunk(2), t.chunk(2)
        inverse = torch.exp(-self.model.log_temperature.clamp(min=math.log(0.01)))
        logits = (torch.stack([v1, t1, f1])[:, None] @ torch.stack([v2, t2, f2])[None].mT).flatten(0, 1) * inverse
        diagonal = logits.diagonal(dim1=1, dim2=2)
        each = ((logits.logsumexp(2) - diagonal).mean(1) + (logits.logsumexp(1) - diagonal).mean(1)) / 2
        loss = (each * self.task_weights).sum()
        self.loss.copy_(loss.detach())
        if o["six"]:
            six = (f1, v1, t1, f2, v2, t2)
            loss = loss + o["six"] * sum(FUNCTIONS[name](six, options) for name, options in SIX.items())
        loss.backward()
        self.optimizer.step()
        with torch.no_grad():
            targets, sources = list(self.averaged.parameters()), list(self.model.parameters())
            change = torch._foreach_sub(sources, targets)
            torch._foreach_mul_(change, self.average_weight)
            torch._foreach_add_(targets, change)

    def before_step(self) -> None:
        o, t = self.o, self.taken
        if t % self.per_epoch == 0:
            self.order = torch.from_numpy(self.rng.permutation(o["pairs"])).to(DEVICE)
        at = (t % self.per_epoch) * o["batch"]
        pairs = self.order[at : at + o["batch"]]
        rows = torch.cat([2 * pairs, 2 * pairs + 1])
        self.rows.copy_(self.photo_of[rows])
        self.titles.copy_(self.title_of[rows])
        self.draws.copy_(torch.rand(self.draws.shape, generator=self.draw, device=DEVICE))
        progress = min(1.0, (t - o["warmup"]) / max(1, self.steps - o["warmup"]))
        rate = o["rate"] * ((t + 1) / o["warmup"] if t < o["warmup"] else (1 + math.cos(math.pi * progress)) / 2)
        for tensor, factor in self.rates:
            tensor.fill_(rate * factor)
        self.average_weight.fill_(1 - min(o["average"], (1 + t) / (10 + t)))

    def record(self) -> None:
        weights = torch.tensor([self.o["imageSideWeight"] if "v" in (a, b) else 1.0 for a in SIDES for b in SIDES])
        self.task_weights = (weights / weights.sum()).to(DEVICE)
        if DEVICE != "cuda":
            return
        # The recording needs the optimizer's state and the libraries' workspaces: three steps at the rate 0, undone after.
        kept = {name: x.clone() for name, x in self.model.state_dict().items()}
        self.stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(self.stream):
            for _ in range(3):
                self.compute()
        self.stream.synchronize()
        self.graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(self.graph, stream=self.stream):
            self.compute()
        self.model.load_state_dict(kept)
        self.averaged.load_state_dict(kept)
        for state in self.optimizer.state.values():
            for x in state.values():
                x.zero_()

    def step(self) -> None:
        if DEVICE == "cuda":
            with torch.cuda.stream(self.stream):
                self.before_step()
                self.graph.replay()
        else:
            self.before_step()
            self.compute()
        self.taken += 1

    @torch.no_grad()
    def embed(self, model: Model, rows: Tensor) -> dict[str, Tensor]:
        model.eval()
        data, parts = self.data, []
        for some in rows.split(1024):
            photos = data.photos[self.photo_of[some]].permute(0, 3, 1, 2).float()
            titles = self.title_of[some]
            parts.append(model(photos, data.ids[titles], data.mask[titles]))
        model.train()
        return dict(zip(("vt", "v", "t"), (torch.cat(x) for x in zip(*parts))))

    @torch.no_grad()
    def recalls(self, model: Model) -> dict[str, float]:
        """Recall@10 by task over the 1,000 validation candidates, and with the distractors among them (`task+`)."""
        data, k = self.data, 10
        first = torch.arange(2 * data.train, 2 * (data.train + data.val), 2, device=DEVICE)
        last = torch.arange(2 * (data.train + data.val), len(data.ids), device=DEVICE)
        queries, candidates, others = (self.embed(model, rows) for rows in (first, first + 1, last))
        found = {}
        for q in SIDES:
            for c in SIDES:
                own = queries[q] @ candidates[c].T
                score = own.diagonal()[:, None]
                above = (own > score).sum(1)
                found[f"{q}->{c}"] = (above < k).float().mean().item()
                above += (queries[q] @ others[c].T > score).sum(1)
                found[f"{q}->{c}+"] = (above < k).float().mean().item()
        return found

    def report(self) -> dict:
        if self.stream:
            self.stream.synchronize()
        result = {"name": self.name, "seed": self.seed, "settings": {n: v for n, v in self.o.items() if DEFAULTS.get(n) != v and n not in ("name", "seeds")}}
        for label, model in (("last", self.model), ("average", self.averaged)):
            recalls = self.recalls(model)
            result[label] = {n: round(x, 4) for n, x in {**summary(recalls), **recalls}.items()}
        return result | {"loss": round(self.loss.item(), 4), "seconds": round(time.perf_counter() - self.started, 1)}


def summary(recalls: dict[str, float]) -> dict[str, float]:
    def mean(plus: str, sided: bool) -> float:
        chosen = [x for n, x in recalls.items() if n.endswith("+") == bool(plus) and (not sided or "v" in n.rstrip("+").split("->"))]
        return sum(chosen) / len(chosen)

    return {f"{name}{plus}": mean(plus, name == "five") for plus in ("", "+") for name in ("mean", "five")}
