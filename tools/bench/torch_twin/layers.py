"""Attention and transformer blocks; parameters are named as in the state dict of `@uniecs/retrieval`."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class Attention(nn.Module):
    """Multi-head attention. Over one key the softmax is 1: with the shortcut, only the value is computed."""

    shortcuts = True

    def __init__(self, width: int, heads: int, dropout: float = 0.0):
        super().__init__()
        self.heads, self.dropout = heads, dropout
        self.q_proj = nn.Linear(width, width)
        self.k_proj = nn.Linear(width, width)
        self.v_proj = nn.Linear(width, width)
        self.out_proj = nn.Linear(width, width)

    def split(self, x: Tensor) -> Tensor:
        return x.unflatten(-1, (self.heads, -1)).transpose(1, 2)

    def forward(self, query: Tensor, key: Tensor | None = None, mask: Tensor | None = None) -> Tensor:
        key = query if key is None else key
        value = self.v_proj(key)
        if self.shortcuts and key.shape[1] == 1 and mask is None:
            return self.out_proj(value)
        dropout = self.dropout if self.training else 0.0
        q, k, v = self.split(self.q_proj(query)), self.split(self.k_proj(key)), self.split(value)
        mixed = F.scaled_dot_product_attention(q, k, v, attn_mask=mask, dropout_p=dropout)
        return self.out_proj(mixed.transpose(1, 2).flatten(2))


ACTIVATIONS = {"gelu": F.gelu, "quickGelu": lambda x: x * torch.sigmoid(1.702 * x)}


class Mlp(nn.Module):
    def __init__(self, width: int, hidden: int, activation: str):
        super().__init__()
        self.fc1, self.fc2, self.activate = nn.Linear(width, hidden), nn.Linear(hidden, width), ACTIVATIONS[activation]

    def forward(self, x: Tensor) -> Tensor:
        return self.fc2(self.activate(self.fc1(x)))


class PreNormBlock(nn.Module):
    """CLIP's block: `x + f(norm(x))`."""

    def __init__(self, width: int, heads: int, ratio: float, dropout: float = 0.0, activation: str = "gelu"):
        super().__init__()
        self.layer_norm1 = nn.LayerNorm(width)
        self.self_attn = Attention(width, heads, dropout)
        self.layer_norm2 = nn.LayerNorm(width)
        self.mlp = Mlp(width, round(width * ratio), activation)
        self.drop = nn.Dropout(dropout)

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        x = x + self.drop(self.self_attn(self.layer_norm1(x), mask=mask))
        return x + self.drop(self.mlp(self.layer_norm2(x)))

    def forward_mean(self, x: Tensor, mask: Tensor | None, weights: Tensor | None) -> Tensor:
        """`masked_mean(forward(x))`; without dropout the mean is taken before the last linear map, which commutes with it."""
        if self.training and self.drop.p > 0:
            return masked_mean(self(x, mask), weights)
        x = x + self.self_attn(self.layer_norm1(x), mask=mask)
        hidden = self.mlp.activate(self.mlp.fc1(self.layer_norm2(x)))
        return masked_mean(x, weights) + self.mlp.fc2(masked_mean(hidden, weights))


def masked_mean(tokens: Tensor, weights: Tensor | None) -> Tensor:
    """The mean over the tokens [B, L, D] that weights [B, L] keeps."""
    if weights is None:
        return tokens.mean(1)
    shares = weights / weights.sum(1, keepdim=True).clamp(min=1)
    return torch.bmm(shares.unsqueeze(1), tokens).squeeze(1)
