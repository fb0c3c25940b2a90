"""Which hosts are this very machine."""

import ipaddress


def is_loopback(host: str) -> bool:
    """Whether a host, by name or address and without brackets, is reached without a network."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
