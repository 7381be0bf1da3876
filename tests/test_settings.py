"""A wrong setting is named, with what it should be; a right one is read once and never changed."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from chat.errors import SettingsError
from chat.settings import Settings, load_settings


@pytest.fixture(autouse=True)
def no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(f"APPRENTICE_{name.upper()}", raising=False)


def test_everything_has_a_default() -> None:
    settings = load_settings()
    assert settings.home == Path.home() / ".apprentice"
    assert (settings.database_url, settings.model, settings.host) == (None, "bundled", "127.0.0.1")
    assert (settings.chat_port, settings.admin_port) == (7860, 7861)


@pytest.mark.parametrize(
    ("name", "value", "hint"),
    [
        ("DATABASE_URL", "mysql://localhost/db", "must look like postgresql://"),
        ("DATABASE_URL", "localhost:5432", "must look like postgresql://"),
        ("DTYPE", "int8", "'auto', 'float32' or 'bfloat16'"),
        ("CHAT_PORT", "eighty", "valid integer"),
        ("CHAT_PORT", "0", "greater than or equal to 1"),
        ("ADMIN_PORT", "65536", "less than or equal to 65535"),
    ],
)
def test_a_wrong_one_is_named_with_its_cure(monkeypatch: pytest.MonkeyPatch, name: str, value: str, hint: str) -> None:
    monkeypatch.setenv(f"APPRENTICE_{name}", value)
    with pytest.raises(SettingsError) as raised:
        load_settings()
    assert f"APPRENTICE_{name}='{value}'" in str(raised.value)
    assert hint in str(raised.value)


def test_all_wrong_ones_are_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("APPRENTICE_CHAT_PORT", "x")
    monkeypatch.setenv("APPRENTICE_DTYPE", "y")
    with pytest.raises(SettingsError, match=r"(?s)APPRENTICE_DTYPE='y'.*APPRENTICE_CHAT_PORT='x'"):
        load_settings()


@pytest.mark.parametrize("scheme", ["postgresql", "postgres", "postgresql+psycopg", "postgresql+asyncpg"])
def test_any_way_of_writing_a_postgres_url(monkeypatch: pytest.MonkeyPatch, scheme: str) -> None:
    monkeypatch.setenv("APPRENTICE_DATABASE_URL", f"{scheme}://me:p%40ss@db:5432/app?sslmode=require")
    assert load_settings().database_url == "postgresql+psycopg://me:p%40ss@db:5432/app?sslmode=require"


def test_an_empty_url_means_the_embedded_database(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("APPRENTICE_DATABASE_URL", "")
    assert load_settings().database_url is None


def test_home_is_made_absolute(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("APPRENTICE_HOME", "a folder")
    assert load_settings().home == tmp_path / "a folder"
    monkeypatch.setenv("APPRENTICE_HOME", "~/there")
    assert load_settings().home == Path.home() / "there"


@pytest.mark.parametrize(
    ("model", "remote"),
    [
        ("http://127.0.0.1:8000/v1", True),
        ("https://x/v1", True),
        ("bundled", False),
        ("org/name", False),
        ("/models/http", False),
    ],
)
def test_a_model_by_url_is_remote(model: str, remote: bool) -> None:
    assert Settings(model=model).remote_model is remote


def test_they_never_change_and_keys_are_not_shown() -> None:
    settings = Settings(model_key="very hidden", engine_key="hidden too")  # type: ignore[arg-type]
    assert "hidden" not in repr(settings)
    with pytest.raises(ValidationError, match="frozen"):
        settings.host = "0.0.0.0"
