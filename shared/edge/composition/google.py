"""Google behind its ports: Gmail, OAuth, token sealing and verification."""

# ruff: noqa: PLC0415  each function loads only the adapters it uses (FACTS 16.4)

import asyncio
from functools import cached_property
from typing import TYPE_CHECKING

from shared.edge.composition.stores import WiredPorts

if TYPE_CHECKING:
    import httpx

    from shared.adapters.google.credentials import ApplicationTokens
    from shared.ports.gmail import GmailMailboxes
    from shared.ports.oauth import CallerTokens, GoogleOAuth, GoogleSignIn, Sealer
    from shared.ports.queue import Queue
    from shared.usecases.connect.access_tokens import AccessTokens
    from shared.usecases.connect.require_reauth import RequireReauth
    from shared.usecases.connect.settings import ConnectSettings


class WiredGoogle(WiredPorts):
    """Everything that talks to Google over the one HTTP client of the process."""

    @cached_property
    def http(self) -> "httpx.AsyncClient":
        """Kept-alive connections, shared by all adapters."""
        from shared.adapters.google.http_client import new_http_client

        return new_http_client()

    @cached_property
    def application_tokens(self) -> "ApplicationTokens":
        """This process's own access tokens for Google Cloud."""
        from shared.adapters.google.credentials import ApplicationTokens

        return ApplicationTokens()

    @cached_property
    def queue(self) -> "Queue":
        """Work for later."""
        if self.settings.queue == "sqlite":
            from shared.adapters.sqlite.queue import SqliteQueue

            return SqliteQueue(self.settings.queue_path, self.clock)
        from shared.adapters.google.cloud_tasks import CloudTasksQueue

        return CloudTasksQueue(
            client=self.http,
            access_token=self.application_tokens,
            location=self.settings.queue.removeprefix("cloud-tasks:"),
            target=self.settings.public_url,
            audience=self.settings.tasks_audience,
            service_account=self.settings.tasks_service_account,
            own_url=self.settings.task_url,
        )

    @cached_property
    def gmail(self) -> "GmailMailboxes":
        """Every connection's Gmail."""
        from shared.adapters.gmail.client import HttpGmailMailboxes
        from shared.adapters.gmail.requests import GMAIL_URL

        base = self.settings.google_url or GMAIL_URL
        return HttpGmailMailboxes(self.http, self.access_tokens, self.clock, base)

    @cached_property
    def oauth(self) -> "GoogleOAuth":
        """Google's OAuth endpoints."""
        from shared.adapters.google.oauth import HttpGoogleOAuth

        oauth = HttpGoogleOAuth(self.http, self.settings, self.clock)
        if self.telemetry is None:
            return oauth
        from shared.adapters.telemetry.counted_ports import counted_oauth

        return counted_oauth(oauth, self.telemetry)

    @cached_property
    def sign_in(self) -> "GoogleSignIn":
        """Who an operator is, by Google's word."""
        from shared.adapters.google.sign_in import HttpGoogleSignIn

        redirect_uri = f"{self.settings.console_url}/console/sign-in/answer"
        return HttpGoogleSignIn(self.http, self.settings, self.clock, redirect_uri)

    @cached_property
    def caller_tokens(self) -> "CallerTokens":
        """Verification of Pub/Sub's, Cloud Tasks' and Cloud Scheduler's tokens."""
        from shared.adapters.google.id_tokens import GoogleTokens

        verified = self.settings.token_check == "claims"
        return GoogleTokens(self.http, self.settings, self.clock, behind_iam=verified)

    @cached_property
    def sealer(self) -> "Sealer":
        """Sealing of tokens at rest. Kept: it remembers unwrapped data keys for minutes."""
        if (key := self.settings.kms_key) is not None:
            from shared.adapters.keys.kms import KmsSealer

            return KmsSealer(self.http, self.application_tokens, key, self.clock)
        from shared.adapters.keys.local import LocalKeyring

        return LocalKeyring(self.settings.keyring_path)

    @cached_property
    def connect_settings(self) -> "ConnectSettings":
        """What the connect flow needs to know of the deployment."""
        from shared.usecases.connect.settings import ConnectSettings

        return ConnectSettings(
            public_url=self.settings.public_url,
            product_name=self.settings.product_name,
            environment=self.settings.environment,
            testing=self.settings.publishing == "testing",
        )

    @cached_property
    def require_reauth(self) -> "RequireReauth":
        """Marks a connection whose grant is dead."""
        from shared.usecases.connect.require_reauth import RequireReauth

        return RequireReauth(
            connections=self.connections,
            outbox=self.outbox,
            operations=self.operations,
            clock=self.clock,
            settings=self.connect_settings,
        )

    @cached_property
    def access_tokens(self) -> "AccessTokens":
        """A connection's access token. Kept: it remembers tokens and refreshes under way."""
        from shared.usecases.connect.access_tokens import AccessTokens

        return AccessTokens(
            grants=self.grants,
            connections=self.connections,
            sealer=self.sealer,
            oauth=self.oauth,
            clock=self.clock,
            require_reauth=self.require_reauth,
        )

    async def close(self) -> None:
        """Give back connections to Google and the store, and hand over what telemetry waits."""
        if "http" in self.__dict__:
            await self.http.aclose()
        if "operations" in self.__dict__:
            await self.operations.close()
        if "store" in self.__dict__:
            await self.store.close()
        if self.__dict__.get("telemetry") is not None:
            await asyncio.to_thread(self.__dict__["telemetry"].close)
