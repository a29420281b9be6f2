"""The long run: `python -m tests.faults --documents 1000 --seed 7`; prints what was lost, duplicated, leaked and held.

With `--workers 2` or more it starts a PostgreSQL of its own and restarts it on the way; with one it uses a SQLite file.
Exit code 0: nothing was lost, duplicated or leaked, and every sender was answered. 1: something was.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from tests.faults.run import Outcome, Plan, run
from tests.store.postgresql import fresh_database, running


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--documents", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--trouble", type=float, default=0.15)
    parser.add_argument("--restarts", type=int, default=2)
    parser.add_argument("--log", type=Path, help="Where the workers' log lines go.")
    given = parser.parse_args()
    plan = Plan(
        given.documents, given.seed, given.workers, given.trouble, restarts=given.restarts,
        patience=60 + given.documents, goes=max(5, given.documents // 10),
    )  # fmt: skip
    with tempfile.TemporaryDirectory(prefix="interop-faults-") as name:
        place = Path(name)
        if given.log:
            given.log.touch()
            (place / "workers.log").symlink_to(given.log.resolve())
        outcome = _outcome(plan, place)
    sys.stdout.write(outcome.told() + "\n")
    return 0 if outcome.settled and outcome.account.is_clean else 1


def _outcome(plan: Plan, place: Path) -> Outcome:
    if plan.workers == 1:
        return run(plan, f"sqlite:///{place / 'interop.db'}", place)
    with running() as server, fresh_database(server.url("postgres")) as url:
        return run(plan, url, place, server)


if __name__ == "__main__":
    sys.exit(main())
