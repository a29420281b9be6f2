"""What cannot be read or written is one sentence that names it, exit code 2, and nothing half done."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from interop.cli import COMMANDS

EXAMPLES = Path(__file__).parents[2] / "examples"
PLAN = str(EXAMPLES / "plan.json")
FULL = Path("/dev/full")
"""A device that has no room, whatever is written to it."""

WRITERS: list[list[str]] = [
    ["convert", PLAN, "--to", "fhir", "-o"],
    ["convert", PLAN, "--to", "fhir", "-o", "whole.json", "--report"],
    ["explain", PLAN, "--to", "fhir", "-o"],
    ["plan", "next", PLAN, "-o"],
    ["form", "15020", "--html", "-o"],
    ["structures", "questionnaire", "15020", "-o"],
    ["package", "build", "-o"],
]
INTO_FOLDERS: list[list[str]] = [
    ["structures", "codesystems", "-o"],
    ["mappings", "new", "--structure", "15004", "--format", "effica", "-o"],
    ["bulk", "validate", PLAN, "-o"],
    ["demo", "--keep"],
    ["sandbox", "run"],
]


def interop(folder: Path, *words: str, program: str = "from interop.cli import main; main()") -> tuple[int, str, str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("INTEROP_")}
    done = subprocess.run(
        [sys.executable, "-c", program, *words], cwd=folder, env=environment, capture_output=True, text=True,
        stdin=subprocess.DEVNULL, timeout=120, check=False,
    )  # fmt: skip
    assert "Traceback" not in done.stderr
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize("words", WRITERS, ids=lambda words: " ".join(words[:2]))
@pytest.mark.parametrize("target", ["no-folder/x.html", ".", str(FULL)])
def test_a_file_that_cannot_be_written_is_named_and_nothing_else_is_left(
    words: list[str], target: str, tmp_path: Path
) -> None:
    code, out, error = interop(tmp_path, *words, target)
    assert (code, out) == (2, "")
    assert "cannot be written: " in error
    assert f"'{target}'" in error
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("words", INTO_FOLDERS, ids=lambda words: " ".join(words[:2]))
def test_a_folder_that_cannot_be_made_is_named(words: list[str], tmp_path: Path) -> None:
    (tmp_path / "file").write_text("kept", "utf-8")
    code, _, error = interop(tmp_path, *words, "file/folder")
    assert code == 2
    assert "file/folder' cannot be " in error
    assert (tmp_path / "file").read_text("utf-8") == "kept"


def test_a_file_keeps_its_mode_and_its_old_content_until_the_new_one_is_whole(tmp_path: Path) -> None:
    target = tmp_path / "plan.json"
    target.write_text("old", "utf-8")
    target.chmod(0o640)
    assert interop(tmp_path, "convert", PLAN, "--to", "fhir", "-o", "plan.json")[0] == 0
    assert (target.stat().st_mode & 0o777, target.read_bytes()[:1]) == (0o640, b"{")
    assert [one.name for one in tmp_path.iterdir()] == ["plan.json"]


def test_standard_output_without_room_is_told(tmp_path: Path) -> None:
    with FULL.open("wb") as full:
        done = subprocess.run(
            [sys.executable, "-c", "from interop.cli import main; main()", "validate", PLAN], cwd=tmp_path, stdout=full,
            stderr=subprocess.PIPE, timeout=120, check=False,
        )  # fmt: skip
    assert (done.returncode, done.stderr) == (2, b"interop: Reading or writing failed: no space left on device.\n")


def test_a_reader_that_has_seen_enough_ends_the_command_in_silence(tmp_path: Path) -> None:
    script = f"{sys.executable} -c 'from interop.cli import main; main()' convert {PLAN} --to fhir | head -1"
    done = subprocess.run(["sh", "-c", script], cwd=tmp_path, capture_output=True, timeout=120, check=False)
    assert (done.stdout, done.stderr) == (b"{\n", b"")


@pytest.mark.parametrize("words", WRITERS[:-1], ids=lambda words: " ".join(words[:2]))
def test_a_dash_is_standard_output(words: list[str], tmp_path: Path) -> None:
    code, out, _ = interop(tmp_path, *words, "-")
    assert code == 0
    assert len(out) > 20
    assert not (tmp_path / "-").exists()


@pytest.mark.parametrize(("closed", "code"), [("<&-", 2), (">&-", 0), ("<&- >&- 2>&-", 2)])
def test_a_stream_that_the_caller_has_closed_is_no_mistake(closed: str, code: int, tmp_path: Path) -> None:
    given = "-" if "<" in closed else PLAN
    script = f"{sys.executable} -c 'from interop.cli import main; main()' validate {given} {closed}"
    done = subprocess.run(["sh", "-c", script], cwd=tmp_path, capture_output=True, timeout=120, check=False)
    assert (done.returncode, done.stderr) == (code, b"")


RECORD_READERS = [
    ["convert", "--to", "thl"], ["explain", "--to", "thl"], ["diff", PLAN], ["align", PLAN], ["plan", "next"], ["due"],
    ["form", "-o", "form.pdf"],
]  # fmt: skip


@pytest.mark.parametrize("words", RECORD_READERS, ids=lambda words: words[0])
def test_a_resource_that_is_no_document_is_called_so(words: list[str], tmp_path: Path) -> None:
    (tmp_path / "patient.json").write_text('{"resourceType": "Patient"}', "utf-8")
    said = "interop: 'patient.json' is a FHIR resource and no document, so it holds no record.\n"
    assert interop(tmp_path, *words, "patient.json") == (2, "", said)


@pytest.mark.parametrize("command", ["diff", "align"])
def test_standard_input_is_one_document_of_two(command: str, tmp_path: Path) -> None:
    said = "interop: Only one of the two documents can come from standard input.\n"
    assert interop(tmp_path, command, "-", "-") == (2, "", said)


@pytest.mark.parametrize("words", [["validate"], ["convert", "--to", "fhir"], ["due"], ["explain", "--to", "fhir"]])
def test_a_folder_without_documents_is_told_of(words: list[str], tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("no document", "utf-8")
    code, out, error = interop(tmp_path, *words, ".")
    assert (code, out) == (2, "")
    assert error.startswith("interop: There is no document in '.'.")


def test_no_name_is_not_this_folder(tmp_path: Path) -> None:
    assert interop(tmp_path, "validate", "")[::2] == (2, "interop: There is no file ''.\n")


def test_a_form_is_called_what_it_is(tmp_path: Path) -> None:
    code, _, error = interop(tmp_path, "form", "15020", "-o", "form.docx")
    assert code == 2
    assert ".pdf or .html" in error


WITH_SETTINGS = [["deliveries", "list"], ["serve"], ["worker"], ["due"], ["metrics"], ["keys", "list"]]


@pytest.mark.parametrize("words", WITH_SETTINGS, ids=" ".join)
def test_settings_that_are_not_there_are_named_with_what_to_do(words: list[str], tmp_path: Path) -> None:
    code, _, error = interop(tmp_path, *words)
    assert code == 2
    assert "no settings file 'interop.toml'" in error
    assert "INTEROP_SETTINGS" in error


def test_settings_that_are_no_toml_name_the_line(tmp_path: Path) -> None:
    (tmp_path / "interop.toml").write_text('[database]\nurl = "sqlite:///x.db\n', "utf-8")
    code, _, error = interop(tmp_path, "deliveries", "list")
    assert (code, error) == (2, "interop: The settings file is not well-formed TOML (at line 2, column 22).\n")


def test_a_mistake_of_the_program_shows_where_and_nothing_of_the_document(tmp_path: Path) -> None:
    program = (
        "import interop.cli\n"
        "def broken(_): raise ValueError('010181-900C')\n"
        "interop.cli.application = broken\n"
        "interop.cli.main()\n"
    )
    code, _, error = interop(tmp_path, "validate", PLAN, program=program)
    assert code == 2
    assert error.startswith("interop: A mistake in this program (ValueError at ")
    assert "010181-900C" not in error


def test_every_command_that_is_meant_here_exists() -> None:
    assert {words[0] for words in [*WRITERS, *INTO_FOLDERS, *WITH_SETTINGS]} <= set(COMMANDS)


LATIN = {"PYTHONIOENCODING": "ascii", "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}


@pytest.mark.parametrize(
    "words",
    [
        ["validate", PLAN], ["structures", "list"], ["structures", "show", "15020"], ["mappings", "coverage"],
        ["mappings", "show", "effica/15020"], ["explain", PLAN, "--to", "fhir"], ["convert", PLAN, "--to", "effica"],
        ["diff", PLAN, PLAN],
    ],
    ids=lambda words: " ".join(words[:2]),
)  # fmt: skip
def test_a_pipe_gets_utf_8_whatever_the_locale_is(words: list[str], tmp_path: Path) -> None:
    command = [sys.executable, "-c", "from interop.cli import main; main()", *words]
    plain = subprocess.run(command, cwd=tmp_path, capture_output=True, timeout=120, check=False)
    latin = subprocess.run(command, cwd=tmp_path, env=os.environ | LATIN, capture_output=True, timeout=120, check=False)
    assert (latin.returncode, latin.stdout, latin.stderr) == (plain.returncode, plain.stdout, plain.stderr)


def on_a_terminal(words: list[str], folder: Path, **environment: str) -> str:
    """What a command shows on a terminal."""
    mine, its = pty.openpty()
    command = [sys.executable, "-c", "from interop.cli import main; main()", *words]
    with subprocess.Popen(
        command, cwd=folder, env=os.environ | {"TERM": "xterm"} | environment, stdin=its, stdout=its, stderr=its
    ) as running:
        os.close(its)
        shown = b""
        while True:
            try:
                more = os.read(mine, 65536)
            except OSError:
                # How Linux says that nobody writes to this terminal any more.
                break
            if not more:
                break
            shown += more
    os.close(mine)
    assert running.returncode == 0
    return shown.decode("utf-8", "replace")


@pytest.mark.parametrize("words", [["validate", PLAN], ["structures", "show", "15020"]], ids=" ".join)
def test_colours_are_for_a_terminal_whose_reader_wants_them(words: list[str], tmp_path: Path) -> None:
    assert "\x1b[" in on_a_terminal(words, tmp_path)
    assert "\x1b[" not in on_a_terminal(words, tmp_path, NO_COLOR="1")
    assert "\x1b[" not in on_a_terminal(words, tmp_path, TERM="dumb")


def test_a_terminal_without_a_letter_shows_its_number(tmp_path: Path) -> None:
    assert "Asiakas \\u203a Henkil\\xf6tunnus" in on_a_terminal(["validate", PLAN], tmp_path, **LATIN)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["console", "password", "maija", "--role", "nothing"], "--role takes one of viewer, operator, auditor."),
        (["console", "password", "Maija M", "--role", "viewer"], "small letters"),
        (["package", "list", "--library", "nowhere"], "There is no folder 'nowhere'."),
        (["bulk", "validate", PLAN, "-o", "run", "--database-url", "mysql://x"], "Only a PostgreSQL database"),
        (["keys", "new", ""], "The key's id cannot be used; expected a key id of letters"),
        (["structures", "show", "99999"], "interop: No structure is called '99999'."),
    ],
    ids=lambda value: " ".join(value[:2]) if isinstance(value, list) else "",
)
def test_what_is_asked_in_vain_is_told_with_what_there_is(words: list[str], said: str, tmp_path: Path) -> None:
    code, out, error = interop(tmp_path, *words)
    assert (code, out) == (2, "")
    assert said in error
