"""The seven loss terms of a batch of pairs that all have image and title. Options and names as in `@uniecs/losses`."""

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

Six = tuple[Tensor, Tensor, Tensor, Tensor, Tensor, Tensor]


def info_nce(similarity: Tensor, inverse: float | Tensor, symmetric: bool) -> Tensor:
    """InfoNCE with the positives on the diagonal, averaged; similarity [N, N]."""
    logits = similarity * inverse
    labels = torch.arange(len(logits), device=logits.device)
    forward = F.cross_entropy(logits, labels)
    return (forward + F.cross_entropy(logits.T, labels)) / 2 if symmetric else forward


def v2t(six: Six, o: dict) -> Tensor:
    _, v1, t1, _, v2, t2 = six
    inverse, symmetric = 1 / o["temperature"], o.get("symmetric", False)
    within = [] if o["pairing"] == "across" else [(v1, t1), (v2, t2)]
    across = [] if o["pairing"] == "within" else [(v1, t2)]
    parts = [info_nce(v @ t.T, inverse, symmetric) for v, t in within + across]
    return torch.stack(parts).mean()


def pml(six: Six, o: dict) -> Tensor:
    f1, v1, t1, f2, v2, t2 = six
    pairs = [(f1, f2), (v1, f2), (t1, f2)] + ([(f1, v2), (f1, t2)] if o.get("symmetric") else [])
    return torch.stack([info_nce(a @ b.T, 1 / o["temperature"], False) for a, b in pairs]).sum()


def pdc(six: Six, o: dict) -> Tensor:
    f1, v1, t1, f2, _, _ = six
    s = f1 @ f2.T
    reduce = torch.Tensor.mean if o.get("reduction", "sum") == "mean" else torch.Tensor.sum
    margin = o.get("alpha2", 0.1)
    parts = [reduce(F.relu(margin + s - (x * f2).sum(1, keepdim=True)), 1).mean() for x in (v1, t1)]
    return parts[0] + parts[1]


def plc(six: Six, o: dict) -> Tensor:
    f1, v1, t1, f2, _, _ = six
    mm, vm, tm = f1 @ f2.T, v1 @ f2.T, t1 @ f2.T
    nearest = mm.detach().topk(min(o.get("k", 10), len(mm)), dim=1).indices
    mm, vm, tm = (x.gather(1, nearest) for x in (mm, vm, tm))
    margin = o.get("alpha3", 0.05)
    rows = [F.relu((a - b) ** 2 - margin).mean(1) for a, b in ((vm, mm), (tm, mm), (vm, tm))]
    rows = torch.stack(rows).sum(0)
    return rows.sum() if o.get("reduction", "mean") == "sum" else rows.mean()


def v2v(six: Six, o: dict) -> Tensor:
    _, v1, _, _, v2, _ = six
    s = v1 @ v2.T
    count = min(max(1, math.floor(0.5 * len(s))), len(s) - 1)
    others = s.masked_fill(torch.eye(len(s), dtype=torch.bool, device=s.device), -math.inf)
    hardest = others.topk(count, dim=1).values
    hard = F.relu(o.get("alpha4", 0.2) + hardest - s.diagonal().unsqueeze(1)).mean(1)
    hard = hard.sum() if o.get("reduction", "mean") == "sum" else hard.mean()
    return info_nce(s, 1 / o.get("temperature", 0.07), False) + hard


def t2t(six: Six, o: dict) -> Tensor:
    return info_nce(six[2] @ six[5].T, 1 / o.get("temperature", 0.03), False)


class NineTasks(nn.Module):
    """InfoNCE, both directions, of any view of item 1 against any view of item 2, with a learned temperature."""

    def __init__(self, o: dict):
        super().__init__()
        self.log_temperature = nn.Parameter(torch.tensor(math.log(o["temperature"]["learnedFrom"])))

    def forward(self, six: Six, o: dict) -> Tensor:
        f1, v1, t1, f2, v2, t2 = six
        queries, candidates = torch.stack([v1, t1, f1]), torch.stack([v2, t2, f2])
        inverse = torch.exp(-self.log_temperature.clamp(min=math.log(0.01)))
        logits = (queries[:, None] @ candidates[None].transpose(-1, -2)).flatten(0, 1) * inverse
        count = logits.shape[-1]
        labels = torch.arange(count, device=logits.device).repeat(9)
        return (F.cross_entropy(logits.flatten(0, 1), labels) + F.cross_entropy(logits.mT.flatten(0, 1), labels)) / 2


FUNCTIONS = {"V2T": v2t, "PML": pml, "PDC": pdc, "PLC": plc, "V2V": v2v, "T2T": t2t}


class LossTerms(nn.Module):
    """The terms by name; `terms[name](six)` is a scalar."""

    def __init__(self, names: list[str], options: dict):
        super().__init__()
        self.names, self.options = names, {name: options.get(name.lower(), {}) for name in names}
        self.modules_of = nn.ModuleDict({n: NineTasks(self.options[n]) for n in names if n not in FUNCTIONS})

    def own_parameters(self, name: str) -> list[nn.Parameter]:
        return list(self.modules_of[name].parameters()) if name in self.modules_of else []

    def forward(self, name: str, six: Six) -> Tensor:
        term = self.modules_of[name] if name in self.modules_of else FUNCTIONS[name]
        return term(six, self.options[name])
