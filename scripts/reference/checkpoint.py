# Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0
"""Writes one random BERT checkpoint in the layout that sentence-transformers reads."""

import dataclasses
import json
from pathlib import Path

import torch
from safetensors.torch import save_file
from transformers import BertConfig, BertForMaskedLM, BertForSequenceClassification, BertModel

import small_vocab

LEGACY_POOLING = {
    "cls": "pooling_mode_cls_token",
    "mean": "pooling_mode_mean_tokens",
    "max": "pooling_mode_max_tokens",
    "mean_sqrt_len_tokens": "pooling_mode_mean_sqrt_len_tokens",
    "weightedmean": "pooling_mode_weightedmean_tokens",
    "lasttoken": "pooling_mode_lasttoken",
}


@dataclasses.dataclass
class Checkpoint:
    """What to make. modules applies to bi-encoders (labels == 0): "pooling:A+B", "dense:OUT", "normalize"."""

    name: str
    hidden: int
    heads: int
    layers: int
    intermediate: int
    positions: int = 64
    activation: str = "gelu"
    dtype: str = "float32"
    shards: int = 1
    masked_lm: bool = False  # tensor names start with "bert.", as in checkpoints saved from pre-training
    vocab_txt: bool = False  # vocab.txt instead of tokenizer.json
    saved_by_library: bool = False  # module files in the present layout; otherwise in that of 2021, as most models have
    modules: list[str] = dataclasses.field(default_factory=list)
    dimensions: list[int] = dataclasses.field(default_factory=list)
    prompts: dict[str, str] | None = None
    default_prompt: str | None = None
    include_prompt: bool = True
    similarity: str = "cosine"
    labels: int = 0
    activation_key: str | None = None
    activation_fn: str | None = None

    def pooling(self) -> list[str]:
        return next(m for m in self.modules if m.startswith("pooling:")).removeprefix("pooling:").split("+")

    def dimension(self) -> int:
        dense = [int(m.removeprefix("dense:")) for m in self.modules if m.startswith("dense:")]
        return dense[-1] if dense else self.hidden * len(self.pooling())


def build(c: Checkpoint, directory: Path, seed: int) -> None:
    directory.mkdir(parents=True)
    generator = torch.Generator().manual_seed(seed)
    config = BertConfig(
        vocab_size=len(small_vocab.vocabulary()), hidden_size=c.hidden, num_hidden_layers=c.layers,
        num_attention_heads=c.heads, intermediate_size=c.intermediate, hidden_act=c.activation,
        max_position_embeddings=c.positions, type_vocab_size=2, layer_norm_eps=1e-12, pad_token_id=0,
    )
    if c.labels:
        config.num_labels = c.labels
        model = BertForSequenceClassification(config)
    else:
        model = (BertForMaskedLM if c.masked_lm else BertModel)(config)
    dtype = getattr(torch, c.dtype)
    randomise(model, generator)
    if not c.labels and "normalize" not in c.modules:
        shrink_output(model, c.layers - 1)
    model = model.to(dtype)
    save_model(c, config, model, directory)
    save_tokenizer(c, directory)
    if c.labels == 0:
        save_modules(c, directory, generator, dtype)
    for path in directory.rglob("*.safetensors"):
        path.chmod(0o644)


def randomise(model: torch.nn.Module, generator: torch.Generator) -> None:
    """Scales follow the fan-in, so that attention scores have a spread of one or two and GELU sees both sides."""
    with torch.no_grad():
        for name, p in model.named_parameters():
            noise = torch.randn(p.shape, generator=generator)
            if "LayerNorm.weight" in name:
                p.copy_(1 + 0.3 * noise)
            elif p.ndim == 1:
                p.copy_(0.2 * noise)
            elif "embeddings" in name:
                p.copy_(noise if "word" in name else 0.5 * noise)
            else:
                p.copy_(1.2 * noise / p.shape[1] ** 0.5)


def shrink_output(model: torch.nn.Module, last: int) -> None:
    """Embeddings that nothing normalises get components around 0.2, as real models have: the tolerance is absolute."""
    with torch.no_grad():
        for name, p in model.named_parameters():
            if f"layer.{last}.output.LayerNorm" in name:
                p.mul_(0.2)


def save_model(c: Checkpoint, config: BertConfig, model: torch.nn.Module, directory: Path) -> None:
    tensors = {k: v.contiguous() for k, v in model.state_dict().items() if "position_ids" not in k}
    if c.masked_lm:
        # The encoder is what counts; the head only shows that tensors nobody asked for are ignored.
        tensors = {k: v for k, v in tensors.items() if k.startswith("bert.") or k == "cls.predictions.bias"}
    save_shards(tensors, directory, c.shards)
    out = config.to_dict()
    out["architectures"] = [type(model).__name__]
    out["dtype"] = c.dtype
    if c.activation_key == "sentence_transformers":
        out["sentence_transformers"] = {"activation_fn": f"torch.nn.modules.linear.{c.activation_fn}"
                                        if c.activation_fn == "Identity"
                                        else f"torch.nn.modules.activation.{c.activation_fn}", "version": "6.2.0"}
    elif c.activation_key == "old":
        out["sbert_ce_default_activation_function"] = f"torch.nn.modules.linear.{c.activation_fn}"
    dump(directory / "config.json", out)


def save_shards(tensors: dict[str, torch.Tensor], directory: Path, shards: int) -> None:
    if shards == 1:
        save_file(tensors, directory / "model.safetensors", metadata={"format": "pt"})
        return
    names = list(tensors)
    index = {}
    for i in range(shards):
        file = f"model-{i + 1:05}-of-{shards:05}.safetensors"
        part = names[i * len(names) // shards : (i + 1) * len(names) // shards]
        save_file({n: tensors[n] for n in part}, directory / file, metadata={"format": "pt"})
        index |= dict.fromkeys(part, file)
    total = sum(t.numel() * t.element_size() for t in tensors.values())
    dump(directory / "model.safetensors.index.json", {"metadata": {"total_size": total}, "weight_map": index})


def save_tokenizer(c: Checkpoint, directory: Path) -> None:
    if c.vocab_txt:
        small_vocab.write_vocab_txt(directory / "vocab.txt")
    else:
        small_vocab.tokenizer().save(str(directory / "tokenizer.json"), pretty=False)
    dump(directory / "tokenizer_config.json", {
        "tokenizer_class": "BertTokenizer", "do_lower_case": True, "strip_accents": None,
        "tokenize_chinese_chars": True, "model_max_length": c.positions, "unk_token": "[UNK]", "sep_token": "[SEP]",
        "pad_token": "[PAD]", "cls_token": "[CLS]", "mask_token": "[MASK]",
    })


def save_modules(c: Checkpoint, directory: Path, generator: torch.Generator, dtype: torch.dtype) -> None:
    """modules.json, the pooling, dense and normalize directories, the prompts."""
    listed = [{"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"}]
    width = c.hidden
    for i, module in enumerate(c.modules, start=1):
        kind, _, argument = module.partition(":")
        title = kind.capitalize()
        listed.append({"idx": i, "name": str(i), "path": f"{i}_{title}", "type": f"sentence_transformers.models.{title}"})
        if kind == "pooling":
            modes = argument.split("+")
            settings = {"word_embedding_dimension": c.hidden} | {key: mode in modes for mode, key in LEGACY_POOLING.items()}
            settings["include_prompt"] = c.include_prompt
            dump(directory / f"{i}_Pooling" / "config.json", settings)
            width *= len(modes)
        elif kind == "dense":
            save_dense(directory / f"{i}_Dense", width, int(argument), generator, dtype)
            width = int(argument)
    dump(directory / "modules.json", listed)
    dump(directory / "sentence_bert_config.json", {"max_seq_length": c.positions, "do_lower_case": False})
    dump(directory / "config_sentence_transformers.json", {
        "__version__": {"sentence_transformers": "3.4.1"}, "prompts": c.prompts or {},
        "default_prompt_name": c.default_prompt, "similarity_fn_name": c.similarity,
    })
    if c.saved_by_library:
        resave(directory, dtype)


def save_dense(directory: Path, width: int, out: int, generator: torch.Generator, dtype: torch.dtype) -> None:
    dump(directory / "config.json", {
        "in_features": width, "out_features": out, "bias": True,
        "activation_function": "torch.nn.modules.activation.Tanh",
    })
    weight = 1.2 * torch.randn((out, width), generator=generator) / width**0.5
    bias = 0.2 * torch.randn((out,), generator=generator)
    save_file({"linear.weight": weight.to(dtype), "linear.bias": bias.to(dtype)}, directory / "model.safetensors")


def resave(directory: Path, dtype: torch.dtype) -> None:
    """Lets the library write its present layout over the old one."""
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(str(directory), device="cpu", local_files_only=True, model_kwargs={"dtype": dtype})
    model.save(str(directory), create_model_card=False)


def dump(path: Path, value: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value, indent=1, sort_keys=True) + "\n", encoding="utf-8")
