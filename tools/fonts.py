"""Lay out the open typefaces a report is set in, and a private fontconfig file that shows nothing else.

Run by ``tools/setup.sh`` with the virtual environment's Python; writes into ``share/report_builder`` there::

    fonts/*.otf *.ttf   five Chinese faces and a Latin pair
    fonts.json          role -> file, family, weight, licence, package
    fonts.conf          fontconfig: this folder only, and the office's usual names as aliases

A face comes from PyPI or from the machine's own folders, else, unpacked without being installed, from a
Debian package: nothing here needs root. The same sources give the same bytes. What cannot be had is named
and the exit status is 3; the faces that could be made stay usable.

A licensed face on the user's machine (Windows: simfang.ttf, simkai.ttf, simhei.ttf, simsun.ttc; or
仿宋_GB2312, 方正小标宋简体 and the like under ~/.fonts) may be preferred when a report is set. That choice is
made at run time by the program, never here: such files are not copied.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from dataclasses import dataclass
from importlib.util import find_spec
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTFont

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

MISSING = 3
"""Exit status when a face could not be had."""

LATIN_FAMILY = "RB Latin"
LATIN_CHARACTERS = range(0x20, 0x7F)
"""ASCII only, so that “”—… are drawn by the Chinese face and keep their full width."""

RENAMED = (1, 3, 4, 6, 16, 17, 18)
"""Name records that carry a family or full name; the licence of Liberation reserves its own."""

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
    with TTFont(path, lazy=True) as font:
        return bool(font["head"].fontRevision >= face.oldest)


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


def sources(scratch: Path) -> dict[Face, Path]:
    """Find a file for every face: the environment's, the machine's, else a downloaded one."""
    found = shipped(FACES)
    found |= installed(face for face in FACES if face not in found)
    lacking = [face for face in FACES if face not in found and not face.module]
    return found | downloaded(lacking, scratch)


# --- what is made of it ------------------------------------------------------------------------------------


def number_glyphs_plainly(font: TTFont) -> None:
    """Give every glyph of a CID-keyed face its own index as character identifier.

    WeasyPrint writes glyph indices into the PDF. A viewer reads them as identifiers, so wherever the two
    differ it shows another character or none; all five Chinese faces differ somewhere.
    """
    order = [".notdef", *(f"cid{index:05d}" for index in range(1, font["maxp"].numGlyphs))]
    top = font["CFF "].cff.topDictIndex[0]
    top.ROS = ("Adobe", "Identity", 0)
    top.charset = order
    top.CharStrings.charStrings = {name: index for index, name in enumerate(order)}
    font.setGlyphOrder(order)
    if "DSIG" in font:
        del font["DSIG"]  # the signature was for the bytes as they were


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
    with TTFont(source, recalcBBoxes=False, recalcTimestamp=False, lazy=True) as font:
        if face.is_latin:
            limit_to_ascii(font)
            rename(font, LATIN_FAMILY)
        else:
            number_glyphs_plainly(font)
        result = BytesIO()
        font.save(result)
    return result.getvalue()


# --- what is written ---------------------------------------------------------------------------------------


def target(face: Face) -> str:
    """Name the made file: the Latin pair no longer bears the name of what it was made from."""
    return face.file.replace("LiberationSerif", "RBLatin")


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


def lay_out(into: Path) -> list[Face]:
    """Make every face that can be had; return those that cannot."""
    places = {face: into / "fonts" / target(face) for face in FACES}
    with tempfile.TemporaryDirectory() as scratch:
        for face, source in sources(Path(scratch)).items():
            put(places[face], made(face, source))
    # A face made by an earlier run stays good when this one could not fetch it again.
    roles = {face.role: described(face, path) for face, path in places.items() if path.is_file()}
    index = json.dumps({"schema": 1, "roles": roles}, ensure_ascii=False, indent=1)
    put(into / "fonts.json", f"{index}\n".encode())
    put(into / "fonts.conf", fontconfig(roles, into).encode())
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
