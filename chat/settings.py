"""The settings, read once at start from the environment (prefix `APPRENTICE_`) and never changed after."""

import re
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from chat.errors import SettingsError

Port = Annotated[int, Field(ge=1, le=65535)]
Price = Annotated[float, Field(ge=0, allow_inf_nan=False)]


class Settings(BaseSettings):
    """What a person may decide before start. Every field has a default that works on one laptop."""

    model_config = SettingsConfigDict(env_prefix="APPRENTICE_", frozen=True, extra="ignore")

    home: Path = Path("~/.apprentice")
    """Folder of everything kept on disk: the embedded database, uploaded files, prepared models, logs."""
    database_url: str | None = None
    """`postgresql://…` of a server of your own; absent, a Postgres is embedded in `home`."""
    model: str = "bundled"
    """`bundled`, a Hugging Face id, a folder, or the URL of an OpenAI-compatible server."""
    model_name: str | None = None
    """Which model to ask for, where `model` is a URL; absent, the first one it lists."""
    model_key: SecretStr | None = None
    """API key for `model`, where it is a URL that wants one."""
    price_prompt: Price | None = None
    """What 1,000 tokens of a prompt cost at `model`, where it takes money; the currency is yours."""
    price_answer: Price | None = None
    """What 1,000 tokens of an answer cost there."""
    engine_key: SecretStr | None = None
    """API key that `python -m chat engine` asks for; absent, a random one that only this account can read."""
    dtype: Literal["auto", "float32", "bfloat16"] = "auto"
    """Number format of the local model; `auto` races the two on this machine and takes the faster."""
    embedder: str = "bundled"
    """`bundled`, a Hugging Face id or a folder of a sentence-transformers model."""
    fetch_private: Annotated[tuple[str, ...], NoDecode] = ()
    """Hosts and networks of your own (`wiki.example, 10.1.0.0/16`) that web pages may be fetched from."""
    ocr_languages: Annotated[tuple[str, ...], NoDecode] = ()
    """Languages of scans and pictures, as tesseract names them (`deu, eng`); absent, those it has or the document's."""
    host: str = "127.0.0.1"
    """Address both apps listen on."""
    owner_password_file: Path | None = None
    """A file whose first line becomes the password of `owner`, once: when nobody can sign in yet."""
    oidc_issuer: str | None = None
    """`https://…` of the organisation's own sign-on (OpenID Connect); absent, people sign in with passwords alone."""
    oidc_client_id: str | None = None
    oidc_client_secret: SecretStr | None = None
    """What this installation is called there. It leads people back to /sign-on/return of either app."""
    oidc_label: str = "single sign-on"
    """What the button says: Continue with …"""
    oidc_joins: bool = False
    """Whether who signs in there and has no account here gets one, as an asker."""
    chat_port: Port = 7860
    admin_port: Port = 7861

    @field_validator("home")
    @classmethod
    def _absolute(cls, home: Path) -> Path:
        return home.expanduser().absolute()

    @field_validator("fetch_private", mode="before")
    @classmethod
    def _hosts(cls, value: str | tuple[str, ...]) -> tuple[str, ...]:
        entries = value.replace(",", " ").split() if isinstance(value, str) else value
        for entry in entries:
            if "://" in entry or not re.fullmatch(r"[\w.:-]+(/\d{1,3})?", entry):
                raise ValueError("must list hosts and networks, like: wiki.example, 10.1.0.0/16")
            if "/" in entry:
                ip_network(entry, strict=False)
        return tuple(entries)

    @field_validator("ocr_languages", mode="before")
    @classmethod
    def _languages(cls, value: str | tuple[str, ...]) -> tuple[str, ...]:
        names = re.split(r"[\s,+]+", value.strip()) if isinstance(value, str) else value
        for name in filter(None, names):
            if not re.fullmatch(r"[A-Za-z]{3,}(_[A-Za-z]+)*", name):
                raise ValueError("must list languages as `tesseract --list-langs` names them, like: deu, eng")
        return tuple(filter(None, names))

    @field_validator("oidc_issuer")
    @classmethod
    def _safe(cls, issuer: str | None) -> str | None:
        if not issuer:
            return None
        parts = urlsplit(issuer)
        if parts.scheme != "https" and parts.hostname not in ("127.0.0.1", "localhost", "::1"):
            raise ValueError("must be an https:// address: who reads along there could sign in as anybody")
        return issuer.rstrip("/")

    @field_validator("database_url")
    @classmethod
    def _postgres(cls, url: str | None) -> str | None:
        if not url:
            return None
        scheme, separator, rest = url.partition("://")
        if not separator or scheme.split("+")[0] not in ("postgresql", "postgres"):
            raise ValueError("must look like postgresql://user:password@host:5432/name")
        return f"postgresql+psycopg://{rest}"

    @property
    def remote_model(self) -> bool:
        """Whether answers come from an OpenAI-compatible server instead of the engine of this machine."""
        return self.model.startswith(("http://", "https://"))


def load_settings() -> Settings:
    """Read the environment. Raises `SettingsError` naming each wrong variable and what it should be."""
    try:
        return Settings()
    except ValidationError as error:
        lines = [
            f"APPRENTICE_{str(problem['loc'][0]).upper()}={problem['input']!r}: "
            f"{problem['msg'].removeprefix('Value error, ')}"
            for problem in error.errors()
        ]
        raise SettingsError("A setting is wrong. Correct or unset it:\n  " + "\n  ".join(lines)) from None
