"""Every probe there is; a new one is a function in the file of its subject."""

from typing import Final

from shared.commands.verify.probe import Probe
from shared.commands.verify.probes import (
    access,
    history,
    listing,
    messages,
    own_changes,
    own_drafts,
    own_sending,
)

PROBES: Final = tuple(
    sorted(
        (
            one
            for subject in (
                history,
                listing,
                messages,
                access,
                own_drafts,
                own_sending,
                own_changes,
            )
            for one in vars(subject).values()
            if isinstance(one, Probe)
        ),
        key=lambda probe: probe.number,
    )
)
