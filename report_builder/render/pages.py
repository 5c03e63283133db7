"""A page filled from its template in templates/: escaped, and free of signs that no page may hold."""

from __future__ import annotations

import re
from functools import cache

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from report_builder.render import template

_UNUSABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
"""What no XML file may hold; a PDF is set from one."""
_PLAINER = {0x2011: "-", 0xA0: " "}
"""Signs that look like others and that few faces have: looking for one took a minute once."""


def page(name: str, **values: object) -> str:
    """The template ``name`` with its values; one that is missing is a fault of the program."""
    return usable(_template(name).render(**values))


def usable(text: str) -> str:
    """The text without signs that no page may hold, and with plain ones for those that few faces have."""
    return _UNUSABLE.sub("", text).translate(_PLAINER)


@cache
def _template(name: str) -> Template:
    loader = FileSystemLoader(template(name).parent)
    return Environment(loader=loader, autoescape=True, undefined=StrictUndefined).get_template(name)
