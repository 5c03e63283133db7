"""Make templates/report.docx: the Word file that the body of every report is set into.

Run after a change of the look (GB/T 9704-2012), then commit the result::

    .venv/bin/python tools/make_word_base.py

python-docx makes the package; styles, page set-up, headers and footers are written out here in full, since
its own template sends Chinese to MS Mincho through the theme fonts. The same program gives the same bytes.
"""

from __future__ import annotations

import datetime as dt
import io
import re
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import docx
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls
from docx.shared import Twips

if TYPE_CHECKING:
    from docx.document import Document
    from docx.opc.part import Part
    from docx.opc.rel import Relationships
    from docx.section import Section

TARGET = Path(__file__).resolve().parents[1] / "templates" / "report.docx"
EPOCH = (1980, 1, 1, 0, 0, 0)

FANGSONG, KAITI, HEITI, SONGTI = "仿宋_GB2312", "楷体_GB2312", "黑体", "宋体"
XIAOBIAOSONG, LATIN = "方正小标宋简体", "Times New Roman"

SUBSTITUTES = {FANGSONG: "仿宋", KAITI: "楷体", HEITI: "SimHei", SONGTI: "SimSun", XIAOBIAOSONG: "华文中宋"}
"""What Word may take where a machine lacks the face."""

UNWANTED = frozenset({"stylesWithEffects", "webSettings", "customXml", "numbering", "thumbnail"})
"""Parts of python-docx's template that a report has no use for; the theme stays, since Word asks for one."""


@dataclass(frozen=True)
class Style:
    """A paragraph style: its face, size in half points, and the rest as the XML of w:pPr and w:rPr."""

    id: str
    name: str
    face: str = ""
    size: int = 0
    layout: str = ""
    letters: str = ""
    latin: str = LATIN
    based_on: str = "Normal"
    follows: str = "BodyText"


PLAIN_LINE = '<w:spacing w:before="{before}" w:after="{after}" w:line="240" w:lineRule="auto"/>'
LOOSE = '<w:spacing w:val="0"/>'
OFF_GRID = '<w:adjustRightInd w:val="0"/><w:snapToGrid w:val="0"/>'
BOX = "".join(
    f'<w:{side} w:val="single" w:sz="12" w:space="{space}" w:color="000000"/>'
    for side, space in (("top", 6), ("left", 4), ("bottom", 6), ("right", 4))
)


def heading(level: int, face: str) -> Style:
    """Headings are set like the body, two characters in, each level in its own face."""
    indent = '<w:ind w:firstLineChars="200" w:firstLine="640"/>'
    layout = f'<w:keepNext/>{indent}<w:outlineLvl w:val="{level - 1}"/>'
    return Style(f"Heading{level}", f"heading {level}", face, 32, layout, '<w:color w:val="000000"/>')


STYLES = (
    Style(
        "Normal",
        "Normal",
        FANGSONG,
        32,
        '<w:widowControl w:val="0"/><w:spacing w:before="0" w:after="0" w:line="579" w:lineRule="exact"/>'
        '<w:jc w:val="both"/>',
        '<w:spacing w:val="-5"/>',
        based_on="",
    ),
    Style("BodyText", "Body Text", layout='<w:ind w:firstLineChars="200" w:firstLine="640"/>'),
    Style(
        "Title",
        "Title",
        XIAOBIAOSONG,
        44,
        '<w:keepNext/><w:snapToGrid w:val="0"/>'
        '<w:spacing w:before="0" w:after="579" w:line="640" w:lineRule="exact"/><w:jc w:val="center"/>',
        LOOSE,
        latin=XIAOBIAOSONG,
    ),
    heading(1, HEITI),
    heading(2, KAITI),
    heading(3, FANGSONG),
    heading(4, FANGSONG),
    Style(
        "Caption",
        "caption",
        HEITI,
        28,
        f'<w:keepNext/>{OFF_GRID}{PLAIN_LINE.format(before=160, after=100)}<w:jc w:val="center"/>',
        LOOSE,
    ),
    Style(
        "TableText",
        "表格文字",
        SONGTI,
        21,
        f'<w:widowControl/>{OFF_GRID}{PLAIN_LINE.format(before=0, after=0)}<w:jc w:val="left"/>',
        LOOSE,
        follows="TableText",
    ),
    Style("TableHead", "表格标目", HEITI, 21, based_on="TableText", follows="TableText"),
    Style("TableSmall", "表格小字", SONGTI, 19, based_on="TableText", follows="TableSmall"),
    Style("TableSmallHead", "表格小字标目", HEITI, 19, based_on="TableSmall", follows="TableSmall"),
    Style(
        "TableGap",
        "表格间距",
        SONGTI,
        10,
        f'{OFF_GRID}<w:spacing w:before="0" w:after="0" w:line="140" w:lineRule="exact"/>',
        LOOSE,
    ),
    Style(
        "Picture",
        "图",
        SONGTI,
        21,
        f'{OFF_GRID}{PLAIN_LINE.format(before=160, after=160)}<w:jc w:val="center"/>',
        LOOSE,
    ),
    Style(
        "DraftMark",
        "征求意见标识",
        HEITI,
        28,
        f"<w:keepLines/><w:pBdr>{BOX}</w:pBdr>{OFF_GRID}{PLAIN_LINE.format(before=0, after=320)}"
        '<w:ind w:left="120" w:right="120"/><w:jc w:val="center"/>',
        LOOSE,
    ),
    Style(
        "Header",
        "header",
        HEITI,
        18,
        f'{OFF_GRID}{PLAIN_LINE.format(before=0, after=0)}<w:jc w:val="center"/>',
        LOOSE,
        follows="Header",
    ),
    Style(
        "Footer",
        "footer",
        SONGTI,
        28,
        f'{OFF_GRID}{PLAIN_LINE.format(before=0, after=0)}<w:jc w:val="right"/>',
        LOOSE,
        latin=SONGTI,
        follows="Footer",
    ),
)

HIDDEN = frozenset({"Header", "Footer", "TableGap", "Picture"})
"""Styles a clerk need not see in the gallery."""


def faces(chinese: str, latin: str) -> str:
    """All four attributes: where one is missing Word falls back to the theme."""
    return f'<w:rFonts w:ascii="{latin}" w:hAnsi="{latin}" w:eastAsia="{chinese}" w:cs="{latin}"/>'


def letters(style: Style) -> str:
    """The style's w:rPr, children in schema order."""
    face = faces(style.face, style.latin) if style.face else ""
    size = f'<w:sz w:val="{style.size}"/><w:szCs w:val="{style.size}"/>' if style.size else ""
    return f"<w:rPr>{face}{style.letters}{size}</w:rPr>" if face or style.letters or size else ""


def style_xml(style: Style) -> str:
    """One w:style."""
    default = ' w:default="1"' if style.id == "Normal" else ""
    based_on = f'<w:basedOn w:val="{style.based_on}"/>' if style.based_on else ""
    follows = f'<w:next w:val="{style.follows}"/>' if style.id != "Normal" else ""
    shown = "" if style.id in HIDDEN else "<w:qFormat/>"
    layout = f"<w:pPr>{style.layout}</w:pPr>" if style.layout else ""
    return (
        f'<w:style w:type="paragraph"{default} w:styleId="{style.id}"><w:name w:val="{style.name}"/>'
        f"{based_on}{follows}{shown}{layout}{letters(style)}</w:style>"
    )


def styles_xml() -> str:
    """The whole styles part; Chinese is the language of the document.

    Latin is marked English, as Word itself does: marked Chinese, LibreOffice breaks numbers at a line's end.
    """
    defaults = (
        f'<w:docDefaults><w:rPrDefault><w:rPr>{faces(FANGSONG, LATIN)}<w:sz w:val="32"/><w:szCs w:val="32"/>'
        '<w:lang w:val="en-US" w:eastAsia="zh-CN" w:bidi="ar-SA"/></w:rPr></w:rPrDefault>'
        "<w:pPrDefault/></w:docDefaults>"
    )
    others = (
        '<w:style w:type="character" w:default="1" w:styleId="DefaultParagraphFont">'
        '<w:name w:val="Default Paragraph Font"/><w:uiPriority w:val="1"/><w:semiHidden/></w:style>'
        '<w:style w:type="table" w:default="1" w:styleId="TableNormal"><w:name w:val="Normal Table"/>'
        '<w:uiPriority w:val="99"/><w:semiHidden/><w:tblPr><w:tblInd w:w="0" w:type="dxa"/><w:tblCellMar>'
        '<w:top w:w="0" w:type="dxa"/><w:left w:w="108" w:type="dxa"/><w:bottom w:w="0" w:type="dxa"/>'
        '<w:right w:w="108" w:type="dxa"/></w:tblCellMar></w:tblPr></w:style>'
    )
    return f"<w:styles {nsdecls('w')}>{defaults}{others}{''.join(map(style_xml, STYLES))}</w:styles>"


def settings_xml() -> str:
    """Odd and even pages differ; the renderer puts w:mirrorMargins after w:zoom where a report is bound."""
    name = "http://schemas.microsoft.com/office/word"
    return (
        f'<w:settings {nsdecls("w")}><w:zoom w:percent="100"/><w:defaultTabStop w:val="420"/>'
        '<w:evenAndOddHeaders/><w:characterSpacingControl w:val="compressPunctuation"/>'
        "<w:compat><w:balanceSingleByteDoubleByteWidth/><w:doNotLeaveBackslashAlone/><w:ulTrailSpace/>"
        f'<w:compatSetting w:name="compatibilityMode" w:uri="{name}" w:val="15"/></w:compat>'
        '<w:decimalSymbol w:val="."/><w:listSeparator w:val=","/></w:settings>'
    )


def fonts_xml() -> str:
    """The font table, with what may stand in where a face is missing."""
    chinese = "".join(
        f'<w:font w:name="{name}"><w:altName w:val="{other}"/><w:charset w:val="86"/>'
        '<w:family w:val="auto"/><w:pitch w:val="variable"/></w:font>'
        for name, other in SUBSTITUTES.items()
    )
    latin = (
        f'<w:font w:name="{LATIN}"><w:charset w:val="00"/><w:family w:val="roman"/>'
        '<w:pitch w:val="variable"/></w:font>'
    )
    return f"<w:fonts {nsdecls('w')}>{chinese}{latin}</w:fonts>"


def theme_xml(theme: bytes) -> str:
    """The theme with our faces in it: nothing refers to them, yet Word offers them first."""
    both = f'<a:latin typeface="{LATIN}"/><a:ea typeface="{{}}"/><a:cs typeface=""/>'
    major, minor = both.format(HEITI), both.format(FANGSONG)
    scheme = f"<a:majorFont>{major}</a:majorFont><a:minorFont>{minor}</a:minorFont>"
    text = theme.decode().partition("?>")[2].strip()
    return re.sub(r"(<a:fontScheme[^>]*>).*?(</a:fontScheme>)", rf"\g<1>{scheme}\g<2>", text, flags=re.DOTALL)


def app_xml() -> str:
    """The extended properties: nothing that differs from one report to the next."""
    name = "http://schemas.openxmlformats.org/officeDocument/2006/extended-properties"
    return f'<Properties xmlns="{name}"><Application>report_builder</Application></Properties>'


def page_number(place: str) -> str:
    """“— 1 —”, one character in from the outer edge; the field is of the long form, which WPS keeps."""
    run = '<w:r><w:rPr><w:rFonts w:hint="eastAsia"/></w:rPr>{}</w:r>'
    pieces = (
        '<w:t xml:space="preserve">— </w:t>',
        '<w:fldChar w:fldCharType="begin"/>',
        '<w:instrText xml:space="preserve"> PAGE </w:instrText>',
        '<w:fldChar w:fldCharType="separate"/>',
        "<w:t>1</w:t>",
        '<w:fldChar w:fldCharType="end"/>',
        '<w:t xml:space="preserve"> —</w:t>',
    )
    runs = "".join(map(run.format, pieces))
    layout = f'<w:ind w:{place}Chars="100" w:{place}="280"/><w:jc w:val="{place}"/>'
    return f'<w:p {nsdecls("w")}><w:pPr><w:pStyle w:val="Footer"/>{layout}</w:pPr>{runs}</w:p>'


def header_line() -> str:
    """An empty header: the renderer writes a draft's mark into it."""
    return f'<w:p {nsdecls("w")}><w:pPr><w:pStyle w:val="Header"/></w:pPr></w:p>'


def set_page(section: Section) -> None:
    """GB/T 9704-2012: A4, 22 lines of 28 characters; the dash of the page number 7 mm below the text."""
    properties = section._sectPr  # noqa: SLF001 - python-docx has no call for the document grid
    for child in ("w:pgSz", "w:pgMar", "w:cols", "w:docGrid"):
        for found in properties.xpath(child):
            properties.remove(found)
    for attribute in list(properties.attrib):
        del properties.attrib[attribute]
    for xml in (
        '<w:pgSz {} w:w="11906" w:h="16838"/>',
        '<w:pgMar {} w:top="2098" w:right="1474" w:bottom="1984" w:left="1588"/>',
        '<w:cols {} w:space="425"/>',
        '<w:docGrid {} w:type="lines" w:linePitch="579"/>',
    ):
        properties.append(parse_xml(xml.format(nsdecls("w"))))
    section.header_distance, section.footer_distance, section.gutter = Twips(851), Twips(1429), Twips(0)


def set_margins_text(section: Section) -> None:
    """Odd pages number on the right, even pages on the left; both kinds have a header."""
    for part, line in (
        (section.footer, page_number("right")),
        (section.even_page_footer, page_number("left")),
        (section.header, header_line()),
        (section.even_page_header, header_line()),
    ):
        part.is_linked_to_previous = False
        element = part._element  # noqa: SLF001 - the paragraph is written whole
        for child in list(element):
            element.remove(child)
        element.append(parse_xml(line))


def replace(part: Part, xml: str) -> None:
    """Give the part new content, whichever way python-docx holds it."""
    if hasattr(part, "_element"):
        part._element = parse_xml(xml)  # noqa: SLF001
    else:
        part._blob = b'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n' + xml.encode()  # noqa: SLF001


def drop_unwanted(relations: Relationships) -> None:
    """A part that nothing points to is not saved."""
    for key, relation in list(relations.items()):
        if relation.reltype.rsplit("/", 1)[1] in UNWANTED:
            del relations[key]


def set_properties(document: Document) -> None:
    """Fixed properties: the renderer writes its own, and the base must not change from day to day."""
    properties = document.core_properties
    for name in ("author", "last_modified_by", "comments", "title", "keywords"):
        setattr(properties, name, "")
    properties.language = "zh-CN"
    properties.revision = 1
    properties.created = properties.modified = dt.datetime(*EPOCH)  # noqa: DTZ001 - it takes naive UTC only


def base_document() -> Document:
    """The base as python-docx holds it."""
    document = docx.Document()
    part = document.part
    drop_unwanted(part.rels)
    drop_unwanted(part.package.rels)
    section = document.sections[0]
    set_page(section)
    set_margins_text(section)
    set_properties(document)
    theme = next(one.target_part for one in part.rels.values() if one.reltype.endswith("/theme"))
    contents = {
        "theme": theme_xml(theme.blob),
        "styles": styles_xml(),
        "settings": settings_xml(),
        "fontTable": fonts_xml(),
        "extended-properties": app_xml(),
    }
    for relation in (*part.rels.values(), *part.package.rels.values()):
        name = relation.reltype.rsplit("/", 1)[1]
        if name in contents:
            replace(relation.target_part, contents[name])
    return document


def settled(data: bytes) -> bytes:
    """The package with sorted parts, 1980 times, and PNG pictures announced."""
    out = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(data)) as made,
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as package,
    ):
        for name in sorted(made.namelist()):
            content = made.read(name)
            if name == "[Content_Types].xml":
                content = content.replace(
                    b"<Override", b'<Default Extension="png" ContentType="image/png"/><Override', 1
                )
                content = content.replace(b'<Default Extension="jpeg" ContentType="image/jpeg"/>', b"")
            entry = zipfile.ZipInfo(name, EPOCH)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system = 0
            package.writestr(entry, content)
    return out.getvalue()


def build() -> bytes:
    """The base package."""
    out = io.BytesIO()
    base_document().save(out)
    return settled(out.getvalue())


def main() -> None:
    """Write the base beside the other templates."""
    TARGET.parent.mkdir(exist_ok=True)
    TARGET.write_bytes(build())


if __name__ == "__main__":
    main()
