"""`interop-faults` over a PostgreSQL of its own, which is restarted on the way: `python -m tests.faults --seed 7`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from interop.cli.faults import tell
from interop.faults.run import Plan
from tests.store.postgresql import fresh_database, running


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--documents", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--log", type=Path, help="Where the workers' log lines go.")
    given = parser.parse_args()
    with running() as server, fresh_database(server.url("postgres")) as url:
        return tell(Plan.long(given.documents, given.seed, given.workers), url, given.log, server)


if __name__ == "__main__":
    sys.exit(main())
