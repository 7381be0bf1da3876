"""Whether another web site makes a browser do this: what changes something, or is read by a script, it may not.

As Go's `net/http.CrossOriginProtection` decides it, and stricter: what another site may do is lead a person here.
"""

from ipaddress import ip_address
from urllib.parse import urlsplit

from starlette.datastructures import Headers

SAFE = ("GET", "HEAD")


def foreign(method: str, headers: Headers) -> bool:
    """Whether a page of another origin sends this, other than by leading a person to an address.

    Programs send neither header, and have no cookies that could be used behind somebody's back.
    """
    led = method in SAFE and headers.get("sec-fetch-mode") == "navigate" and headers.get("sec-fetch-dest") == "document"
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site not in ("same-origin", "none") and not led
    origin = headers.get("origin")
    return origin is not None and urlsplit(origin).netloc != headers.get("host", "")


def names_this_machine(headers: Headers) -> bool:
    """Whether the address that the browser was led to is this machine's own, and not one that only points to it now."""
    host = urlsplit(f"//{headers.get('host', '')}").hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
