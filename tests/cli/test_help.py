"""What `--help` teaches: each command has an example, each example can be given as it stands, and names are alike."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import typer

from interop.cli import COMMANDS, application

ROOT = Path(__file__).parents[2]
EXAMPLE = re.compile(r"^\s*(?:[A-Z_]+=\S+ )?(interop .*)$", re.MULTILINE)
ALONE = ("validate", "convert", "explain", "diff", "align", "plan", "form", "structures", "mappings", "package", "due")
"""The commands that need no settings and no other program."""
WRITES = ("-o", "--out", "--into", "--keep")


def commands(words: tuple[str, ...], command: Any) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Each command that does something, by its words."""
    inner = getattr(command, "commands", {})
    if not inner:
        yield words, command
    for name, one in inner.items():
        yield from commands((*words, name), one)


def whole(name: str) -> Any:
    return typer.main.get_command(application(name)).commands[name]  # type: ignore[attr-defined]


EVERY = dict(found for name in COMMANDS for found in commands((name,), whole(name)))


def examples(words: tuple[str, ...]) -> list[list[str]]:
    """The examples of a command's help as words, without pipes, redirections and remarks."""
    lines = EXAMPLE.findall(EVERY[words].help or "")
    return [shlex.split(re.split(r"\s[|<>&#]", line)[0]) for line in lines]


GIVEN = [example for words in EVERY for example in examples(words)]


def is_at_hand(example: list[str]) -> bool:
    """Whether all that an example reads is in our folder of examples, so that it can be run."""
    read = [
        word for before, word in pairwise(example)
        if before not in WRITES and re.search(r"\.\w+$|/|\*", word) and "@" not in word
    ]  # fmt: skip
    alone = example[1] in ALONE and not {"--watch", "--structures"} & {*example} and (example[1] != "due" or read)
    return bool(alone) and all((ROOT / one).exists() for one in read)


@pytest.mark.parametrize("words", EVERY, ids=" ".join)
def test_every_command_has_an_example_of_itself(words: tuple[str, ...]) -> None:
    assert any(all(word in example for word in words) for example in examples(words))


@pytest.mark.parametrize("example", GIVEN, ids=" ".join)
def test_an_example_names_commands_and_options_that_there_are(
    example: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("INTEROP_DATABASE_URL", "postgresql://interop@db.example/interop")
    words = [*example[1:]]
    if words[0] == "--site":
        del words[:2]
    command = whole(words.pop(0))
    while hasattr(command, "commands"):
        command = command.commands[words.pop(0)]
    command.make_context("interop", words)


@pytest.mark.parametrize("example", [one for one in GIVEN if is_at_hand(one)], ids=" ".join)
def test_an_example_works_as_it_stands(example: list[str], tmp_path: Path) -> None:
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    command = [sys.executable, "-c", "from interop.cli import main; main()", *example[1:]]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode in (0, 1), done.stderr


@pytest.mark.parametrize("words", EVERY, ids=" ".join)
def test_what_is_alike_is_called_alike(words: tuple[str, ...]) -> None:
    options = [set(one.opts) for one in EVERY[words].params if one.param_type_name == "option"]
    for one in options:
        assert ("-o" in one) <= (one == {"-o", "--out"})
        assert "--language" not in one
        assert "--json" not in one
    named = [line.split()[1] for line in help_of(words).splitlines() if line.strip().startswith("--output ")]
    assert all(one.startswith("<text|json") for one in named), "--output names a form, and -o a file"


@pytest.mark.parametrize("words", EVERY, ids=" ".join)
def test_an_option_shows_what_it_takes_in_words(words: tuple[str, ...]) -> None:
    shown = help_of(words)
    assert re.search(r"<list\[(?!str|Path)|<int range>|<%Y", shown) is None


def help_of(words: tuple[str, ...]) -> str:
    command = EVERY[words]
    return str(command.get_help(command.make_context(" ".join(words), [], resilient_parsing=True)))


def test_a_group_lists_its_commands_by_whole_sentences() -> None:
    listed = re.findall(r"^  [a-z]+  .*$", (ROOT / "docs" / "commands.md").read_text("utf-8"), re.MULTILINE)
    assert len(listed) > len(COMMANDS)
    assert not [line for line in listed if line.endswith("...")]
