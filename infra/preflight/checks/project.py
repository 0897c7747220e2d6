"""The project itself: there, paid for, its first APIs on, and described by its environment."""

from typing import Final

from infra.preflight.context import EXAMPLE, Preflight
from infra.preflight.gcloud import GcloudError, Kind
from infra.preflight.tfvars import ENVIRONMENTS, read
from shared.commands.checks.finding import Finding, NotCheckedError, failure, ok

BOOTSTRAPPED: Final = frozenset({
    "billingbudgets", "cloudquotas", "cloudresourcemanager", "cloudscheduler", "cloudtasks", "iam",
    "orgpolicy", "pubsub", "serviceusage", "storage",
})  # fmt: skip
"""What is on before Terraform's first plan; it switches on the rest itself."""
COPIED: Final = ("project", "domain", "oauth_client_id", "api_key_hashes", "alert_emails")


async def environment_is_filled_in(preflight: Preflight) -> Finding:
    """Compare with the example: what was only copied describes no deployment."""
    example = read(ENVIRONMENTS / f"{EXAMPLE}.tfvars")
    same = [name for name in COPIED if preflight.variables.get(name) == example[name]]
    if same:
        return failure(
            f"Still as in the example: {', '.join(same)}.",
            f"Fill them in: infra/terraform/envs/{preflight.environment}.tfvars",
        )
    return ok(f"envs/{preflight.environment}.tfvars is filled in")


async def project_is_there(preflight: Preflight) -> Finding:
    """Ask for the project and its state."""
    bootstrap = f"infra/terraform/bootstrap {preflight.project} {preflight.region} BILLING_ACCOUNT"
    try:
        found = await preflight.gcloud.ask("projects", "describe", preflight.project)
    except GcloudError as error:
        if error.kind not in {Kind.ABSENT, Kind.DENIED}:
            raise
        return failure(
            f"{preflight.project} does not exist, or is not yours to see.",
            f"{bootstrap} makes it; where the id is taken, choose another",
        )
    if found["lifecycleState"] != "ACTIVE":
        return failure(
            f"{preflight.project} is being deleted ({found['lifecycleState']}).",
            f"gcloud projects undelete {preflight.project}, or another project",
        )
    return ok(f"{preflight.project}, number {found['projectNumber']}")


async def billing_is_linked(preflight: Preflight) -> Finding:
    """Ask whether the project is paid for: without, Google switches on no API that costs."""
    found = await preflight.gcloud.ask("billing", "projects", "describe", preflight.project)
    if found.get("billingEnabled"):
        return ok(found["billingAccountName"])
    account = found.get("billingAccountName", "")
    seen = f"{account} is closed or not in good standing." if account else "No account is linked."
    return failure(
        seen,
        f"gcloud billing projects link {preflight.project} --billing-account=ACCOUNT "
        "(gcloud billing accounts list)",
    )


async def first_apis_are_on(preflight: Preflight) -> Finding:
    """Compare what is on with what Terraform and this command need themselves."""
    listed = await preflight.ask("services", "list", "--enabled")
    enabled = {one["config"]["name"].removesuffix(".googleapis.com") for one in listed}
    if missing := sorted(BOOTSTRAPPED - enabled):
        apis = " ".join(f"{one}.googleapis.com" for one in missing)
        return failure(
            f"Off: {', '.join(missing)}.",
            f"gcloud services enable --project={preflight.project} {apis}",
        )
    return ok(f"{len(enabled)} are on; Terraform switches on what else it needs")


async def state_has_a_bucket(preflight: Preflight) -> Finding:
    """Ask for the bucket that keeps Terraform's state, with its older versions."""
    bucket = f"gs://{preflight.project}-postroom-state"
    bootstrap = f"infra/terraform/bootstrap {preflight.project} {preflight.region}"
    try:
        found = await preflight.ask("storage", "buckets", "describe", bucket)
    except GcloudError as error:
        if error.kind is Kind.ABSENT:
            return failure(f"{bucket} does not exist.", f"{bootstrap} makes it")
        if error.kind is Kind.DENIED:
            return failure(
                f"{bucket} is another project's, or closed to you: {error}",
                "Names of buckets are taken for all of Google: choose another project id, or have "
                "roles/storage.admin given to you",
            )
        raise
    if not found.get("versioning_enabled"):
        return failure(
            f"{bucket} keeps no older versions: a state that is lost stays lost.",
            f"gcloud storage buckets update {bucket} --versioning",
        )
    return ok(bucket)


async def client_is_the_projects(preflight: Preflight) -> Finding:
    """Compare the OAuth client's number with the project's: Gmail publishes to no other."""
    number = str((await preflight.describe())["projectNumber"])
    client = str(preflight.variables["oauth_client_id"])
    if "-" not in client:
        raise NotCheckedError(f"{client} does not begin with a project's number.")
    if client.partition("-")[0] == number:
        return ok(f"of project {number}")
    return failure(
        f"The OAuth client is of project {client.partition('-')[0]}, the deployment of {number}: "
        "no notification would ever come (FACTS 2.1).",
        f'Make one in this project: {preflight.console("auth/clients/create")}, "Application '
        'type" *Web application*; then oauth_client_id and TF_VAR_oauth_client_secret',
    )
