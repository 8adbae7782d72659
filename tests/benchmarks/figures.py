# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Figures: medians and ratios of what was measured in turn, and how they are shown."""

import statistics
from typing import Sequence


class Figure:
    """One line of the result: what was compared, at which load, how much it took, and the target if there is one.

    ``values`` are the samples of the thing measured, ``reference`` those of what it is compared with, taken in the
    same rounds. ``invert`` gives reference / values ("times faster") instead of values / reference ("times as much").
    ``limit`` is an upper bound of the ratio, or a lower one with ``invert``.
    """

    def __init__(self, section: str, load: str, name: str, values: Sequence[float], against: str | None = None,
                 reference: Sequence[float] | None = None, limit: float | None = None, invert: bool = False,
                 unit: str = "ms"):
        self.section, self.load, self.name, self.against = section, load, name, against
        self.values, self.reference = values, reference
        self.limit, self.invert, self.unit = limit, invert, unit

    def ratios(self) -> list[float]:
        """The ratio of each round."""
        if not self.reference:
            return []
        return [other / value if self.invert else value / other for value, other in zip(self.values, self.reference)]

    def decisive(self) -> float:
        """What the limit is held against: the median ratio, or the largest value where nothing is compared."""
        return statistics.median(self.ratios()) if self.reference else max(self.values)

    def verdict(self) -> str:
        """``ok``, ``MISSED``, or nothing where there is no target."""
        if self.limit is None:
            return ""
        value = self.decisive()
        return "ok" if (value >= self.limit if self.invert else value <= self.limit) else "MISSED"

    def columns(self) -> list[str]:
        """The figure as text, one string per column of ``HEADINGS``."""
        ratios = self.ratios()
        middle = spread = ""
        if ratios:
            middle = "%.2f" % statistics.median(ratios)
            if len(ratios) > 3:
                low, _median, high = statistics.quantiles(ratios, n=4)
                spread = "%.2f-%.2f" % (low, high)
        target = ""
        if self.limit is not None:
            target = ("at least %g" if self.invert else "at most %g") % self.limit + ("" if ratios else " " + self.unit)
        name = self.name
        if self.against:
            name += " : " + self.against
        if self.invert:
            name = (self.against or "") + " : " + self.name
        return [self.load, name, amount(self.values, self.unit), amount(self.reference, self.unit), middle, spread,
                target, self.verdict()]


HEADINGS = ["load", "what : compared with", "median", "of the other", "ratio", "middle half", "target", ""]


def amount(values: Sequence[float] | None, unit: str) -> str:
    """The median of samples, with its unit. Seconds are kept as seconds and shown in milliseconds."""
    if not values:
        return ""
    value = float(statistics.median(values))
    if unit == "ms":
        value *= 1000
        return "%.*f ms" % (0 if value >= 100 else 1 if value >= 10 else 2, value)
    return "%.*f %s" % (0 if value == int(value) else 1, value, unit)


def table(figures: Sequence[Figure], markdown: bool = False) -> str:
    """All figures as text, a table per section."""
    lines = []
    for section in dict.fromkeys(each.section for each in figures):
        rows = [each.columns() for each in figures if each.section == section]
        if markdown:
            lines += ["", "**%s**" % section, "", "| " + " | ".join(HEADINGS) + " |", "|---" * len(HEADINGS) + "|"]
            lines += ["| " + " | ".join(row) + " |" for row in rows]
            continue
        widths = [max(len(row[at]) for row in [HEADINGS] + rows) for at in range(len(HEADINGS))]
        lines += ["", section, ""]
        for row in [HEADINGS, ["-" * width for width in widths]] + rows:
            lines.append("  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip())
    return "\n".join(lines) + "\n"
