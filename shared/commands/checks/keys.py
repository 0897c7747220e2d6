"""The keys that seal tokens: usable now, and every older one that grants still need."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from shared.commands.checks.context import CheckContext
from shared.commands.checks.finding import (
    Finding,
    NotCheckedError,
    count_of,
    failure,
    ok,
    warning,
)
from shared.domain.connect.grant import Grant
from shared.domain.google.trouble import DeploymentError
from shared.domain.ids import ConnectionId
from shared.errors import CorruptStateError, PostroomError
from shared.ports.google.oauth import Sealer
from shared.usecases.connect.tokens.token_seal import opened_refresh_token

PROBE: Final = ConnectionId("doctor")
MOST: Final = 1_000
"""How many grants are looked at for the key that they are under."""
OTHERS: Final = 0o077


async def keys_open_what_they_sealed(context: CheckContext) -> Finding:
    """Seal and open something new; then open one grant of every key that is in use."""
    if not context.settings.keyring:
        raise NotCheckedError("POSTROOM_KEYRING is not set here.")
    try:
        current = await _round_trip(context)
    except PostroomError as error:
        return failure(str(error), _fix(context))
    in_use = await _in_use(context)
    if lost := [key for key, grants in in_use.items() if not await _opens(context, grants[0])]:
        bound = sum(len(in_use[key]) for key in lost)
        return failure(
            f"{', '.join(lost)} cannot open what it sealed: {count_of(bound, 'grant')} lost.",
            _lost_fix(context, lost[0]),
        )
    if context.settings.kms_key is None and _readable_by_others(context.settings.keyring_path):
        path = context.settings.keyring_path
        return warning(f"{path} can be read by other users.", f"chmod 600 {path}")
    if older := sum(len(grants) for key, grants in in_use.items() if key != current):
        return warning(
            f"{count_of(older, 'grant')} still under an older key than {current}.",
            "make rotate-keys ARGS=--resume   (the hourly job does it too); keep old keys until "
            "none is left.",
        )
    return ok(f"{current}, {count_of(sum(map(len, in_use.values())), 'grant')} under it")


async def _round_trip(context: CheckContext) -> str:
    sealer = context.container.use(Sealer)
    key = await sealer.new_data_key(PROBE)
    sealed = await sealer.seal("probe", data_key=key, connection_id=PROBE, purpose="doctor")
    await sealer.open(sealed, data_key=key, connection_id=PROBE, purpose="doctor")
    return await sealer.current_key()


async def _in_use(context: CheckContext) -> Mapping[str, list[Grant]]:
    """Return the first thousand grants by the key that they are under."""
    found: dict[str, list[Grant]] = {}
    after: str | None = None
    seen = 0
    while seen < MOST:
        page, after = await context.store.grants.walk(after, 200)
        for one in page:
            found.setdefault(context.container.use(Sealer).key_of(one.value.data_key), []).append(
                one.value
            )
        seen += len(page)
        if after is None:
            break
    return found


async def _opens(context: CheckContext, grant: Grant) -> bool:
    try:
        await opened_refresh_token(context.container.use(Sealer), grant)
    except (CorruptStateError, DeploymentError):
        return False
    return True


def _readable_by_others(path: Path) -> bool:
    return bool(path.stat().st_mode & OTHERS)


def _fix(context: CheckContext) -> str:
    if (key := context.settings.kms_key) is None:
        return (
            f"Put {context.settings.keyring_path} back from its backup: without it no stored token "
            "can be opened. On a laptop `make demo` makes a new one, and mailboxes connect again."
        )
    return (
        f"gcloud kms keys describe {key}   must name an ENABLED primary version, and whoever calls "
        "needs roles/cloudkms.cryptoKeyEncrypterDecrypter on it (make deploy gives it to the "
        "functions; for this check your own account needs it too)."
    )


def _lost_fix(context: CheckContext, lost: str) -> str:
    if (key := context.settings.kms_key) is None:
        return (
            f"Put the key {lost} back into {context.settings.keyring_path} from a backup; what "
            "cannot be opened must be connected again (POST /connect/sessions/reconnect)."
        )
    version = lost.removeprefix("kms-")
    return (
        f"gcloud kms keys versions enable {version} --key={key}   (versions restore first, where "
        "it is scheduled for destruction); never destroy a version before rotate-keys is done."
    )
