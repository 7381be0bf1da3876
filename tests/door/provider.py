"""A small OpenID Connect provider, as the standard has it; a test says what it gets wrong."""

import base64
import hashlib
import json
import secrets
import time
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from fastapi import FastAPI, Form, HTTPException
from fastapi.responses import RedirectResponse

CLIENT, SECRET = "apprentice", "a secret of the client"


@dataclass
class Provider:
    """Signs in whoever comes as `claims`. What stands in `wrong` replaces a claim; `key` signs."""

    issuer: str = ""
    claims: dict[str, Any] = field(default_factory=lambda: {"sub": "s-1", "email": "Kim@co.example"})
    wrong: dict[str, Any] = field(default_factory=dict)
    algorithm: str = "RS256"
    stranger: bool = False
    """Whether somebody else's key signs."""
    key: rsa.RSAPrivateKey = field(default_factory=lambda: rsa.generate_private_key(65537, 2048))
    codes: dict[str, dict[str, str]] = field(default_factory=dict)

    def token(self, nonce: str) -> str:
        now = int(time.time())
        said = {"iss": self.issuer, "aud": CLIENT, "iat": now, "exp": now + 60, "nonce": nonce, "email_verified": True}
        key = rsa.generate_private_key(65537, 2048) if self.stranger else self.key
        signs: Any = {"none": None, "HS256": "x" * 32}.get(self.algorithm, key)
        claims = {name: value for name, value in (said | self.claims | self.wrong).items() if value is not None}
        return jwt.encode(claims, signs, self.algorithm, headers={"kid": "k"})

    def app(self) -> FastAPI:
        app = FastAPI()

        @app.get("/.well-known/openid-configuration")
        def discovery() -> dict[str, str]:
            ways = {"authorization_endpoint": "authorize", "token_endpoint": "token", "jwks_uri": "keys"}
            return {"issuer": self.issuer, **{name: f"{self.issuer}/{way}" for name, way in ways.items()}}

        @app.get("/keys")
        def keys() -> dict[str, Any]:
            public = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(self.key.public_key()))
            return {"keys": [public | {"kid": "k", "use": "sig", "alg": "RS256"}]}

        @app.get("/authorize")
        def authorize(
            redirect_uri: str, state: str, nonce: str, code_challenge: str, client_id: str, scope: str
        ) -> RedirectResponse:
            assert (client_id, "openid" in scope) == (CLIENT, True)
            code = secrets.token_urlsafe()
            self.codes[code] = {"nonce": nonce, "challenge": code_challenge, "redirect_uri": redirect_uri}
            return RedirectResponse(f"{redirect_uri}?{urlencode({'code': code, 'state': state})}", 303)

        @app.post("/token")
        def token(code: str = Form(), code_verifier: str = Form(), redirect_uri: str = Form()) -> dict[str, str]:
            begun = self.codes.pop(code, None)
            hashed = base64.urlsafe_b64encode(hashlib.sha256(code_verifier.encode()).digest()).rstrip(b"=").decode()
            if begun is None or begun["challenge"] != hashed or begun["redirect_uri"] != redirect_uri:
                raise HTTPException(400, "invalid_grant")
            return {"id_token": self.token(begun["nonce"]), "token_type": "Bearer", "access_token": "unused"}

        return app
