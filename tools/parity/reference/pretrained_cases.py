"""Checkpoints as `transformers` and `open_clip` write them, of random weights, and what their own code computes from them."""
import json
import shutil
import sys
import types
from importlib.util import find_spec
from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors.torch import load_file, save_file
from transformers import (
    BertConfig,
    BertForMaskedLM,
    BertForSequenceClassification,
    BertModel,
    BertTokenizer,
    CLIPConfig,
    CLIPModel,
    CLIPVisionConfig,
    CLIPVisionModel,
    CLIPVisionModelWithProjection,
)
from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil

from .fixture import Group
from .titles import vocabulary

VISION = {
    "hidden_size": 10,
    "intermediate_size": 14,
    "num_hidden_layers": 3,
    "num_attention_heads": 2,
    "image_size": 12,
    "patch_size": 3,
}
TEXT = {"hidden_size": 10, "intermediate_size": 14, "num_hidden_layers": 2, "num_attention_heads": 2}
BERT = {**TEXT, "max_position_embeddings": 19}
GRIDS = [(4, 4), (4, 2), (4, 7), (7, 3), (7, 24), (1, 3), (14, 16)]


def fill(model, draw):
    """Weights of deviation 0.3, those of norms around 1, so that nothing is near zero for want of a signal."""
    for name, x in model.state_dict().items():
        if x.is_floating_point():
            noise = draw.normal(*x.shape)
            is_norm = x.ndim == 1 and name.endswith("weight")
            x.copy_(noise * 0.2 + 1 if is_norm else noise * 0.3)
    return model.eval()


def states(hidden):
    return {f"state.{i}": x for i, x in enumerate(hidden)}


def vision_expected(model, pixels, **options):
    with torch.no_grad():
        out = model.double()(pixel_values=pixels.permute(0, 3, 1, 2), output_hidden_states=True, **options)
    return {**states(out.hidden_states), "class": out.pooler_output}


def stored(folder, name):
    """An empty folder of the fixtures."""
    path = Path(folder, "pretrained", name)
    shutil.rmtree(path, ignore_errors=True)
    path.mkdir(parents=True)
    return path


def clip_case(group, folder, draw):
    path = stored(folder, "clip-model")
    text = {**TEXT, "vocab_size": 11, "max_position_embeddings": 5}
    model = fill(CLIPModel(CLIPConfig(vision_config=VISION, text_config=text, projection_dim=6)), draw)
    model.save_pretrained(path, max_shard_size="6KB")
    CLIPImageProcessorPil(size={"shortest_edge": 12}, crop_size=12).save_pretrained(path)
    vision = model.vision_model
    for side in (12, 6, 21):
        pixels = draw.normal(2, side, side, 3)
        group.add(f"inputs/clip-model {side}", {"pixels": pixels})
        expected = vision_expected(vision, pixels, interpolate_pos_encoding=side != 12)
        group.case(f"clip-model {side}", expected, path="clip-model", imageSize=side)


def vision_case(group, folder, draw, name, model_class, config, dtype):
    path = stored(folder, name)
    model = fill(model_class(CLIPVisionConfig(**{**VISION, **config})), draw).to(dtype)
    model.save_pretrained(path)
    pixels = draw.normal(2, 12, 12, 3)
    group.add(f"inputs/{name}", {"pixels": pixels})
    model = model_class.from_pretrained(path, dtype=torch.float64)
    inner = getattr(model, "vision_model", model)
    group.case(name, vision_expected(inner, pixels), path=name)


def open_clip_tower(**options):
    """open_clip's image encoder, without the rest of the package, which wants torchvision."""
    if "open_clip" not in sys.modules:
        package = types.ModuleType("open_clip")
        package.__path__ = find_spec("open_clip").submodule_search_locations
        sys.modules["open_clip"] = package
        for name in ("torchvision", "torchvision.ops", "torchvision.ops.misc"):
            sys.modules[name] = types.ModuleType(name)
        sys.modules["torchvision.ops.misc"].FrozenBatchNorm2d = torch.nn.BatchNorm2d
    from open_clip.transformer import QuickGELU, VisionTransformer

    quick = options.pop("quick")
    more = {"act_layer": QuickGELU} if quick else {}
    return VisionTransformer(pool_type="tok", **options, **more)


def open_clip_case(group, folder, draw, name, options, quick, dtype, config):
    path = stored(folder, name)
    model = fill(open_clip_tower(quick=quick, **options), draw).to(dtype)
    weights = {f"visual.{key}": x.contiguous() for key, x in model.state_dict().items()}
    others = {
        "token_embedding.weight": draw.normal(5, 4),
        "transformer.resblocks.0.ln_1.weight": draw.normal(4),
        "logit_scale": draw.normal(),
        "input_resolution": torch.tensor(options["image_size"]),
    }
    weights |= {key: x.to(dtype) if x.is_floating_point() else x for key, x in others.items()}
    save_file(weights, path / ("open_clip_model.safetensors" if config else "weights.safetensors"))
    if config:
        (path / "open_clip_config.json").write_text(json.dumps(config, indent=1) + "\n")
    model = model.double()
    side = options["image_size"]
    pixels = draw.normal(2, side, side, 3)
    seen = []
    hooks = [model.ln_pre.register_forward_hook(lambda _, __, x: seen.append(x))]
    hooks += [block.register_forward_hook(lambda _, __, x: seen.append(x)) for block in model.transformer.resblocks]
    model.proj = None
    with torch.no_grad():
        pooled = model(pixels.permute(0, 3, 1, 2))
    first = lambda x: x if x.shape[0] == 2 else x.permute(1, 0, 2)
    group.add(f"inputs/{name}", {"pixels": pixels})
    group.case(
        name,
        {**states([first(x) for x in seen]), "class": pooled},
        path=name if config else f"{name}/weights.safetensors",
        **({} if config else {"activation": "quickGelu" if quick else "gelu"}),
    )


def bert_case(group, folder, draw, name, make, dtype, tokenizer, rename=None, **saving):
    path = stored(folder, name)
    model = fill(make(), draw).to(dtype)
    model.save_pretrained(path, **saving)
    if rename:
        file = path / "model.safetensors"
        save_file({rename(key): x for key, x in load_file(file).items()}, file)
    tokenizer(path)
    lengths = [7, 3, 2]
    keys = (torch.arange(7)[None] < torch.tensor(lengths)[:, None]).double()
    ids = draw.integers(1, 50, 3, 7) * keys.long()
    inner = getattr(model.double(), "bert", model)
    with torch.no_grad():
        out = inner(input_ids=ids, attention_mask=keys.long(), output_hidden_states=True)
    # What stands at padding has no meaning.
    group.add(f"inputs/{name}", {"ids": ids, "mask": keys})
    group.case(name, states(x * keys[..., None] for x in out.hidden_states), path=name)


def words_file(cased, settings):
    def write(path):
        (path / "vocab.txt").write_text("\n".join(vocabulary(cased)) + "\n", encoding="utf-8")
        (path / "tokenizer_config.json").write_text(json.dumps(settings, indent=1) + "\n")

    return write


def tokenizer_file(path):
    """tokenizer.json as the library writes it; 3 words more in the table than in the file."""
    words = path / "vocab.txt"
    words.write_text("\n".join(vocabulary(False)) + "\n", encoding="utf-8")
    BertTokenizer(vocab=str(words)).save_pretrained(path)
    words.unlink()


def older(name):
    return name.replace("LayerNorm.weight", "LayerNorm.gamma").replace("LayerNorm.bias", "LayerNorm.beta")


def pretrained_group(seed, folder):
    group = Group("pretrained", seed)
    draw = group.draw
    clip_case(group, folder, draw("clip-model"))
    halves = [
        ("clip-vision-f16", CLIPVisionModel, {"hidden_act": "gelu", "layer_norm_eps": 1e-3}, torch.float16),
        ("clip-projection-bf16", CLIPVisionModelWithProjection, {"num_hidden_layers": 1}, torch.bfloat16),
    ]
    for name, model_class, config, dtype in halves:
        vision_case(group, folder, draw(name), name, model_class, config, dtype)
    form = {"image_size": 12, "patch_size": 4, "width": 12, "layers": 2, "heads": 3, "mlp_ratio": 1.5, "output_dim": 6}
    config = {
        "model_cfg": {
            "embed_dim": 6,
            "vision_cfg": {"image_size": 12, "layers": 2, "width": 12, "patch_size": 4, "head_width": 4, "mlp_ratio": 1.5},
        },
        "preprocess_cfg": {"mean": [0.5, 0.4, 0.3], "std": [0.2, 0.25, 0.5], "interpolation": "bilinear", "resize_mode": "squash"},
    }
    open_clip_case(group, folder, draw("open-clip"), "open-clip", form, False, torch.float32, config)
    alone = {"image_size": 8, "patch_size": 4, "width": 64, "layers": 1, "heads": 1, "mlp_ratio": 1, "output_dim": 3}
    open_clip_case(group, folder, draw("state-dict"), "state-dict", alone, True, torch.float16, None)
    cased, plain = len(vocabulary(True)), len(vocabulary(False))
    form = lambda size, **more: BertConfig(vocab_size=size, **{**BERT, **more})
    berts = [
        ("bert-cased", lambda: BertModel(form(cased)), torch.float32, words_file(True, {"do_lower_case": False}), None, {}),
        (
            "bert-masked-bf16",
            lambda: BertForMaskedLM(form(plain + 3, hidden_act="gelu", layer_norm_eps=1e-5)),
            torch.bfloat16,
            tokenizer_file,
            None,
            {"max_shard_size": "12KB"},
        ),
        (
            "bert-gamma-f16",
            lambda: BertForSequenceClassification(form(plain, type_vocab_size=3)),
            torch.float16,
            words_file(False, {"do_lower_case": True, "tokenize_chinese_chars": True, "strip_accents": None}),
            older,
            {},
        ),
    ]
    for name, make, dtype, tokenizer, rename, saving in berts:
        bert_case(group, folder, draw(name), name, make, dtype, tokenizer, rename, **saving)
    for side, other in GRIDS:
        table = draw(f"positions {side} {other}").normal(1 + side * side, 3)
        grid = table[1:].T.reshape(1, 3, side, side)
        moved = F.interpolate(grid, size=(other, other), mode="bicubic", align_corners=False)
        expected = torch.cat([table[:1], moved.reshape(3, -1).T])
        group.add(f"positions/{side} {other}", {"table": table, "expected": expected})
    for path in Path(folder, "pretrained").glob("*/*"):
        path.chmod(0o644)
    return group
