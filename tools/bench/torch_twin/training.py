"""One training step: representations, per-term gradients at them, one backward pass through the encoders, AdamW."""

import torch
from torch import Tensor

from .losses import LossTerms
from .model import UniECS


class Training:
    """A model with its loss terms, weighting (Eq. 19 at the representations) and optimizer."""

    def __init__(self, case: dict, weights: dict[str, Tensor], compiled: bool, shortcuts: bool, device: str = "cpu"):
        self.model, self.terms = UniECS(case["model"], shortcuts), LossTerms(case["terms"], case["losses"])
        self.load(weights)
        self.model.to(device).train()
        self.terms.modules_of.to(device)
        self.weighting = case["weighting"]
        self.lambdas = torch.tensor(case["weighting"]["initial"], dtype=torch.float32, device=device)
        self.micro_batch = case["microBatch"]
        # The loss terms stay eager: compiled one by one they are slower.
        self.represent = torch.compile(self.model) if compiled else self.model
        o = case["optimizer"]
        parameters = [*self.model.parameters(), *self.terms.parameters()]
        groups = [
            {"params": [p for p in parameters if p.ndim >= 2], "weight_decay": o["weightDecay"]},
            {"params": [p for p in parameters if p.ndim < 2], "weight_decay": 0.0},
        ]
        betas = (float(o["beta1"]), float(o["beta2"]))
        self.optimizer = torch.optim.AdamW(groups, lr=case["learningRate"], betas=betas, eps=o["epsilon"], fused=True)

    def load(self, weights: dict[str, Tensor]) -> None:
        prefix = "terms."
        self.model.load_state_dict({n: x for n, x in weights.items() if not n.startswith(prefix)})
        own = {n[len(prefix) :]: x for n, x in weights.items() if n.startswith(prefix)}
        self.terms.modules_of.load_state_dict(own)

    def named_parameters(self) -> dict[str, Tensor]:
        """By the names of the state dict."""
        own = {f"terms.{n}": p for n, p in self.terms.modules_of.named_parameters()}
        return {**dict(self.model.named_parameters()), **own}

    def head(self, views: list[Tensor]) -> tuple[dict, list[Tensor]]:
        """From f, v, t of 2N items (items 1 first) to the report and the combined gradient of each view."""
        leaves = [half.detach().requires_grad_() for view in views for half in view.chunk(2)]
        f1, f2, v1, v2, t1, t2 = leaves
        losses, norms, combined = [], [], None
        for name, weight in zip(self.terms.names, self.lambdas.tolist()):
            own = self.terms.own_parameters(name)
            loss = self.terms(name, (f1, v1, t1, f2, v2, t2))
            grads = torch.autograd.grad(loss, [*leaves, *own], materialize_grads=True)
            for parameter, gradient in zip(own, grads[len(leaves) :]):
                parameter.grad = gradient * weight
            at = torch.cat(grads[: len(leaves)])
            losses.append(loss.detach())
            norms.append(at.norm())
            combined = at * weight if combined is None else combined.add_(at, alpha=weight)
        terms, norms = torch.stack(losses), torch.stack(norms)
        report = {"loss": terms @ self.lambdas, "terms": terms, "gradientNorms": norms}
        return report, list(combined.chunk(3))

    def update_weights(self, norms: Tensor) -> None:
        beta, total = self.weighting["beta"], self.weighting["sumTo"]
        if beta == 0:
            return
        grown = self.lambdas * torch.exp(norms / norms.sum())
        self.lambdas = beta * total * grown / grown.sum() + (1 - beta) * self.lambdas

    def step(self, batch: dict[str, Tensor]) -> dict:
        self.optimizer.zero_grad(set_to_none=True)
        size = 2 * self.micro_batch
        parts = list(zip(*(batch[name].split(size) for name in ("pixels", "ids", "mask"))))
        if len(parts) == 1:
            views = self.represent(*parts[0])
            report, directions = self.head(list(views))
            torch.autograd.backward(views, directions)
        else:
            with torch.no_grad():
                encoded = [self.represent(*part) for part in parts]
            report, directions = self.head([torch.cat(view) for view in zip(*encoded)])
            for part, direction in zip(parts, zip(*(d.split(size) for d in directions))):
                torch.autograd.backward(self.represent(*part), direction)
        for parameter in self.model.parameters():
            # What no loss depends on is decayed all the same, as in ours.
            if parameter.grad is None:
                parameter.grad = torch.zeros_like(parameter)
        self.optimizer.step()
        self.update_weights(report["gradientNorms"])
        return {name: value.tolist() for name, value in report.items()}
