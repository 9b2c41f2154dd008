"""The weights of Eq. 19 over several steps, for gradient norms that change."""
import torch

from .fixture import Group, rounded
from .weighting import update

STEPS = 9
# (what the case is, number of terms, options)
CASES = [
    ("beta 0.5, as printed", 6, {}),
    ("beta 0.1", 6, {"beta": 0.1}),
    ("beta 0.9", 6, {"beta": 0.9}),
    ("beta 1", 6, {"beta": 1}),
    ("beta 0, the weights stay", 6, {"beta": 0}),
    ("one term", 1, {}),
    ("sum to the number of terms", 7, {"sumTo": "terms"}),
    ("sum to 2", 5, {"sumTo": 2}),
    ("floor 0.05", 6, {"floor": 0.05}),
    ("floor 0.1, sum to the number of terms, beta 1", 7, {"floor": 0.1, "sumTo": "terms", "beta": 1}),
    ("initial weights", 3, {"initial": [0.5, 2, 0.125]}),
]


def weighting_group(seed):
    group = Group("weighting", seed)
    for name, terms, options in CASES:
        # Norms of very different size; one term is zero for a while.
        norms = group.draw(name).normal(STEPS, terms).abs() * torch.tensor([10.0**i for i in range(-2, 5)])[:terms]
        norms = rounded(norms)
        norms[3:5, 0] = 0 if terms > 1 else 1
        lambdas = torch.tensor(options.get("initial", [1.0] * terms), dtype=torch.float64)
        total = terms if options.get("sumTo") == "terms" else options.get("sumTo", 1)
        found = [lambdas]
        for step in range(STEPS):
            if options.get("beta", 0.5) > 0:
                lambdas = update(lambdas, norms[step], options.get("beta", 0.5), total, options.get("floor", 0))
            found.append(lambdas)
        group.add(f"inputs/{name}", {"norms": norms})
        group.case(name, {"lambdas": torch.stack(found)}, options={"terms": terms, **options})
    return group
