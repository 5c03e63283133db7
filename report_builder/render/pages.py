"""A page filled from its template in templates/: escaped, and free of signs that no page may hold."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from functools import cache

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template
from markupsafe import Markup

from report_builder.render import look, template

_UNUSABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
"""What no XML file may hold; a PDF is set from one."""
_PLAINER = {"\u2011": "-", "\xa0": " "}
"""Signs that look like others and that few faces have: looking for one took a minute once."""


def page(name: str, **values: object) -> str:
    """The template ``name`` with its values; one that is missing is a fault of the program."""
    return usable(_template(name).render(**values))


def scripted(name: str, **values: object) -> bytes:
    """The page ``name`` with its own style and script within, and the digest by which a browser knows that script."""
    script = look(f"{name}.js").decode()
    return page(
        f"{name}.html",
        style=Markup((look("scripted.css") + look(f"{name}.css")).decode()),  # noqa: S704 - our own files
        script=Markup(script),  # noqa: S704 - our own file
        script_hash=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
        **values,
    ).encode()


def embedded(document: object) -> Markup:
    """What a page's script draws from: JSON that no text in it can break out of a script element."""
    text = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
    text = text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
    return Markup(text)  # noqa: S704 - every sign that could end the script is escaped


def usable(text: str) -> str:
    """The text without signs that no page may hold, and with plain ones for those that few faces have."""
    text = _UNUSABLE.sub("", text)
    for sign, plainer in _PLAINER.items():
        text = text.replace(sign, plainer)
    return text


@cache
def _template(name: str) -> Template:
    loader = FileSystemLoader(template(name).parent)
    return Environment(loader=loader, autoescape=True, undefined=StrictUndefined).get_template(name)
