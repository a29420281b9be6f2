"""Every command in our pages does what the page says, and every link leads somewhere."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.docs.sessions import DATABASE, ROOT, Step, run, steps
from tests.store.postgresql import fresh_database, running

PAGES = sorted([*(ROOT / "docs").rglob("*.md"), *ROOT.glob("*.md"), *(ROOT / "examples").glob("*.md")])
WITH_SESSIONS = [page for page in PAGES if steps(page)]


def named(page: Path) -> str:
    return str(page.relative_to(ROOT))


@pytest.mark.parametrize("page", WITH_SESSIONS, ids=named)
def test_what_a_page_shows_is_what_happens(page: Path, tmp_path: Path) -> None:
    if DATABASE not in page.read_text("utf-8"):
        assert "\n".join(run(page, tmp_path)) == ""
        return
    with running() as server, fresh_database(server.url("postgres")) as url:
        assert "\n".join(run(page, tmp_path, url)) == ""


def test_there_are_pages_with_sessions() -> None:
    assert len(WITH_SESSIONS) >= 4


@pytest.mark.parametrize(
    ("shown", "code", "printed", "right"),
    [
        (("a", "…", "d"), 0, "a\nb\nc\nd\n", True),
        (("a…",), 0, "abc\n", True),
        (("a",), 0, "abc\n", False),
        (("a",), 1, "a\n", False),
        ((), 0, "a\n", False),
        (("…",), 0, "", True),
    ],
)
def test_a_page_that_says_otherwise_is_found_out(
    shown: tuple[str, ...], code: int, printed: str, *, right: bool
) -> None:
    assert (Step("x", 0, shown).fault(code, printed) == "") is right


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_every_link_of_a_page_leads_somewhere(page: Path) -> None:
    text = re.sub(r"```.*?```", "", page.read_text("utf-8"), flags=re.DOTALL)
    links = re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", text)
    lost = [link for link in links if "://" not in link and not (page.parent / link).exists()]
    assert lost == []


def test_a_newcomer_finds_every_page_from_the_readme() -> None:
    named = (ROOT / "README.md").read_text("utf-8")
    assert [
        page for one in (ROOT / "docs").rglob("*.md") if f"]({(page := str(one.relative_to(ROOT)))})" not in named
    ] == []
