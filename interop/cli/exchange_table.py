"""What the demonstration shows: where things run, each delivery's steps, findings, losses and files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from io import StringIO

from rich import box
from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from interop.cli.demonstration import Demonstration, Followed, Form
from interop.exchange import cause_in_words
from interop.store import Delivery, State, Transition
from schemas.issues import Language

__all__ = ["FALLBACK_WIDTH", "as_text", "picture", "progress_line"]

FALLBACK_WIDTH = 100
_SHOWN = 8

_STYLES: Mapping[State, str] = {
    "pending": "dim",
    "held": "yellow",
    "sent": "cyan",
    "accepted": "cyan",
    "delivered": "green",
    "rejected": "red",
    "unknown": "yellow",
    "superseded": "dim",
}

_STATES: Mapping[State, Mapping[Language, str]] = {
    "pending": {"fi": "odottaa", "sv": "väntar", "en": "pending"},
    "held": {"fi": "pysäytetty", "sv": "stoppad", "en": "held"},
    "sent": {"fi": "lähetetty", "sv": "sänd", "en": "sent"},
    "accepted": {"fi": "vastaanotettu", "sv": "mottagen", "en": "accepted"},
    "delivered": {"fi": "perillä", "sv": "framme", "en": "delivered"},
    "rejected": {"fi": "hylätty", "sv": "avvisad", "en": "rejected"},
    "unknown": {"fi": "epäselvä", "sv": "oklar", "en": "unknown"},
    "superseded": {"fi": "korvattu", "sv": "ersatt", "en": "superseded"},
}

_WORDS: Mapping[str, Mapping[Language, str]] = {
    "title": {
        "fi": "Yksi asiakassuunnitelma, kolme asiakastietojärjestelmää",
        "sv": "En klientplan, tre klientdatasystem",
        "en": "One client plan, three client record systems",
    },
    "sandboxes": {
        "fi": "Järjestelmät ovat sijaisia tällä koneella, henkilö on keksitty ja tietokanta tilapäinen.",
        "sv": "Systemen är ersättare på denna dator, personen är påhittad och databasen tillfällig.",
        "en": "The systems are stand-ins on this machine, the person is made up, and the database is temporary.",
    },
    "running": {"fi": "Mikä toimii missä", "sv": "Vad som körs var", "en": "What runs where"},
    "database": {
        "fi": "tilapäinen tiedosto, asiakirjat salattuina (AES-256-GCM)",
        "sv": "en tillfällig fil, handlingarna krypterade (AES-256-GCM)",
        "en": "a temporary file, documents encrypted (AES-256-GCM)",
    },
    "held": {
        "fi": "Vastaanottajissa on nyt: {counts}.",
        "sv": "Hos mottagarna finns nu: {counts}.",
        "en": "The receivers now hold: {counts}.",
    },
    "system": {"fi": "järjestelmä", "sv": "system", "en": "system"},
    "protocol": {"fi": "yhteys", "sv": "förbindelse", "en": "protocol"},
    "address": {"fi": "osoite", "sv": "adress", "en": "address"},
    "deliveries": {"fi": "Lähetykset", "sv": "Sändningar", "en": "Deliveries"},
    "receiver": {"fi": "vastaanottaja", "sv": "mottagare", "en": "receiver"},
    "time": {"fi": "aika", "sv": "tid", "en": "time"},
    "state": {"fi": "tila", "sv": "status", "en": "state"},
    "why": {"fi": "miksi", "sv": "varför", "en": "why"},
    "findings": {"fi": "Tarkastuksen havainnot", "sv": "Granskningens iakttagelser", "en": "Findings"},
    "severity": {"fi": "vakavuus", "sv": "allvar", "en": "severity"},
    "finding": {"fi": "havainto", "sv": "iakttagelse", "en": "finding"},
    "none": {"fi": "Ei havaintoja.", "sv": "Inga iakttagelser.", "en": "None."},
    "losses": {
        "fi": "Mitä kukin muoto ei kanna",
        "sv": "Vad varje form inte bär",
        "en": "What each form does not carry",
    },
    "form": {"fi": "muoto", "sv": "form", "en": "form"},
    "lost": {"fi": "ei kannettu", "sv": "ej buret", "en": "lost"},
    "constants": {"fi": "lisätty", "sv": "tillagt", "en": "added"},
    "unmapped": {"fi": "tuntematon", "sv": "okänt", "en": "unmapped"},
    "place": {"fi": "kohta", "sv": "plats", "en": "place"},
    "reason": {"fi": "syy", "sv": "orsak", "en": "reason"},
    "more": {
        "fi": "ja {n} muuta; kaikki: {file}",
        "sv": "och {n} till; alla: {file}",
        "en": "and {n} more; all: {file}",
    },
    "files": {"fi": "Kirjoitetut muodot", "sv": "Skrivna former", "en": "Written forms"},
    "answer": {
        "fi": "Lähettäjä sai kuittauksen {type} ({code}).",
        "sv": "Avsändaren fick kvitteringen {type} ({code}).",
        "en": "The sender got the acknowledgement {type} ({code}).",
    },
    "nothing": {
        "fi": "Suunnitelma ei saapunut tiedonvaihtoon.",
        "sv": "Planen kom inte in till informationsutbytet.",
        "en": "The plan did not reach the exchange.",
    },
    "success": {
        "fi": "Suunnitelma on perillä kaikissa järjestelmissä, kerran kussakin. Aikaa kului {seconds} s.",
        "sv": "Planen är framme i alla system, en gång i vart och ett. Det tog {seconds} s.",
        "en": "The plan has reached every system, once each. It took {seconds} s.",
    },
    "failure": {
        "fi": "Suunnitelma ei ole perillä kaikissa järjestelmissä: {delivered}/{all} perillä. Aikaa kului {seconds} s.",
        "sv": "Planen är inte framme i alla system: {delivered}/{all} framme. Det tog {seconds} s.",
        "en": "The plan has not reached every system: {delivered} of {all} delivered. It took {seconds} s.",
    },
    "working": {"fi": "Tiedonvaihto käynnissä", "sv": "Informationsutbytet pågår", "en": "Exchanging"},
}

_SEVERITIES: Mapping[str, Mapping[Language, str]] = {
    "error": {"fi": "virhe", "sv": "fel", "en": "error"},
    "warning": {"fi": "varoitus", "sv": "varning", "en": "warning"},
    "information": {"fi": "tieto", "sv": "upplysning", "en": "information"},
}


def as_text(shown: Demonstration, language: Language, width: int = FALLBACK_WIDTH) -> str:
    """The picture as plain text for a pipe or a file: no colours, and no blanks at the ends of lines."""
    console = Console(file=StringIO(), width=width, highlight=False, color_system=None)
    with console.capture() as capture:
        console.print(picture(shown, language))
    return "".join(f"{line.rstrip()}\n" for line in capture.get().splitlines())


def progress_line(deliveries: Sequence[Delivery], language: Language) -> Text:
    """One line that says how far the deliveries are."""
    line = Text(_WORDS["working"][language])
    for one in deliveries:
        line.append("  ·  ").append(f"{one.receiver} ").append(_STATES[one.state][language], _STYLES[one.state])
    return line


def picture(shown: Demonstration, language: Language) -> Group:
    """The whole demonstration as one thing to print."""
    parts: list[RenderableType] = [
        Text(_WORDS["title"][language], "bold"),
        Text(_WORDS["sandboxes"][language], "dim"),
        _section("running", language, _running(shown, language)),
        _section("deliveries", language, *_deliveries(shown, language)),
        _section("findings", language, *_findings(shown, language)),
        _section("losses", language, *_losses(shown.forms, language)),
        _section("files", language, *(Text(str(form.path), overflow="fold") for form in shown.forms)),
        Text(),
        _conclusion(shown, language),
    ]
    return Group(*parts)


def _section(name: str, language: Language, *parts: RenderableType) -> Group:
    return Group(Text(), Text(_WORDS[name][language], "bold cyan"), *(Padding(part, (0, 0, 0, 2)) for part in parts))


def _table(language: Language, *columns: str) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False, header_style="dim")
    for name in columns:
        table.add_column(_WORDS[name][language], overflow="fold", no_wrap=name in ("time", "state", "severity"))
    return table


def _running(shown: Demonstration, language: Language) -> Table:
    table = _table(language, "system", "protocol", "address")
    for place in shown.places:
        table.add_row(place.title, place.protocol, place.url)
    table.add_row("sote-interop", "SQLite", _WORDS["database"][language])
    return table


def _deliveries(shown: Demonstration, language: Language) -> Iterator[RenderableType]:
    if not shown.received:
        yield Text(_WORDS["nothing"][language], "red")
        return
    for one in shown.received:
        yield Text(_WORDS["answer"][language].format(type=one.answer.type, code=one.answer.code))
    table = _table(language, "receiver", "time", "state", "why")
    titles = {place.name: place.title for place in shown.places}
    for followed in shown.deliveries:
        for row in _steps(followed, titles.get(followed.delivery.receiver, followed.delivery.receiver), language):
            table.add_row(*row)
        table.add_section()
    yield Text()
    yield table
    yield Text()
    counts = ", ".join(f"{titles.get(name, name)} {count}" for name, count in shown.held.items())
    yield Text(_WORDS["held"][language].format(counts=counts))


def _steps(followed: Followed, title: str, language: Language) -> Iterator[tuple[RenderableType, ...]]:
    began = followed.steps[0].at
    for number, step in enumerate(followed.steps):
        after = f"{(step.at - began).total_seconds():.2f} s"
        state = Text(_STATES[step.after][language], _STYLES[step.after])
        yield (
            Text(title if number == 0 else "", "bold"),
            Text(after, justify="right"),
            state,
            Text(_why(step, language)),
        )


def _why(step: Transition, language: Language) -> str:
    """The cause, what the receiver said to it, and for a sending the ground in law that permits it."""
    why = cause_in_words(step.cause, language) + (f" {step.reason}" if step.reason else "")
    if step.decision is None:
        return why
    law = f"({step.decision['act']}, {step.decision['section']})"
    ground = cause_in_words(step.decision["ground"], language)
    return f"{why} {law}" if step.cause == step.decision["ground"] else f"{why} {ground} {law}"


def _findings(shown: Demonstration, language: Language) -> Iterator[RenderableType]:
    issues = [issue for one in shown.received for issue in one.issues]
    if not issues:
        yield Text(_WORDS["none"][language])
        return
    table = _table(language, "severity", "finding", "place")
    for issue in issues:
        table.add_row(_SEVERITIES[issue.rule.severity][language], Text(issue.message(language)), Text(issue.path))
    yield table


def _losses(forms: Sequence[Form], language: Language) -> Iterator[RenderableType]:
    counts = _table(language, "form", "lost", "constants", "unmapped")
    for form in forms:
        report = form.report
        counts.add_row(form.format, *(str(len(part)) for part in (report.lost, report.constants, report.unmapped)))
    yield counts
    for form in forms:
        if form.report.lost:
            yield Text()
            yield Text(form.format, "bold")
            yield _lost(form, language)
            more = len(form.report.lost) - _SHOWN
            if more > 0:
                yield Text(_WORDS["more"][language].format(n=more, file=form.report_path), "dim", overflow="fold")


def _lost(form: Form, language: Language) -> Table:
    table = _table(language, "place", "reason")
    for entry in form.report.lost[:_SHOWN]:
        table.add_row(Text(entry.path), Text(entry.reason))
    return table


def _conclusion(shown: Demonstration, language: Language) -> Text:
    delivered = sum(one.delivery.state == "delivered" for one in shown.deliveries)
    words = _WORDS["success" if shown.succeeded else "failure"][language]
    said = words.format(seconds=f"{shown.seconds:.1f}", delivered=delivered, all=len(shown.held))
    return Text(f"{'✓' if shown.succeeded else '✗'} {said}", "bold green" if shown.succeeded else "bold red")
