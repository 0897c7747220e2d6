"""What an organisation's policies may forbid, and what must be said of it."""

from collections.abc import Mapping
from typing import Any

from shared.commands.checks.finding import Verdict
from tests.infra.preflight.cases import DEPLOYED, Case
from tests.infra.preflight.recorded import PROJECT, asked_policy, policy, refused

RESTRICTED = {"values": {"allowedValues": ["is:C0abcdefg"]}}
MANAGED = {
    "enforce": True,
    "parameters": {
        "allowedMemberSubjects": [],
        "allowedPrincipalSets": ["//cloudresourcemanager.googleapis.com/organizations/1"],
    },
}


def forbids(constraint: str, *rules: Mapping[str, Any]) -> dict[str, Any]:
    return {asked_policy(constraint): policy(constraint, *rules)}


FAULTS = (
    Case(
        "policy: members",
        "gmail-api-push@system.gserviceaccount.com, allUsers",
        'public_access = "unchecked"; or https://console.cloud.google.com/iam-admin/orgpolicies',
        forbids("iam.allowedPolicyMemberDomains", RESTRICTED),
    ),
    Case(
        "policy: members",
        "forbids: serviceAccount:gmail-api-push@system.gserviceaccount.com.",
        "roles/orgpolicy.policyAdmin",
        forbids("iam.allowedPolicyMemberDomains", RESTRICTED),
        {"public_access": "unchecked"},
    ),
    Case(
        "policy: members",
        "forbids anew",
        "*Allow all*",
        forbids("iam.allowedPolicyMemberDomains", RESTRICTED) | DEPLOYED,
        verdict=Verdict.WARNING,
    ),
    Case(
        "policy: managed members",
        "gmail-api-push",
        "*Enforcement: Off*",
        forbids("iam.managed.allowedPolicyMembers", MANAGED),
    ),
    Case(
        "policy: invoker check",
        "unchecked",
        'public_access = "allUsers"',
        forbids("run.managed.requireInvokerIam", {"enforce": True}),
        {"public_access": "unchecked"},
    ),
    Case(
        "policy: locations",
        "europe-west1 (it allows in:us-locations)",
        "another region",
        forbids("gcp.resourceLocations", {"values": {"allowedValues": ["in:us-locations"]}}),
    ),
    Case(
        "policy: services",
        "cloudfunctions, gmail",
        "*Allow all*",
        forbids(
            "gcp.restrictServiceUsage",
            {"values": {"deniedValues": ["gmail.googleapis.com", "cloudfunctions.googleapis.com"]}},
        ),
    ),
    Case(
        "policy: keys of its own",
        "firestore, pubsub",
        "*Allow all*",
        forbids(
            "gcp.restrictNonCmekServices",
            {"values": {"deniedValues": ["is:pubsub.googleapis.com", "firestore.googleapis.com"]}},
        ),
    ),
    Case(
        "policy: ingress",
        "internal-and-cloud-load-balancing",
        "*Allow all*",
        forbids("run.allowedIngress", {"values": {"allowedValues": ["internal"]}}),
    ),
    Case(
        "policy: function ingress",
        "forbids: ALLOW_ALL",
        "*Allow all*",
        forbids(
            "cloudfunctions.allowedIngressSettings",
            {"values": {"allowedValues": ["ALLOW_INTERNAL_ONLY", "ALLOW_INTERNAL_AND_GCLB"]}},
        ),
        {"entry": "function_urls"},
    ),
    Case(
        "policy: VPC connector",
        "VPC connector",
        "*Enforcement: Off*",
        forbids("cloudfunctions.requireVPCConnector", {"enforce": True}),
    ),
    Case(
        "policy: accounts",
        "an account for each function",
        "*Enforcement: Off*",
        forbids("iam.disableServiceAccountCreation", {"enforce": True}),
    ),
    Case(
        "policy: load balancers",
        "GLOBAL_EXTERNAL_MANAGED_HTTP_HTTPS",
        'entry = "function_urls"',
        forbids(
            "compute.restrictLoadBalancerCreationForTypes",
            {"values": {"allowedValues": ["in:INTERNAL"]}},
        ),
    ),
    Case(
        "policy: global balancer",
        "a global load balancer",
        'entry = "function_urls"',
        forbids("compute.disableGlobalLoadBalancing", {"enforce": True}),
    ),
    Case(
        "policy: Cloud Armor",
        "limit of requests",
        "requests_per_minute = 0",
        forbids("compute.disableGlobalCloudArmorPolicy", {"enforce": True}),
    ),
    Case(
        "policy: IPv6",
        "IPv6",
        'entry = "function_urls"',
        forbids("compute.disableAllIpv6", {"enforce": True}),
    ),
)
SOUND = (
    Case(
        "policy: locations",
        "forbids nothing",
        "",
        forbids("gcp.resourceLocations", {"values": {"allowedValues": ["in:eu-locations"]}}),
        {"firestore_location": "eur3"},
    ),
    Case(
        "policy: managed members",
        "forbids nothing",
        "",
        forbids(
            "iam.managed.allowedPolicyMembers",
            MANAGED
            | {
                "parameters": {
                    "allowedMemberSubjects": [
                        "serviceAccount:gmail-api-push@system.gserviceaccount.com"
                    ]
                }
            },
        ),
        {"public_access": "unchecked"},
    ),
    Case(
        "policy: services",
        "not set",
        "",
        {
            asked_policy("gcp.restrictServiceUsage"): refused(
                "org-policies.describe", "NOT_FOUND: Requested entity was not found."
            )
        },
    ),
    Case(
        "policy: accounts",
        "no organisation",
        "",
        {f"projects describe {PROJECT}": {"out": {"lifecycleState": "ACTIVE"}}},
    ),
)
