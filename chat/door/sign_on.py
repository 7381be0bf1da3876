"""Signing in with the organisation's own sign-on: OpenID Connect, the authorization code flow with PKCE.

OpenID Connect Core 1.0 (§3.1), Discovery 1.0, RFC 7636 (PKCE), RFC 9207 (which provider replied).
"""

import base64
import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import httpx
import jwt

from chat.errors import SettingsError, SignInError
from chat.settings import Settings

ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
"""Signatures that only the provider can make: none with a shared secret, and not none."""
SCOPE = "openid email profile"
ANSWERS_WITHIN_S = 10.0
CLOCKS_DIFFER_S = 60
FAILED = "The sign-on did not work. Try once more; if it stays so, tell an owner of this installation."


@dataclass(frozen=True)
class Begun:
    """What one browser keeps while a person signs in at the provider; nobody else knows it."""

    state: str
    nonce: str
    verifier: str
    way: str
    """Where in the app to go on to."""


@dataclass(frozen=True)
class Claims:
    """Who the provider says somebody is. `email` is empty where the provider did not verify it."""

    issuer: str
    subject: str
    email: str


@dataclass(frozen=True)
class Provider:
    """The organisation's sign-on."""

    issuer: str
    client_id: str
    client_secret: str
    label: str
    joins: bool
    """Whether who has no account here gets one, as an asker."""

    @classmethod
    def of(cls, settings: Settings) -> "Provider | None":
        """The one that the settings name, if any. Raises `SettingsError` where one of them is missing."""
        if settings.oidc_issuer is None:
            return None
        if settings.oidc_client_id is None:
            raise SettingsError("APPRENTICE_OIDC_ISSUER is set and APPRENTICE_OIDC_CLIENT_ID is not: set both.")
        secret = settings.oidc_client_secret
        return cls(
            settings.oidc_issuer,
            settings.oidc_client_id,
            secret.get_secret_value() if secret else "",
            settings.oidc_label,
            settings.oidc_joins,
        )

    def begin(self, redirect_uri: str, way: str) -> tuple[str, Begun]:
        """The address to lead the person to, and what their browser has to bring back. Raises `SignInError`."""
        begun = Begun(secrets.token_urlsafe(32), secrets.token_urlsafe(32), secrets.token_urlsafe(32), way)
        challenge = base64.urlsafe_b64encode(hashlib.sha256(begun.verifier.encode()).digest()).rstrip(b"=").decode()
        asked = {
            "response_type": "code", "client_id": self.client_id, "redirect_uri": redirect_uri, "scope": SCOPE,
            "state": begun.state, "nonce": begun.nonce, "code_challenge": challenge, "code_challenge_method": "S256",
        }  # fmt: skip
        place = str(self._discovered()["authorization_endpoint"])
        return f"{place}{'&' if '?' in place else '?'}{urlencode(asked)}", begun

    def finish(self, reply: Mapping[str, str], begun: Begun, redirect_uri: str) -> Claims:
        """Who has signed in. `reply` is what the provider led the browser back with. Raises `SignInError`."""
        ours = secrets.compare_digest(reply.get("state", "").encode(), begun.state.encode())
        if not ours or not reply.get("code") or reply.get("iss", self.issuer).rstrip("/") != self.issuer:
            raise SignInError(FAILED)
        known = self._discovered()
        token = self._token(known, reply["code"], begun, redirect_uri)
        return self._claims(token, self._get(str(known["jwks_uri"])), begun.nonce)

    def _discovered(self) -> dict[str, Any]:
        known = self._get(f"{self.issuer}/.well-known/openid-configuration")
        if str(known.get("issuer", "")).rstrip("/") != self.issuer:
            raise SignInError(FAILED)
        return known

    def _token(self, known: Mapping[str, Any], code: str, begun: Begun, redirect_uri: str) -> str:
        """The signed statement that the code is exchanged for."""
        form = {
            "grant_type": "authorization_code", "code": code, "redirect_uri": redirect_uri,
            "client_id": self.client_id, "code_verifier": begun.verifier,
        }  # fmt: skip
        taken = known.get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
        basic = httpx.BasicAuth(self.client_id, self.client_secret) if "client_secret_basic" in taken else None
        if basic is None and self.client_secret:
            form["client_secret"] = self.client_secret
        auth = basic if self.client_secret else None
        return str(self._replied("POST", str(known["token_endpoint"]), data=form, auth=auth).get("id_token", ""))

    def _claims(self, token: str, keys: dict[str, Any], nonce: str) -> Claims:
        try:
            header = jwt.get_unverified_header(token)
            found = [key for key in jwt.PyJWKSet.from_dict(keys).keys if key.key_id == header.get("kid")]
            said = jwt.decode(
                token,
                found[0],
                algorithms=list(ALGORITHMS),
                audience=self.client_id,
                leeway=CLOCKS_DIFFER_S,
                options={"require": ["exp", "iat", "iss", "aud", "sub", "nonce"]},
            )
        except (jwt.PyJWTError, IndexError) as error:
            raise SignInError(FAILED) from error
        ours = said["iss"].rstrip("/") == self.issuer and secrets.compare_digest(str(said["nonce"]), nonce)
        if not ours or said.get("azp", self.client_id) != self.client_id:
            raise SignInError(FAILED)
        email = str(said.get("email", "")) if said.get("email_verified") is True else ""
        return Claims(self.issuer, str(said["sub"]), email.strip().lower())

    def _get(self, address: str) -> dict[str, Any]:
        return self._replied("GET", address)

    def _replied(self, method: str, address: str, **more: Any) -> dict[str, Any]:
        try:
            reply = httpx.request(method, address, timeout=ANSWERS_WITHIN_S, follow_redirects=False, **more)
            said = reply.raise_for_status().json()
        except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
            raise SignInError(FAILED) from error
        if not isinstance(said, dict):
            raise SignInError(FAILED)
        return said
