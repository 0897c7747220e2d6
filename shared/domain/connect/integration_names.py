"""What callers may call the one integration."""

from dataclasses import dataclass

from shared.domain.connect.connection import INTEGRATION


@dataclass(frozen=True, slots=True)
class IntegrationNames:
    """Its own name, and the aliases that the deployment gives it, the product's own first."""

    aliases: tuple[str, ...] = ()

    @property
    def all(self) -> tuple[str, ...]:
        """Every name, its own first."""
        return (INTEGRATION, *(one for one in self.aliases if one != INTEGRATION))

    @property
    def first_alias(self) -> str:
        """What answers call it, as the product's code does: its own where no alias is given."""
        return self.aliases[0] if self.aliases else INTEGRATION

    @property
    def unknown(self) -> str:
        """What to tell a caller that names another one."""
        return f"The only integration here is {', or '.join(map(repr, self.all))}."

    def __contains__(self, name: str) -> bool:
        return name in self.all
