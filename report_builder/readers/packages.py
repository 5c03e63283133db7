"""A zip package without zipfile's reader, which is slow: its parts inflated, and put together anew."""

from __future__ import annotations

import struct
import zipfile
import zlib
from collections.abc import Mapping

from report_builder.readers.books import damaged

_LOCAL, _LISTED, _END = (struct.Struct(said) for said in ("<4s5H3L2H", "<4s6H3L5H2L", "<4s4H2LH"))
_IS_LOCAL, _IS_LISTED, _IS_END = b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06"
_VERSION, _NAMES_ARE_UTF8 = 20, 0x800
_FIRST_DAY = 0x21
"""1 January of the first year that a zip file can name: without a day some readers refuse a part."""


def inflated(data: bytes, info: zipfile.ZipInfo) -> bytes:
    """One part of the package.

    Raises:
        UnreadableError: it is not as large as it says, or packed in an unusual way.
    """
    packed = _packed(data, info)
    if info.compress_type == zipfile.ZIP_STORED:
        return packed
    if info.compress_type != zipfile.ZIP_DEFLATED:
        raise damaged()
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    part = inflater.decompress(packed, info.file_size + 1)
    if len(part) != info.file_size or not inflater.eof:
        raise damaged()
    return part


def _packed(data: bytes, info: zipfile.ZipInfo) -> bytes:
    kind, *_, name, extra = _LOCAL.unpack_from(data, info.header_offset)
    if kind != _IS_LOCAL:
        raise damaged()
    start = info.header_offset + _LOCAL.size + name + extra
    return data[start : start + info.compress_size]


def repacked(data: bytes, infos: Mapping[str, zipfile.ZipInfo], parts: Mapping[str, bytes]) -> bytes:
    """The package with these parts and no others, those in ``parts`` laid in as they are.

    So who reads it next need not inflate them again, and meets what a guard has looked over and nothing else: two
    readers may differ in what they find in one odd package. What each part must add up to it still says.
    """
    pieces: list[bytes] = []
    listing: list[bytes] = []
    at = 0
    for name, info in infos.items():
        part = parts.get(name)
        content, method = (
            (_packed(data, info), info.compress_type) if part is None else (part, zipfile.ZIP_STORED)
        )
        spelt = name.encode()
        sizes = (info.CRC, len(content), info.file_size, len(spelt))
        said = (_VERSION, _NAMES_ARE_UTF8, method, 0, _FIRST_DAY, *sizes, 0)
        pieces += (_LOCAL.pack(_IS_LOCAL, *said), spelt, content)
        listing += (_LISTED.pack(_IS_LISTED, _VERSION, *said, 0, 0, 0, 0, at), spelt)
        at += _LOCAL.size + len(spelt) + len(content)
    end = _END.pack(_IS_END, 0, 0, len(infos), len(infos), sum(map(len, listing)), at, 0)
    return b"".join((*pieces, *listing, end))
