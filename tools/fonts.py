"""Lay out the open typefaces a report is set in, and a private fontconfig file that shows nothing else.

Run by ``tools/setup.sh`` with the virtual environment's Python; writes into ``share/report_builder`` there::

    fonts/*.ttf   five Chinese faces and a Latin pair
    fonts.json    role -> file, family, weight, licence, package
    fonts.conf    fontconfig: this folder only, and the office's usual names as aliases

A face comes from PyPI, from the machine's own folders or from what an earlier set-up left, else, unpacked
without being installed, from a Debian package: nothing here needs root. The same sources give the same bytes.
What cannot be had is named and the exit status is 3; the faces that could be made stay usable.

A licensed face on the user's machine (Windows: simfang.ttf, simkai.ttf, simhei.ttf, simsun.ttc; or
仿宋_GB2312, 方正小标宋简体 and the like under ~/.fonts) may be preferred when a report is set. That choice is
made at run time by the program, never here: such files are not copied.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass
from importlib.util import find_spec
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape

from fontTools.pens.cu2quPen import Cu2QuPen
from fontTools.pens.ttGlyphPen import TTGlyphPen
from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTFont, newTable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

MISSING = 3
"""Exit status when a face could not be had."""

LATIN_FAMILY = "RB Latin"
LATIN_CHARACTERS = range(0x20, 0x7F)
"""ASCII only, so that “”—… are drawn by the Chinese face and keep their full width."""

RENAMED = (1, 3, 4, 6, 16, 17, 18)
"""Name records that carry a family or full name; the licence of Liberation reserves its own."""

OFTEN = (
    "政，公开、信息府。的务行理年作工）（一实请件申和区项关情结进办规不发要平条全动化主第本法其二“”数度处"
    "是新报况强范合等人及三会中文性他通提时面策方果复事网在加有内局收众告管持求解制定民设查部验业量于计《》"
    "为建容机对体以保问布推站国费总共重题综社正门服单力位目决审展大式市诉案；用金四上期读各议效我依与准类确"
    "现权：分出采到点做据标委形十六例升属下财专监企需好未购落督步知预算改过导台取五成地群生栏完媒户号统坚了"
    "程系组省个高真按予同存切认相构室指能无维质融线心层应起优断经接织商电任整供领围答日格责续产障基自讼照县"
)
"""The commonest characters of reports, counted in those of a dozen bodies; 255 numbers fit into one byte."""

VARIATIONS = 14
"""The kind of character table that tells the forms of one character apart."""

OUT_OF_USE = ("BASE", "DSIG", "GDEF", "GPOS", "GSUB", "VORG", "vhea", "vmtx")
"""What serves vertical lines, and pairs and forms of letters: a report is set in level lines, glyph by glyph."""

CHANGED = "outlines redrawn as TrueType and reordered by report_builder"
"""What the version of a changed face says, as its licence asks."""

INSTRUCTED = (
    "maxTwilightPoints",
    "maxStorage",
    "maxFunctionDefs",
    "maxInstructionDefs",
    "maxStackElements",
    "maxSizeOfInstructions",
    "maxComponentElements",
)
"""What the program in a face may use up at most; ours have none."""

FONT_FOLDERS = (
    Path("/usr/share/texlive"),
    Path("/usr/share/texmf"),
    Path("/usr/share/fonts"),
    Path("/usr/local/share/fonts"),
    Path.home() / ".local/share/fonts",
    Path.home() / ".fonts",
)


@dataclass(frozen=True)
class Face:
    """One typeface: what it is for, the file it is made from and where that file is to be had."""

    role: str
    file: str
    licence: str
    packages: tuple[str, ...]
    stands_for: tuple[str, ...]
    module: str | None = None
    oldest: float = 0.0

    @property
    def is_latin(self) -> bool:
        return self.file.endswith(".ttf")


FANDOL = "GPL-3.0-only WITH Font-exception-2.0"
OFL = "OFL-1.1"
LIBERATION = ("fonts-liberation2", "fonts-liberation")
NOTO = "pylopdf_fonts_zh_cn"
TIMES = ("Times New Roman", "Liberation Serif")

FACES = (
    Face(
        "仿宋",
        "FandolFang-Regular.otf",
        FANDOL,
        ("texlive-lang-chinese",),
        ("仿宋_GB2312", "仿宋", "FangSong_GB2312", "FangSong"),
    ),
    Face(
        "楷体",
        "FandolKai-Regular.otf",
        FANDOL,
        ("texlive-lang-chinese",),
        ("楷体_GB2312", "楷体", "KaiTi_GB2312", "KaiTi"),
    ),
    Face(
        "小标宋",
        "FandolSong-Bold.otf",
        FANDOL,
        ("texlive-lang-chinese",),
        ("方正小标宋简体", "方正小标宋_GBK", "小标宋"),
    ),
    Face(
        "黑体",
        "NotoSansSC-Regular.otf",
        OFL,
        ("pylopdf-fonts-zh-cn",),
        ("黑体", "SimHei", "sans-serif"),
        module=NOTO,
    ),
    Face(
        "宋体",
        "NotoSerifSC-Regular.otf",
        OFL,
        ("pylopdf-fonts-zh-cn",),
        ("宋体", "SimSun", "serif"),
        module=NOTO,
    ),
    # Before 2.0 Liberation was under the GPL, with other outlines.
    Face("西文", "LiberationSerif-Regular.ttf", OFL, LIBERATION, TIMES, oldest=2.0),
    Face("西文粗体", "LiberationSerif-Bold.ttf", OFL, LIBERATION, TIMES, oldest=2.0),
)


# --- where a face comes from -------------------------------------------------------------------------------


def suits(face: Face, path: Path) -> bool:
    """Tell whether a file of the right name is also of a version whose licence we state."""
    with contextlib.suppress(Exception), path.open("rb") as file, TTFont(file, lazy=True) as font:
        return bool(font["head"].fontRevision >= face.oldest)
    return False  # a damaged file


def files_below(folders: Iterable[Path], names: set[str]) -> Iterator[Path]:
    """Yield the wanted files under the folders, always in the same order."""
    for folder in folders:
        found = (
            Path(where, name) for where, _, files in os.walk(folder) for name in names.intersection(files)
        )
        yield from sorted(found)


def shipped(faces: Iterable[Face]) -> dict[Face, Path]:
    """Find the faces that a Python package of the environment carries."""
    found = {}
    for face in faces:
        spec = find_spec(face.module) if face.module else None
        if spec and spec.origin and Path(spec.origin).with_name(face.file).is_file():
            found[face] = Path(spec.origin).with_name(face.file)
    return found


def installed(faces: Iterable[Face], folders: Iterable[Path] = FONT_FOLDERS) -> dict[Face, Path]:
    """Find the faces that lie in the machine's own font folders."""
    wanted = {face.file: face for face in faces}
    found: dict[Face, Path] = {}
    for path in files_below(folders, set(wanted)):
        face = wanted[path.name]
        if face not in found and suits(face, path):
            found[face] = path
    return found


class Apt:
    """Debian packages fetched into a scratch folder, with lists of our own when the machine has none."""

    def __init__(self, scratch: Path) -> None:
        self.scratch = scratch
        self.options = ["-o", "APT::Sandbox::User=root"]  # the scratch folder is closed to apt's own user
        for limit in ("Acquire::Retries=1", "Acquire::http::Timeout=20", "Acquire::https::Timeout=20"):
            self.options += ["-o", limit]
        self.has_own_lists = False

    def fetch(self, package: str) -> Path | None:
        """Download one package; ``None`` when it cannot be had."""
        if shutil.which("apt-get") is None or shutil.which("dpkg-deb") is None:
            return None
        if not self._run("download", package):
            if self.has_own_lists:
                return None
            self._make_own_lists()
            if not self._run("download", package):
                return None
        return next(iter(sorted(self.scratch.glob(f"{package}_*.deb"))), None)

    def _make_own_lists(self) -> None:
        # A fresh machine has no package lists, and updating its own would need root.
        for folder in ("state/lists/partial", "cache/archives/partial"):
            (self.scratch / folder).mkdir(parents=True, exist_ok=True)
        self.options += ["-o", f"Dir::State={self.scratch}/state", "-o", f"Dir::Cache={self.scratch}/cache"]
        self.options += ["-o", "Dir::State::status=/var/lib/dpkg/status"]
        self.has_own_lists = True
        self._run("update")

    def _run(self, *words: str) -> bool:
        command = ["apt-get", "-q", *self.options, *words]
        return subprocess.run(command, cwd=self.scratch, capture_output=True, check=False).returncode == 0


def unpack(package: Path, names: set[str], into: Path) -> None:
    """Take the named files out of a Debian package without installing it."""
    command = ["dpkg-deb", "--fsys-tarfile", str(package)]
    with (
        subprocess.Popen(command, stdout=subprocess.PIPE) as reader,
        tarfile.open(fileobj=reader.stdout, mode="r|") as archive,
    ):
        for member in archive:
            name = Path(member.name).name
            content = archive.extractfile(member) if member.isfile() and name in names else None
            if content is not None:
                (into / name).write_bytes(content.read())


def downloaded(faces: Iterable[Face], scratch: Path) -> dict[Face, Path]:
    """Fetch the faces' Debian packages, first choice first, and take the files out of them."""
    apt = Apt(scratch)
    lacking = set(faces)
    found: dict[Face, Path] = {}
    for package in dict.fromkeys(name for face in FACES if face in lacking for name in face.packages):
        wanted = {face for face in lacking - set(found) if package in face.packages}
        archive = apt.fetch(package) if wanted else None
        if archive is not None:
            folder = scratch / package
            folder.mkdir()
            unpack(archive, {face.file for face in wanted}, folder)
            found |= installed(wanted, [folder])
    return found


def sources(scratch: Path, earlier: Path) -> dict[Face, Path]:
    """Find a file for every face: the environment's, the machine's, one in the folder ``earlier``, else a downloaded one.

    A former set-up kept the outlines as they came, and the files' names, so that its copies serve as well.
    """
    found = shipped(FACES)
    found |= installed([face for face in FACES if face not in found], [*FONT_FOLDERS, earlier])
    lacking = [face for face in FACES if face not in found and not face.module]
    return found | downloaded(lacking, scratch)


# --- what is made of it ------------------------------------------------------------------------------------


def redraw(font: TTFont) -> None:
    """Turn a Chinese face into a TrueType one, its glyphs numbered by how often a report needs them.

    TrueType outlines are copied into a PDF as they are, where PostScript ones are taken apart and put together again,
    and cost a reader a fraction. The order helps as much: for each number below the highest used WeasyPrint writes an
    empty glyph; and PDFium (Chrome, Edge, our reading back) works out anew, wherever it stands, how large a glyph
    numbered above 255 is. Numbers and character identifiers, which viewers may take for one another, are one in
    TrueType. What was gained is in docs/adr/0003-pdf.md.
    """
    for tag in OUT_OF_USE:
        if tag in font:
            del font[tag]
    font["cmap"].tables = [table for table in font["cmap"].tables if table.isUnicode()]
    font["cmap"].ensureDecompiled()  # what is still packed would go by the former numbers
    metrics = font["hmtx"].metrics
    order = _order(font)
    glyphs = font.getGlyphSet()
    outlines = {name: _outline(glyphs[name]) for name in order}
    del font["CFF "]
    font.setGlyphOrder(order)
    font["loca"], font["glyf"] = newTable("loca"), newTable("glyf")
    font["glyf"].glyphOrder, font["glyf"].glyphs = order, outlines
    font["hmtx"].metrics = {
        name: (metrics[name][0], getattr(outline, "xMin", 0)) for name, outline in outlines.items()
    }
    font["maxp"].tableVersion = 0x00010000
    vars(font["maxp"]).update(dict.fromkeys(INSTRUCTED, 0), maxZones=1)
    font["head"].glyphDataFormat = 0
    font.sfntVersion = "\0\1\0\0"
    version = "; ".join(filter(None, (font["name"].getDebugName(5), CHANGED)))
    font["name"].setName(version, 5, 3, 1, 0x409)


def _outline(glyph: Any) -> Any:  # noqa: ANN401 - fontTools has no types
    """The glyph's outline in curves of the second degree: a thousandth of an em off at most, but for rounding."""
    pen = TTGlyphPen(None)
    glyph.draw(Cu2QuPen(pen, max_err=1.0, reverse_direction=True))
    outline = pen.glyph()
    outline.recalcBounds(None)
    return outline


def _order(font: TTFont) -> list[str]:
    """The glyphs, those first that a report needs most."""
    old = font.getGlyphOrder()
    ranks = dict.fromkeys(_forms(font), FORM)
    for character, glyph in font.getBestCmap().items():
        ranks[glyph] = min(_rank(chr(character)), ranks.get(glyph, OTHER))
    return [old[0], *sorted(old[1:], key=lambda glyph: ranks.get(glyph, OTHER))]


def _rank(sign: str) -> tuple[int, int]:
    """Where a character stands among all: the commonest, the rest of GB 2312 in its own order, the others."""
    if sign in OFTEN:
        return 0, OFTEN.index(sign)
    try:
        return 1, int.from_bytes(sign.encode("gb2312"))
    except UnicodeEncodeError:
        return OTHER


FORM = (2, 0)
"""Other forms of marks, and of three ideographs, which go into a PDF with every such mark."""
OTHER = (3, 0)


def _forms(font: TTFont) -> set[str]:
    """The glyphs for other forms of a character, told apart by a selector behind it."""
    tables = (table for table in font["cmap"].tables if table.format == VARIATIONS)
    return {glyph for table in tables for pairs in table.uvsDict.values() for _, glyph in pairs if glyph}


def limit_to_ascii(font: TTFont) -> None:
    """Drop every glyph but those of ASCII, and the hints that paper does not need."""
    options = Options(hinting=False, layout_features=["kern"], name_IDs=["*"], notdef_outline=True)
    options.drop_tables += ["FFTM"]
    subsetter = Subsetter(options)
    subsetter.populate(unicodes=LATIN_CHARACTERS)
    subsetter.subset(font)


def rename(font: TTFont, family: str) -> None:
    """Put the family's name in the place of the old one, keeping copyright and licence."""
    style = str(font["name"].getDebugName(2))
    full = f"{family} {style}"
    words = {1: family, 3: full, 4: full, 6: full.replace(" ", "-")}
    names = font["name"]
    for record in [record for record in names.names if record.nameID in RENAMED]:
        names.removeNames(record.nameID, record.platformID, record.platEncID, record.langID)
    for identifier, word in words.items():
        names.setName(word, identifier, 3, 1, 0x409)


def made(face: Face, source: Path) -> bytes:
    """Make the file that reports are set with."""
    with TTFont(source, recalcBBoxes=not face.is_latin, recalcTimestamp=False, lazy=True) as font:
        if face.is_latin:
            limit_to_ascii(font)
            rename(font, LATIN_FAMILY)
        else:
            redraw(font)
        result = BytesIO()
        font.save(result)
    return result.getvalue()


# --- what is written ---------------------------------------------------------------------------------------


def target(face: Face) -> str:
    """Name the made file: the Latin pair no longer bears the name of what it was made from."""
    return face.file.replace("LiberationSerif", "RBLatin").replace(".otf", ".ttf")


def described(face: Face, path: Path) -> dict[str, object]:
    """Describe one made face for ``fonts.json``."""
    with TTFont(path, lazy=True) as font:
        names = font["name"]
        family, weight = names.getDebugName(16) or names.getDebugName(1), font["OS/2"].usWeightClass
    return {
        "file": f"fonts/{path.name}",
        "family": family,
        "weight": weight,
        "licence": face.licence,
        "package": face.packages[0],
        "stands_for": list(face.stands_for),
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
    }


def fontconfig(roles: Mapping[str, Mapping[str, object]], into: Path) -> str:
    """Word the private fontconfig file: our folder alone, and the usual office names led to our faces."""
    families = {name: str(role["family"]) for role in roles.values() for name in _names(role)}
    aliases = "".join(
        f'  <match target="pattern"><test name="family" qual="any"><string>{escape(name)}</string></test>'
        f'<edit name="family" mode="assign" binding="same"><string>{escape(family)}</string></edit></match>\n'
        for name, family in families.items()
    )
    return (
        '<?xml version="1.0"?>\n<!DOCTYPE fontconfig SYSTEM "urn:fontconfig:fonts.dtd">\n<fontconfig>\n'
        f"  <dir>{escape(str(into / 'fonts'))}</dir>\n"
        f"  <cachedir>{escape(str(into / 'fontconfig-cache'))}</cachedir>\n"
        f"{aliases}</fontconfig>\n"
    )


def _names(role: Mapping[str, object]) -> list[str]:
    names = role["stands_for"]
    return [str(name) for name in names] if isinstance(names, list) else []


def put(path: Path, content: bytes) -> None:
    """Write beside the final name, then rename: an interrupted set-up leaves no half file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f"{path.name}.part")
    beside.write_bytes(content)
    beside.replace(path)


def made_of(found: Mapping[Face, Path]) -> dict[Face, bytes]:
    """Make the faces, the largest first, two at a time; one of which nothing can be made is left out."""
    in_order = sorted(found, key=lambda face: -found[face].stat().st_size)
    begun: dict[Face, Future[bytes]] = {}
    with contextlib.ExitStack() as until_made:
        # A machine without shared semaphores has no pool.
        with contextlib.suppress(OSError, NotImplementedError):
            pool = until_made.enter_context(ProcessPoolExecutor(max_workers=AT_ONCE))
            begun = {face: pool.submit(made, face, found[face]) for face in in_order}
        done = {face: _made_at_last(face, found[face], begun.get(face)) for face in in_order}
    return {face: content for face, content in done.items() if content is not None}


AT_ONCE = 2
"""A face of thirty thousand glyphs takes half a gigabyte while it is redrawn."""


def _made_at_last(face: Face, source: Path, begun: Future[bytes] | None) -> bytes | None:
    """What the other process made, else what this one can make: the other may have been killed for its memory."""
    if begun is not None:
        with contextlib.suppress(Exception):
            return begun.result()
    with contextlib.suppress(Exception):  # a damaged face can fail in any way; main() names what is missing
        return made(face, source)
    return None


def clear(folder: Path) -> None:
    """Take away what a former set-up made of the same faces: two files of one family would stand in for each other."""
    for face in FACES:
        if (folder / target(face)).is_file():
            (folder / face.file).unlink(missing_ok=True)


def lay_out(into: Path) -> list[Face]:
    """Make every face that can be had; return those that cannot."""
    folder = into / "fonts"
    places = {face: folder / target(face) for face in FACES}
    with tempfile.TemporaryDirectory() as scratch:
        contents = made_of(sources(Path(scratch), folder))
    for face, content in contents.items():
        put(places[face], content)
    # A face made by an earlier run stays good when this one could not fetch it again.
    roles = {face.role: described(face, path) for face, path in places.items() if path.is_file()}
    index = json.dumps({"schema": 1, "roles": roles}, ensure_ascii=False, indent=1)
    put(into / "fonts.json", f"{index}\n".encode())
    put(into / "fonts.conf", fontconfig(roles, into).encode())
    clear(folder)
    return [face for face, path in places.items() if not path.is_file()]


def complaint(missing: Iterable[Face]) -> str:
    """Say in one sentence what is missing and how to get it."""
    faces = list(missing)
    named = "、".join(f"{face.role}（{face.file}）" for face in faces)
    packages = " ".join(dict.fromkeys(face.packages[0] for face in faces if not face.module))
    if not packages:
        return f"缺少字体 {named}，请删除 .venv 文件夹后重新运行 make setup。"
    return (
        f"缺少字体 {named}，PDF 将改用其他字体；请联网后重新运行 make setup，"
        f"或运行 sudo apt-get install -y --no-install-recommends {packages} 后再运行 make setup。"
    )


def main(arguments: list[str]) -> int:
    """Lay the fonts out under the given folder, by default the environment's own."""
    into = Path(arguments[0]) if arguments else Path(sys.prefix, "share", "report_builder")
    missing = lay_out(into.resolve())
    if missing:
        print(complaint(missing), file=sys.stderr)
        return MISSING
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
