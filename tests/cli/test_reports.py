"""Findings for other tools: SARIF, JUnit XML, HTML; and what --strict and --explain add."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from xml.etree import ElementTree as Xml

from tests.cli.test_commands import EXAMPLES, ROOT, interop

CASES = ROOT / "tests" / "cases" / "bad_input"
WRONG = CASES / "wrong_check_character" / "input.xml"


def test_sarif_names_rule_file_and_line() -> None:
    done = interop("validate", WRONG, "--output", "sarif")
    assert done.returncode == 1
    log = json.loads(done.stdout)
    assert log["version"] == "2.1.0"
    run = log["runs"][0]
    errors = [result for result in run["results"] if result["level"] == "error"]
    assert [result["ruleId"] for result in errors] == ["identity_code_check_character_is_right"]
    place = errors[0]["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == WRONG.as_uri()
    assert place["region"]["startLine"] == 56
    assert {result["ruleId"] for result in run["results"]} == {rule["id"] for rule in run["tool"]["driver"]["rules"]}
    assert b"010280-952" not in done.stdout


def test_junit_has_a_case_for_each_input_and_a_failure_for_each_error() -> None:
    done = interop("validate", WRONG, EXAMPLES / "plan.json", CASES / "empty_file" / "input.xml", "--output", "junit")
    suite = Xml.fromstring(done.stdout)  # noqa: S314 - what we wrote ourselves
    assert (suite.get("tests"), suite.get("failures")) == ("3", "2")
    assert [len(case) for case in suite] == [1, 0, 1]


def test_html_shows_the_document_beside_its_findings_and_marks_the_lines() -> None:
    page = interop("validate", WRONG, "--output", "html").stdout.decode()
    assert "id='d1-56' class='error'" in page
    assert "href='#d1-56'" in page
    assert "identity_code_check_character_is_right" in page
    assert "<script" not in page


def test_html_shows_markup_of_a_document_as_text(tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text('{"<script>alert(1)</script>": 1}', "utf-8")
    page = interop("validate", tmp_path / "x.json", "--output", "html").stdout
    assert b"<script>" not in page
    assert b"&lt;script&gt;" in page


def test_strict_makes_a_warning_count() -> None:
    content = EXAMPLES / "content.json"
    assert interop("validate", content).returncode == 0
    assert interop("validate", content, "--strict").returncode == 1


def test_explain_gives_the_rules_source_and_what_passes() -> None:
    said = interop("validate", WRONG, "--explain").stdout.decode()
    assert "Decree 128/2010" in said
    assert '✓ "henkilotunnus": {"system": "urn:oid:1.2.246.21", "value": "010280-952L"}' in said


def test_several_inputs_are_summed_up_by_rule() -> None:
    said = interop("validate", WRONG, CASES / "empty_file" / "input.xml").stdout.decode()
    assert "0/2" in said
    assert "1  identity_code_check_character_is_right" in said


def test_a_site_s_own_code_systems_judge_codes(tmp_path: Path) -> None:
    (tmp_path / "1.2.246.537.6.1292.csv").write_text(
        "code,fi,sv\nB02,Itsenäinen asuminen,Självständigt boende\n", "utf-8"
    )
    done = interop("validate", EXAMPLES / "plan.json", "--codesystems", tmp_path, "--output", "json")
    assert done.returncode == 1
    rules = [issue["rule"] for issue in json.loads(done.stdout)["issues"] if issue["severity"] == "error"]
    assert set(rules) == {"code_is_in_its_code_system"}
    assert len(rules) == 4


def test_a_broken_code_system_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text("{", "utf-8")
    done = interop("validate", EXAMPLES / "plan.json", "--codesystems", tmp_path)
    assert done.returncode == 2
    assert done.stderr.startswith(b"interop: ")


def test_no_report_obeys_what_a_name_in_a_document_says(tmp_path: Path) -> None:
    (tmp_path / "x.ndjson").write_text('{"resourceType": "Patient", "\\u001b[31mx\\n\\u202e": 1}\n', "utf-8")
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("\x1b[31mred\nx: valid.json", '{"resourceType": "Chicken"}')
    for output in ("text", "junit", "html"):
        done = interop("validate", tmp_path, "--output", output)
        assert [mark for mark in (b"\x1b", "\u202e".encode(), b"\nx: valid") if mark in done.stdout] == [], output
        assert b"\\x1b[31m" in done.stdout
    Xml.fromstring(interop("validate", tmp_path, "--output", "junit").stdout)  # noqa: S314 - what we wrote ourselves
