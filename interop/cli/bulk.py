"""`interop bulk`: any number of documents judged or converted over all cores, in runs that can be interrupted."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from typing import Annotated
from uuid import uuid4

import typer

from interop.bulk.joining import Joined
from interop.bulk.planning import Plan
from interop.bulk.reporting import Sums
from interop.bulk.running import CHUNK, done, opened
from interop.bulk.task import Task
from interop.cli.document_commands import LANGUAGE_OF, EnvelopeOption, FormatName, Lang, LanguageOption
from interop.cli.findings import Tally
from interop.cli.validate import STRICTNESS
from interop.errors import Invalid
from interop.logs import configure
from schemas.site import laid_over

__all__ = ["bulk"]

bulk = typer.Typer(
    help="Hundreds of thousands of documents at once: convert, validate.", no_args_is_help=True, rich_markup_mode=None
)

_Sources = Annotated[
    list[str],
    typer.Argument(metavar="SOURCE", help="Files, directories, globs, .zip or .ndjson, not changed meanwhile."),
]
_Folder = Annotated[
    Path, typer.Option("-o", "--out", metavar="DIR", help="The folder of the run: empty, or of the same run before.")
]
_Codesystems = Annotated[
    Path | None,
    typer.Option(metavar="DIR", envvar="INTEROP_CODESYSTEMS", help="Code systems of the site: FHIR JSON or CSV files."),
]
_Jobs = Annotated[int, typer.Option(min=0, metavar="N", help="How many processes; 0: one for each core.")]
_Database = Annotated[
    str,
    typer.Option(
        "--database-url",
        metavar="URL",
        envvar="INTEROP_DATABASE_URL",
        help="PostgreSQL: share the run with every `interop bulk work` there. Otherwise this machine does it all.",
    ),
]
_Size = Annotated[int, typer.Option("--chunk", min=1, max=1000, metavar="N", help="How many documents are one chunk.")]


@bulk.command("convert")
def convert_command(
    sources: _Sources,
    to: Annotated[FormatName, typer.Option(help="The format to write.")],
    out: _Folder,
    from_format: Annotated[
        FormatName | None, typer.Option("--from", help="The format; recognised when left out.")
    ] = None,
    envelope: EnvelopeOption = None,
    codesystems: _Codesystems = None,
    language: LanguageOption = Lang.fi,
    jobs: _Jobs = 0,
    size: _Size = CHUNK,
    database_url: _Database = "",
) -> None:
    """Write any number of documents in another format, in order, and report on each.

    DIR gets documents.ndjson (for XML formats a file for each document, below documents/) and report.ndjson, one line
    for each document: findings never stop the run. When it is interrupted, even by a power cut, the same command goes
    on where it stopped. Exit code 0: all are valid and written. 1: at least one error was found. 2: an input could not
    be used, or the run has not come to its end.

    \b
    interop bulk convert plans.zip --to fhir -o run
    interop bulk convert 'archive/**/*.xml' more.ndjson --to omni360 -o run --jobs 8
    """
    task = Task(to, from_format, _absolute(envelope), _absolute(codesystems), site=_absolute(laid_over()))
    raise typer.Exit(_exit_code(task, _run(out, sources, task, size, _Means(jobs, database_url)), language))


@bulk.command("validate")
def validate_command(
    sources: _Sources,
    out: _Folder,
    as_format: Annotated[FormatName | None, typer.Option("--as", help="The format; recognised when left out.")] = None,
    envelope: EnvelopeOption = None,
    codesystems: _Codesystems = None,
    profile: Annotated[
        list[str] | None, typer.Option(metavar="URL", help="A profile that FHIR must follow; may be repeated.")
    ] = None,
    packages: Annotated[
        list[Path] | None,
        typer.Option("--package", metavar="PATH", help="FHIR definitions: a .tgz, folder or JSON; may be repeated."),
    ] = None,
    strict: Annotated[bool | None, typer.Option("--strict/--lax", help="As `interop validate` takes them.")] = None,
    language: LanguageOption = Lang.fi,
    jobs: _Jobs = 0,
    size: _Size = CHUNK,
    database_url: _Database = "",
) -> None:
    """Judge any number of documents, and report on each in DIR/report.ndjson, one line of JSON in their order.

    When the run is interrupted, even by a power cut, the same command goes on where it stopped. Exit code 0: all are
    valid. 1: at least one error was found. 2: an input could not be used, or the run has not come to its end.

    \b
    interop bulk validate plans/ -o run
    interop bulk validate plans.ndjson -o run --lang sv
    """
    task = Task(
        "",
        as_format,
        _absolute(envelope),
        _absolute(codesystems),
        tuple(profile or ()),
        tuple(str(one.absolute()) for one in packages or ()),
        STRICTNESS[strict],
        _absolute(laid_over()),
    )
    raise typer.Exit(_exit_code(task, _run(out, sources, task, size, _Means(jobs, database_url)), language))


@bulk.command("work")
def work_command(
    database_url: Annotated[
        str, typer.Option("--database-url", metavar="URL", envvar="INTEROP_DATABASE_URL", help="PostgreSQL.")
    ],
    jobs: _Jobs = 0,
) -> None:
    """Do chunks of the bulk runs that share a PostgreSQL database, on as many machines as you like.

    Each machine needs the source and the folder of the run under the same paths. What a worker that died had in hand
    the others take over. SIGTERM or Ctrl-C lets what is under way end.

    \b
    INTEROP_DATABASE_URL=postgresql://interop@db.example/interop interop bulk work
    """
    if not _is_server(database_url):
        raise Invalid("Only a PostgreSQL database can be shared: --database-url postgresql://...")
    from interop.bulk.sharing import sharing

    configure("info")
    stop = Event()
    for signal_number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(signal_number, lambda *_: stop.set())
    with sharing(database_url, jobs):
        print("ready", flush=True)
        stop.wait()


@dataclass(frozen=True, slots=True)
class _Means:
    """Who does a run: the processes of this machine, or everybody at a database."""

    jobs: int
    database_url: str

    def steps(self, folder: Path, plan: Plan, joined: Joined) -> Iterator[Sums]:
        """What has been counted so far, after each chunk."""
        if not _is_server(self.database_url):
            yield from done(folder, plan, joined, self.jobs)
            return
        from interop.bulk.sharing import shared, sharing

        configure("warning")
        with sharing(self.database_url, self.jobs) as workers:
            yield from shared(folder, plan, joined, workers)


def _is_server(url: str) -> bool:
    """Whether a run is shared there; a file of the exchange, which the environment may name, does no harm."""
    if url and not url.startswith(("postgresql:", "postgresql+", "postgres:", "sqlite:")):
        raise Invalid("Only a PostgreSQL database can be shared: --database-url postgresql://...")
    return url.startswith("postgres")


def _run(out: Path, sources: Sequence[str], task: Task, size: int, means: _Means) -> Sums:
    """What was counted when all was done."""
    if "-" in sources:
        raise Invalid("A bulk run cannot read standard input, since it could not go on with it; give a file.")
    folder = out.absolute()
    with opened(folder, sources, task, size, uuid4().hex) as (plan, joined):
        steps = means.steps(folder, plan, joined)
        for _ in _with_progress(steps, joined.sums.documents, plan.documents):
            pass
        return joined.sums


def _with_progress(steps: Iterator[Sums], before: int, total: int) -> Iterator[Sums]:
    """The steps, with the rate and the time left on standard error when it is a terminal."""
    if not sys.stderr.isatty():
        yield from steps
        return
    from interop.cli.bulk_progress import shown

    yield from shown(steps, before, total)


def _exit_code(task: Task, sums: Sums, language: Lang) -> int:
    tally = Tally(sums.documents, sums.valid, sums.severities, sums.rules)
    print("\n".join(tally.lines(LANGUAGE_OF[language])))
    unwritten = sums.documents - sums.written if task.to else 0
    if unwritten:
        print(f"{unwritten} of {sums.documents} were not written; report.ndjson tells which.", file=sys.stderr)
    if sums.unusable or not sums.documents:
        return 2
    warned = task.strictness == "strict" and sums.severities["warning"] > 0
    return int(sums.valid < sums.documents or unwritten > 0 or warned)


def _absolute(path: Path | None) -> str | None:
    return None if path is None else str(path.absolute())
