"""Hosts beside Google, as own code meets them in tests."""

from dataclasses import dataclass, field
from typing import Any

import orjson

from shared.ports.outside import OutsideAnswer, OutsideRequest


@dataclass
class Host:
    """Stands for every host that own code may ask: one answer, and what was asked."""

    answer: Any
    status: int = 200
    requests: list[OutsideRequest] = field(default_factory=list)

    async def __call__(self, request: OutsideRequest) -> OutsideAnswer:
        self.requests.append(request)
        return OutsideAnswer(self.status, {}, orjson.dumps(self.answer))
