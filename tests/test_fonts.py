"""The faces: where they come from, what is asked for in turn, what is missing, and that no others are seen."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from fontTools.pens.areaPen import AreaPen
from fontTools.pens.boundsPen import BoundsPen
from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTFont
from fontTools.ttLib.tables._c_m_a_p import CmapSubtable
from hypothesis import given
from hypothesis import strategies as st

from report_builder import fonts
from report_builder.fonts import Face, FontSet, Role

FOUND = fonts.find()


@pytest.fixture
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of the user's with one face in it, laid out as set-up does."""
    latin = FOUND.file(Role.LATIN)
    assert latin is not None
    (tmp_path / "fonts").mkdir()
    shutil.copy(latin, tmp_path / "fonts" / "own.ttf")
    roles = {fonts.NAMES[Role.LATIN]: {"file": "fonts/own.ttf", "family": "Own"}}
    (tmp_path / "fonts.json").write_text(json.dumps({"schema": 1, "roles": roles}), "utf-8")
    monkeypatch.setenv(fonts.SETTING, str(tmp_path / "fonts"))
    return tmp_path / "fonts"


def test_every_role_has_a_face_after_set_up() -> None:
    assert [face.role for face in FOUND.faces] == list(Role)
    assert fonts.shortage(FOUND) == ""


def test_the_users_folder_comes_first_and_the_rest_is_found_elsewhere(own_folder: Path) -> None:
    found = fonts.find()
    assert found.face(Role.LATIN) == Face(Role.LATIN, "Own", own_folder / "own.ttf")
    assert [face.role for face in found.faces] == list(Role)


def test_a_licensed_file_in_the_users_folder_is_taken(own_folder: Path) -> None:
    (own_folder / "simfang.ttf").write_bytes(b"")
    assert fonts.find().stack(Role.FANGSONG)[1] == "FangSong"


def test_a_role_without_a_face_is_named() -> None:
    lacking = fonts.shortage(FontSet(tuple(face for face in FOUND.faces if face.role != Role.KAITI)))
    assert "楷体" in lacking
    assert "黑体" not in lacking
    assert all(name in fonts.shortage(FontSet(())) for name in fonts.NAMES.values())


def test_latin_is_asked_first_and_the_widest_face_after_its_own() -> None:
    families = {role: face.family for role in Role if (face := FOUND.face(role))}
    assert FOUND.stack(Role.FANGSONG)[:3] == tuple(
        families[r] for r in (Role.LATIN, Role.FANGSONG, Role.SONGTI)
    )


def test_a_style_sheet_gets_the_families_of_the_roles_it_names() -> None:
    made = fonts.css("p { font: 16pt var(--kaiti); color: var(--ink) }", FOUND)
    kaiti = FOUND.face(Role.KAITI)
    assert kaiti is not None
    assert f'"{kaiti.family}"' in made
    assert "var(--ink)" in made
    assert "var(--kaiti)" not in made


def test_rare_characters_of_names_are_there_and_others_are_reported_once_in_order() -> None:
    assert fonts.missing_characters("镕喆〔2021〕——“”\u3000\n", FOUND) == ()
    assert fonts.missing_characters("甲\U0010fffd乙\U000f0000\U0010fffd", FOUND) == (
        "\U0010fffd",
        "\U000f0000",
    )


@given(st.text())
def test_without_faces_all_that_is_printed_is_missing(text: str) -> None:
    missing = fonts.missing_characters(text, FontSet(()))
    assert set(missing) <= set(text)
    assert len(set(missing)) == len(missing)
    assert set(text) - set(missing) == {
        sign for sign in text if not fonts.missing_characters(sign, FontSet(()))
    }


def test_the_set_ups_own_fontconfig_file_is_used_for_its_faces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FONTCONFIG_FILE", "")
    fonts.activate(FOUND)
    assert Path(os.environ["FONTCONFIG_FILE"]).name == "fonts.conf"


def test_other_faces_get_a_file_that_refuses_all_but_them(
    own_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copy(own_folder / "own.ttf", own_folder / "stranger.ttf")
    monkeypatch.setenv("FONTCONFIG_FILE", "")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    fonts.activate(fonts.find())
    first = os.environ["FONTCONFIG_FILE"]
    fonts.activate(fonts.find())
    assert os.environ["FONTCONFIG_FILE"] == first
    accepted = {glob.text for glob in ET.parse(first).iterfind("selectfont/acceptfont/glob")}  # noqa: S314 - our own file
    assert accepted == {str(face.path) for face in fonts.find().faces}
    if shutil.which("fc-list"):
        seen = subprocess.run(["fc-list", ":", "file"], check=True, capture_output=True, text=True).stdout
        assert "own.ttf" in seen
        assert "stranger.ttf" not in seen


def test_a_home_that_cannot_be_written_is_no_obstacle(
    own_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FONTCONFIG_FILE", "")
    monkeypatch.setenv("XDG_CACHE_HOME", str(own_folder / "own.ttf"))
    fonts.activate(fonts.find())
    assert Path(os.environ["FONTCONFIG_FILE"]).is_file()


# --- the faces that set-up lays out ----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def tool() -> Iterator[Any]:
    """tools/fonts.py, which lays the faces out."""
    spec = importlib.util.spec_from_file_location(
        "laying_out", Path(__file__).parent.parent / "tools" / "fonts.py"
    )
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    yield module
    del sys.modules[spec.name]


def laid_out() -> list[Face]:
    """The Chinese faces in use that set-up made."""
    folder = Path(sys.prefix) / "share" / "report_builder" / "fonts"
    latin = {Role.LATIN, Role.LATIN_BOLD}
    return [face for face in FOUND.faces if face.path.parent == folder and face.role not in latin]


GB_2312 = {
    bytes((row, cell)).decode("gb2312", "ignore") for row in range(0xB0, 0xF8) for cell in range(0xA1, 0xFF)
} - {""}


def test_the_commonest_characters_are_numbered_within_a_byte(tool: Any) -> None:
    if not laid_out():
        pytest.skip("the machine has faces of its own in place of those that set-up lays out")
    for face in laid_out():
        with TTFont(face.path, lazy=True) as font:
            numbers = {chr(sign): font.getGlyphID(name) for sign, name in font.getBestCmap().items()}
            assert "glyf" in font
        assert GB_2312 - set(numbers) == set()
        assert max(numbers[sign] for sign in tool.OFTEN) < 256


def original(tool: Any) -> Path:
    """The 宋体 as it came."""
    found: dict[Any, Path] = tool.shipped(tool.FACES)
    return next(path for face, path in found.items() if face.role == "宋体")


def test_no_character_is_lost_on_the_way(tool: Any) -> None:
    face = next((face for face in laid_out() if face.role == Role.SONGTI), None)
    if face is None:
        pytest.skip("the machine has a 宋体 of its own")
    with TTFont(original(tool), lazy=True) as before, TTFont(face.path, lazy=True) as after:
        assert set(before.getBestCmap()) == set(after.getBestCmap())
        assert before["maxp"].numGlyphs == after["maxp"].numGlyphs


WINDOWS = 3
SIGNS = "永䶮，。、一国镕𬬻"


@pytest.fixture(scope="module")
def small(tool: Any) -> bytes:
    """A PostScript face of a few characters."""
    made = BytesIO()
    with TTFont(original(tool), lazy=True) as font:
        subsetter = Subsetter(Options(layout_features=["*"], notdef_outline=True, legacy_cmap=True))
        subsetter.populate(unicodes=map(ord, SIGNS))
        subsetter.subset(font)
        apart = [table for table in font["cmap"].tables if table.platformID == WINDOWS]
        font["cmap"].tables = [by_an_old_code(font), *apart]
        font.save(made)
    return made.getvalue()


def by_an_old_code(font: TTFont) -> Any:
    """A table of characters by the numbers of an old code, which lie apart from those by Unicode."""
    table = CmapSubtable.newSubtable(6)
    table.platformID, table.platEncID, table.language = 1, 25, 0
    table.cmap = {at: font.getBestCmap()[ord(sign)] for at, sign in enumerate(SIGNS, 0xA1)}
    return table


def test_a_redrawn_face_looks_as_it_did(tool: Any, small: bytes) -> None:
    with TTFont(BytesIO(small), lazy=True) as font:
        before = {sign: drawn(font, sign) for sign in SIGNS}
    made = BytesIO()
    with TTFont(BytesIO(small), lazy=True) as font:
        tool.redraw(font)
        font.save(made)
    with TTFont(made) as font:
        for sign in SIGNS:
            (area, width, *box), (redrawn, *other) = before[sign], drawn(font, sign)
            assert redrawn == pytest.approx(-area, rel=0.01)  # TrueType's outlines go round the other way
            assert other == [width, *(pytest.approx(edge, abs=1.5) for edge in box)]
            assert font["hmtx"][font.getBestCmap()[ord(sign)]][1] == other[1]
        assert len(font["cmap"].tables) > 1
        for table in font["cmap"].tables:
            assert table.cmap.items() <= font.getBestCmap().items()
        order = [font.getGlyphID(font.getBestCmap()[ord(sign)]) for sign in "，、。一国永镕"]
        assert order == sorted(order)
        assert tool.CHANGED in font["name"].getDebugName(5)


def drawn(font: TTFont, sign: str) -> tuple[float, ...]:
    """The area of a character, by its sign the sense of its outlines; its advance; the box around its outlines."""
    glyphs, name = font.getGlyphSet(), font.getBestCmap()[ord(sign)]
    area, box = AreaPen(glyphs), BoundsPen(glyphs)
    glyphs[name].draw(area)
    glyphs[name].draw(box)
    return area.value, glyphs[name].width, *box.bounds


# --- set-up: what may go wrong ---------------------------------------------------------------------------------


@pytest.fixture
def offline(tool: Any, small: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine with nothing but what an earlier set-up left: two faces with PostScript outlines."""
    monkeypatch.setattr(tool, "shipped", lambda _: {})
    monkeypatch.setattr(tool, "downloaded", lambda *_: {})
    monkeypatch.setattr(tool, "FONT_FOLDERS", ())
    (tmp_path / "fonts").mkdir()
    for name in ("FandolFang-Regular.otf", "FandolKai-Regular.otf"):
        (tmp_path / "fonts" / name).write_bytes(small)
    return tmp_path


def left_by(tool: Any, into: Path) -> tuple[list[str], list[str], list[str]]:
    """The roles that set-up says are missing, those it describes, the files it leaves."""
    missing = [face.role for face in tool.lay_out(into)]
    described = json.loads((into / "fonts.json").read_text("utf-8"))["roles"]
    return missing, sorted(described), sorted(path.name for path in (into / "fonts").iterdir())


BOTH = ["FandolFang-Regular.ttf", "FandolKai-Regular.ttf"]


def test_what_a_former_set_up_left_is_made_anew_and_taken_away(tool: Any, offline: Path) -> None:
    missing, described, files = left_by(tool, offline)
    assert set(missing) == {"小标宋", "黑体", "宋体", "西文", "西文粗体"}
    assert (described, files) == (["仿宋", "楷体"], BOTH)
    again = [(offline / "fonts" / name).read_bytes() for name in BOTH]
    assert left_by(tool, offline) == (missing, described, files)
    assert [(offline / "fonts" / name).read_bytes() for name in BOTH] == again


@pytest.mark.parametrize("left", [10, 2000, -3000])
def test_a_damaged_face_costs_no_other(tool: Any, offline: Path, small: bytes, left: int) -> None:
    (offline / "fonts" / "FandolKai-Regular.otf").write_bytes(small[:left])
    missing, described, files = left_by(tool, offline)
    assert "楷体" in missing
    assert described == ["仿宋"]
    assert files == ["FandolFang-Regular.ttf", "FandolKai-Regular.otf"]


def test_where_no_other_process_can_be_had_the_faces_are_made_here(
    tool: Any, offline: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(**_: object) -> None:
        raise OSError(38, "Function not implemented")

    monkeypatch.setattr(tool, "ProcessPoolExecutor", refused)
    assert left_by(tool, offline)[1:] == (["仿宋", "楷体"], BOTH)
