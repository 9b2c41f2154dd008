"""Attention and transformer blocks of torch.nn layers, with the names that checkpoints have."""
import torch
from torch import nn
from torch.nn import functional as F


def quick_gelu(x):
    return x * torch.sigmoid(1.702 * x)


ACTIVATIONS = {"gelu": F.gelu, "quickGelu": quick_gelu}


def attend(query, key, value, heads, keys=None):
    """Multi-head softmax(q k^T / sqrt(d)) v; `keys` [B, Lk] says which keys count."""
    split = lambda x: x.unflatten(-1, (heads, -1)).transpose(1, 2)
    mask = None if keys is None else keys.bool()[:, None, None, :]
    y = F.scaled_dot_product_attention(split(query), split(key), split(value), attn_mask=mask)
    return y.transpose(1, 2).flatten(2)


class Attention(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        for name in ("q_proj", "k_proj", "v_proj", "out_proj"):
            setattr(self, name, nn.Linear(width, width))

    def forward(self, query, key, keys=None):
        return self.out_proj(attend(self.q_proj(query), self.k_proj(key), self.v_proj(key), self.heads, keys))


class FeedForward(nn.Module):
    def __init__(self, width, hidden, activation):
        super().__init__()
        self.fc1, self.fc2 = nn.Linear(width, hidden), nn.Linear(hidden, width)
        self.activation = ACTIVATIONS[activation]

    def forward(self, x):
        return self.fc2(self.activation(self.fc1(x)))


class PreNormBlock(nn.Module):
    """x + Attention(LayerNorm(x)), then x + FeedForward(LayerNorm(x)); named as in CLIP."""

    def __init__(self, width, heads, ratio, activation="gelu"):
        super().__init__()
        self.layer_norm1, self.layer_norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.self_attn = Attention(width, heads)
        self.mlp = FeedForward(width, width * ratio, activation)

    def forward(self, x, keys=None):
        h = self.layer_norm1(x)
        x = x + self.self_attn(h, h, keys)
        return x + self.mlp(self.layer_norm2(x))


def fill(module, draw):
    """Gives every parameter seeded values far from an untrained model's: scales of norms around 1, all others around 0."""
    module.double()
    with torch.no_grad():
        for name, parameter in module.named_parameters():
            is_scale = "norm" in name.lower() and name.endswith("weight") or name.endswith("residual.scale")
            noise = draw.normal(*parameter.shape, scale=0.2 if is_scale else 0.3)
            parameter.copy_((noise + (1 if is_scale else 0)).float().double())
    return module


def weights(module):
    return dict(module.named_parameters())


def gradients(module):
    """By parameter; one that took no part has the gradient zero."""
    return {
        f"gradient.{name}": torch.zeros_like(p) if p.grad is None else p.grad for name, p in module.named_parameters()
    }
