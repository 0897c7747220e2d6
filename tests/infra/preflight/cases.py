"""What may be wrong with a project before a first apply, and what must be said of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from shared.commands.checks.finding import Verdict
from tests.infra.preflight.recorded import (
    ANCESTORS,
    ARCHIVES,
    BILLING,
    ME,
    PROJECT,
    QUOTA,
    STATE_BUCKET,
    STATE_FILE,
    absent_bucket,
    bucket,
    held,
    quota,
    refused,
)

NOT_YOURS = refused(
    "projects.describe",
    f"User [{ME}] does not have permission to access projects instance [{PROJECT}] (or it may not "
    "exist): The caller does not have permission. This command is authenticated as {ME}.",
)
DENIED_BUCKET = refused(
    "storage.buckets.describe",
    f"HTTPError 403: {ME} does not have storage.buckets.get access to the Google Cloud Storage "
    "bucket. Permission 'storage.buckets.get' denied on resource (or it may not exist).",
)
RING = "kms keyrings describe postroom --location=europe-west1"
KEY = "kms keys describe grants --keyring=postroom --location=europe-west1"
A_RING = {"out": {"name": f"projects/{PROJECT}/locations/europe-west1/keyRings/postroom"}}
DEPLOYED = {STATE_FILE: {"out": {"version": 4, "resources": [{"type": "google_kms_key_ring"}]}}}


@dataclass(frozen=True)
class Case:
    """What is otherwise than in a ready project, and what must be said of it."""

    check: str
    seen: str
    fix: str
    answers: Mapping[str, Any] = field(default_factory=dict)
    variables: Mapping[str, Any] = field(default_factory=dict)
    verdict: Verdict = Verdict.FAILED


def key(state: str) -> dict[str, Any]:
    primary = {"name": "…/cryptoKeyVersions/1", "state": state}
    return {RING: A_RING, KEY: {"out": {"name": "…/cryptoKeys/grants", "primary": primary}}}


FAULTS = (
    Case("environment", "domain", "envs/prod.tfvars", variables={"domain": "mail.example.com"}),
    Case(
        "signed in",
        "No account",
        "gcloud auth login",
        {"auth list --filter=status:ACTIVE": {"out": []}},
    ),
    Case(
        "signed in",
        "Terraform finds no credentials",
        "gcloud auth application-default login",
        {
            "auth application-default print-access-token": refused(
                "auth.application-default.print-access-token",
                "Your default credentials were not found.",
            )
        },
    ),
    Case(
        "project",
        "does not exist",
        f"infra/terraform/bootstrap {PROJECT} europe-west1",
        {f"projects describe {PROJECT}": NOT_YOURS},
    ),
    Case(
        "project",
        "DELETE_REQUESTED",
        f"gcloud projects undelete {PROJECT}",
        {f"projects describe {PROJECT}": {"out": {"lifecycleState": "DELETE_REQUESTED"}}},
    ),
    Case(
        "billing",
        "No account is linked",
        f"gcloud billing projects link {PROJECT}",
        {f"billing projects describe {PROJECT}": {"out": {"projectId": PROJECT}}},
    ),
    Case(
        "billing",
        "closed",
        f"gcloud billing projects link {PROJECT}",
        {
            f"billing projects describe {PROJECT}": {
                "out": {"billingAccountName": f"billingAccounts/{BILLING}"}
            }
        },
    ),
    Case(
        "first APIs",
        "cloudtasks",
        "gcloud services enable --project=acme-mail",
        {"services list --enabled": {"out": []}},
    ),
    Case("state", "does not exist", "bootstrap", {STATE_BUCKET: absent_bucket(STATE_BUCKET)}),
    Case("state", "another project's", "another project id", {STATE_BUCKET: DENIED_BUCKET}),
    Case("state", "no older versions", "--versioning", {STATE_BUCKET: bucket("state")}),
    Case(
        "rights",
        "roles/viewer",
        f"--member=user:{ME} --role=roles/owner",
        {ANCESTORS: {"out": [held({"members": [f"user:{ME}"], "role": "roles/viewer"})]}},
    ),
    Case(
        "rights",
        "no role at all",
        "add-iam-policy-binding",
        {
            ANCESTORS: {
                "out": [
                    held(
                        {
                            "members": [f"user:{ME}"],
                            "role": "roles/owner",
                            "condition": {"expression": "request.time < timestamp('2026-01-01')"},
                        }
                    )
                ]
            }
        },
    ),
    Case(
        "rights",
        "group:owners@acme.example",
        "Make sure of it",
        {
            ANCESTORS: {
                "out": [
                    held(),
                    held(
                        {"members": ["group:owners@acme.example"], "role": "roles/owner"},
                        type="organization",
                        id="123456789012",
                    ),
                ]
            }
        },
        verdict=Verdict.WARNING,
    ),
    Case(
        "budget",
        "not named",
        "roles/billing.costsManager",
        {f"billing accounts get-iam-policy {BILLING}": {"out": {"etag": "ACAB"}}},
        {"budget": {"billing_account": BILLING, "units": 100}},
        Verdict.WARNING,
    ),
    Case(
        "region",
        "europe-west99 is no region of Cloud Tasks, Cloud Scheduler",
        "europe-west1, europe-west3, us-central1",
        variables={"region": "europe-west99"},
    ),
    Case(
        "database's place",
        "eur9 is no location",
        "eur3, europe-west1",
        {
            "firestore locations list": {
                "out": [{"locationId": "eur3"}, {"locationId": "europe-west1"}]
            }
        },
        {"firestore_location": "eur9"},
    ),
    Case("vCPU", "gives 8 vCPU", "ask for 20 vCPU (20000)", {QUOTA: quota("8000", "europe-west1")}),
    Case("vCPU", "gives 0 vCPU", "another region", {QUOTA: quota(None, "europe-west1")}),
    Case("vCPU", "vcpu_quota says 40", "vcpu_quota = 20", variables={"vcpu_quota": 40}),
    Case(
        "instances",
        "sync_mailbox",
        "Lower their max_instances",
        variables={"sizes": {"sync_mailbox": {"max_instances": "11"}}},
    ),
    Case(
        "instances",
        "not set",
        "maxScale may not exceed 10",
        variables={"instances_quota": None},
        verdict=Verdict.WARNING,
    ),
    Case("bucket", "another project's", "another name", {ARCHIVES: DENIED_BUCKET}),
    Case("bucket", "does not know it", "gcloud storage rm", {ARCHIVES: bucket("archives")}),
    Case(
        "database",
        "exists",
        'database = "postroom-2"',
        {"firestore databases describe --database=postroom": {"out": {"type": "FIRESTORE_NATIVE"}}},
    ),
    Case("keys", "none can be deleted", 'key_ring = "postroom2"', {RING: A_RING}),
    Case("keys", "no key grants", "adopt_keys = false", variables={"adopt_keys": True}),
    Case(
        "keys",
        "DESTROY_SCHEDULED",
        "gcloud kms keys versions create --key=grants",
        key("DESTROY_SCHEDULED"),
        {"adopt_keys": True},
    ),
    Case(
        "other names",
        "queue live, topic postroom-gmail, account postroom-api",
        "another project",
        {
            "tasks queues list --location=europe-west1": {
                "out": [{"name": f"projects/{PROJECT}/locations/europe-west1/queues/live"}]
            },
            "pubsub topics list": {"out": [{"name": f"projects/{PROJECT}/topics/postroom-gmail"}]},
            "iam service-accounts list": {
                "out": [{"email": f"postroom-api@{PROJECT}.iam.gserviceaccount.com"}]
            },
        },
    ),
    Case(
        "domain",
        "acme.example",
        "gcloud domains verify acme.example",
        {"domains list-user-verified": {"out": []}},
        verdict=Verdict.WARNING,
    ),
    Case(
        "OAuth client",
        "of project 999",
        f"auth/clients/create?project={PROJECT}",
        variables={"oauth_client_id": "999-abc.apps.googleusercontent.com"},
    ),
)

SOUND = (
    Case("keys", "adopted", "", key("ENABLED"), {"adopt_keys": True}),
    Case("keys", "is Terraform's", "", DEPLOYED),
    Case(
        "database's place",
        "for ever",
        "",
        {"firestore locations list": {"out": [{"locationId": "europe-west1"}]}},
    ),
    Case("domain", "none is needed", "", variables={"entry": "function_urls", "domain": ""}),
    Case("vCPU", "could be raised", "", {QUOTA: quota("200000", "europe-west1")}),
)
