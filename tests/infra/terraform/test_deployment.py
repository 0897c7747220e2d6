"""The planned deployment: valid, private, and given exactly what the code needs."""

import json
import re
import shlex
from collections.abc import Mapping
from subprocess import CompletedProcess
from typing import Any

import pytest

from infra.archives import ROOT
from infra.indexes import FILE
from shared.commands.checks.configuration import settings_are_sound
from shared.commands.checks.finding import Verdict
from shared.edge.settings.deployment import Settings, settings_from
from shared.edge.settings.functions import FUNCTIONS, Trigger
from shared.edge.table import ROUTES_OF
from shared.edge.web.routes import Access
from shared.ports.queue import QueueName
from shared.usecases.events.places import PLACES, SHARE
from tests.infra.terraform import offline
from tests.infra.terraform.needs import needs_of
from tests.infra.terraform.offline import PROJECT, Plan

pytestmark = pytest.mark.timeout(600)  # several processes of their own
NAMES = [one.name for one in FUNCTIONS]
ROLES = {
    "store": "roles/datastore.user",
    "queue": "roles/cloudtasks.enqueuer",
    "tasks": "roles/iam.serviceAccountUser",
    "keys": "roles/cloudkms.cryptoKeyEncrypterDecrypter",
    "oauth": "roles/secretmanager.secretAccessor",
    "events": "roles/pubsub.publisher",
    "webhooks": "roles/secretmanager.secretAccessor",
}
"""What each need comes to; whoever enqueues names the tasks account too."""
GRANTS = (
    "google_project_iam_member",
    "google_cloud_tasks_queue_iam_member",
    "google_service_account_iam_member",
    "google_kms_crypto_key_iam_member",
    "google_secret_manager_secret_iam_member",
    "google_pubsub_topic_iam_member",
    "google_pubsub_subscription_iam_member",
    "google_artifact_registry_repository_iam_member",
    "google_cloud_run_service_iam_member",
)
SECRETS = {"oauth": "POSTROOM_OAUTH_CLIENT_SECRET", "webhooks": "POSTROOM_WEBHOOK_SECRET"}
PUBLIC = {one.name for one in FUNCTIONS if one.trigger is Trigger.PUBLIC}


def test_terraforms_own_tests_pass(own_tests: CompletedProcess[str]) -> None:
    """What any deployment must be like, by `tests/*.tftest.hcl`."""
    assert own_tests.returncode == 0, own_tests.stdout + own_tests.stderr
    assert re.search(r"Success! \d+ passed, 0 failed", own_tests.stdout), own_tests.stdout


@pytest.mark.deep
def test_a_second_apply_changes_nothing() -> None:
    if reason := offline.missing():
        pytest.skip(reason)
    done = offline.run("--apply")
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_index_exemption_and_expiry_is_planned(plan: Plan) -> None:
    declared = json.loads(FILE.read_text())
    assert len(plan.of("google_firestore_index")) == len(declared["composite"])
    fields = plan.of("google_firestore_field").values()
    expiring = {one["collection"]: one["field"] for one in fields if one["ttl_config"]}
    exempt = {one["collection"] for one in fields if one["field"] == "*"}
    kept = {(one["collection"], one["field"]) for one in fields if _indexes(one)}
    assert expiring == declared["ttl"]
    assert exempt == {*declared["collections"]}
    assert kept == {(one["collection"], one["path"]) for one in declared["single_field"]}


def _indexes(field: Mapping[str, Any]) -> list[Any]:
    return [index for config in field["index_config"] for index in config["indexes"]]


@pytest.mark.parametrize("name", NAMES)
def test_a_functions_account_has_the_roles_its_code_needs_and_no_other(
    plan: Plan, name: str
) -> None:
    needs = needs_of(name)
    expected = {ROLES[need] for need in needs | ({"tasks"} if "queue" in needs else set())}
    assert granted(plan, plan.function(name)["service_account_email"]) == expected


def granted(plan: Plan, email: str) -> set[str]:
    return {
        one["role"]
        for type in GRANTS
        for one in plan.of(type).values()
        if one["member"] == f"serviceAccount:{email}"
    }


def test_the_accounts_that_sign_calls_may_invoke_and_nothing_else(plan: Plan) -> None:
    for caller in ("push", "tasks", "scheduler"):
        account = f"postroom-{caller}-caller@{PROJECT}.iam.gserviceaccount.com"
        assert granted(plan, account) == {"roles/run.invoker"}


def test_every_right_over_the_project_is_narrowed_by_a_condition(plan: Plan) -> None:
    for address, one in plan.of("google_project_iam_member").items():
        assert one["condition"] or one["role"] == "roles/logging.logWriter", address


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda one: one.name)
def test_only_who_calls_a_function_may_invoke_it(plan: Plan, function: Any) -> None:
    within = f'module.function["{function.name}"]'
    (binding,) = plan.of("google_cloud_run_service_iam_member", within).values()
    if function.trigger is Trigger.PUBLIC:
        assert binding["member"] == "allUsers"
    else:
        signer = f"postroom-{function.trigger}-caller@{PROJECT}.iam.gserviceaccount.com"
        assert binding["member"] == f"serviceAccount:{signer}"
        assert plan.function(function.name)["ingress_settings"] == "ALLOW_INTERNAL_ONLY"


@pytest.mark.parametrize("name", NAMES)
def test_a_function_starts_with_the_settings_it_is_given(plan: Plan, name: str) -> None:
    settings = settings_of(plan, name)
    assert settings.token_check == ("signature" if name in PUBLIC else "claims")
    assert settings.public_url == "https://mail.example.com"
    assert settings.queue == f"cloud-tasks:projects/{PROJECT}/locations/europe-west1"


def test_the_doctor_is_given_the_functions_settings_and_no_secret(plan: Plan) -> None:
    exports = shlex.split(plan.outputs["environment"]["value"])
    given = dict(word.split("=", 1) for word in exports if word != "export")
    finding, settings = settings_are_sound(given)
    assert (finding.verdict, finding.seen) == (Verdict.OK, finding.seen)
    assert settings is not None
    pushed = settings_of(plan, "gmail_push")
    assert (settings.push_audience, settings.store) == (pushed.push_audience, pushed.store)
    assert not given.keys() & set(SECRETS.values())


def test_no_setting_is_given_that_the_code_does_not_read(plan: Plan) -> None:
    files = (ROOT / "shared" / "edge" / "settings").glob("*.py")
    source = "".join(file.read_text() for file in files)
    names = re.findall(r'\b(?:require|optional|read)\(\s*"([A-Z_]+)"', source)
    read = {f"POSTROOM_{name}" for name in names}
    for name in NAMES:
        given = {key for key in plan.environment(name) if key.startswith("POSTROOM_")}
        assert given <= read, given - read


def settings_of(plan: Plan, name: str) -> Settings:
    """Parse as the function itself does, without what its main.py says it does without."""
    main = (ROOT / "functions" / name / "main.py").read_text()
    without = re.search(r"without=frozenset\(\{(.*?)\}\)", main)
    names = frozenset(re.findall(r'"(\w+)"', without[1])) if without else frozenset()
    return settings_from(plan.environment(name), without=names)


def test_a_secret_is_given_only_to_who_needs_it(plan: Plan) -> None:
    for name in NAMES:
        keys = {one["key"] for one in plan.function(name)["secret_environment_variables"]}
        assert keys == {SECRETS[need] for need in needs_of(name) if need in SECRETS}
    assert "not-a-real-secret" not in json.dumps(plan.resources)


def test_every_callers_audience_is_the_address_it_calls(plan: Plan) -> None:
    (push,) = plan.of(
        "google_pubsub_subscription", "module.push_route.google_pubsub_subscription.push"
    ).values()
    config = push["push_config"][0]
    settings = settings_of(plan, "gmail_push")
    assert config["oidc_token"][0]["audience"] == settings.push_audience
    assert config["push_endpoint"] == settings.push_audience + "/push/gmail"
    for job in plan.of("google_cloud_scheduler_job").values():
        target = job["http_target"][0]
        path = "/jobs/" + target["uri"].rpartition("/jobs/")[2]
        owner = next(name for name in NAMES if served(name, path))
        assert target["oidc_token"][0]["audience"] == settings_of(plan, owner).tasks_audience
    for name in NAMES:
        for route in ROUTES_OF[name]():
            if route.access is Access.TASKS:
                own = settings_of(plan, name)
                assert settings_of(plan, "api").task_url(route.path) == own.tasks_audience


def served(name: str, path: str) -> bool:
    return any(route.path == path for route in ROUTES_OF[name]())


def test_every_job_of_the_code_is_scheduled(plan: Plan) -> None:
    paths = {
        route.path
        for routes in ROUTES_OF.values()
        for route in routes()
        if route.access is Access.SCHEDULER
    }
    uris = [job["http_target"][0]["uri"] for job in plan.of("google_cloud_scheduler_job").values()]
    assert sorted(f"/jobs/{uri.rpartition('/jobs/')[2]}" for uri in uris) == sorted(paths)


def test_every_queue_of_the_code_is_planned(plan: Plan) -> None:
    queues = {one["name"] for one in plan.of("google_cloud_tasks_queue").values()}
    assert queues == {queue.value for queue in QueueName}


def test_a_receiver_holds_at_most_a_tenth_of_the_deliveries(plan: Plan) -> None:
    """An instance gives it SHARE places; the queue and the instances have PLACES for each."""
    (service,) = plan.of(
        "google_cloudfunctions2_function", 'module.function["deliver_event"]'
    ).values()
    config = service["service_config"][0]
    instances, at_once = config["max_instance_count"], config["max_instance_request_concurrency"]
    events, retries = (
        next(iter(plan.of("google_cloud_tasks_queue", f'module.task_queue["{name}"]').values()))[
            "rate_limits"
        ][0]["max_concurrent_dispatches"]
        for name in ("events", "retries")
    )
    assert SHARE * instances * 10 <= events == PLACES * instances
    assert events + retries <= instances * at_once


def test_backfills_leave_half_of_the_projects_quota(plan: Plan) -> None:
    """A backfilling mailbox uses its user's whole rate (FACTS 1.4)."""
    (bulk,) = plan.of("google_cloud_tasks_queue", 'module.task_queue["bulk"]').values()
    assert bulk["rate_limits"][0]["max_concurrent_dispatches"] * 6_000 <= 1_200_000 / 2


def test_second_looks_of_a_hundred_thousand_mailboxes_keep_up(plan: Plan) -> None:
    """Each of 100 notifications a day is looked after again, a tenth of them in one hour."""
    (live,) = plan.of("google_cloud_tasks_queue", 'module.task_queue["live"]').values()
    looks = 100_000 * 100 / 10 / 3_600
    assert live["rate_limits"][0]["max_dispatches_per_second"] > looks


def test_a_path_goes_to_the_function_that_serves_it(plan: Plan) -> None:
    (url_map,) = plan.of(
        "google_compute_url_map", 'module.entry["https"].google_compute_url_map.this'
    ).values()
    planned = {tuple(sorted(rule["paths"])) for rule in url_map["path_matcher"][0]["path_rule"]}
    assert planned == {
        tuple(sorted(f"{prefix}{rest}" for prefix in prefixes for rest in ("", "/*")))
        for one in FUNCTIONS
        if one.trigger is Trigger.PUBLIC and (prefixes := [p for p in one.prefixes if p != "/"])
    }


def test_what_cannot_be_delivered_is_kept(plan: Plan) -> None:
    for address, one in plan.of("google_pubsub_subscription").items():
        assert one["expiration_policy"] == [{"ttl": ""}], address
        if not address.endswith(".dead"):
            assert one["dead_letter_policy"][0]["max_delivery_attempts"] >= 5, address


def test_what_goes_wrong_is_told_to_somebody_with_what_to_do(plan: Plan) -> None:
    policies = {
        one["display_name"].removeprefix("postroom: "): one
        for one in plan.of("google_monitoring_alert_policy").values()
    }
    for name, one in policies.items():
        assert len(one["documentation"][0]["content"].split()) >= 8, name
    channels = plan.of("google_monitoring_notification_channel").values()
    assert [one["labels"]["email_address"] for one in channels] == ["operations@example.com"]
    (budget,) = plan.of("google_billing_budget").values()
    assert budget["amount"][0]["specified_amount"][0]["units"] == "100"
    (dashboard,) = plan.of("google_monitoring_dashboard").values()
    tiles = json.loads(dashboard["dashboard_json"])["mosaicLayout"]["tiles"]
    assert len({(tile["xPos"], tile["yPos"]) for tile in tiles}) == len(tiles) >= 8


def test_every_counter_that_an_alert_or_chart_names_is_planned(plan: Plan) -> None:
    counted = {one["name"] for one in plan.of("google_logging_metric").values()}
    shown = "".join(
        json.dumps(one)
        for type in ("google_monitoring_alert_policy", "google_monitoring_dashboard")
        for one in plan.of(type).values()
    )
    named = {*re.findall(r"logging\.googleapis\.com/user/([\w/-]+)", shown)}
    assert named == counted


def test_the_database_can_be_taken_back_to_a_moment_and_is_not_deleted_by_accident(
    plan: Plan,
) -> None:
    (database,) = plan.of("google_firestore_database").values()
    assert database["point_in_time_recovery_enablement"] == "POINT_IN_TIME_RECOVERY_ENABLED"
    assert database["delete_protection_state"] == "DELETE_PROTECTION_ENABLED"


def test_request_logs_never_keep_addresses_that_carry_tokens(plan: Plan) -> None:
    """DESIGN 5.2: the platform logs every request's address unless it is told not to."""
    (exclusion,) = plan.of("google_logging_project_exclusion").values()
    named = {*re.findall(r'"(postroom-[\w-]+)"', exclusion["filter"])}
    assert named == {f"postroom-{name.replace('_', '-')}" for name in PUBLIC}
    assert "run.googleapis.com/requests" in exclusion["filter"]
    for backend in plan.of("google_compute_backend_service").values():
        assert backend["log_config"][0]["enable"] is False
