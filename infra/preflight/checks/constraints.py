"""The policies that a deployment meets: what it needs of each, and the ways out."""

from collections.abc import Sequence
from typing import Final

from infra.preflight.checks.policy import Policy, Rules, policy_allows
from infra.preflight.context import Check, Preflight
from shared.commands.checks.finding import Finding

GMAIL: Final = "serviceAccount:gmail-api-push@system.gserviceaccount.com"
ANYONE: Final = "allUsers"
APIS: Final = frozenset({
    "artifactregistry", "cloudbuild", "cloudfunctions", "cloudkms", "cloudscheduler", "cloudtasks",
    "compute", "firestore", "gmail", "iam", "logging", "monitoring", "pubsub", "run",
    "secretmanager", "storage",
})  # fmt: skip
"""What Terraform switches on in any deployment."""
KEYLESS: Final = ("firestore", "pubsub", "storage", "secretmanager", "artifactregistry", "run")
"""What an organisation may want encrypted under keys of its own, which nothing here takes."""
NOT_IN_THE_UNION: Final = frozenset({"europe-west2", "europe-west6"})
"""London and Zurich."""


def _outsiders(preflight: Preflight) -> list[str]:
    public = [ANYONE] if preflight.variables["public_access"] == ANYONE else []
    return [GMAIL, *public]


def _domains(preflight: Preflight, rules: Rules) -> str:
    restricted = not rules.allows(ANYONE)
    return ", ".join(_outsiders(preflight)) if restricted else ""


def _members(preflight: Preflight, rules: Rules) -> str:
    allowed = rules.parameter("allowedMemberSubjects")
    outside = [one for one in _outsiders(preflight) if one not in allowed]
    return ", ".join(outside) if rules.enforced else ""


def _invokers(preflight: Preflight, rules: Rules) -> str:
    unchecked = preflight.variables["public_access"] == "unchecked"
    return 'public_access = "unchecked"' if unchecked and rules.enforced else ""


def _locations(preflight: Preflight, rules: Rules) -> str:
    wanted = {preflight.region, preflight.variables["firestore_location"] or preflight.region}
    groups = sorted(one for one in rules.values("allowedValues") if one.startswith("in:"))
    outside = [one for one in sorted(wanted) if not rules.allows(one) and not _within(one, groups)]
    said = f" (it allows {', '.join(groups)})" if groups else ""
    return f"{', '.join(outside)}{said}" if outside else ""


def _within(location: str, groups: Sequence[str]) -> bool:
    """Whether a group is the location's own, or its continent's."""
    names = {one.removeprefix("in:").removesuffix("-locations") for one in groups}
    continent = "us" if location.startswith("nam") else location.partition("-")[0]
    if "eu" in names and location.startswith("eu"):
        return location not in NOT_IN_THE_UNION
    return bool(names & {location, continent})


def _services(_: Preflight, rules: Rules) -> str:
    return ", ".join(sorted(one for one in APIS if not rules.allows(f"{one}.googleapis.com")))


def _run_ingress(preflight: Preflight, rules: Rules) -> str:
    public = "internal-and-cloud-load-balancing" if preflight.balanced else "all"
    return ", ".join(one for one in ("internal", public) if not _open(rules, one, "all"))


def _function_ingress(preflight: Preflight, rules: Rules) -> str:
    public = "ALLOW_INTERNAL_AND_GCLB" if preflight.balanced else "ALLOW_ALL"
    wanted = ("ALLOW_INTERNAL_ONLY", public)
    return ", ".join(one for one in wanted if not _open(rules, one, "ALLOW_ALL"))


def _open(rules: Rules, value: str, widest: str) -> bool:
    return rules.allows(value) or widest in rules.values("allowedValues")


def _balancers(preflight: Preflight, rules: Rules) -> str:
    kind = "GLOBAL_EXTERNAL_MANAGED_HTTP_HTTPS"
    groups = {"in:EXTERNAL", "in:GLOBAL_EXTERNAL"} & rules.values("allowedValues")
    denied = not rules.allows(kind) and not groups
    return kind if preflight.balanced and denied else ""


def _keys(_: Preflight, rules: Rules) -> str:
    denied = rules.values("deniedValues")
    return ", ".join(one for one in KEYLESS if f"{one}.googleapis.com" in denied)


def _without_connector(_: Preflight, rules: Rules) -> str:
    return "functions without a VPC connector" if rules.enforced else ""


def _accounts(_: Preflight, rules: Rules) -> str:
    return "an account for each function" if rules.enforced else ""


def _global_balancer(preflight: Preflight, rules: Rules) -> str:
    return "a global load balancer" if preflight.balanced and rules.enforced else ""


def _ipv6(preflight: Preflight, rules: Rules) -> str:
    return "the IPv6 address" if preflight.balanced and rules.enforced else ""


def _armor(preflight: Preflight, rules: Rules) -> str:
    wanted = preflight.balanced and preflight.variables["requests_per_minute"] > 0
    return "Cloud Armor's limit of requests" if wanted and rules.enforced else ""


OFF: Final = "Enforcement: Off"
UNCHECKED: Final = 'for allUsers alone: public_access = "unchecked"'
CHECKED: Final = 'public_access = "allUsers"'
UNLIMITED: Final = "requests_per_minute = 0"
URLS: Final = 'entry = "function_urls"'
POLICIES: Final = (
    Policy("members", "iam.allowedPolicyMemberDomains", _domains, otherwise=UNCHECKED),
    Policy("managed members", "iam.managed.allowedPolicyMembers", _members, OFF, UNCHECKED),
    Policy("invoker check", "run.managed.requireInvokerIam", _invokers, OFF, CHECKED),
    Policy("locations", "gcp.resourceLocations", _locations, otherwise="another region"),
    Policy("services", "gcp.restrictServiceUsage", _services),
    Policy("keys of its own", "gcp.restrictNonCmekServices", _keys),
    Policy("ingress", "run.allowedIngress", _run_ingress),
    Policy("function ingress", "cloudfunctions.allowedIngressSettings", _function_ingress),
    Policy("VPC connector", "cloudfunctions.requireVPCConnector", _without_connector, OFF),
    Policy("accounts", "iam.disableServiceAccountCreation", _accounts, OFF),
    Policy(
        "load balancers",
        "compute.restrictLoadBalancerCreationForTypes",
        _balancers,
        otherwise=URLS,
    ),
    Policy("global balancer", "compute.disableGlobalLoadBalancing", _global_balancer, OFF, URLS),
    Policy("Cloud Armor", "compute.disableGlobalCloudArmorPolicy", _armor, OFF, UNLIMITED),
    Policy("IPv6", "compute.disableAllIpv6", _ipv6, OFF, URLS),
)


def _check(policy: Policy) -> Check:
    async def run(preflight: Preflight) -> Finding:
        return await policy_allows(preflight, policy)

    return Check(f"policy: {policy.name}", run)


CHECKS: Final[Sequence[Check]] = tuple(_check(one) for one in POLICIES)
