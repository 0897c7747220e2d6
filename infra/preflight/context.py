"""What every check is given: the environment's variables, gcloud, and what several ask of it."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from infra.preflight.gcloud import Gcloud, GcloudError, Kind
from shared.commands.checks.finding import Finding, NotCheckedError

CONSOLE: Final = "https://console.cloud.google.com"
EXAMPLE: Final = "example"
"""The environment that is there to be copied."""


@dataclass(frozen=True)
class Preflight:
    """One environment before its first apply."""

    environment: str
    variables: Mapping[str, Any]
    gcloud: Gcloud

    @cached_property
    def project(self) -> str:
        """The project's id."""
        return str(self.variables["project"])

    @cached_property
    def region(self) -> str:
        """Where everything runs."""
        return str(self.variables["region"])

    @cached_property
    def name(self) -> str:
        """The prefix of all that is made."""
        return str(self.variables["name"])

    @property
    def balanced(self) -> bool:
        """Whether a load balancer on the environment's domain is the way in."""
        return bool(self.variables["entry"] == "load_balancer")

    def console(self, page: str) -> str:
        """Return the address of a page of the console, for this project."""
        return f"{CONSOLE}/{page}?project={self.project}"

    async def ask(self, *words: str) -> Any:
        """Return gcloud's answer about this project. Raises GcloudError."""
        return await self.gcloud.ask(*words, f"--project={self.project}")

    async def exists(self, *words: str) -> bool:
        """Whether the project holds what a `describe` names. Raises GcloudError."""
        return await self.gcloud.exists(*words, f"--project={self.project}")

    async def describe(self) -> Mapping[str, Any]:
        """Return the project itself: its number, state and parent. Raises NotCheckedError."""
        try:
            found: Mapping[str, Any] = await self.gcloud.ask("projects", "describe", self.project)
        except GcloudError as error:
            raise NotCheckedError(f"The project cannot be seen: {error}") from error
        return found

    async def account(self) -> str:
        """Return who is signed in. Raises NotCheckedError."""
        active = await self.gcloud.ask("auth", "list", "--filter=status:ACTIVE")
        if not active:
            raise NotCheckedError("No account is signed in to gcloud.")
        return str(active[0]["account"])

    async def list_made(self) -> frozenset[str]:
        """Return the types of what Terraform's state holds; none before the first apply."""
        state = f"gs://{self.project}-postroom-state/{self.environment}/default.tfstate"
        try:
            held = await self.gcloud.ask("storage", "cat", state)
        except GcloudError as error:
            if error.kind in {Kind.ABSENT, Kind.API_OFF}:
                return frozenset()
            raise
        return frozenset(one["type"] for one in held.get("resources", ()))


@dataclass(frozen=True, slots=True)
class Check:
    """One question to gcloud."""

    name: str
    run: Callable[[Preflight], Awaitable[Finding]]


@dataclass(frozen=True, slots=True)
class Question:
    """What only a person can see, on a page of the console, in the page's own words."""

    name: str
    asked: str
    page: str
    fix: str
