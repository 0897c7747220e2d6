"""What the deployment shows of its watches: expired, refused, late, silent."""

from dataclasses import replace
from datetime import timedelta

from shared.commands.checks.finding import Verdict
from shared.ports.clock import Clock
from shared.ports.connections import Mailboxes
from tests.harness.doctoring import EMAIL, DoctorHarness, a_mail, finding_of

FAILED = Verdict.FAILED


async def test_watches_that_expired_are_found(harness: DoctorHarness):
    context = harness.context()
    clock = context.container.bind(Clock, harness.system.clock.__class__())
    clock.advance(timedelta(days=8))
    finding = await finding_of("watches", context)
    assert (finding.verdict, "expired" in finding.seen) == (FAILED, True)
    assert "make demo" in finding.fix


async def test_watches_that_gmail_refuses_to_renew_are_found_before_they_expire(
    harness: DoctorHarness,
):
    harness.system.emulated.watches.publishers.clear()
    await harness.system.advance(timedelta(days=6.5).total_seconds())
    await harness.system.settle()
    finding = await harness.look("watches")
    assert (finding.verdict, "cannot be renewed" in finding.seen) == (FAILED, True)
    assert "`topic`" in finding.fix


async def test_a_renewal_that_is_not_made_is_found_before_the_watch_lapses(harness: DoctorHarness):
    context = harness.context()
    clock = context.container.bind(Clock, harness.system.clock.__class__())
    clock.advance(timedelta(days=6.9))
    finding = await finding_of("watches", context)
    assert (finding.verdict, "overdue" in finding.seen) == (FAILED, True)


async def test_a_watch_that_stays_silent_is_found(harness: DoctorHarness):
    mailboxes = harness.system.container.use(Mailboxes)
    [key] = [one.mailbox_id for one in await harness.context().connections()]
    was = await mailboxes.get(key)
    assert was is not None
    now = harness.system.clock.now()
    await mailboxes.swap(was, replace(was.value, watch_error="silent", silent_since=now))
    finding = await harness.look("watches")
    assert (finding.verdict, "armed anew twice" in finding.seen) == (FAILED, True)


async def test_pushes_that_never_came_are_found(harness: DoctorHarness):
    mailboxes = harness.system.container.use(Mailboxes)
    [(key, _)] = [(one.mailbox_id, one) for one in await harness.context().connections()]
    was = await mailboxes.get(key)
    assert was is not None
    await mailboxes.swap(was, replace(was.value, last_push_at=None))
    young = await harness.look("last push")
    await harness.system.advance(2 * 3600)
    old = await harness.look("last push")
    assert (young.verdict, old.verdict) == (Verdict.WARNING, FAILED)
    assert "`subscription`" in old.fix


async def test_mail_that_no_push_announced_is_found(harness: DoctorHarness):
    await harness.system.control("/faults", {"fault": "push_drop"})
    path = f"/_control/mailboxes/{EMAIL}/messages"
    await harness.system.google.post(path, content=a_mail())
    for seconds in (3700, 200):  # found by the hourly look; two minutes later still unannounced
        await harness.system.advance(seconds)
        await harness.system.settle()
    finding = await harness.look("last push")
    assert (finding.verdict, harness.connection in finding.seen) == (FAILED, True)
