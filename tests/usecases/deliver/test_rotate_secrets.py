"""Signing secrets under a new key-encryption key."""

import json
import secrets
from base64 import b64encode

from shared.usecases.events.receivers import opened_secret
from shared.usecases.keys.rotate_keys import RotateKeys
from tests.harness.delivering import HOOK, DeliveryHarness


def _new_key(harness: DeliveryHarness) -> str:
    path = harness.folder / "keyring.json"
    content = json.loads(path.read_text())
    content["keys"]["next"] = b64encode(secrets.token_bytes(32)).decode()
    content["current"] = "next"
    path.write_text(json.dumps(content))
    return "next"


async def test_secrets_move_to_the_new_key_and_go_on_signing(harness: DeliveryHarness) -> None:
    id = await harness.register(HOOK)
    rotate = RotateKeys(
        harness.store.grants, harness.store.webhook_endpoints, harness.sealer, harness.clock
    )
    assert (await rotate()).current == 1
    before = await harness.store.webhook_endpoints.get(id)
    assert before is not None
    plain = await opened_secret(harness.sealer, id, before.value.secrets[0])
    key = _new_key(harness)
    assert (await rotate()).rewrapped == 1
    after = await harness.store.webhook_endpoints.get(id)
    assert after is not None
    assert key.encode() in after.value.secrets[0].sealed
    assert await opened_secret(harness.sealer, id, after.value.secrets[0]) == plain
    assert (await rotate()).current == 1
    event = await harness.write()
    await harness.work()
    assert harness.world.got(HOOK) == [event]
    assert harness.world.signed_with[HOOK] == (plain,)
