"""Who the product says is connecting: tags and the older `end_user` are one thing (API 2.1)."""

from collections.abc import Mapping
from typing import Any

END_USER_TAGS = {
    "id": "end_user_id",
    "email": "end_user_email",
    "display_name": "end_user_display_name",
}
ORGANIZATION_TAGS = {"id": "organization_id", "display_name": "organization_display_name"}


def tags_from(
    end_user: Mapping[str, Any] | None, organization: Mapping[str, Any] | None
) -> dict[str, str]:
    """Return the tags that say what the older body says."""
    tags = dict((end_user or {}).get("tags") or {})
    tags |= {tag: (end_user or {}).get(name) for name, tag in END_USER_TAGS.items()}
    tags |= {tag: (organization or {}).get(name) for name, tag in ORGANIZATION_TAGS.items()}
    return {tag: str(value) for tag, value in tags.items() if value}


def end_user_from(tags: Mapping[str, str]) -> dict[str, Any] | None:
    """Return the `end_user` object of API 3.1, None where no tag names one."""
    named = {name: tags.get(tag) for name, tag in END_USER_TAGS.items()}
    if not any(named.values()):
        return None
    organization = {name: tags.get(tag) for name, tag in ORGANIZATION_TAGS.items()}
    known = {*END_USER_TAGS.values(), *ORGANIZATION_TAGS.values()}
    return {
        **named,
        "tags": {tag: value for tag, value in tags.items() if tag not in known},
        "organization": organization if organization["id"] else None,
    }


def shown_end_user(end_user: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    """Return the end user as the API shows one, None without an id; the tags say the rest."""
    return end_user if (end_user or {}).get("id") else None


def known_email(end_user: Mapping[str, Any] | None) -> str | None:
    """Return the address under which the product knows the end user."""
    address = (end_user or {}).get("email")
    return str(address).strip() if address else None


def known_name(end_user: Mapping[str, Any] | None) -> str | None:
    """Return what to call the end user on a page: a name, an address, or nothing."""
    name = (end_user or {}).get("display_name")
    return str(name) if name else known_email(end_user)
