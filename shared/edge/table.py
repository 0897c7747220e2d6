"""The whole route table: which function serves which routes.

Imports sit inside, so that a function loads only its own. To add a resource, append its ROUTES to
the function that serves it; dispatch and OpenAPI follow, and so do the tests that walk the table.
"""

# ruff: noqa: PLC0415  each function loads only the resources it serves (FACTS 16.4)

from collections.abc import Callable, Mapping

from shared.edge.web.routes import Route

Routes = tuple[Route, ...]


def load_own_code() -> None:
    """Load the deployment's own modules at start, so that what is wrong with them is told then."""
    from shared.actions.syncs import own_syncs

    own_syncs(())


def api_routes() -> Routes:
    """Return what the `api` function serves."""
    load_own_code()
    from shared.edge.api import (
        actions,
        api_keys,
        approvals,
        connection_import,
        connections,
        operations,
        proxy,
        receipts,
        syncs,
        upkeep,
        webhook_endpoints,
    )
    from shared.edge.api.mail import attachments, labels, records, search
    from shared.edge.compat import absent, constants, older_names
    from shared.edge.connect import sessions as connect_sessions
    from shared.edge.docs.routes import pages_of
    from shared.edge.web import health
    from shared.edge.web.openapi.document import description_of

    return (
        *connect_sessions.ROUTES,
        *connection_import.ROUTES,
        *connections.ROUTES,
        *records.ROUTES,
        *search.ROUTES,
        *labels.ROUTES,
        *syncs.ROUTES,
        *upkeep.ROUTES,
        *actions.ROUTES,
        *attachments.ROUTES,
        *proxy.ROUTES,
        *operations.ROUTES,
        *webhook_endpoints.ROUTES,
        *api_keys.ROUTES,
        *approvals.ROUTES,
        *receipts.ROUTES,
        *older_names.ROUTES,
        *constants.ROUTES,
        *absent.ROUTES,
        description_of(whole_table),
        *pages_of(whole_table),
        *health.ROUTES,
    )


def oauth_callback_routes() -> Routes:
    """Return what the `oauth_callback` function serves."""
    from shared.edge.connect import headless, oauth
    from shared.edge.connect import sessions as connect_sessions
    from shared.edge.connect import ui as connect_ui

    return (
        *connect_ui.ROUTES,
        *connect_sessions.SESSION_ROUTES,
        *oauth.ROUTES,
        *headless.ROUTES,
    )


def gmail_push_routes() -> Routes:
    """Return what the `gmail_push` function serves."""
    from shared.edge.triggers import push

    return push.ROUTES


def sync_mailbox_routes() -> Routes:
    """Return what the `sync_mailbox` function serves."""
    from shared.edge.triggers import probe, sync_tasks

    return (*sync_tasks.SYNC_ROUTES, *probe.PROBE_ROUTES)


def run_actions_routes() -> Routes:
    """Return what the `run_actions` function serves."""
    load_own_code()
    from shared.edge.triggers import action_tasks, send_tasks

    return (*action_tasks.ACTION_ROUTES, *send_tasks.SEND_ROUTES)


def sync_models_routes() -> Routes:
    """Return what the `sync_models` function serves."""
    load_own_code()
    from shared.edge.triggers import models_tasks

    return models_tasks.MODELS_ROUTES


def deliver_event_routes() -> Routes:
    """Return what the `deliver_event` function serves."""
    from shared.edge.triggers import deliver_task

    return deliver_task.DELIVER_ROUTES


def renew_watches_routes() -> Routes:
    """Return what the `renew_watches` function serves."""
    from shared.edge.triggers import upkeep_jobs

    return upkeep_jobs.RENEW_ROUTES


def reconcile_routes() -> Routes:
    """Return what the `reconcile` function serves."""
    from shared.edge.triggers import reconcile_job

    return reconcile_job.RECONCILE_ROUTES


def send_routes() -> Routes:
    """Return what the `send` function serves."""
    from shared.edge.api import sends

    return sends.ROUTES


def console_routes() -> Routes:
    """Return what the `console` function serves."""
    load_own_code()
    from shared.edge.console import (
        agents,
        api_keys,
        approvals,
        deliveries,
        endpoints,
        overview,
        sends,
        sessions,
        sign_in,
    )
    from shared.edge.console.connections import changes, explain, listing, one, records
    from shared.edge.console.layout import static_files
    from shared.edge.console.playground import actions as played_actions
    from shared.edge.console.playground import syncs as played_syncs

    return (
        *sign_in.ROUTES,
        *listing.ROUTES,
        *one.ROUTES,
        *changes.ROUTES,
        *explain.ROUTES,
        *records.ROUTES,
        *deliveries.ROUTES,
        *endpoints.ROUTES,
        *sends.ROUTES,
        *approvals.ROUTES,
        *agents.ROUTES,
        *api_keys.ROUTES,
        *sessions.ROUTES,
        *played_actions.ROUTES,
        *played_syncs.ROUTES,
        *overview.ROUTES,
        *static_files.ROUTES,
    )


def mcp_routes() -> Routes:
    """Return what the `mcp` function serves."""
    load_own_code()
    from shared.edge.docs.tools_route import tools_of
    from shared.edge.mcp import route

    return (*route.ROUTES, tools_of(whole_table))


ROUTES_OF: Mapping[str, Callable[[], Routes]] = {
    "oauth_callback": oauth_callback_routes,
    "gmail_push": gmail_push_routes,
    "sync_mailbox": sync_mailbox_routes,
    "run_actions": run_actions_routes,
    "sync_models": sync_models_routes,
    "deliver_event": deliver_event_routes,
    "renew_watches": renew_watches_routes,
    "reconcile": reconcile_routes,
    "send": send_routes,
    "console": console_routes,
    "mcp": mcp_routes,
    "api": api_routes,
}
"""By the function's name, as in `shared.edge.settings.functions.FUNCTIONS`."""


def whole_table() -> Routes:
    """Return every route of the deployment."""
    return tuple(route for routes in ROUTES_OF.values() for route in routes())
