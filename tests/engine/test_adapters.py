"""What lies in a folder: named by its bytes, and refused in words where it may not be served."""

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from chat.engine import adapters as disk
from chat.engine import fingerprint
from chat.engine.adapters import AdapterError
from chat.engine.fingerprint import Fingerprint
from chat.engine.loading import LoadedModel
from chat.engine.shelf import Shelf
from tests.engine.conftest import Adapters

Spoil = Callable[[Path], None]
Q = "base_model.model.model.layers.0.self_attn.q_proj.lora_{}.weight"


@pytest.fixture
def folder(adapters: Adapters, tmp_path: Path) -> Path:
    """A copy to spoil."""
    return shutil.copytree(adapters.root / adapters.names[0], tmp_path / "mine")


def config(**changes: Any) -> Spoil:
    def spoil(folder: Path) -> None:
        path = folder / disk.CONFIG
        path.write_text(json.dumps(json.loads(path.read_text()) | changes))

    return spoil


def tensors(change: Callable[[dict[str, torch.Tensor]], object]) -> Spoil:
    def spoil(folder: Path) -> None:
        held = load_file(folder / disk.WEIGHTS)
        change(held)
        save_file(held, folder / disk.WEIGHTS)

    return spoil


def file(name: str, text: str) -> Spoil:
    return lambda folder: folder.joinpath(name).write_text(text) and None


def linked(folder: Path) -> None:
    outside = folder.parent / "outside.safetensors"
    (folder / disk.WEIGHTS).rename(outside)
    (folder / disk.WEIGHTS).symlink_to(outside)


def piped(folder: Path) -> None:
    (folder / disk.CONFIG).unlink()
    os.mkfifo(folder / disk.CONFIG)


def fill(value: float) -> Callable[[dict[str, torch.Tensor]], object]:
    return lambda held: held[Q.format("B")][0].fill_(value)


REFUSED: dict[str, tuple[Spoil, str]] = {
    "pickle": (file("adapter_model.bin", "x"), "is a pickle"),
    "optimizer": (file("optimizer.pt", "x"), "is a pickle"),
    "nan": (tensors(fill(float("nan"))), "finite"),
    "infinity": (tensors(fill(float("inf"))), "finite"),
    "other base": (config(base_model_name_or_path="meta/Llama-9"), "was trained on Llama-9; here tiny answers"),
    "other revision": (config(revision="f" * 40), "revision ffffffffffff of tiny; here revision"),
    "rank": (config(r=5), "do not fit the rank 5"),
    "rank of nothing": (config(r=0), "whole number from 1"),
    "rank of everything": (config(r=100_000), "whole number from 1"),
    "rank by layer": (config(rank_pattern={"q_proj": 2}), "rank_pattern"),
    "alpha": (config(lora_alpha="8"), "lora_alpha"),
    "dora": (config(use_dora=True), "DoRA needs the base weights"),
    "whole layers": (config(modules_to_save=["lm_head"]), "whole layers would replace"),
    "bias": (config(bias="all"), "bias"),
    "new tokens": (config(trainable_token_indices=[1]), "change the vocabulary"),
    "code": (config(auto_mapping={"base_model_class": "X", "parent_library": "os"}), "code to run"),
    "auto_map": (file("config.json", '{"auto_map": {"AutoModel": "evil.Model"}}'), "auto_map"),
    "pissa": (config(init_lora_weights="pissa_niter_4"), "changes the base model too"),
    "not lora": (config(peft_type="IA3"), "only LORA"),
    "of the future": (config(use_quantum=True), "use_quantum"),
    "regular expression": (config(target_modules="(a+)+$"), "list of names"),
    "target too many": (config(target_modules=["q_proj", "v_proj", "x_proj"]), "no weights for it"),
    "target too few": (config(target_modules=["q_proj"]), "does not name"),
    "no json": (file(disk.CONFIG, "{"), "is not JSON"),
    "no object": (file(disk.CONFIG, "[]"), "must be an object"),
    "no weights": (lambda folder: (folder / disk.WEIGHTS).unlink(), "No such file"),
    "cut short": (lambda folder: os.truncate(folder / disk.WEIGHTS, 500), "damaged"),
    "half a pair": (tensors(lambda held: held.pop(Q.format("A"))), "without its other half"),
    "shape": (tensors(lambda held: held.update({Q.format("A"): torch.ones(4, 63)})), "as if it were 64 x 63"),
    "layer": (
        tensors(lambda held: held.update({Q.replace(".0.", ".9.").format(s): torch.ones(4, 4) for s in "AB"})),
        "no such linear layer",
    ),
    "layer left out": (tensors(lambda held: [held.pop(Q.format(side)) for side in "AB"]), "leaves out 1 of 4 layers"),
    "other tensors": (tensors(lambda held: held.update({"lm_head.weight": torch.ones(2, 2)})), "no part of a plain"),
    "tokenizer": (file("tokenizer.json", '{"model": {"vocab": {}}}'), "is not that of tiny"),
    "template": (file("chat_template.jinja", "{{ messages }}"), "chat template"),
    "old template": (file("tokenizer_config.json", '{"chat_template": "{{ messages }}"}'), "chat template"),
    "a link out": (linked, "links are not followed"),
    "a pipe": (piped, "is not JSON"),
    "fingerprint": (file(fingerprint.FILE, '{"logprobs": [NaN], "dtype": "float32"}'), "damaged"),
}


@pytest.mark.parametrize("spoil", REFUSED)
def test_what_may_not_be_served_is_refused_in_words(folder: Path, loaded: LoadedModel, spoil: str) -> None:
    change, words = REFUSED[spoil]
    shelf = Shelf(loaded, folder.parent, budget=1 << 30)
    shelf.read("mine", "mine")
    change(folder)
    with pytest.raises(AdapterError) as refused:
        shelf.read("mine", "mine")
    assert words in str(refused.value)


def test_a_saved_tokenizer_of_the_base_is_no_hindrance(folder: Path, loaded: LoadedModel) -> None:
    shelf = Shelf(loaded, folder.parent, budget=1 << 30)
    before, _ = shelf.read("mine", "mine")
    loaded.tokenizer.save_pretrained(folder)
    assert (folder / "tokenizer.json").is_file()
    after, _ = shelf.read("mine", "mine")
    assert after.card.digest == before.card.digest


@pytest.mark.parametrize("path", ["..", "../adapter", "/etc", "a/../../b", "link", ".", "", "a\0b"])
def test_a_path_stays_in_its_folder(tmp_path: Path, path: str) -> None:
    root = tmp_path / "root"
    root.mkdir()
    (root / "link").symlink_to(tmp_path)
    with pytest.raises((AdapterError, ValueError)):
        disk.inside(root, path)


def test_the_digest_is_of_the_bytes_and_of_what_the_config_means(adapters: Adapters, folder: Path) -> None:
    first = disk.digest(folder)
    assert first == disk.inspect(folder).digest
    assert len({disk.digest(adapters.root / name) for name in adapters.names}) == 4
    config(inference_mode=False, lora_dropout=0.3, base_model_name_or_path="/elsewhere/tiny/")(folder)
    assert disk.digest(folder) == first, "where it lay and how it was trained change no answer"
    config(lora_alpha=9)(folder)
    second = disk.digest(folder)
    tensors(fill(0.5))(folder)
    assert len({first, second, disk.digest(folder)}) == 3
    with pytest.raises(AdapterError, match="is not the adapter"):
        disk.read(folder, expected=first)


def test_a_card_says_what_it_is(adapters: Adapters) -> None:
    card = disk.inspect(adapters.root / adapters.names[3])
    assert (card.base, card.rank, card.scale, card.targets) == ("tiny", 4, 8 / 2, ("q_proj", "v_proj"))
    assert card.layers == 4


def test_a_fingerprint_is_kept_whole_and_tells_others_apart(tmp_path: Path) -> None:
    mine = Fingerprint((-1.0, -2.0, -3.0), "float32")
    assert fingerprint.read(tmp_path) is None
    fingerprint.write(tmp_path, mine)
    assert fingerprint.read(tmp_path) == mine
    mine.check(Fingerprint((-1.001, -2.0, -3.001), "float32"), "d" * 64)
    mine.check(Fingerprint((-1.1, -2.1, -2.9), "bfloat16"), "d" * 64)
    for other in ((-1.1, -2.0, -3.0), (-1.0, -2.0), (float("nan"), -2.0, -3.0)):
        with pytest.raises(AdapterError, match="does not answer as it did"):
            mine.check(Fingerprint(other, "float32"), "d" * 64)
