"""torch.optim.AdamW over several steps: matrices and larger decay, vectors and scalars do not."""
import torch

from .fixture import Group

STEPS = 6
SHAPES = {"matrix": (5, 3), "filter": (2, 3, 2, 2), "bias": (7,), "temperature": ()}
DEFAULTS = {"beta1": 0.9, "beta2": 0.98, "epsilon": 1e-8, "weightDecay": 0.05}
# (what the case is, options, learning rate by step, factors of it by parameter, scale of the gradients)
CASES = [
    ("defaults", {}, [1e-3] * STEPS, None, 1),
    ("no weight decay", {"weightDecay": 0}, [1e-2] * STEPS, None, 1),
    ("weight decay 0.5, learning rate 0.1", {"weightDecay": 0.5}, [0.1] * STEPS, None, 1),
    ("betas 0.5 and 0.7", {"beta1": 0.5, "beta2": 0.7}, [1e-2] * STEPS, None, 1),
    ("PyTorch's betas and decay", {"beta2": 0.999, "weightDecay": 0.01}, [1e-3] * STEPS, None, 1),
    ("gradients of the size of epsilon", {"epsilon": 1e-6}, [1e-2] * STEPS, None, 1e-6),
    ("a learning rate that changes", {}, [1e-3, 2e-3, 3e-3, 3e-3, 1.5e-3, 0], None, 1),
    ("learning rates by parameter", {}, [1e-2] * STEPS, [1, 0.1, 3, 0.5], 1),
]


def adamw_group(seed):
    group = Group("adamw", seed)
    for name, options, rates, factors, scale in CASES:
        draw = group.draw(name)
        start = {key: draw.normal(*shape) for key, shape in SHAPES.items()}
        slopes = {key: draw.normal(STEPS, *shape, scale=scale) for key, shape in SHAPES.items()}
        group.add(f"inputs/{name}", {**{f"start.{k}": x for k, x in start.items()}, **slopes})
        o = {**DEFAULTS, **options}
        parameters = {key: x.clone().requires_grad_() for key, x in start.items()}
        groups = [
            {"params": [p], "weight_decay": o["weightDecay"] if p.dim() >= 2 else 0} for p in parameters.values()
        ]
        optimizer = torch.optim.AdamW(groups, betas=(o["beta1"], o["beta2"]), eps=o["epsilon"])
        seen = {key: [] for key in parameters}
        for step in range(STEPS):
            for i, (key, p) in enumerate(parameters.items()):
                p.grad = slopes[key][step].clone()
                optimizer.param_groups[i]["lr"] = rates[step] * (factors[i] if factors else 1)
            optimizer.step()
            for key, p in parameters.items():
                seen[key].append(p.detach().clone())
        expected = {f"parameter.{key}": torch.stack(values) for key, values in seen.items()}
        for key, p in parameters.items():
            expected[f"first.{key}"] = optimizer.state[p]["exp_avg"]
            expected[f"second.{key}"] = optimizer.state[p]["exp_avg_sq"]
        group.case(name, expected, options=options, learningRates=rates, factors=factors or [1] * len(SHAPES))
    return group
