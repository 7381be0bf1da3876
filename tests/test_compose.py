"""What docker-compose.yml and the Dockerfile name exists: commands, variables, folders."""

import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml
from typer.testing import CliRunner

import admin.__main__
import chat.__main__
from chat.settings import Settings

ROOT = Path(__file__).parents[1]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
DOCKERFILE = (ROOT / "Dockerfile").read_text()
APPS: dict[str, typer.Typer] = {"chat": chat.__main__.cli, "admin": admin.__main__.cli}
OURS = sorted(name for name, service in SERVICES.items() if service["image"] == "apprentice")


def commands() -> list[list[str]]:
    """Every command of ours in the file, in services and in health checks."""
    words = [service.get("command", []) for service in SERVICES.values()]
    words += [service["healthcheck"]["test"][1:] for service in SERVICES.values()]
    return [line for line in words if line[:2] == ["python", "-m"]]


def test_the_services_are_all_there() -> None:
    assert SERVICES.keys() >= {"postgres", "engine", "chat", "admin", "worker"}
    assert {"engine", "chat", "admin", "worker"} == set(OURS)
    assert SERVICES["postgres"]["image"].startswith("pgvector/pgvector:")


@pytest.mark.parametrize("words", commands(), ids=" ".join)
def test_every_command_and_option_exists(words: list[str]) -> None:
    _, _, program, *arguments = words
    known = CliRunner().invoke(APPS[program], [*arguments, "--help"])
    assert known.exit_code == 0, known.output


def test_a_command_that_does_not_exist_would_be_found() -> None:
    for arguments in (["engines", "--help"], ["engine", "--hosts", "x", "--help"]):
        assert CliRunner().invoke(APPS["chat"], arguments).exit_code == 2


@pytest.mark.parametrize("name", SERVICES)
def test_every_variable_of_ours_is_a_setting(name: str) -> None:
    variables = [key for key in SERVICES[name].get("environment", {}) if key.startswith("APPRENTICE_")]
    assert bool(variables) == (name in OURS)
    assert {variable.removeprefix("APPRENTICE_").lower() for variable in variables} <= set(Settings.model_fields)


@pytest.mark.parametrize("name", OURS)
def test_its_settings_are_valid(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for key, value in SERVICES[name]["environment"].items():
        monkeypatch.setenv(key, re.sub(r"\$\{[^}]*\}", "filled-in", value))
    settings = Settings()
    assert settings.database_url == "postgresql+psycopg://apprentice:filled-in@postgres:5432/apprentice"


@pytest.mark.parametrize("name", SERVICES)
def test_ports_are_published_on_loopback_only(name: str) -> None:
    assert all(str(port).startswith("127.0.0.1:") for port in SERVICES[name].get("ports", []))


def test_the_published_ports_are_those_that_the_apps_listen_on() -> None:
    for name, field in (("chat", "chat_port"), ("admin", "admin_port")):
        port = Settings.model_fields[field].default
        assert SERVICES[name]["ports"] == [f"127.0.0.1:{port}:{port}"]
        assert f":{port}/healthz" in " ".join(SERVICES[name]["healthcheck"]["test"])


@pytest.mark.parametrize("name", SERVICES)
def test_every_service_has_a_health_check(name: str) -> None:
    check = SERVICES[name]["healthcheck"]
    assert check["test"][0] in ("CMD", "CMD-SHELL")
    assert check.keys() >= {"interval", "timeout", "retries"}
    assert all(on in SERVICES for on in SERVICES[name].get("depends_on", {}))


def test_passwords_are_asked_for_and_never_written_down() -> None:
    text = (ROOT / "docker-compose.yml").read_text()
    for match in re.finditer(r"^ +\w*(?:PASSWORD|KEY): *(\S+)", text, re.MULTILINE):
        assert match[1].startswith("${"), match[0]
    assert re.findall(r"\$\{(\w+):\?", text), "compose says which variable is missing"


def test_the_first_owner_gets_a_password_from_a_secret_where_people_sign_in() -> None:
    for name in OURS:
        assert SERVICES[name].get("secrets", []) == (["owner_password"] if name in ("chat", "admin") else [])
        assert SERVICES[name]["environment"]["APPRENTICE_OWNER_PASSWORD_FILE"] == "/run/secrets/owner_password"
    assert COMPOSE["secrets"] == {"owner_password": {"environment": "OWNER_PASSWORD"}}


def test_volumes_are_declared() -> None:
    used = {volume.split(":")[0] for service in SERVICES.values() for volume in service.get("volumes", [])}
    assert used == set(COMPOSE["volumes"])


def test_the_image_holds_every_package_and_what_they_read() -> None:
    copied = {
        word for line in re.findall(r"^COPY (?!--)(.+)$", DOCKERFILE, re.MULTILINE) for word in shlex.split(line)[:-1]
    }
    packages = {path.parent.name for path in ROOT.glob("*/__init__.py")} - {"tests", "benchmarks"}
    assert packages == {"chat", "admin"}
    assert copied >= packages | {"migrations", "demo", "pyproject.toml", "requirements.lock", "README.md"}
    assert all((ROOT / name).exists() for name in copied)


def test_the_image_does_not_run_as_root() -> None:
    assert re.search(r"^USER (?!root)\w+$", DOCKERFILE, re.MULTILINE)
