"""Free ports of the loopback interface."""

from infra.local.serving import listener


def free_ports(count: int) -> list[int]:
    """Return ports on which nothing listens."""
    sockets = [listener() for _ in range(count)]
    ports = [int(bound.getsockname()[1]) for bound in sockets]
    for bound in sockets:
        bound.close()
    return ports
