"""Signing secrets under a new key-encryption key."""

import json
import secrets
from base64 import b64encode

from shared.usecases.events.receivers import opened_secret
from shared.usecases.keys.rotate_keys import RotateKeys
from tests.usecases.deliver.post_office import HOOK, PostOffice


def _new_key(office: PostOffice) -> str:
    path = office.folder / "keyring.json"
    content = json.loads(path.read_text())
    content["keys"]["next"] = b64encode(secrets.token_bytes(32)).decode()
    content["current"] = "next"
    path.write_text(json.dumps(content))
    return "next"


async def test_secrets_move_to_the_new_key_and_go_on_signing(office: PostOffice) -> None:
    id = await office.register(HOOK)
    rotate = RotateKeys(
        office.store.grants, office.store.webhook_endpoints, office.sealer, office.clock
    )
    assert (await rotate()).current == 1
    before = await office.store.webhook_endpoints.get(id)
    assert before is not None
    plain = await opened_secret(office.sealer, id, before.value.secrets[0])
    key = _new_key(office)
    assert (await rotate()).rewrapped == 1
    after = await office.store.webhook_endpoints.get(id)
    assert after is not None
    assert key.encode() in after.value.secrets[0].sealed
    assert await opened_secret(office.sealer, id, after.value.secrets[0]) == plain
    assert (await rotate()).current == 1
    event = await office.write()
    await office.work()
    assert office.world.got(HOOK) == [event]
    assert office.world.signed_with[HOOK] == (plain,)
