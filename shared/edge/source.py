"""Where a request came from, as far as the proxies in front of us can be trusted."""

from starlette.requests import Request


def source_of(request: Request, proxy_hops: int) -> str:
    """Answer the address of whoever called.

    Each trusted proxy appends the address it saw to X-Forwarded-For; what stands further left
    was written by the caller and proves nothing.
    """
    if proxy_hops:
        given = request.headers.get("x-forwarded-for", "")
        seen = [one.strip() for one in given.split(",") if one.strip()]
        if len(seen) >= proxy_hops:
            return seen[-proxy_hops][:64]
    return request.client.host if request.client else "unknown"
