"""Draws the report's chart; runs in the bench's own environment, which has matplotlib.

`python chart.py FIGURES FILE`: the figures as JSON, the PNG to write.
"""

import json
import sys
from typing import Any

import matplotlib as mpl  # type: ignore[import-not-found]

mpl.use("Agg")
from matplotlib import pyplot as plt

OURS, OTHERS, MISSED = "#1f6f5c", "#b9b4a8", "#b3432b"


def rates(axes: Any, figures: list[dict[str, Any]], what: str, title: str) -> None:
    """Draw one figure of Postroom beside the others' of the same name."""
    ours = [one["value"] for one in figures if one["part"] == "backfill" and one["name"] == what]
    others = [
        (one["name"].rpartition(": ")[0], one["value"])
        for one in figures
        if one["part"] == "peers" and one["name"].endswith(f": {what}")
    ]
    rows = [*reversed(others), ("Postroom", ours[0] if ours else 0.0)]
    colours = [*(OTHERS for _ in others), OURS]
    bars = axes.barh([name for name, _ in rows], [value for _, value in rows], color=colours)
    axes.bar_label(bars, fmt="%.1f", padding=3, fontsize=8)
    axes.set_title(title, fontsize=10, loc="left")


PAGES = "console"
"""Thirty pages, all far below their one aim: the table has them."""


def aims(axes: Any, figures: list[dict[str, Any]]) -> None:
    """Draw every figure that has an aim as a share of it: up to 1 is met."""
    rows = []
    for one in figures:
        if one["aim"] and one["part"] != PAGES:
            share = one["aim"] / one["value"] if one["at_least"] else one["value"] / one["aim"]
            rows.append((one["name"][:64], min(share, 3.0)))
    rows.reverse()
    colours = [OURS if value <= 1 else MISSED for _, value in rows]
    axes.barh([name for name, _ in rows], [value for _, value in rows], color=colours)
    axes.axvline(1.0, color="black", linewidth=1)
    axes.set_title("Share of each aim: up to 1 is met", fontsize=10, loc="left")


def main() -> None:
    """Draw."""
    figures = json.loads(sys.argv[1])
    chart, (first, second, third) = plt.subplots(
        3, 1, figsize=(10, 11), height_ratios=(1, 1, 4), layout="constrained"
    )
    rates(first, figures, "units per message", "Quota units per message, same mailbox")
    rates(second, figures, "messages a second", "Messages a second, same quota and latency")
    aims(third, figures)
    for axes in (first, second, third):
        axes.spines[["top", "right"]].set_visible(False)
        axes.tick_params(labelsize=8)
    chart.savefig(sys.argv[2], dpi=110)


if __name__ == "__main__":
    main()
