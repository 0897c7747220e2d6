"""What the sample product is started with."""

from dataclasses import dataclass, field
from email.utils import parseaddr
from pathlib import Path
from typing import Self

from infra.local.environment import API_KEY, HOST, POSTROOM_PORT


@dataclass(frozen=True, slots=True)
class Person:
    """A user of the product; signing in is pretended."""

    email: str
    name: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `Ada Lovelace <ada@acme.example>`. Raises ValueError."""
        name, email = parseaddr(text)
        if "@" not in email:
            raise ValueError(f"not a person: {text!r}")
        return cls(email.lower(), name or email.partition("@")[0].title())

    @property
    def tags(self) -> dict[str, str]:
        """Say to Postroom who this is."""
        return {"end_user_id": self.email, "end_user_email": self.email}


ADA = Person("ada@acme.example", "Ada Byron")
GRACE = Person("grace@acme.example", "Grace Murray")


@dataclass(frozen=True, slots=True)
class ProductSettings:
    """Addresses without a trailing slash."""

    postroom: str = f"http://{HOST}:{POSTROOM_PORT}"
    api_key: str = API_KEY
    google_control: str | None = None
    """Address of an emulated Google: with it the page can have a sample mail delivered."""
    state: Path = field(default_factory=lambda: Path(".local/harbor.sqlite"))
    people: tuple[Person, ...] = (ADA, GRACE)
    look_every_s: float = 0.7
    """How often changes are asked for while a page is open."""
