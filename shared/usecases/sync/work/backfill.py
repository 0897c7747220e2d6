"""Backfill: the window, newest first, a few seconds at a time (DESIGN 4.4).

It is done only when a whole fresh pass over the listing finds nothing unknown and no message left
the listing meanwhile, because page tokens may shift under deletions. A run that dies lists its
page again and skips what is stored.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial

from shared.domain.ids import MessageId, PageToken
from shared.domain.sync.records.record import Origin, RecordHead
from shared.domain.sync.state import Backfill, SyncState, Tally
from shared.errors import GmailRefusedError
from shared.ports.google.gmail import MessageRef
from shared.ports.sync_store import COMMIT_BYTES
from shared.usecases.sync.work.changes import Changes
from shared.usecases.sync.work.hydrate import Hydrated
from shared.usecases.sync.work.pace import HURRIED_IN_FLIGHT, IN_FLIGHT, Units
from shared.usecases.sync.work.run import Listing, Run
from shared.usecases.sync.work.steps import list_excluded, removals_since
from shared.usecases.sync.work.taking_in import take_in

CHUNK = 100
FIRST_CHUNK = 50
JOINED = 100
"""Older messages of a chunk's threads that may come with it: a whole thread is cheaper."""
CHUNK_TIME = timedelta(seconds=3)
"""Mail that arrives meanwhile waits no longer than this."""
AHEAD = 10
"""Pages listed ahead in one chunk, so that the total is a count and the end time honest."""
MOST_AHEAD = 40
"""Pages kept in memory; a larger mailbox is counted in part until it has shrunk to these."""
MOST_PASSES = 20
"""How often at most: where mail is deleted all the time, one pass has to be the last."""
BAD_REQUEST = 400


@dataclass(slots=True)
class Chunk:
    """What one chunk looked at; `progress` becomes the state's backfill."""

    progress: Backfill
    unknown: list[MessageRef]
    tombstones: dict[MessageId, RecordHead]
    pass_ended: bool = False
    listed: int = 0
    """How many the pass that ended has listed."""
    paged: bool = False
    """Whether the pass that ended read several pages."""
    shifted: bool = False
    """Whether something unknown may have slipped between two of them."""


async def read_chunk(run: Run) -> None:
    """Store the next messages of the window."""
    started, spent = run.clock.now(), run.pace.spent
    if run.state.backfill is None:
        return
    if run.listing is not None and run.listing.begun_at != run.state.backfill.started_at:
        run.forget_listing()
    await list_excluded(run)
    deadline = min(started + CHUNK_TIME, run.deadline)
    chunk = await _scan(run, run.state.backfill, deadline)
    hydrator = run.hydrator(deadline, chunk.progress.origin, at_once=_at_once(run, chunk.progress))
    fetched = await hydrator.fetch(chunk.unknown)
    chunk.shifted = await _may_have_shifted(run, chunk)
    if run.listing is not None:
        run.listing.refs[:0] = fetched.left
    cost = run.pace.time_of(run.pace.spent - spent)
    chunk.progress = replace(chunk.progress, paced=chunk.progress.paced + cost)
    await _commit(run, chunk, fetched)
    run.note("backfill", started, stored=len(fetched.messages), failed=len(fetched.failed))
    if fetched.interrupted:
        raise fetched.interrupted


def _at_once(run: Run, progress: Backfill) -> int:
    """Return how many requests: more for the first chunk, that a user waits for, tried once."""
    return IN_FLIGHT if progress.paced or run.failures else HURRIED_IN_FLIGHT


async def _scan(run: Run, progress: Backfill, deadline: datetime) -> Chunk:
    """List until enough unknown messages are found, the pass ends or time is up."""
    chunk = Chunk(_begin(progress, run.state), [], {})
    size = CHUNK if progress.stored else FIRST_CHUNK
    if progress.stored:  # The newest mail comes first; the count can wait for it.
        await _look_ahead(run, chunk)
    while len(chunk.unknown) < size and run.clock.now() < deadline:
        if (run.listing is None or not run.listing.refs) and not await _turn_page(run, chunk):
            break
        room = size - len(chunk.unknown)
        await _sift(run, chunk, run.take(room))
    if chunk.unknown:
        threads = {ref.thread_id for ref in chunk.unknown}
        await _sift(run, chunk, run.taken_of(threads, JOINED))
    return chunk


def _begin(progress: Backfill, state: SyncState) -> Backfill:
    """Note where history stands as a pass begins: what leaves from here on may shift its pages."""
    return replace(progress, pass_since=progress.pass_since or state.checkpoint)


async def _may_have_shifted(run: Run, chunk: Chunk) -> bool:
    """Whether the pass that would be the last has to be made once more. 2 units."""
    progress = chunk.progress
    last = chunk.pass_ended and chunk.paged and not progress.unknown_in_pass
    if not last or progress.pass_since is None or progress.pass_number >= MOST_PASSES:
        return False
    left = await removals_since(run, progress.pass_since)
    labels = run.state.selection.labels or (None,)
    return any(left.may_shift(label_id) for label_id in labels)


async def _turn_page(run: Run, chunk: Chunk) -> bool:
    """List the page that follows; False where the pass has come to its end."""
    done = run.listing
    if done is not None:
        before, listed = chunk.progress, chunk.progress.listed + done.size
        chunk.paged = before.page_token is not None or bool(run.state.selection.labels)
        chunk.progress = replace(before, listed=listed, page_token=done.next_page)
        if done.next_page is None and not _next_label(run, chunk):
            # Its last page is done, and counted, only once nothing of it is left.
            chunk.pass_ended, chunk.listed, chunk.progress = True, listed, before
            return False
    run.listing = run.ahead.popleft() if run.ahead else await _list(run, chunk)
    _estimate(run, chunk)
    return True


def _next_label(run: Run, chunk: Chunk) -> bool:
    """Go on with the selection's next label; False where all of them are listed."""
    done = chunk.progress.labels_done + 1
    if done >= len(run.state.selection.labels):
        return False
    chunk.progress = replace(chunk.progress, labels_done=done)
    return True


async def _look_ahead(run: Run, chunk: Chunk) -> None:
    """List further pages at 5 units for 500 ids: they are read from memory when their turn is."""
    for _ in range(AHEAD):
        last = run.ahead[-1] if run.ahead else run.listing
        if last is None or last.next_page is None or len(run.ahead) >= MOST_AHEAD:
            break
        try:
            run.ahead.append(await _page(run, chunk.progress, last.next_page))
        except GmailRefusedError:
            break  # Its turn will come, and then starts the pass again.
    _estimate(run, chunk)


def _estimate(run: Run, chunk: Chunk) -> None:
    """Put the total at what is listed so far: exact once the listing has been seen to its end."""
    if run.listing is None or chunk.progress.pass_number > 1:
        return
    pages = [run.listing, *run.ahead]
    seen = chunk.progress.listed + sum(page.size for page in pages)
    last_label = len(run.state.selection.labels) - 1
    counted = pages[-1].next_page is None and chunk.progress.labels_done >= last_label
    total = seen if counted else max(chunk.progress.estimated_total or 0, pages[-1].estimate, seen)
    chunk.progress = replace(chunk.progress, estimated_total=total)


async def _list(run: Run, chunk: Chunk) -> Listing:
    """List one page; a page token that Gmail no longer accepts starts the pass again."""
    token = chunk.progress.page_token
    try:
        return await _page(run, chunk.progress, token)
    except GmailRefusedError as error:
        if token is None or error.status != BAD_REQUEST:
            raise
    chunk.progress = replace(_begin(chunk.progress.begun_again(), run.state), unknown_in_pass=1)
    return await _page(run, chunk.progress, None)


async def _page(run: Run, progress: Backfill, token: PageToken | None) -> Listing:
    labels = run.state.selection.labels
    label_id = labels[progress.labels_done] if labels else None
    call = run.gmail.message_ids(since=progress.window_start, label_id=label_id, page=token)
    page = await run.pace.run(Units.LIST, call)
    refs = list(page.refs)
    return Listing(refs, page.next_page, len(refs), progress.started_at, page.estimate)


async def _sift(run: Run, chunk: Chunk, refs: list[MessageRef]) -> None:
    """Keep what is neither stored nor in quarantine, once: new mail shifts pages into the next."""
    ids = [ref.id for ref in refs]
    heads = await run.records.heads(run.connection_id, ids)
    met = run.unwanted.union(await run.set_aside(ids), (ref.id for ref in chunk.unknown))
    for ref in refs:
        head = heads.get(ref.id)
        if ref.id in met or (head is not None and head.live):
            continue
        met.add(ref.id)
        chunk.unknown.append(ref)
        if head is not None:
            chunk.tombstones[ref.id] = head


async def _commit(run: Run, chunk: Chunk, fetched: Hydrated) -> None:
    origin = chunk.progress.origin
    commits = await _gather(run, chunk, fetched)
    tell = origin is not Origin.BACKFILL
    for changes in commits[:-1]:
        await run.commit(changes, partial(_count, chunk.progress, changes.added), tell=tell)
    progress = _advance(chunk, commits, fetched, run.clock.now())

    def change(state: SyncState) -> SyncState:
        return replace(state, backfill=progress) if _is_at(state, progress) else state

    if progress.finished_at is not None and not tell:
        await run.announce(change, Tally(added=progress.stored))
    else:
        await run.commit(commits[-1], change, tell=tell)
    if chunk.pass_ended and not fetched.left:
        run.forget_listing()


def _is_at(state: SyncState, progress: Backfill) -> bool:
    """Whether this is still the backfill under way: a reset begins another."""
    return state.backfill is not None and state.backfill.started_at == progress.started_at


def _count(progress: Backfill, added: int, state: SyncState) -> SyncState:
    """Return the state after a part of a chunk: its records count even if the rest never comes."""
    if state.backfill is None or not _is_at(state, progress):
        return state
    stored, unknown = state.backfill.stored + added, state.backfill.unknown_in_pass + added
    return replace(state, backfill=replace(state.backfill, stored=stored, unknown_in_pass=unknown))


async def _gather(run: Run, chunk: Chunk, fetched: Hydrated) -> list[Changes]:
    commits = [run.changes(chunk.progress.origin)]
    for message in fetched.messages:
        if commits[-1].size > COMMIT_BYTES / 2:
            commits.append(run.changes(chunk.progress.origin))
        message_id = MessageId(message["id"])
        known, bodies = chunk.tombstones.get(message_id), fetched.bodies.get(message_id)
        if not await take_in(run, commits[-1], message, known, bodies):
            run.unwanted.add(message_id)
    for ref, reason in fetched.failed:
        commits[-1].set_aside(ref.id, reason)
    return commits


def _advance(chunk: Chunk, commits: list[Changes], fetched: Hydrated, now: datetime) -> Backfill:
    """Return the progress after this chunk."""
    stored = sum(changes.added for changes in commits)
    unknown = chunk.progress.unknown_in_pass + stored + len(fetched.failed)
    progress = replace(
        chunk.progress, stored=chunk.progress.stored + stored, unknown_in_pass=unknown
    )
    if not chunk.pass_ended or fetched.left:
        return progress
    if unknown == 0 and not chunk.shifted:
        return replace(progress, listed=chunk.listed, page_token=None, finished_at=now)
    return replace(progress.begun_again(), pass_number=progress.pass_number + 1)
