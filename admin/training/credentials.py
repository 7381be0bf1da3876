"""Secrets in a text: keys and tokens by the form that their makers gave them, passwords by what stands before them.

The recognisers of detect-secrets whose patterns are specific enough to be believed; its keyword and entropy detectors
are made for source code, and here stricter ones of our own stand in for them. Nothing is asked of any server.
"""

import math
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

from admin.training.personal_data import Match

NAMED = re.compile(
    r"(?<![^\W_])(?P<name>password|passwd|passwort|kennwort|passphrase|pwd|"
    r"(?:api|access|auth|secret|service|account|client|private|encryption)[ _-]?(?:key|token|secret)|secret|token)"
    r"[\"'`\]]{0,2}\s*(?:is\b|was\b|ist\b|lautet\b|:=|={1,3}>?|:)\s*[\"'`]?(?P<value>[^\s\"'`,;]{6,200})",
    re.IGNORECASE,
)
PASSWORDS = frozenset({"password", "passwd", "passwort", "kennwort", "passphrase", "pwd"})
SHORTEST, SHORTEST_TOKEN = 6, 12
"""Characters of a password, and of what is named a key or a token."""
PLACEHOLDER = re.compile(r"[<\[{$%(*x#.…_-]", re.IGNORECASE)
PRIVATE_KEY = re.compile(
    r"-{2,5} ?BEGIN [A-Z0-9 ]*PRIVATE KEY[A-Z ]*-{2,5}.*?(?:-END [A-Z0-9 ]*KEY[A-Z ]*-{2,5}|\Z)", re.DOTALL
)
RANDOM = re.compile(r"(?<![\w/.@+=-])[A-Za-z0-9+/_-]{20,200}={0,2}(?![\w/@+])")
ADDRESS = re.compile(r"[a-z]{2,10}://\S+")
ENTROPY = 3.7
"""Bits a character. Twenty random letters and digits have 4.1, an identifier of words as long has 3.4."""


class Detectors:
    """The recognisers, made once for a run of the check."""

    def __init__(self) -> None:
        from detect_secrets.plugins import (
            artifactory,
            aws,
            azure_storage_key,
            basic_auth,
            discord,
            github_token,
            gitlab_token,
            jwt,
            mailchimp,
            npm,
            openai,
            pypi_token,
            sendgrid,
            slack,
            square_oauth,
            stripe,
            twilio,
        )

        self._known: list[Any] = [
            artifactory.ArtifactoryDetector(),
            aws.AWSKeyDetector(),
            azure_storage_key.AzureStorageKeyDetector(),
            basic_auth.BasicAuthDetector(),
            discord.DiscordBotTokenDetector(),
            github_token.GitHubTokenDetector(),
            gitlab_token.GitLabTokenDetector(),
            jwt.JwtTokenDetector(),
            mailchimp.MailchimpDetector(),
            npm.NpmDetector(),
            openai.OpenAIDetector(),
            pypi_token.PypiTokenDetector(),
            sendgrid.SendGridDetector(),
            slack.SlackDetector(),
            square_oauth.SquareOAuthDetector(),
            stripe.StripeDetector(),
            twilio.TwilioKeyDetector(),
        ]

    def secrets(self, text: str) -> list[Match]:
        """What of a text is a secret, in its order; what two recognisers claim is the first one's."""
        found: list[Match] = []
        for match in self._proposed(text):
            if all(match.end <= other.start or other.end <= match.start for other in found):
                found.append(match)
        return sorted(found, key=lambda match: match.start)

    def _proposed(self, text: str) -> Iterator[Match]:
        yield from (Match(*match.span(), "private key") for match in PRIVATE_KEY.finditer(text))
        for detector in self._known:
            if next(iter(detector.analyze_string(text)), None) is not None:
                spans = (_span(match) for pattern in detector.denylist for match in pattern.finditer(text))
                yield from (Match(*span, _said(detector.secret_type)) for span in spans)
        yield from _named(text)
        yield from _random(text)


def _span(match: re.Match[str]) -> tuple[int, int]:
    """Where the secret itself stands: some patterns single it out, others only what it begins with."""
    alone = [match.span(number) for number in range(1, (match.re.groups or 0) + 1) if match[number]]
    return next((span for span in alone if span[1] - span[0] >= SHORTEST), match.span())


def _said(name: str) -> str:
    """A detector's name for what it finds, as it is said here: acronyms as they are, words small."""
    return " ".join(
        word if word.isupper() or word in ("GitHub", "GitLab", "OpenAI") else word.lower() for word in name.split()
    )


def _named(text: str) -> Iterator[Match]:
    for match in NAMED.finditer(text):
        value = match["value"].rstrip(".)]}>!?")
        if PLACEHOLDER.match(value) or not _guarded(value):
            continue
        password = match["name"].casefold() in PASSWORDS
        if len(value) >= (SHORTEST if password else SHORTEST_TOKEN):
            start = match.start("value")
            yield Match(start, start + len(value), "password" if password else "key or token")


def _guarded(value: str) -> bool:
    """Whether it looks chosen to be hard to guess: letters, and digits or signs among them."""
    letters, others = any(map(str.isalpha, value)), sum(not sign.isalpha() and sign != "-" for sign in value)
    return letters and others > 0


def _random(text: str) -> Iterator[Match]:
    """Long words of letters and digits in no order. Digits alone, hexadecimal digests and addresses are none."""
    addresses = [match.span() for match in ADDRESS.finditer(text)]
    for match in RANDOM.finditer(text):
        word = match[0]
        kinds = (sum(map(str.isdigit, word)), sum(map(str.isupper, word)), sum(map(str.islower, word)))
        inside = any(start <= match.start() < end for start, end in addresses)
        if min(kinds) >= 2 and not inside and entropy(word) >= ENTROPY:
            yield Match(*match.span(), "random string")


def entropy(word: str) -> float:
    """Shannon entropy of a word's characters, bits a character."""
    shares = [count / len(word) for count in Counter(word).values()]
    return -sum(share * math.log2(share) for share in shares)
