"""How the cost of a parser grows: twice the input, at most two and a half times the cost.

CPU time of this thread, the best of several tries, and nothing is compared that is too short to be
measured; the memory is what Python allocates at most.
"""

import gc
import time
import tracemalloc
from collections.abc import Callable
from typing import Any, Final

SMALLEST: Final = 8 * 1024
LARGEST: Final = 512 * 1024
"""Characters: all that Gmail takes as headers (FACTS 18.12)."""
SIZES: Final = (SMALLEST, 64 * 1024, LARGEST)
FLOOR_S: Final = 0.006
QUICK_S: Final = 0.015
FLOOR_BYTES: Final = 4_000_000
MOST: Final = 2.5
TRIES: Final = 6
STEPS: Final = 3

Parse = Callable[[Any], object]
Family = Callable[[int], Any]


def growth(parse: Parse, family: Family) -> str | None:
    """Return what is wrong with how the cost grows on a family, None where nothing is.

    What takes no time even at the largest size is judged by its memory alone.
    """
    size = next((one for one in SIZES if _seconds(parse, family(one)) >= FLOOR_S), None)
    if size is None:
        return _larger(parse, family)
    # A step may cross a limit, or from one level of memory to the next; a power grows at each. So
    # one try at each comes first, and many only where none of the steps was in proportion.
    slower = None
    for tries in (1, TRIES):
        for step in range(STEPS):
            slower = _slower(parse, family, size * 2**step, tries)
            if slower is None:
                return _larger(parse, family)
    return slower


def quick_growth(parse: Parse, family: Family) -> str | None:
    """Return what is wrong with the time at the smallest size; nothing where that is too short."""
    large = _seconds(parse, family(SMALLEST * 2))
    if large < QUICK_S or large <= _seconds(parse, family(SMALLEST)) * MOST:
        return None
    return _slower(parse, family, SMALLEST) and _slower(parse, family, SMALLEST * 2)


def _slower(parse: Parse, family: Family, size: int, tries: int = TRIES) -> str | None:
    once, twice = family(size), family(size * 2)
    small = large = float("inf")
    for _ in range(tries):
        small = min(small, _seconds(parse, once))
        large = min(large, _seconds(parse, twice))
        if large <= max(small * MOST, QUICK_S):
            return None
    return f"{size:,} characters: {small:.3f} s, twice as many: {large:.3f} s"


def _larger(parse: Parse, family: Family) -> str | None:
    small, large = (_peak(parse, family(size)) for size in (SMALLEST, SMALLEST * 2))
    if large <= max(small * MOST, FLOOR_BYTES):
        return None
    return f"{SMALLEST:,} characters: {small:,} bytes, twice as many: {large:,} bytes"


def _seconds(parse: Parse, given: Any) -> float:
    gc.disable()
    try:
        started = time.thread_time()
        parse(given)
        return time.thread_time() - started
    finally:
        gc.enable()


def _peak(parse: Parse, given: Any) -> int:
    tracemalloc.start()
    try:
        parse(given)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
