"""Embeddings of all-MiniLM-L6-v2 as PyTorch computes them: python minilm.py MODEL_FOLDER OUT.json (see minilm.mjs)."""
import json
import sys

import torch
from transformers import AutoTokenizer, BertModel

from reference.titles import titles

folder, out = sys.argv[1:]
tokenizer = AutoTokenizer.from_pretrained(folder)
model = BertModel.from_pretrained(folder, dtype=torch.float64).eval()
texts = titles(60, 7)
rows = []
with torch.no_grad():
    for text in texts:
        encoded = tokenizer(text, return_tensors="pt", truncation=True, max_length=32, padding=False)
        tokens = model(**encoded).last_hidden_state[0]
        mean = tokens.mean(0)
        rows.append({"ids": encoded["input_ids"][0].tolist(), "tokens": tokens[:, :8].tolist(), "embedding": (mean / mean.norm()).tolist()})
json.dump({"titles": texts, "rows": rows}, open(out, "w"))
