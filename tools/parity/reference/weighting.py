"""Adaptive loss weighting, Eq. 19."""
import torch


def update(lambdas, norms, beta=0.5, sum_to=1, floor=0):
    """lambda at step t + 1. `sum_to` and `floor` are not printed: the sum that is gone to, and a term's smallest share of it."""
    g = norms / norms.sum()
    pulled = lambdas * torch.exp(g)
    new = beta * sum_to * pulled / pulled.sum() + (1 - beta) * lambdas
    if floor:
        # Shares below the floor are raised to it; what the others have above it shrinks by one factor.
        shares = new / new.sum()
        above = torch.clamp(shares - floor, min=0)
        new = new.sum() * (floor + (1 - len(shares) * floor) * above / above.sum())
    return new
