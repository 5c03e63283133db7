"""The printed page → PDF, laid out as GB/T 9704 asks (templates/print.css), by WeasyPrint.

WeasyPrint needs Pango, which Windows has not: nothing is imported until a PDF is asked for, and the lack has an
error of its own, so that the other products are still delivered.
"""

from __future__ import annotations

import contextlib
import ctypes.util
import gc
import hashlib
import importlib
import io
import logging
import re
import sys
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, cached_property, partial
from types import ModuleType, SimpleNamespace
from typing import Any
from xml.etree import ElementTree as ET

import cssselect2  # type: ignore[import-untyped]
import pydyf  # type: ignore[import-untyped]

from report_builder import fonts
from report_builder.fonts import FontSet
from report_builder.model import Draft
from report_builder.render import Pdf, PdfUnavailable, look

_NOT_DRAWN = re.compile(r"\.notdef glyph .*\(U\+([0-9A-F]+)\)")
_ENGINE = (
    "weasyprint",
    "report_builder.render.justify",
    "report_builder.render.tables",
    "report_builder.render.tags",
)
_OPTIONS = {"pdf_version": "1.7", "pdf_tags": True}
"""Tagged for screen readers, at a tenth of the time; that it is PDF/UA-1 is said in ``_finish``."""
_LEVEL = 6
_PACKED = (pydyf.Stream, pydyf.Dictionary, pydyf.Array)
_WHOLE_TABLES = ".matrix { break-inside: avoid; }"
"""Where labels cannot be carried over a page break, a table that has such labels must not meet one."""
_FIRST = (
    '<html lang="zh-CN"><head><title>一</title></head><body><h1>一</h1><h2>一</h2><h3>一</h3><p>一1。</p>'
    '<table class="matrix"><caption>一</caption><thead><tr><th scope="col">一</th></tr></thead>'
    "<tbody><tr><td>1</td></tr></tbody></table></body></html>"
)
"""A page in which every face is used."""
_RAGGED = "所装的 WeasyPrint 版本不受支持，正文右端未对齐，PDF 也不声明符合无障碍标准（PDF/UA）"
_BOXED = "所装字体中没有“{}”（U+{}），PDF 中该字显示为空框，这份 PDF 也不符合无障碍标准（PDF/UA）"
_LOGGER = logging.getLogger("weasyprint")


@dataclass(frozen=True, slots=True)
class _Engine:
    """What is made once a process: WeasyPrint and what we add to it, the fonts, the style sheet."""

    weasyprint: ModuleType
    justify: ModuleType
    tables: ModuleType
    tags: ModuleType
    font_config: Any
    style: Any
    fetcher: Any
    warnings: tuple[str, ...]


def write(html: str, draft: Draft, fonts: FontSet) -> Pdf:
    """The page ``html`` (``render.html.printed``) of ``draft`` as a PDF; the same page gives the same bytes.

    Raises:
        PdfUnavailable: Pango is not installed.
    """
    engine = _engine(fonts)
    with _heard() as said, _without_collecting(), _written_well(engine):
        data = _set(_parsed(html, engine), draft, engine, _identifier(html, draft), said)
    return Pdf(data, (*engine.warnings, *dict.fromkeys(map(_worded, said))))


def prepare(fonts: FontSet) -> None:
    """Do beforehand what only the first PDF of a process has to wait for: load the engine, open the faces.

    Raises:
        PdfUnavailable: Pango is not installed.
    """
    write(_FIRST, Draft("", 0, "", "", ()), fonts)


def _set(
    page: Any,  # noqa: ANN401 - it has no types
    draft: Draft,
    engine: _Engine,
    identifier: bytes,
    said: Sequence[str],
) -> bytes:
    """Lay the page out and draw it, with what we add to WeasyPrint where its version is one we know."""
    known = engine.justify.supported()
    with engine.justify.flush_right(), engine.tables.whole_lines() if known else contextlib.nullcontext():
        laid_out = page.render(font_config=engine.font_config, stylesheets=[engine.style], **_OPTIONS)
        if known:
            engine.tables.carry_over(laid_out.pages)
        _describe(laid_out.metadata, draft)
        finish = partial(_finish, engine, said) if known else None
        return bytes(laid_out.write_pdf(pdf_identifier=identifier, finisher=finish, **_OPTIONS))


def _finish(engine: _Engine, said: Sequence[str], document: Any, pdf: Any) -> None:  # noqa: ANN401
    """Mend the tags and declare PDF/UA-1, which forbids the empty box of a character without a face."""
    engine.tags.complete(document, pdf)
    engine.tags.declare(document, pdf, sound=not any(map(_NOT_DRAWN.match, said)))


def _identifier(html: str, draft: Draft) -> bytes:
    """What tells this file from others: of its content, where others take the clock."""
    return hashlib.sha256(f"{draft.published_on}\n{html}".encode()).digest()[:16]


def _describe(metadata: Any, draft: Draft) -> None:  # noqa: ANN401
    """Title, unit and day of publication; without such a day no date at all, least of all today's."""
    metadata.title, metadata.authors, metadata.lang = draft.title, [draft.unit], "zh-CN"
    if draft.published_on is not None:
        metadata.created = metadata.modified = draft.published_on.isoformat()


def _parsed(html: str, engine: _Engine) -> Any:  # noqa: ANN401
    """The page as WeasyPrint holds it. Ours is well-formed XML, which is parsed twenty times faster than HTML.

    A control character that XML forbids sends it the usual way.
    """
    usual = engine.weasyprint.HTML
    try:
        root = ET.fromstring(html)  # noqa: S314 - our own page, which declares no entities
    except ET.ParseError:
        return usual(string=html, url_fetcher=engine.fetcher)
    page = usual.__new__(usual)
    page.base_url, page.url_fetcher, page.media_type = None, engine.fetcher, "print"
    page.wrapper_element = cssselect2.ElementWrapper.from_html_root(root)
    page.etree_element = root
    page._ua_stylesheets = lambda forms=False: []  # noqa: ARG005, SLF001 - asked with it; print.css has what is needed
    return page


@cache
def _engine(faces: FontSet) -> _Engine:
    fonts.activate(faces)
    with _heard() as said:
        weasyprint, justify, tables, tags = map(_loaded, _ENGINE)
        font_config = _loaded("weasyprint.text.fonts").FontConfiguration()
        fetcher = _loaded("weasyprint.urls").URLFetcher(allowed_protocols=("data",), allow_redirects=False)
        sheet = fonts.css(look("print.css").decode(), faces) + ("" if justify.supported() else _WHOLE_TABLES)
        style = weasyprint.CSS(string=sheet, font_config=font_config, url_fetcher=fetcher)
    ragged = () if justify.supported() else (_RAGGED,)
    return _Engine(weasyprint, justify, tables, tags, font_config, style, fetcher, (*said, *ragged))


def _loaded(name: str) -> ModuleType:
    """A module that needs Pango. Where that is missing WeasyPrint prints advice, which is not for our output."""
    with contextlib.redirect_stdout(io.StringIO()), _by_file_names():
        try:
            return importlib.import_module(name)
        except (OSError, ImportError) as fault:
            raise PdfUnavailable(
                "本机没有排 PDF 所需的 Pango，未生成 PDF；Debian 上请运行 "
                "sudo apt-get install libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0"
            ) from fault


@contextlib.contextmanager
def _by_file_names() -> Iterator[None]:
    """Let WeasyPrint find its libraries by the names of their files, where it has those of Linux.

    Before these it tries names that ldconfig, the compiler and the linker are asked about, some fifty processes.
    """
    usual = ctypes.util.find_library
    if sys.platform == "linux":
        ctypes.util.find_library = _no_file
    try:
        yield
    finally:
        ctypes.util.find_library = usual


def _no_file(name: str) -> str | None:  # noqa: ARG001 - stands in for another
    """What is answered where a library is asked for by any other name."""
    return None


class _Listener(logging.Handler):
    """Keeps what WeasyPrint has to say, so that none of it is lost or goes to the terminal."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.said: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep the message."""
        self.said.append(record.getMessage())


@contextlib.contextmanager
def _heard() -> Iterator[list[str]]:
    listener, usual = _Listener(), _LOGGER.propagate
    _LOGGER.addHandler(listener)
    _LOGGER.propagate = False
    try:
        yield listener.said
    finally:
        _LOGGER.removeHandler(listener)
        _LOGGER.propagate = usual


def _worded(said: str) -> str:
    missing = _NOT_DRAWN.match(said)
    return said if missing is None else _BOXED.format(chr(int(missing[1], 16)), missing[1])


@contextlib.contextmanager
def _without_collecting() -> Iterator[None]:
    """Layout makes many objects and drops few, so looking for garbage meanwhile is time lost."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


@contextlib.contextmanager
def _written_well(engine: _Engine) -> Iterator[None]:
    """Mend four habits of the WeasyPrint we know and of pydyf, its writer; another version writes as it likes.

    It packs at zlib's highest level, which takes twice the time of the usual one for half a per cent. A run of text
    that begins with an empty string loses its last adjustment in PDFium (Chrome, Edge): lines would end short. It
    packs all of the file again to reckon its identifier. And it copies every face whole, to write a part of it.
    """
    if not engine.justify.supported():
        yield
        return
    usual = pydyf.Stream.show_text
    pydyf.zlib = SimpleNamespace(compressobj=lambda level: zlib.compressobj(min(level, _LEVEL)))
    pydyf.Stream.show_text = lambda stream, text: usual(stream, text.replace("<>", " "))
    try:
        with _packed_once(), _copied_when_asked():
            yield
    finally:
        pydyf.zlib, pydyf.Stream.show_text = zlib, usual


@contextlib.contextmanager
def _packed_once() -> Iterator[None]:
    """Let pydyf keep what it has packed: it asks only when the file is written, when nothing changes any more."""
    usual = {kind: kind.data for kind in _PACKED}
    try:
        for kind in _PACKED:
            kept = cached_property(kind.data.fget)
            kept.__set_name__(kind, "data")
            kind.data = kept
        yield
    finally:
        for kind, data in usual.items():
            kind.data = data


class _WhenAsked:
    """A font's bytes, which it may be given as the copying of them: then they are copied when first asked for."""

    def __set__(self, font: Any, content: bytes | Callable[[], bytes]) -> None:  # noqa: ANN401
        font.__dict__["file_content"] = content

    def __get__(self, font: Any, _: type) -> bytes:  # noqa: ANN401
        content: bytes | Callable[[], bytes] = font.__dict__["file_content"]
        if callable(content):
            content = font.__dict__["file_content"] = content()
        return content


@contextlib.contextmanager
def _copied_when_asked() -> Iterator[None]:
    """Let WeasyPrint not copy the forty megabytes of the faces, of which it then writes the characters used.

    It copies a face when it begins a font; the part of it that is written is copied as ever.
    """
    writer: Any = importlib.import_module("weasyprint.pdf.fonts")
    copy, begin = writer.get_hb_object_data, writer.Font.__init__

    def begun(font: Any, *given: Any) -> None:  # noqa: ANN401
        writer.get_hb_object_data = lambda face: partial(copy, face)
        try:
            begin(font, *given)
        finally:
            writer.get_hb_object_data = copy

    writer.Font.__init__, writer.Font.file_content = begun, _WhenAsked()
    try:
        yield
    finally:
        writer.Font.__init__ = begin
        del writer.Font.file_content
