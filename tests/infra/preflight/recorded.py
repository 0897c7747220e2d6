"""What gcloud answers, in its own JSON and its own words, for a project that is ready.

The forms are those of Google's reference (Cloud Billing, Service Usage, Organization Policy v2,
Cloud Quotas v1, IAM) as `gcloud ... --format=json` prints them; refusals are the lines that gcloud
writes to its error output.
"""

from collections.abc import Mapping
from typing import Any

PROJECT = "acme-mail"
NUMBER = "345678901234"
ME = "ada@acme.example"
BILLING = "000000-AAAAAA-BBBBBB"
ON = (
    "billingbudgets", "cloudquotas", "cloudresourcemanager", "cloudscheduler", "cloudtasks", "iam",
    "logging", "orgpolicy", "pubsub", "serviceusage", "storage",
)  # fmt: skip
REGIONS = ("europe-west1", "europe-west3", "us-central1")
STATE_FILE = f"storage cat gs://{PROJECT}-postroom-state/prod/default.tfstate"
ARCHIVES = f"storage buckets describe gs://{PROJECT}-postroom-archives"
STATE_BUCKET = f"storage buckets describe gs://{PROJECT}-postroom-state"
ANCESTORS = f"projects get-ancestors-iam-policy {PROJECT}"
QUOTA = "beta quotas info describe CpuAllocPerProjectRegion --service=run.googleapis.com"


def refused(command: str, words: str) -> dict[str, Any]:
    """Return a refusal as gcloud words it."""
    return {"err": f"ERROR: (gcloud.{command}) {words}\n"}


def off(command: str, api: str) -> dict[str, Any]:
    """Return the refusal of an API that was never switched on."""
    words = (
        f"PERMISSION_DENIED: {api} API has not been used in project {NUMBER} before or it is "
        f"disabled. Enable it by visiting https://console.developers.google.com/apis/api/{api} "
        "then retry.\n- reason: SERVICE_DISABLED"
    )
    return refused(command, words)


def absent_bucket(command: str) -> dict[str, Any]:
    """Return the refusal of a bucket that does not exist."""
    return refused(
        "storage.buckets.describe", f"gs://{command.rpartition('//')[2]} not found: 404."
    )


def policy(constraint: str, *rules: Mapping[str, Any]) -> dict[str, Any]:
    """Return a policy in force."""
    name = f"projects/{NUMBER}/policies/{constraint}"
    return {"out": {"name": name, "spec": {"etag": "CPzJ2rAGEJi2vLYB", "rules": [*rules]}}}


def asked_policy(constraint: str) -> str:
    """Return the command that asks for it."""
    return f"org-policies describe {constraint} --effective"


def held(*bindings: Mapping[str, Any], type: str = "project", id: str = PROJECT) -> dict[str, Any]:
    """Return one level's policy as `get-ancestors-iam-policy` lists it."""
    return {
        "id": id,
        "policy": {"bindings": [*bindings], "etag": "BwY", "version": 1},
        "type": type,
    }


def quota(value: str | None, *places: str) -> dict[str, Any]:
    """Return the quota of vCPU, in thousandths; zero is left out as JSON of Google does."""
    info = {
        "containerType": "PROJECT",
        "dimensions": ["region"],
        "dimensionsInfos": [
            {"applicableLocations": [*places], "details": {"value": value} if value else {}}
        ],
        "isPrecise": True,
        "metric": "run.googleapis.com/cpu_allocation",
        "metricUnit": "milli-vCPU",
        "name": f"projects/{NUMBER}/locations/global/services/run.googleapis.com/quotaInfos/"
        "CpuAllocPerProjectRegion",
        "quotaDisplayName": "Total CPU allocation, in milli vCPU, per project per region",
        "quotaId": "CpuAllocPerProjectRegion",
        "quotaIncreaseEligibility": {"isEligible": True},
        "service": "run.googleapis.com",
    }
    return {"out": info}


def bucket(name: str, **more: Any) -> dict[str, Any]:
    """Return a bucket as `gcloud storage buckets describe` prints it."""
    described = {
        "creation_time": "2026-11-01T10:00:00+0000",
        "default_storage_class": "STANDARD",
        "location": "EUROPE-WEST1",
        "name": name,
        "public_access_prevention": "enforced",
        "storage_url": f"gs://{name}/",
        "uniform_bucket_level_access": True,
    }
    return {"out": described | more}


def _locations(service: str) -> dict[str, Any]:
    listed = [
        {
            "labels": {"cloud.googleapis.com/region": region},
            "locationId": region,
            "name": f"projects/{PROJECT}/locations/{region}",
        }
        for region in REGIONS
    ]
    return {f"{service} list": {"out": listed}}


def ready() -> dict[str, Any]:
    """Return every answer for a project of an organisation, right after `bootstrap`."""
    answers: dict[str, Any] = {
        "auth list --filter=status:ACTIVE": {"out": [{"account": ME, "status": "ACTIVE"}]},
        "auth application-default print-access-token": {"out": {"token": "not-a-real-token"}},
        f"projects describe {PROJECT}": {
            "out": {
                "createTime": "2026-11-01T09:00:00.000Z",
                "lifecycleState": "ACTIVE",
                "name": PROJECT,
                "parent": {"id": "123456789012", "type": "organization"},
                "projectId": PROJECT,
                "projectNumber": NUMBER,
            }
        },
        f"billing projects describe {PROJECT}": {
            "out": {
                "billingAccountName": f"billingAccounts/{BILLING}",
                "billingEnabled": True,
                "name": f"projects/{PROJECT}/billingInfo",
                "projectId": PROJECT,
            }
        },
        "services list --enabled": {
            "out": [
                {
                    "config": {"name": f"{one}.googleapis.com", "title": one},
                    "name": f"projects/{NUMBER}/services/{one}.googleapis.com",
                    "parent": f"projects/{NUMBER}",
                    "state": "ENABLED",
                }
                for one in ON
            ]
        },
        STATE_BUCKET: bucket(f"{PROJECT}-postroom-state", versioning_enabled=True),
        STATE_FILE: refused(
            "storage.cat",
            "The following URLs matched no objects or files:\n"
            f"-gs://{PROJECT}-postroom-state/prod/default.tfstate",
        ),
        ANCESTORS: {"out": [held({"members": [f"user:{ME}"], "role": "roles/owner"})]},
        QUOTA: quota("20000", *REGIONS),
        ARCHIVES: absent_bucket(ARCHIVES),
        "firestore locations list": off("firestore.locations.list", "Cloud Firestore"),
        "firestore databases describe --database=postroom": off(
            "firestore.databases.describe", "Cloud Firestore"
        ),
        "kms keyrings describe postroom --location=europe-west1": off(
            "kms.keyrings.describe", "Cloud Key Management Service (KMS)"
        ),
        "tasks queues list --location=europe-west1": {"out": []},
        "pubsub topics list": {"out": []},
        "iam service-accounts list": {"out": []},
        "secrets list": off("secrets.list", "Secret Manager"),
        "functions list --regions=europe-west1": off("functions.list", "Cloud Functions"),
        "artifacts repositories list --location=europe-west1": off(
            "artifacts.repositories.list", "Artifact Registry"
        ),
        "domains list-user-verified": {"out": [{"id": "acme.example"}]},
        **_locations("tasks locations"),
        **_locations("scheduler locations"),
    }
    for service in ("run regions", "functions regions", "kms locations", "artifacts locations"):
        answers[f"{service} list"] = off(f"{service.replace(' ', '.')}.list", service)
    return answers | _policies()


def _policies() -> dict[str, Any]:
    """Return the policies of an organisation that restricts nothing: each constraint's default."""
    on_or_off = (
        "cloudfunctions.requireVPCConnector", "iam.disableServiceAccountCreation",
        "compute.disableGlobalLoadBalancing", "compute.disableGlobalCloudArmorPolicy",
        "compute.disableAllIpv6", "run.managed.requireInvokerIam",
        "iam.managed.allowedPolicyMembers",
    )  # fmt: skip
    lists = (
        "iam.allowedPolicyMemberDomains", "gcp.resourceLocations", "gcp.restrictServiceUsage",
        "gcp.restrictNonCmekServices", "run.allowedIngress",
        "cloudfunctions.allowedIngressSettings", "compute.restrictLoadBalancerCreationForTypes",
    )  # fmt: skip
    switches = {asked_policy(one): policy(one, {"enforce": False}) for one in on_or_off}
    return switches | {asked_policy(one): policy(one, {"allowAll": True}) for one in lists}
