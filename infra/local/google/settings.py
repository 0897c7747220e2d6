"""What can be chosen about one emulated Google."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class GoogleSettings:
    """One Google Cloud project with one OAuth client, one topic and one push subscription.

    The defaults are the fixed local values that every tool of the project knows.

    `state` is a file path; ":memory:" forgets everything at exit. `*_s` are seconds.
    `max_pushes_per_second` is Gmail's cap per mailbox (FACTS 2.3); None takes it off.
    `concurrent_requests` is per mailbox (FACTS 1.8 knows no published number).
    """

    state: str = ":memory:"
    port: int = 8085
    project: str = "demo"
    client_id: str = "postroom-local.apps.googleusercontent.com"
    client_secret: str = "postroom-local-secret"
    redirect_uris: tuple[str, ...] = (
        "http://127.0.0.1:8080/oauth/callback",
        "http://127.0.0.1:8080/console/sign-in/answer",
    )
    desktop_client: bool = False
    """Whether the client is of the type Desktop app: any loopback redirect URI is its own."""
    topic: str = "projects/demo/topics/gmail"
    subscription: str = "projects/demo/subscriptions/gmail-push"
    push_endpoint: str | None = "http://127.0.0.1:8080/push/gmail"
    push_audience: str | None = None
    pubsub_emulator: str | None = None
    """host:port of the official emulator, which then has the topic, and pushes by itself."""
    push_service_account: str = "gmail-push@demo.iam.gserviceaccount.com"
    push_ack_deadline_s: float = 10.0
    max_pushes_per_second: float | None = 1.0
    clock_follower: str | None = None
    units_per_minute: int = 6_000
    concurrent_requests: int = 20
    access_token_s: int = 3_599
    authorization_code_s: int = 600
    refresh_token_idle_days: int = 180
    refresh_token_days: int | None = None
    refresh_tokens_per_account: int = 100

    @property
    def audience(self) -> str:
        """The audience of push tokens: the endpoint itself unless set (FACTS 7.1)."""
        return self.push_audience or self.push_endpoint or ""
