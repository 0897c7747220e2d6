"""A key made by a key: never more than its parent in any field, today's and future ones.

Every field of `ApiKey` has a rule here or is the key's own, and every part of a policy has one; a
test enumerates both, so a new field without a rule fails there.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final

from shared.domain.keys.api_key import ALL_PERMISSIONS, ApiKey
from shared.domain.keys.policy import Does, Policy, policy_of
from shared.errors import ForbiddenError, PolicyRefusedError

Within = Callable[[Any, Any], bool]
"""Whether the first, a child's, is no more than the second, its parent's."""
MOST_GENERATIONS: Final = 8
"""Keys in a line, the first included: each call of the last one looks at all of them."""


def child_of(parent: ApiKey, wanted: ApiKey, given: frozenset[str]) -> ApiKey:
    """Return the key as a child: fields that were not given are the parent's.

    Raises ForbiddenError where a given one is more than the parent has.
    """
    inherited = {name: getattr(parent, name) for name in INHERITED - given}
    child = replace(wanted, **inherited, parent=None if parent.is_root else parent.id)
    if wider := [name for name in BOUND if not _within(name, child, parent)]:
        names = ", ".join(wider)
        raise ForbiddenError(f"A key may only hand on what it has itself; this is more: {names}.")
    return child


def reaches_no_further(key: ApiKey, than: ApiKey) -> bool:
    """Whether a key has no more than another in any field; a policy that cannot be read is more."""
    try:
        return all(_within(name, key, than) for name in BOUND)
    except PolicyRefusedError:
        return False


def _within(name: str, key: ApiKey, than: ApiKey) -> bool:
    return BOUND[name](getattr(key, name), getattr(than, name))


def _permissions(child: frozenset[str], parent: frozenset[str]) -> bool:
    return ALL_PERMISSIONS in parent or child <= parent


def _subset(child: frozenset[Any] | None, parent: frozenset[Any] | None) -> bool:
    return parent is None or (child is not None and child <= parent)


def _no_more(child: Any, parent: Any) -> bool:
    return parent is None or (child is not None and child <= parent)


def _policy(child: Mapping[str, Any], parent: Mapping[str, Any]) -> bool:
    if not parent:
        return True
    held, bound = policy_of(child), policy_of(parent)
    return all(
        within(getattr(held, name), getattr(bound, name)) for name, within in POLICY_BOUND.items()
    )


def _at_least_as_strict(child: bool, parent: bool) -> bool:
    return child or not parent


def _domains(child: tuple[str, ...] | None, parent: tuple[str, ...] | None) -> bool:
    if parent is None or child is None:
        return parent is None
    return all(any(_is_covered(one, by) for by in parent) for one in child)


def _is_covered(domain: str, by: str) -> bool:
    """Whether every host of an entry is one of another entry; `*.` stands for those below."""
    return domain == by or (by.startswith("*.") and domain.endswith(by[1:]))


def _approvals(child: Any, parent: Any) -> bool:
    stricter, bound = (Policy(approval_required=one) for one in (child, parent))
    return all(stricter.asks_for(does) or not bound.asks_for(does) for does in Does)


POLICY_BOUND: Final[Mapping[str, Within]] = {
    "read_only": _at_least_as_strict,
    "draft_only": _at_least_as_strict,
    "allowed_domains": _domains,
    "daily_sends": _no_more,
    "no_bcc": _at_least_as_strict,
    "approval_required": _approvals,
}
"""By part of a policy."""
BOUND: Final[Mapping[str, Within]] = {
    "permissions": _permissions,
    "connections": _subset,
    "expires_at": _no_more,
    "policy": _policy,
    "requests_per_minute": _no_more,
}
"""By field of a key."""
INHERITED: Final = frozenset({*BOUND, "tools"})
"""Fields that are the parent's unless the child chooses; which tools are listed is no boundary."""
OWN: Final = frozenset(
    {
        *("id", "name", "sha256_hex", "created_at", "parent", "schema_version", "tools"),
        *("rotated_at", "previous_sha256_hex", "previous_until", "revoked_at", "last_used_at"),
    }
)
"""Fields that say nothing of what a key may do; the end of a secret never outlives its key."""
