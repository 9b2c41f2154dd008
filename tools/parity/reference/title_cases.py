"""The ids that Python's tokenizers give 2,000 titles, with the tokenizers of the checkpoints among the fixtures."""
import gzip
import json
from pathlib import Path

import tokenizers
from transformers import BertTokenizer

from .titles import titles


def from_words(path):
    settings = json.loads((path / "tokenizer_config.json").read_text())
    return BertTokenizer(vocab=str(path / "vocab.txt"), **settings)


def write_titles(folder, seed, versions):
    texts = titles(2000, seed)
    made = {
        "bert-cased": from_words(Path(folder, "pretrained/bert-cased")).backend_tokenizer,
        "bert-gamma-f16": from_words(Path(folder, "pretrained/bert-gamma-f16")).backend_tokenizer,
        "bert-masked-bf16": tokenizers.Tokenizer.from_file(str(Path(folder, "pretrained/bert-masked-bf16/tokenizer.json"))),
    }
    ids = {}
    for name, tokenizer in made.items():
        tokenizer.no_truncation()
        tokenizer.no_padding()
        ids[name] = [tokenizer.encode(text).ids for text in texts]
    content = {"made": {**versions, "tokenizers": tokenizers.__version__, "seed": seed}, "titles": texts, "ids": ids}
    data = json.dumps(content, separators=(",", ":")).encode()
    Path(folder, "titles.json.gz").write_bytes(gzip.compress(data, 9, mtime=0))
