"""The typefaces a report is set in: which file serves which role, and which characters none of them has.

A face comes from the folder the user names in ``REPORT_BUILDER_FONTS``, else from a licensed face that lies on the
machine, else from the open ones that set-up laid out, else from the system. The program copies none of them.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import sys
import tempfile
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from html import escape
from pathlib import Path

SETTING = "REPORT_BUILDER_FONTS"


class Role(StrEnum):
    """What a face is for; GB/T 9704 names the Chinese five."""

    FANGSONG = "fangsong"
    KAITI = "kaiti"
    HEITI = "heiti"
    SONGTI = "songti"
    XIAOBIAOSONG = "xiaobiaosong"
    LATIN = "latin"
    LATIN_BOLD = "latin_bold"


NAMES = {
    Role.FANGSONG: "仿宋",
    Role.KAITI: "楷体",
    Role.HEITI: "黑体",
    Role.SONGTI: "宋体",
    Role.XIAOBIAOSONG: "小标宋",
    Role.LATIN: "西文",
    Role.LATIN_BOLD: "西文粗体",
}
"""What a clerk, and fonts.json, calls each role."""

STACKS = {
    Role.FANGSONG: (Role.LATIN, Role.FANGSONG, Role.SONGTI, Role.HEITI),
    Role.KAITI: (Role.LATIN, Role.KAITI, Role.SONGTI, Role.HEITI),
    Role.HEITI: (Role.LATIN, Role.HEITI, Role.SONGTI),
    Role.SONGTI: (Role.LATIN, Role.SONGTI, Role.HEITI),
    Role.XIAOBIAOSONG: (Role.LATIN, Role.XIAOBIAOSONG, Role.SONGTI, Role.HEITI),
}
"""Which faces are asked for a character, in turn: 镕 and 喆 are not in the 仿宋 but in the 宋体."""

_WIDEST_FIRST = (
    Role.SONGTI,
    Role.HEITI,
    Role.FANGSONG,
    Role.KAITI,
    Role.XIAOBIAOSONG,
    Role.LATIN,
    Role.LATIN_BOLD,
)
_ROLE_NAMED = re.compile(rf"var\(--({'|'.join(STACKS)})\)")
_LATIN = frozenset({Role.LATIN, Role.LATIN_BOLD})
_UNPRINTED = frozenset({"Cc", "Cf", "Zs", "Zl", "Zp", "Mn"})


@dataclass(frozen=True, slots=True)
class Face:
    """One typeface: its role, the family by which it is asked for, its file."""

    role: Role
    family: str
    path: Path


@dataclass(frozen=True)
class FontSet:
    """The faces that were found, one a role at most."""

    faces: tuple[Face, ...]

    def face(self, role: str) -> Face | None:
        """The face for ``role``; None where the machine has none."""
        return next((face for face in self.faces if face.role == role), None)

    def file(self, role: str) -> Path | None:
        """The file of the face for ``role``, for programs that take files and not families."""
        face = self.face(role)
        return None if face is None else face.path

    def stack(self, role: str) -> tuple[str, ...]:
        """The families that text in ``role`` is set in, first choice first."""
        wanted = (self.face(one) for one in STACKS[Role(role)])
        return tuple(dict.fromkeys(face.family for face in wanted if face is not None))


_LICENSED: Mapping[Role, Mapping[str, str]] = {
    Role.FANGSONG: {"simfang.ttf": "FangSong", "仿宋_GB2312.ttf": "FangSong_GB2312"},
    Role.KAITI: {"simkai.ttf": "KaiTi", "楷体_GB2312.ttf": "KaiTi_GB2312"},
    Role.HEITI: {"simhei.ttf": "SimHei"},
    Role.SONGTI: {"simsun.ttc": "SimSun"},
    Role.XIAOBIAOSONG: {"FZXBSJW.TTF": "FZXiaoBiaoSong-B05S", "方正小标宋简体.ttf": "FZXiaoBiaoSong-B05S"},
    Role.LATIN: {"times.ttf": "Times New Roman"},
    Role.LATIN_BOLD: {"timesbd.ttf": "Times New Roman"},
}
# FandolFang as Debian ships it is left out: its glyph numbers are not its character identifiers, so a viewer
# may show other characters; set-up mends that in a copy.
_OPEN: Mapping[Role, Mapping[str, str]] = {
    Role.KAITI: {"LXGWWenKai-Regular.ttf": "LXGW WenKai"},
    Role.HEITI: {"NotoSansCJK-Regular.ttc": "Noto Sans CJK SC"},
    Role.SONGTI: {"NotoSerifCJK-Regular.ttc": "Noto Serif CJK SC"},
    Role.LATIN: {"LiberationSerif-Regular.ttf": "Liberation Serif"},
    Role.LATIN_BOLD: {"LiberationSerif-Bold.ttf": "Liberation Serif"},
}


def find() -> FontSet:
    """The face for each role, from the first source that has one."""
    found: dict[Role, Face] = {}
    for source in _sources():
        for face in source:
            found.setdefault(face.role, face)
        if len(found) == len(Role):
            break
    return FontSet(tuple(found[role] for role in Role if role in found))


def _sources() -> Iterator[Iterable[Face]]:
    """Each source is looked through only if those before it left a role open."""
    named = os.environ.get(SETTING)
    if named:
        yield _laid_out(Path(named))
        yield _among(_LICENSED, [Path(named)])
    yield _among(_LICENSED, _licensed_folders())
    yield _laid_out(_prepared())
    yield _among(_OPEN, _below(_SYSTEM))


def _prepared() -> Path:
    """Where set-up lays the open faces out."""
    return Path(sys.prefix) / "share" / "report_builder" / "fonts"


_SYSTEM = (Path("/usr/share/fonts"), Path("/usr/local/share/fonts"))


def _licensed_folders() -> list[Path]:
    windows = Path(os.environ.get("WINDIR", "C:/Windows")) / "Fonts"
    home = Path.home()
    return [windows, home / ".fonts", home / ".local/share/fonts"]


def _below(folders: Iterable[Path]) -> Iterator[Path]:
    for folder in folders:
        for where, inner, _ in os.walk(folder):
            inner.sort()
            yield Path(where)


def _among(wanted: Mapping[Role, Mapping[str, str]], folders: Iterable[Path]) -> Iterator[Face]:
    for folder in folders:
        for role, names in wanted.items():
            for name, family in names.items():
                if (folder / name).is_file():
                    yield Face(role, family, folder / name)


def _laid_out(folder: Path) -> Iterator[Face]:
    """The faces that a fonts.json in or beside ``folder`` describes, as set-up writes it."""
    for index in (folder / "fonts.json", folder.parent / "fonts.json"):
        if index.is_file():
            roles = json.loads(index.read_text("utf-8"))["roles"]
            for role, name in NAMES.items():
                path = folder / Path(roles.get(name, {}).get("file", "")).name
                if name in roles and path.is_file():
                    yield Face(role, str(roles[name]["family"]), path)
            return


def css(sheet: str, fonts: FontSet) -> str:
    """A style sheet that names roles as ``var(--fangsong)``, with the families that were found in their places."""
    return _ROLE_NAMED.sub(lambda match: ", ".join(_quoted(fonts.stack(match[1]))), sheet)


def _quoted(families: Iterable[str]) -> Iterator[str]:
    for family in families:
        yield f'"{family}"'
    yield "serif"


def activate(fonts: FontSet) -> None:
    """Make this process, and those it starts, see these faces and no others; to be called before Pango is loaded.

    Other faces of the machine would stand in for missing characters, and the same inputs would give other bytes.
    """
    os.environ["FONTCONFIG_FILE"] = str(_fontconfig(fonts))


def _fontconfig(fonts: FontSet) -> Path:
    folder = _prepared()
    ready = folder.parent / "fonts.conf"
    if ready.is_file() and all(face.path.parent == folder for face in fonts.faces):
        return ready
    return _written(_worded(fonts))


def _written(words: str) -> Path:
    """Named by its content, so that workers share it and a changed set of faces gets another."""
    name = f"fonts-{hashlib.sha256(words.encode()).hexdigest()[:16]}.conf"
    path = _cache() / name
    if not path.is_file():
        handle, beside = tempfile.mkstemp(dir=path.parent)
        with open(handle, "w", encoding="utf-8") as file:  # noqa: PTH123 - an open descriptor, not a path
            file.write(words)
        Path(beside).replace(path)
    return path


def _cache() -> Path:
    """A folder of this user's that outlives the run; a temporary one where the home is read-only."""
    folder = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "report_builder"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return Path(tempfile.mkdtemp(prefix="report_builder-"))
    return folder if os.access(folder, os.W_OK) else Path(tempfile.mkdtemp(prefix="report_builder-"))


def _worded(fonts: FontSet) -> str:
    """Fontconfig takes folders only, so every file is refused but ours."""
    files = sorted({str(face.path) for face in fonts.faces})
    folders = sorted({str(face.path.parent) for face in fonts.faces})
    return (
        '<?xml version="1.0"?>\n<!DOCTYPE fontconfig SYSTEM "urn:fontconfig:fonts.dtd">\n<fontconfig>\n'
        + "".join(f"<dir>{escape(folder)}</dir>\n" for folder in folders)
        + '<cachedir prefix="xdg">report_builder/fontconfig</cachedir>\n'
        + "<selectfont><rejectfont><glob>*</glob></rejectfont><acceptfont>"
        + "".join(f"<glob>{escape(file)}</glob>" for file in files)
        + "</acceptfont></selectfont>\n"
        + "".join(_ascii_only(face) for face in fonts.faces if face.role in _LATIN)
        + "</fontconfig>\n"
    )


def _ascii_only(face: Face) -> str:
    """A Latin face must not take “”—…, which keep their full width in a Chinese one."""
    return (
        f'<match target="scan"><test name="file"><string>{escape(str(face.path))}</string></test>'
        '<edit name="charset" mode="assign"><charset><range><int>0x20</int><int>0x7e</int></range></charset></edit>'
        "</match>\n"
    )


def missing_characters(text: str, fonts: FontSet) -> tuple[str, ...]:
    """The characters of ``text`` that no face has, in the order met; white space and controls need none."""
    left = {sign: None for sign in text if unicodedata.category(sign) not in _UNPRINTED}
    for role in _WIDEST_FIRST:
        path = fonts.file(role)
        if path is not None and left:
            has = _characters(path)
            left = {sign: None for sign in left if ord(sign) not in has}
    return tuple(left)


@lru_cache(maxsize=len(Role))
def _characters(path: Path) -> frozenset[int]:
    """The characters a face has; read once a process, and the widest face first, so mostly one is read.

    Its glyphs go by their numbers: to learn their names fontTools would read the table of their outlines.
    """
    from fontTools.ttLib import TTFont  # noqa: PLC0415 - only where a report's characters are looked up

    with TTFont(path, lazy=True, fontNumber=0) as font:
        font.setGlyphOrder(range(font["maxp"].numGlyphs))
        return frozenset(font["cmap"].getBestCmap() or ())


def shortage(fonts: FontSet) -> str:
    """One sentence that names the roles without a face; empty where none lacks."""
    lacking = [NAMES[role] for role in Role if fonts.face(role) is None]
    if not lacking:
        return ""
    return f"缺少字体：{'、'.join(lacking)}，将以其他字体代替；请运行 make setup，或把字体放进 {SETTING} 指定的文件夹"
