"""Loading the model that the settings name. What is loaded is never changed after."""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chat.engine import bundled
from chat.engine.precision import choose_dtype
from chat.errors import ModelError
from chat.settings import Settings

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerFast


@dataclass(frozen=True)
class LoadedModel:
    """A model in memory, with what a receipt has to say about it."""

    model: "PreTrainedModel"
    tokenizer: "PreTrainedTokenizerFast"
    id: str
    """What callers ask for: the Hugging Face id, or the name of the folder."""
    root: str
    """Where it was read from."""
    revision: str
    """Commit on the hub, or sha256 of the weights."""
    context_length: int
    """In tokens, of prompt and answer together."""
    dtype: str
    device: str
    eos_ids: frozenset[int]
    """Tokens that end an answer."""


def load(settings: Settings) -> LoadedModel:
    """Load the model of `settings`. Raises `ModelError`, saying which command or setting mends it."""
    from safetensors import SafetensorError

    if settings.remote_model:
        raise ModelError(
            f"APPRENTICE_MODEL is a URL, {settings.model}: that server answers, no engine runs beside it. "
            "Set it to `bundled`, a Hugging Face id or a folder to answer from this machine."
        )
    source = locate(settings)
    try:
        return _read(source, settings)
    except (OSError, ValueError, SafetensorError) as error:
        raise ModelError(_cure(settings.model, error)) from error


def locate(settings: Settings) -> str:
    """Return the folder or the Hugging Face id to load from. Raises `ModelError` for a folder that is not there."""
    if settings.model == "bundled":
        return str(bundled.prepare(settings.home))
    folder = Path(settings.model).expanduser()
    if folder.is_dir():
        return str(folder.absolute())
    if folder.is_absolute() or settings.model.startswith((".", "~")) or settings.model.count("/") > 1:
        raise ModelError(
            f"APPRENTICE_MODEL={settings.model}: there is no such folder. Set it to one that holds a model "
            "(config.json, *.safetensors, tokenizer.json), or to `bundled`."
        )
    return settings.model


def _read(source: str, settings: Settings) -> LoadedModel:
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer

    config = AutoConfig.from_pretrained(source, trust_remote_code=False)
    tokenizer = AutoTokenizer.from_pretrained(source, trust_remote_code=False)
    if not tokenizer.is_fast or not tokenizer.chat_template:
        raise ValueError("it has no chat template or no tokenizer.json; take an -Instruct or -Chat model")
    device = "cuda" if torch.cuda.is_available() else "cpu"
    text = config.get_text_config()
    _refuse_unusual_attention(text)
    wide = getattr(text, "intermediate_size", None) or 4 * text.hidden_size
    dtype = choose_dtype(settings.dtype, device, text.hidden_size, wide)
    model = AutoModelForCausalLM.from_pretrained(source, dtype=dtype, trust_remote_code=False).to(device).eval()
    return LoadedModel(
        model=model,
        tokenizer=tokenizer,
        id=Path(source).name if Path(source).is_absolute() else source,
        root=source,
        revision=_revision(source, config),
        context_length=_context_length(text),
        dtype=str(dtype).removeprefix("torch."),
        device=device,
        eos_ids=_eos_ids(model, tokenizer),
    )


def _refuse_unusual_attention(text: Any) -> None:
    """The engine keeps keys and values of every token in every layer; a model that keeps anything else is not run."""
    kinds = set(getattr(text, "layer_types", None) or ()) - {"full_attention", "sliding_attention"}
    if kinds or getattr(text, "attn_logit_softcapping", None):
        raise ValueError(
            f"its attention ({', '.join(sorted(kinds)) or 'capped'}) is not run here; take a model of the Llama, Qwen, "
            "Mistral or SmolLM families, or serve it with vLLM and set APPRENTICE_MODEL to that server's URL"
        )


def _context_length(text: Any) -> int:
    """In tokens. Within a layer's sliding window, all of them are seen: up to there it is attention as any other."""
    kinds = getattr(text, "layer_types", None)
    window = getattr(text, "sliding_window", None) if kinds is None or "sliding_attention" in kinds else None
    return int(min(text.max_position_embeddings, window or text.max_position_embeddings))


def _revision(source: str, config: Any) -> str:
    folder = Path(source)
    if not folder.is_absolute():
        return str(config._commit_hash)
    if (folder / bundled.PROVENANCE).exists():
        return str(json.loads((folder / bundled.PROVENANCE).read_text())["revision"])
    digest = hashlib.sha256()
    for path in sorted([folder / "config.json", *folder.glob("*.safetensors"), *folder.glob("*.bin")]):
        with path.open("rb") as file:
            digest.update(hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()


def _eos_ids(model: "PreTrainedModel", tokenizer: "PreTrainedTokenizerFast") -> frozenset[int]:
    declared = model.generation_config.eos_token_id
    if declared is None:
        declared = tokenizer.eos_token_id
    if declared is None:
        return frozenset()
    return frozenset([declared] if isinstance(declared, int) else declared)


def _cure(name: str, error: Exception) -> str:
    reason = str(error).strip().split("\n")[0]
    if Path(name).expanduser().is_dir():
        return (
            f"APPRENTICE_MODEL={name} holds no model that can be loaded: {reason}\n"
            "Set it to a folder that does (config.json, *.safetensors, tokenizer.json), or to `bundled`."
        )
    if name == "bundled":
        return (
            f"The bundled model cannot be loaded: {reason}\n"
            "Delete its folder in APPRENTICE_HOME/models, and it is made again."
        )
    return (
        f"APPRENTICE_MODEL={name} cannot be loaded: {reason}\nFetch it with\n  hf download {name}\n"
        "or set APPRENTICE_MODEL to a folder that holds it, or to `bundled`."
    )
