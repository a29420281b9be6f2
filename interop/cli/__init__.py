"""The command line `interop`. Each command's module is loaded only when it is the one that was asked for."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from traceback import extract_tb
from typing import Annotated, Any, NoReturn

import typer

from interop.cli.writing import coloured, prepare_streams
from interop.errors import InteropError, Invalid, why
from mappings.table_error import TableError
from schemas.site import lay_over

__all__ = ["COMMANDS", "Command", "application", "main"]


@dataclass(frozen=True, slots=True)
class Command:
    """One command: where it stands, what `--help` says of it, and whether it is a group of commands."""

    module: str
    name: str
    help: str
    group: bool = False


COMMANDS: Mapping[str, Command] = {
    "validate": Command("validate", "validate_command", "Judge documents and say what is wrong, and where."),
    "convert": Command("document_commands", "convert_command", "Write a document in another format."),
    "bulk": Command("bulk", "bulk", "Convert or validate hundreds of thousands of documents.", group=True),
    "explain": Command("comparison_commands", "explain_command", "Say of every value where it came from."),
    "diff": Command("comparison_commands", "diff_command", "Compare two documents of any formats, field by field."),
    "align": Command("alignment", "align_command", "Hold a provider's plan or summary against agreed goals."),
    "plan": Command("comparison_commands", "plan", "Begin the next plan from the previous one.", group=True),
    "form": Command("form", "form_command", "Print a structure or a document as a form, PDF or HTML."),
    "structures": Command(
        "structures", "structures", "THL's document structures: list, search, show, diff.", group=True
    ),
    "mappings": Command("mapping_commands", "mappings", "Mapping tables: check, coverage, test, show.", group=True),
    "package": Command("package", "package", "FHIR packages: build ours, add others, list.", group=True),
    "demo": Command("demo", "demo", "Exchange a client plan among three sandboxes and show what happened."),
    "console": Command("console", "console", "The console in a browser: make a password entry.", group=True),
    "sandbox": Command("sandbox", "sandbox", "Stand-ins of the record systems and a mail server.", group=True),
    "doctor": Command("doctor", "doctor_command", "Examine settings, database, keys, certificates and systems."),
    "worker": Command("worker", "worker_command", "Run one worker of the exchange; as many as the database serves."),
    "deliveries": Command(
        "deliveries", "deliveries", "List, show, retry, release, confirm or cancel deliveries.", group=True
    ),
    "due": Command("due", "due_command", "List the plans that are to be reviewed soon, or should have been."),
    "disclosures": Command(
        "disclosures", "disclosures", "What other controllers were given outside Kanta, and its notices.", group=True
    ),
    "audit": Command("audit", "audit", "The audit: list, show, verify, anchor, export.", group=True),
    "documents": Command(
        "documents", "documents", "List and show documents; admit or refuse those in quarantine.", group=True
    ),
    "keys": Command("keys", "keys", "Keys of what is stored: list, new, rotate, retire.", group=True),
    "backup": Command("backup", "backup_command", "Write the exchange's database to a file, while it goes on."),
    "restore": Command("backup", "restore_command", "Make a new database from a backup."),
    "metrics": Command("metrics", "metrics_command", "Print the exchange's figures in Prometheus's text form."),
    "gate": Command("gate", "gate", "May a document go to a system, and why; permits and prohibitions.", group=True),
    "serve": Command("serve", "serve_command", "Run the exchange with the systems of the settings file."),
}

_ABOUT = """Finland's social-care plans between record systems: validate, convert, exchange.

Formats: thl (envelope and THL's JSON), fhir (R4 document Bundle), effica (XML message), omni360 (FHIR R4 CarePlan,
Binary, Task), apotti (Epic note), kanta (XHTML and JSON). Each is recognised from the bytes.

Exit codes: 0 valid or done, 1 errors or differences found, 2 not usable, 130 interrupted. NO_COLOR=1 prints without
colours.

\b
interop validate examples/plan-effica.xml
interop convert examples/plan-effica.xml --to fhir -o plan.json
interop structures show 15020
interop demo
"""


def main() -> None:
    """Runs the command that the arguments name. A failure is one sentence on standard error, and exit code 2."""
    wanted = next((word for word in [*sys.argv[1:], *_words_to_complete()] if word in COMMANDS), "")
    prepare_streams()
    try:
        try:
            application(wanted)(color=None if coloured() else False)
        finally:
            sys.stdout.flush()
    except (InteropError, TableError) as error:
        _fail(str(error))
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:
        _close_output()
        sys.exit(1)
    except OSError as error:
        _fail(_refused(error))
    except Exception as error:  # noqa: BLE001 - the outermost loop of the command line
        _fail(_mistake(error))


def _fail(sentence: str) -> NoReturn:
    _close_output()
    print(f"interop: {sentence}", file=sys.stderr)
    sys.exit(2)


def _close_output() -> None:
    """What could not be written to standard output is dropped; the interpreter would try it again at its end."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _refused(error: OSError) -> str:
    """What the operating system refused, in its own words; a file by its name."""
    if error.filename is None:
        return f"Reading or writing failed: {why(error)}."
    return f"'{error.filename}' cannot be read or written: {why(error)}."


def _mistake(error: Exception) -> str:
    """Where the program has a mistake. Its words stay out: they may hold what stands in a document."""
    trace = [one for one in extract_tb(error.__traceback__) if "site-packages" not in one.filename]
    places = [f"{Path(one.filename).name}:{one.lineno}:{one.name}" for one in trace[-4:]]
    return f"A mistake in this program ({type(error).__name__} at {' > '.join(places)}). Please report this line."


def _words_to_complete() -> list[str]:
    """What a shell has on its line when it asks how to complete it: bash in one variable, the others in another."""
    if "_INTEROP_COMPLETE" not in os.environ:
        return []
    return f"{os.environ.get('COMP_WORDS', '')} {os.environ.get('_TYPER_COMPLETE_ARGS', '')}".split()


def application(wanted: str) -> typer.Typer:
    """The application with the wanted command whole, and the others by name and help alone."""
    app = typer.Typer(
        help=_ABOUT, no_args_is_help=True, pretty_exceptions_enable=False, add_completion=True, rich_markup_mode=None
    )
    app.callback()(_top)
    for name, command in COMMANDS.items():
        loaded = getattr(import_module(f"interop.cli.{command.module}"), command.name) if name == wanted else None
        if command.group:
            app.add_typer(_summed_up(loaded or _hollow_group(command)), name=name, short_help=command.help)
        else:
            app.command(name, short_help=command.help)(loaded or _hollow)
    return app


def _show_version(asked: bool) -> None:
    if asked:
        from importlib.metadata import version

        print(version("sote-interop"))
        raise typer.Exit


def _top(
    _: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and exit.")
    ] = False,
    site: Annotated[
        Path | None,
        typer.Option(metavar="DIR", envvar="INTEROP_SITE", help="The site's own tables, code maps and schemas."),
    ] = None,
) -> None:
    if site is not None and not site.is_dir():
        raise Invalid(f"There is no folder '{site}'.")
    lay_over(site)
    if site is not None:
        from interop.cli.site_folder import check_site

        check_site(site)


def _summed_up(group: typer.Typer) -> typer.Typer:
    """The group, with its commands listed by their whole first sentence: what Typer sums up by itself it cuts short."""
    for command in group.registered_commands:
        command.short_help = (
            " ".join((command.callback.__doc__ or "").split()).partition(". ")[0].removesuffix(".") + "."
        )
    for inner in group.registered_groups:
        if inner.typer_instance:
            _summed_up(inner.typer_instance)
    return group


def _hollow() -> None:
    """Stands for a command that was not asked for."""


def _hollow_group(command: Command) -> typer.Typer:
    group: Any = typer.Typer(help=command.help)
    group.command("help")(_hollow)
    return group  # type: ignore[no-any-return]
