"""Ready syncs on the whole system: connected, mail arrives, records are there and are told."""

from pathlib import Path

from infra.local.connecting import connect
from tests.harness.whole import whole_system

ADA = "ada@acme.example"
NAMED = {"POSTROOM_SYNCS": "threads,labels,filters,send-as-aliases"}


async def test_named_syncs_run_from_the_connect_page_to_the_records(tmp_path: Path) -> None:
    """A connect starts each; mail is in its thread, and every sync says that it is well."""
    async with whole_system(tmp_path, {ADA: 3}, NAMED) as system:
        api = system.client
        connection = await connect(api, system.google, ADA)
        await system.settle()
        headers = {"Connection-Id": connection, "Provider-Config-Key": "google-mail"}
        for model, least in (
            ("GmailThread", 1),
            ("GmailLabel", 1),
            ("GmailFilter", 0),
            ("GmailSendAsAlias", 1),
        ):
            answer = await api.get("/records", params={"model": model}, headers=headers)
            assert answer.status_code == 200, answer.text
            assert len(answer.json()["records"]) >= least, model
        status = await api.get(
            "/sync/status",
            params={
                "syncs": "*",
                "connection_id": connection,
                "provider_config_key": "google-mail",
            },
        )
        found = {one["name"]: one["status"] for one in status.json()["syncs"]}
        assert found == dict.fromkeys(found, "SUCCESS")
        assert len(found) == 5
