"""What a verb draws in before it has done anything: a clerk who asks for the rules waits for no picture library."""

from __future__ import annotations

import errno
import os
import re
import subprocess
import sys

import pytest

from report_builder.cli import main
from report_builder.errors import reason

HEAVY = {"jinja2", "matplotlib", "numpy", "pandas", "typst", "weasyprint", "xlsxwriter"}


def drawn_in(statement: str) -> set[str]:
    """The modules that stand ready once a fresh interpreter has run the statement."""
    told = subprocess.run(
        [sys.executable, "-c", f"{statement}\nimport sys\nprint(*sys.modules)"],
        capture_output=True,
        text=True,
        check=True,
    )
    return set(told.stdout.split())


def test_the_steps_draw_in_nothing_that_only_some_runs_need() -> None:
    assert not HEAVY & drawn_in("import report_builder.pipeline")


def test_the_command_line_draws_in_none_of_the_steps() -> None:
    assert not {"pathlib", "json", "report_builder.pipeline"} & drawn_in("import report_builder.cli")


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (errno.ENOSPC, "磁盘空间不足"),
        (errno.EROFS, "磁盘或文件夹是只读的"),
        (errno.EXDEV, os.strerror(errno.EXDEV)),
    ],
    ids=["full", "read_only", "other"],
)
def test_why_the_system_refused_is_said_in_chinese_where_we_know_the_word(number: int, said: str) -> None:
    assert reason(OSError(number, os.strerror(number))) == said


VERBS = ("build", "check", "blank", "read", "rules", "summary", "compare", "plan")
ASKED_WRONGLY: tuple[list[str], ...] = (
    [],
    ["bild"],
    ["read"],
    ["build", "--jobs"],
    ["build", "--jobs", "两"],
    ["build", "--pdf-engine", "word"],
    ["build", "--strict"],
    ["build", "--fo", "docx"],
    ["build", "--force=3"],
)
OF_ARGPARSE = re.compile(
    r"\b(?:usage|arguments?|options?|show|message|invalid|choice|choose|required|unrecognized|expected|ambiguous"
    r"|could|match|ignored|value|error|int)\b"
)


@pytest.mark.parametrize(
    "arguments", [["--help"], *([verb, "--help"] for verb in VERBS), *ASKED_WRONGLY], ids=" ".join
)
def test_all_that_is_said_of_its_use_is_chinese(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stop:
        main(arguments)
    said = "".join(capsys.readouterr())
    assert stop.value.code == (0 if "--help" in arguments else 2)
    assert re.search("[一-龥]", said)
    assert OF_ARGPARSE.findall(said) == []


def test_help_draws_in_no_more_than_argparse_needs() -> None:
    asked = "import sys, report_builder.cli\nsys.argv[1:] = ['check', '--help']"
    drawn = drawn_in(f"{asked}\ntry:\n    report_builder.cli.run()\nexcept SystemExit:\n    pass")
    assert not {"shutil", "locale"} & drawn
