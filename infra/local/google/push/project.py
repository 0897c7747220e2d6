"""Cloud Pub/Sub's own REST API: the topic, who may publish to it, where it pushes; publishing.

What an operator's tools ask of `pubsub.googleapis.com`; bodies are those of the discovery document
`pubsub.v1`. Every bearer may do so, as the project's owner may.
"""

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from infra.local.google.push.delivery import Pushes
from infra.local.google.push.watches import Watches
from infra.local.google.settings import GoogleSettings

PUBLISHER = "roles/pubsub.publisher"
_STATUS = {401: "UNAUTHENTICATED", 404: "NOT_FOUND"}


class PubSubProject:
    """The one topic, its policy, its subscriptions, and the push subscription."""

    def __init__(self, settings: GoogleSettings, watches: Watches, pushes: Pushes) -> None:
        self._settings = settings
        self._watches = watches
        self._pushes = pushes

    def routes(self) -> list[Route]:
        """Return the routes."""
        topic = "/v1/projects/{project}/topics/{topic}"
        return [
            Route(f"{topic}/subscriptions", self.subscriptions),
            Route(topic, self.topic),
            Route(topic, self.publish, methods=["POST"]),
            Route("/v1/projects/{project}/subscriptions/{subscription}", self.subscription),
        ]

    async def topic(self, request: Request) -> JSONResponse:
        """Return the topic, or with `:getIamPolicy` its policy."""
        name, _, verb = _name(request).partition(":")
        if refused := self._refusal(request, name, self._settings.topic, "Topic"):
            return refused
        if verb == "getIamPolicy":
            return JSONResponse(self._policy())
        return JSONResponse({"name": name, "state": "ACTIVE"})

    async def publish(self, request: Request) -> JSONResponse:
        """Publish messages with `:publish`; nothing else is posted to a topic here."""
        name, _, verb = _name(request).partition(":")
        if refused := self._refusal(request, name, self._settings.topic, "Topic"):
            return refused
        if verb != "publish":
            return _error_response(404, "Method not found.")
        told = (await request.json())["messages"]
        ids = [
            self._pushes.publish_message(one.get("data", ""), one.get("attributes", {}))
            for one in told
        ]
        return JSONResponse({"messageIds": ids})

    async def subscriptions(self, request: Request) -> JSONResponse:
        """Return the names of the topic's subscriptions."""
        name = _name(request).removesuffix("/subscriptions")
        if refused := self._refusal(request, name, self._settings.topic, "Topic"):
            return refused
        pushed = [self._settings.subscription] if self._pushes.endpoint else []
        return JSONResponse({"subscriptions": pushed} if pushed else {})

    async def subscription(self, request: Request) -> JSONResponse:
        """Return where and as whom the subscription pushes."""
        name, settings = _name(request), self._settings
        if refused := self._refusal(request, name, settings.subscription, "Subscription"):
            return refused
        token = {"serviceAccountEmail": settings.push_service_account}
        push: dict[str, Any] = {"pushEndpoint": self._pushes.endpoint or ""}
        push["oidcToken"] = token | {"audience": settings.audience}
        return JSONResponse(
            {
                "name": name,
                "topic": settings.topic,
                "pushConfig": push,
                "ackDeadlineSeconds": int(settings.push_ack_deadline_s),
                "state": "ACTIVE",
            }
        )

    def _policy(self) -> dict[str, Any]:
        """Return the topic's IAM policy; without a binding Google leaves the field out."""
        members = sorted(self._watches.publishers)
        bindings = [{"role": PUBLISHER, "members": members}] if members else []
        return {"etag": "BwYAAAAAAAA=", "version": 1} | ({"bindings": bindings} if members else {})

    def _refusal(self, request: Request, name: str, known: str, kind: str) -> JSONResponse | None:
        if not request.headers.get("authorization", "").startswith("Bearer "):
            return _error_response(401, "Request is missing required authentication credential.")
        if name != known:
            return _error_response(404, f"{kind} not found (resource={name.rpartition('/')[2]}).")
        return None


def _name(request: Request) -> str:
    return request.url.path.removeprefix("/v1/")


def _error_response(code: int, message: str) -> JSONResponse:
    error = {"code": code, "message": message, "status": _STATUS[code]}
    return JSONResponse({"error": error}, status_code=code)
