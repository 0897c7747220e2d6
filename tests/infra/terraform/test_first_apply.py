"""What a first apply on a new project meets: quotas, waits, orders, names that are taken."""

from typing import Any

import pytest

from shared.edge.settings.functions import FUNCTIONS
from tests.infra.terraform import offline
from tests.infra.terraform.offline import PROJECT, TERRAFORM, Plan

pytestmark = pytest.mark.timeout(600)  # the plan is made by processes of its own
NEW_PROJECT_VCPU = 20
NEW_PROJECT_INSTANCES = 10
"""FACTS 18.2."""
RESTS_ON_APIS = ("state", "keys", "secrets", "task_queue", "events", "push_route", "monitoring")


def vcpus(plan: Plan) -> dict[str, float]:
    """Return what one revision of each function may take."""
    configs = {one.name: plan.function(one.name) for one in FUNCTIONS}
    return {
        name: float(one["available_cpu"]) * int(one["max_instance_count"])
        for name, one in configs.items()
    }


def test_no_revision_and_not_all_together_take_more_than_a_new_project_has(plan: Plan) -> None:
    """Google checks each revision at its deployment; all at once it would starve some."""
    assert max(vcpus(plan).values()) <= NEW_PROJECT_VCPU
    assert sum(vcpus(plan).values()) <= NEW_PROJECT_VCPU
    instances = [plan.function(one.name)["max_instance_count"] for one in FUNCTIONS]
    assert max(instances) <= NEW_PROJECT_INSTANCES


def test_the_queues_hand_out_no_more_than_the_instances_have_places_for(plan: Plan) -> None:
    """A task without a place is answered 429, and slows its whole queue (FACTS 8.10)."""
    at_once = {
        one["name"]: one["rate_limits"][0]["max_concurrent_dispatches"]
        for one in plan.of("google_cloud_tasks_queue").values()
    }
    places = {
        name: config["max_instance_count"] * config["max_instance_request_concurrency"]
        for name in ("sync_mailbox", "run_actions", "deliver_event")
        for config in [plan.function(name)]
    }
    assert at_once["live"] + at_once["bulk"] == places["sync_mailbox"] + places["run_actions"]
    assert 2 * at_once["bulk"] <= places["sync_mailbox"]
    assert at_once["events"] + at_once["retries"] <= places["deliver_event"]


def refused(*variables: str) -> str:
    """Return what Terraform says to a plan with these variables beside the usual ones."""
    done = offline.run(*(word for one in variables for word in ("--var", one)))
    assert done.returncode != 0
    return " ".join((done.stdout + done.stderr).replace("│", " ").split())


def test_a_size_beyond_the_quota_is_refused_before_anything_is_made() -> None:
    """With whose it is, and both ways out."""
    if reason := offline.missing():
        pytest.skip(reason)
    said = refused('sizes={"sync_mailbox":{"max_instances":"40"}}', "instances_quota=10")
    assert "sync_mailbox (40)" in said
    assert f"iam-admin/quotas?project={PROJECT}" in said
    for name in ("vcpu_quota", "instances_quota", "max_instances"):
        assert name in said
    assert "All functions at once may take 56 vCPU" in said


def test_what_stands_on_an_api_waits_until_it_is_seen(plan: Plan) -> None:
    """FACTS 18.4: depends_on alone does not wait, and what is switched on is not yet seen."""
    for name in RESTS_ON_APIS:
        assert "time_sleep.apis" in plan.modules[name]["depends_on"], name
    (wait,) = plan.of("time_sleep", "time_sleep.apis").values()
    assert wait["create_duration"] == "60s"


def test_whoever_is_given_a_right_is_seen_before(plan: Plan) -> None:
    """Every account's name is read from its wait, so no binding can come before it."""
    accounts = plan.of("google_service_account")
    waits = [address for address in plan.of("time_sleep") if address.endswith(".seen")]
    assert len(accounts) == len(waits) >= len(FUNCTIONS)
    locals_of = (TERRAFORM / "modules" / "account" / "outputs.tf").read_text()
    assert "google_service_account.this" not in locals_of


def test_a_function_waits_for_its_rights_for_every_index_and_for_the_quota(plan: Plan) -> None:
    """What starts at once must work at once."""
    assert {"time_sleep.rights", "module.state", "terraform_data.quota"} <= {
        *plan.modules["function"]["depends_on"]
    }
    waits = plan.of("time_sleep", "time_sleep.rights")
    assert len(waits) == len(FUNCTIONS)
    rests = {"module.account", "module.caller", "google_project_iam_member.builder_sources"}
    (wait,) = [one for one in plan.declared if one["address"] == "time_sleep.rights"]
    assert rests <= {*wait["depends_on"]}


def test_a_wait_is_made_anew_only_with_what_it_waits_for(plan: Plan) -> None:
    """Each is keyed by names alone: a release that adds none of them waits for nothing."""
    for address, one in plan.of("time_sleep").items():
        assert one["triggers"], address
        assert not [name for name, value in one["triggers"].items() if value is None], address


def test_pubsub_may_sign_as_the_account_that_pushes(plan: Plan) -> None:
    """In older projects it may not by itself (FACTS 7.4)."""
    (grant,) = plan.of(
        "google_service_account_iam_member",
        "module.push_route.google_service_account_iam_member.agent",
    ).values()
    assert grant["role"] == "roles/iam.serviceAccountTokenCreator"
    assert "gcp-sa-pubsub" in grant["member"]
    assert f"/postroom-push-caller@{PROJECT}." in grant["service_account_id"]


def test_the_certificate_is_the_domains_and_needs_no_traffic(plan: Plan) -> None:
    """Another domain is another certificate (FACTS 18.6), issued before the domain points here."""
    (certificate,) = plan.of("google_certificate_manager_certificate").values()
    assert "mail-example-com" in certificate["name"]
    assert certificate["managed"][0]["domains"] == ["mail.example.com"]
    (proof,) = plan.of("google_certificate_manager_dns_authorization").values()
    assert (proof["domain"], proof["name"]) == ("mail.example.com", certificate["name"])


def test_callers_come_by_both_protocols_and_plain_http_only_sends_on(plan: Plan) -> None:
    """An address without a forwarding rule would answer nothing."""
    addresses = plan.of("google_compute_global_address").values()
    assert sorted(one["ip_version"] for one in addresses) == ["IPV4", "IPV6"]
    rules = plan.of("google_compute_global_forwarding_rule").values()
    assert sorted(one["port_range"] for one in rules) == ["443", "443", "80", "80"]
    (plain,) = plan.of(
        "google_compute_url_map", 'module.entry["https"].google_compute_url_map.redirect'
    ).values()
    assert plain["default_url_redirect"][0]["https_redirect"] is True
    assert plain["default_service"] is None


def test_the_database_is_backed_up_for_as_long_as_receipts_say(plan: Plan) -> None:
    """Its versions are kept for seven days besides; the longer of both counts."""
    (schedule,) = plan.of("google_firestore_backup_schedule").values()
    assert len(schedule["daily_recurrence"]) == 1
    days = int(schedule["retention"].removesuffix("s")) / 86_400
    assert plan.environment("api")["POSTROOM_BACKUP_DAYS"] == str(int(max(days, 7)))


def test_old_images_are_deleted_and_the_newest_are_kept(plan: Plan) -> None:
    """A policy that keeps deletes nothing by itself (FACTS 18.6)."""
    (images,) = plan.of("google_artifact_registry_repository").values()
    policies: dict[str, Any] = {one["action"]: one for one in images["cleanup_policies"]}
    assert policies["KEEP"]["most_recent_versions"][0]["keep_count"] == 10
    assert policies["DELETE"]["condition"][0]["older_than"] == "2592000s"
