"""The progress of a bulk run on a terminal: how many documents are done, how many a second, and the time left."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, Task, TimeRemainingColumn
from rich.text import Text

from interop.bulk.reporting import Sums

__all__ = ["shown"]

_OVER_SECONDS = 60
"""The rate, and with it the time left, is that of so long a time."""


class _Rate(ProgressColumn):
    """Documents per second; nothing until the first are done."""

    def render(self, task: Task) -> Text:
        """The rate as text."""
        speed = task.finished_speed or task.speed
        return Text(f"{speed:.0f}/s" if speed else "")


def shown(steps: Iterator[Sums], before: int, total: int) -> Iterator[Sums]:
    """The steps of a run; meanwhile its progress stands on standard error. In: `before`: done by an earlier command."""
    columns = (BarColumn(), MofNCompleteColumn(), _Rate(), TimeRemainingColumn(elapsed_when_finished=True))
    with Progress(*columns, console=Console(stderr=True), speed_estimate_period=_OVER_SECONDS) as progress:
        task = progress.add_task("bulk", total=total)
        # What was done before must not count as done at once: the rate would be none.
        progress.reset(task, completed=before, total=total)
        for step in steps:
            progress.update(task, completed=step.documents)
            yield step
