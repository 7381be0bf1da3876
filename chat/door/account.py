"""Who has been let in."""

from fastapi import Request


def account(request: Request) -> str | None:
    """The account that the door found the request to come from; None where there are no accounts."""
    name: str | None = getattr(request.state, "account", None)
    return name
