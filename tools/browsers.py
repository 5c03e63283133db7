"""Fetch the browsers that government offices still run, and axe-core, for the tests of the pages.

Run by ``tools/setup.sh`` with the virtual environment's Python; fills ``.venv/browsers``::

    chromium-86/chromium  chromium-108/chromium  axe-core/axe.min.js

All come from the npm registry by ``npm pack``; a package whose sha512 is not the one below is refused. What cannot be
had is named, and the exit status is 3: the tests that need it are skipped. Set-up runs this only when it has changed.
The current browser is the system's own, and brings the libraries that the old ones need.
"""

from __future__ import annotations

import base64
import hashlib
import platform
import shutil
import subprocess
import sys
import tarfile
import tempfile
from dataclasses import dataclass
from pathlib import Path

import brotli

MISSING = 3
"""Exit status when something could not be had."""

FOLDER = Path(__file__).resolve().parents[1] / ".venv" / "browsers"
LIBRARIES = "sudo apt-get install libnss3 libnspr4 libexpat1"


@dataclass(frozen=True)
class Package:
    """An npm package, the one file of it that is wanted, and its place in our folder."""

    name: str
    version: str
    sha512: str
    member: str
    target: str

    @property
    def runs(self) -> bool:
        """Whether the file is a program; those are packed by Brotli and made for 64-bit Linux on x86."""
        return self.member.endswith(".br")


PACKAGES = (
    Package(
        "chrome-aws-lambda",
        "5.3.1",
        "KklZTy2p2U/86cCh1hKL3PGDqoirQCAg7uejvNIn0rDBkWj4Su4GOjYMRVB3kthLwmnWhh3x63RDBTCAaQ9Q3Q==",
        "package/bin/chromium.br",
        "chromium-86/chromium",
    ),
    Package(
        "@sparticuz/chromium",
        "108.0.3",
        "vMOWoGKb/zQZ83FoB8GUAx5LzofaeCp0qCSQDkuugx89/CFmgRlUBO3x1Kk/4jwVXeM055UaYvhboaohPpH9zA==",
        "package/bin/chromium.br",
        "chromium-108/chromium",
    ),
    Package(
        "axe-core",
        "4.14.1",
        "FHfa+lmNjQZfJz1q8wKqIDwC6DExcHt/pkjNQb09a3NPjCKg2rhu5qb2S4r76ASyFNNtuFooJpZe37OgudVGtQ==",
        "package/axe.min.js",
        "axe-core/axe.min.js",
    ),
)


class UnavailableError(Exception):
    """A package cannot be had or used here; it says why."""


def packed(package: Package, scratch: Path) -> bytes:
    """Fetch a package as npm publishes it, and make sure that it is the one meant."""
    npm = shutil.which("npm")
    if npm is None:
        raise UnavailableError("没有 npm；请安装 Node.js 20（Debian：sudo apt-get install npm）")
    command = [
        npm,
        "pack",
        f"{package.name}@{package.version}",
        "--silent",
        "--pack-destination",
        str(scratch),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    found = next(scratch.glob("*.tgz"), None)
    if done.returncode or found is None:
        raise UnavailableError(f"npm pack 没有取到：{done.stderr.strip()}")
    data = found.read_bytes()
    if base64.b64encode(hashlib.sha512(data).digest()).decode() != package.sha512:
        raise UnavailableError("取到的文件与登记的 sha512 不符，没有使用")
    found.unlink()
    return data


def unpacked(package: Package, scratch: Path) -> Path:
    """The wanted file of a package, ready to be used, in the scratch folder."""
    if package.runs and (sys.platform, platform.machine()) != ("linux", "x86_64"):
        raise UnavailableError("只有 64 位 x86 的 Linux 能运行")
    archive = scratch / "package.tgz"
    archive.write_bytes(packed(package, scratch))
    with tarfile.open(archive) as held:
        content = held.extractfile(package.member)
        data = content.read() if content else b""
    file = scratch / Path(package.target).name
    file.write_bytes(brotli.decompress(data) if package.runs else data)
    if package.runs:
        file.chmod(0o755)
        try_out(file)
    return file


def try_out(program: Path) -> None:
    """A browser that lacks a library is named here, not by a test that cannot start it."""
    command = [str(program), "--version", "--headless", "--no-sandbox", "--disable-gpu"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    if done.returncode:
        raise UnavailableError(f"不能运行，可能缺少系统库（{LIBRARIES}）：{done.stderr.strip()[-200:]}")


def lay_out(package: Package, folder: Path) -> None:
    """Put a package's file in its place."""
    target = folder / package.target
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        unpacked(package, Path(scratch)).replace(target)


def main() -> int:
    """Fetches them all."""
    lacking = False
    for package in PACKAGES:
        try:
            lay_out(package, FOLDER)
        except UnavailableError as fault:
            lacking = True
            print(f"{package.name} {package.version}：{fault}", file=sys.stderr)
    return MISSING if lacking else 0


if __name__ == "__main__":
    sys.exit(main())
