"""`interop-faults`: the exchange is broken on purpose, for as long as wanted, and what came of it is counted."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Annotated

import typer

from interop.cli.demo import example_plan
from interop.documents import examine
from interop.errors import Fault, InteropError, Invalid
from interop.faults.run import Outcome, Plan, run
from interop.faults.troubles import Restartable

__all__ = ["command", "main", "tell"]


def main() -> None:
    """Runs the command with its arguments. A failure is one sentence on standard error, and exit code 2."""
    try:
        typer.run(command)
    except InteropError as error:
        print(f"interop-faults: {error}", file=sys.stderr)
        sys.exit(2)


def command(
    documents: Annotated[int, typer.Option(metavar="N", min=1, help="How many plans are filed.")] = 200,
    seed: Annotated[int, typer.Option(metavar="N", help="The same seed makes the same trouble again.")] = 1,
    workers: Annotated[
        int, typer.Option(metavar="N", min=1, help="Worker processes at a time; more than one needs --database.")
    ] = 1,
    database: Annotated[
        str, typer.Option(metavar="URL", help="An empty PostgreSQL database. Without it a new SQLite file is used.")
    ] = "",
    trouble: Annotated[
        float, typer.Option(metavar="SHARE", min=0, max=0.5, help="The share of calls that something happens to.")
    ] = 0.15,
    log: Annotated[Path | None, typer.Option(metavar="FILE", help="Where the workers' log lines go.")] = None,
) -> None:
    """Break the exchange on purpose and count what was lost, duplicated, leaked and held.

    Made-up plans are exchanged among sandboxes by real worker processes while these are killed, answers are lost,
    calls are refused and delayed, tokens expire, disks are full and clocks go wrong. Then what each receiver holds is
    compared with what was filed.
    Exit code 0: nothing was lost, duplicated or leaked, and every sender was answered. 1: something was. 2: it could
    not start.

    \b
    interop-faults --documents 10000 --seed 7
    interop-faults --documents 1000 --workers 2 --database postgresql://interop@localhost/faults
    """
    if workers > 1 and not database:
        raise Invalid("Several workers need a database that they can share: name one with --database.")
    plan = Plan.long(documents, seed, workers, trouble)
    raise typer.Exit(tell(plan, database, log))


def tell(plan: Plan, database: str = "", log: Path | None = None, server: Restartable | None = None) -> int:
    """The exit code of a run whose outcome was printed. In: `server` is restarted on the way when it is given.

    Raises: Fault, Unavailable.
    """
    with tempfile.TemporaryDirectory(prefix="interop-faults-") as name:
        place = Path(name)
        if log is not None:
            log.touch()
            (place / "workers.log").symlink_to(log.resolve())
        outcome = _outcome(plan, database or f"sqlite:///{place / 'interop.db'}", place, server)
    print(outcome.told())
    return 0 if outcome.settled and outcome.account.is_clean else 1


def _outcome(plan: Plan, url: str, place: Path, server: Restartable | None) -> Outcome:
    example = examine(example_plan("fi"), "effica").record
    if example is None:
        raise Fault("The example plan of this installation cannot be read.")
    return run(plan, url, place, example, server)
