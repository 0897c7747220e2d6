"""Events to an Amazon SQS queue: `sqs:https://sqs.REGION.amazonaws.com/ACCOUNT/NAME`.

No AWS key is kept anywhere: this deployment's Google ID token becomes credentials of 15 minutes
(FACTS 16.7). boto3 is an optional extra, blocks, and imports in 0.3 s: it works in threads, and
this file is imported where it is needed.
"""

import asyncio
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Lock
from typing import Any, Final

import boto3
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, ConnectTimeoutError, ReadTimeoutError

from shared.domain.events.delivery import Attempted, Failure
from shared.errors import ConfigurationError, PostroomError
from shared.ports.clock import Clock
from shared.ports.sinks import OutgoingEvent, Receiver

SCHEME: Final = "sqs"
LIFETIME_S: Final = 900
RENEW_BEFORE: Final = timedelta(minutes=2)
SESSION: Final = "postroom"
REGION: Final = re.compile(r"https://sqs\.([a-z0-9-]+)\.amazonaws\.com(?:\.cn)?/")
DEFAULT_REGION: Final = "us-east-1"
TIMEOUTS: Final = {
    "connect_timeout": 5,
    "read_timeout": 10,
    "retries": {"max_attempts": 1, "mode": "standard"},
}

_FAILURES: Final = {
    "AWS.SimpleQueueService.NonExistentQueue": Failure.SINK_GONE,
    "QueueDoesNotExist": Failure.SINK_GONE,
    "AccessDenied": Failure.SINK_FORBIDDEN,
    "AccessDeniedException": Failure.SINK_FORBIDDEN,
    "InvalidIdentityToken": Failure.SINK_FORBIDDEN,
    "ExpiredTokenException": Failure.SINK_FORBIDDEN,
    "ExpiredToken": Failure.SINK_FORBIDDEN,
    "InvalidClientTokenId": Failure.SINK_FORBIDDEN,
    "RequestThrottled": Failure.THROTTLED,
    "ThrottlingException": Failure.THROTTLED,
}
_STALE: Final = frozenset({"ExpiredToken", "ExpiredTokenException", "InvalidClientTokenId"})


@dataclass(frozen=True, slots=True)
class Lent:
    """Credentials of AWS, for a quarter of an hour."""

    key_id: str = field(repr=False)
    secret: str = field(repr=False)
    token: str = field(repr=False)
    expires_at: datetime


class SqsSink:
    """Sink of SQS queues, standard and FIFO.

    `id_token` answers a Google ID token for an audience, and may block. `endpoint` replaces all
    of AWS's hosts by one address.
    """

    def __init__(
        self,
        role: str,
        id_token: Callable[[str], str],
        clock: Clock,
        *,
        endpoint: str | None = None,
    ) -> None:
        self._role = role
        self._id_token = id_token
        self._clock = clock
        self._endpoint = endpoint
        self._lock = Lock()
        self._lent: dict[str, Lent] = {}
        self._clients: dict[str, tuple[Lent, Any]] = {}

    async def __call__(self, receiver: Receiver, outgoing: OutgoingEvent) -> Attempted:
        """Send once; of a FIFO queue the connection is the group, the event the duplicate."""
        return await asyncio.to_thread(self._send, receiver.address.partition(":")[2], outgoing)

    def _send(self, url: str, outgoing: OutgoingEvent) -> Attempted:
        region = _region(url)
        try:
            self._client(region).send_message(QueueUrl=url, **_message(url, outgoing))
        except ClientError as error:
            return self._refusal(error, region)
        except (ConnectTimeoutError, ReadTimeoutError):
            return Attempted(Failure.TIMEOUT)
        except BotoCoreError:
            return Attempted(Failure.UNREACHABLE)
        except ConfigurationError:
            return Attempted(Failure.MISCONFIGURED)
        except PostroomError:
            return Attempted(Failure.UNREACHABLE)
        return Attempted()

    def _refusal(self, error: ClientError, region: str) -> Attempted:
        code = str(error.response.get("Error", {}).get("Code", ""))
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode")
        if code in _STALE:
            with self._lock:
                self._lent.pop(region, None)
        return Attempted(_FAILURES.get(code, Failure.REFUSED), status)

    def _client(self, region: str) -> Any:
        with self._lock:
            lent = self._credentials(region)
            kept = self._clients.get(region)
            if kept is None or kept[0] is not lent:
                made = boto3.client(
                    "sqs",
                    region_name=region,
                    endpoint_url=self._endpoint,
                    aws_access_key_id=lent.key_id,
                    aws_secret_access_key=lent.secret,
                    aws_session_token=lent.token,
                    config=Config(**TIMEOUTS),
                )
                kept = self._clients[region] = (lent, made)
            return kept[1]

    def _credentials(self, region: str) -> Lent:
        lent = self._lent.get(region)
        if lent is None or lent.expires_at - RENEW_BEFORE <= self._clock.now():
            lent = self._lent[region] = self._assume_role(region)
        return lent

    def _assume_role(self, region: str) -> Lent:
        """Trade our ID token, made for this very role, for credentials."""
        sts = boto3.client(
            "sts",
            region_name=region,
            endpoint_url=self._endpoint,
            config=Config(signature_version=UNSIGNED, **TIMEOUTS),
        )
        given = sts.assume_role_with_web_identity(
            RoleArn=self._role,
            RoleSessionName=SESSION,
            WebIdentityToken=self._id_token(self._role),
            DurationSeconds=LIFETIME_S,
        )["Credentials"]
        expires_at = self._clock.now() + timedelta(seconds=LIFETIME_S)
        return Lent(
            given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"], expires_at
        )


def _region(url: str) -> str:
    found = REGION.match(url)
    return found[1] if found else DEFAULT_REGION


def _message(url: str, outgoing: OutgoingEvent) -> dict[str, Any]:
    named = {
        "event_id": outgoing.event_id,
        "type": outgoing.type,
        "connection_id": outgoing.connection_id,
    } | ({"trace_id": outgoing.trace_id} if outgoing.trace_id else {})
    message: dict[str, Any] = {
        "MessageBody": outgoing.body.decode(),
        "MessageAttributes": {
            name: {"DataType": "String", "StringValue": value} for name, value in named.items()
        },
    }
    if url.endswith(".fifo"):
        message["MessageGroupId"] = outgoing.connection_id
        message["MessageDeduplicationId"] = outgoing.event_id
    return message
