"""Whether this deployment has own syncs at all: without, nothing is read, written or enqueued."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class OwnSyncsServed:
    """Known without loading own code, so that functions that never run it stay light."""

    anywhere: bool = False
