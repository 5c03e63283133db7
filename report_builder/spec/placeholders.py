"""The places left open in a text, {so}: what fills each, and what is wrong with one that nothing fills."""

from __future__ import annotations

import string
from collections.abc import Collection

from report_builder.spec.toml import nearest


def misfit(text: str, names: Collection[str] | None, forms: Collection[str] = ()) -> str:
    """What is wrong with the placeholders of ``text``, in words; empty where every one can be filled.

    ``names`` are what there is to fill in, None where that is not known and only the writing is judged;
    ``forms`` are the words that may stand behind a colon, as in {received:change}.
    """
    if not {"{", "}"} & set(text):
        return ""
    try:
        parts = list(string.Formatter().parse(text))
    except ValueError:
        return "里的花括号不成对；要印出花括号本身，请连写两个"
    for _, name, form, conversion in parts:
        if name is None:
            continue
        written = name + (f"!{conversion}" if conversion else "") + (f":{form}" if form else "")
        if conversion or not name.isidentifier() or (form and form not in forms):
            return f"里的 {{{written}}} 写法不对；花括号里只能写一个名称，如 {{{min(names or ['count'])}}}"
        if names is not None and name not in names:
            return f"里的 {{{name}}} 没有内容可填{nearest(name, names) or f'；可用的有：{_listed(names)}'}"
    return ""


def _listed(names: Collection[str]) -> str:
    return "、".join(sorted(names)) or "无"
