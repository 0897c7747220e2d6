"""What `preflight` asks, each small and on its own; `CHECKS` is the order of its report.

A check is a name and an async function of the `Preflight`, which returns one `Finding`. It raises
`NotCheckedError` where something that is not its subject keeps it from being made, and lets through
what gcloud refuses. `questions` are those that no command can answer.
"""

from infra.preflight.checks import (
    access,
    constraints,
    domain,
    names,
    places,
    project,
    quotas,
)
from infra.preflight.checks.consent import questions
from infra.preflight.context import Check

FIRST = (
    Check("environment", project.environment_is_filled_in),
    Check("signed in", access.caller_is_signed_in),
)
"""Asked before all others, which need a caller."""
CHECKS = (
    Check("project", project.project_is_there),
    Check("billing", project.billing_is_linked),
    Check("first APIs", project.first_apis_are_on),
    Check("state", project.state_has_a_bucket),
    Check("rights", access.caller_may_deploy),
    Check("budget", access.budget_may_be_made),
    Check("region", places.region_is_everywhere),
    Check("database's place", places.database_has_a_place),
    Check("vCPU", quotas.vcpus_are_allowed),
    Check("instances", quotas.sizes_fit_the_instances),
    Check("bucket", names.bucket_is_free),
    Check("database", names.database_is_free),
    Check("keys", names.keys_are_free_or_adopted),
    Check("other names", names.other_names_are_free),
    Check("domain", domain.domain_is_verified),
    Check("OAuth client", project.client_is_the_projects),
    *constraints.CHECKS,
)

__all__ = ["CHECKS", "FIRST", "questions"]
