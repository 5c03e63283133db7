"""Writes docs/rules.md from the rules; with --check it only says whether the page is up to date."""

from __future__ import annotations

import sys
from pathlib import Path

from report_builder.cli import rule_lines
from report_builder.spec import load_spec

PAGE = Path(__file__).resolve().parents[1] / "docs" / "rules.md"
HEAD = "# 规则一览\n\n本页由 `make docs` 从 report_builder/spec/rules 生成，请不要手改。\n"


def page() -> str:
    """The rules in words, by code."""
    spec = load_spec()
    parts = [HEAD]
    for _, rule in sorted(spec.rules.items()):
        title, *lines = rule_lines(rule, spec)
        parts.append("\n".join([f"## {title}", "", *(f"- {line.strip()}" for line in lines), ""]))
    return "\n".join(parts)


def main() -> int:
    """Writes the page, or checks it."""
    text = page()
    if "--check" in sys.argv:
        current = PAGE.exists() and PAGE.read_text(encoding="utf-8") == text
        print("docs/rules.md 是最新的" if current else "docs/rules.md 与规则不符；请运行 make docs")
        return 0 if current else 1
    PAGE.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
