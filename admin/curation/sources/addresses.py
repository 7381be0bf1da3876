"""Which network addresses may be asked for a document.

A person may name any address, and a page may redirect to any: neither may lead into the network that this program
stands in. So an address is judged by what its name resolves to, however the name was written.
"""

import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network

Address = IPv4Address | IPv6Address
Resolve = Callable[[str, int], Sequence[str]]
"""From a host and a port to the addresses that the host has now. Raises `OSError` where it has none."""

GLOBAL_UNICAST = IPv6Network("2000::/3")
TRANSLATED = IPv6Network("64:ff9b::/96")
"""IPv4 addresses as a NAT64 gateway writes them, in their last 32 bits (RFC 6052)."""
NEVER_PUBLIC = tuple(
    map(
        ip_network,
        (
            "192.0.0.0/24",  # protocol assignments; a metadata service of Oracle's cloud
            "192.88.99.0/24",  # 6to4 relays
            "168.63.129.16/32",  # Azure's host, reachable from every machine in it
            "2001::/23",  # protocol assignments, among them Teredo, which holds an IPv4 address
            "2002::/16",  # 6to4, which holds one too
            "3fff::/20",  # documentation
        ),
    )
)


@dataclass(frozen=True)
class Allowed:
    """Hosts and networks of this network that the owner allows to be asked all the same."""

    hosts: frozenset[str] = frozenset()
    networks: tuple[str, ...] = ()

    @classmethod
    def of(cls, entries: Sequence[str]) -> "Allowed":
        """From names of hosts, addresses and networks such as `10.0.0.0/8`, as the setting lists them."""
        networks = [entry for entry in entries if _is_network(entry)]
        return cls(frozenset(entry.lower() for entry in entries if entry not in networks), tuple(networks))

    def permits(self, host: str, address: Address) -> bool:
        """Whether the owner allows this host, or the network that its address is in."""
        networks = map(partial(ip_network, strict=False), self.networks)
        return host.lower().rstrip(".") in self.hosts or any(address in network for network in networks)


def _is_network(entry: str) -> bool:
    try:
        ip_network(entry, strict=False)
    except ValueError:
        return False
    return True


def read_address(text: str) -> Address:
    """The address, and the IPv4 address inside where it is a way of writing one."""
    address = ip_address(text)
    if isinstance(address, IPv4Address):
        return address
    if address in TRANSLATED:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address


def is_public(address: Address) -> bool:
    """Whether it belongs to the public internet: not private, loopback, link-local, multicast, shared or reserved."""
    if any(address in network for network in NEVER_PUBLIC):
        return False
    if isinstance(address, IPv6Address) and address not in GLOBAL_UNICAST:
        return False
    return address.is_global and not (address.is_multicast or address.is_reserved)


def resolve(host: str, port: int) -> list[str]:
    """The addresses of a host as this machine resolves it, each once, in its order of preference."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(place[0]) for *_, place in found))
