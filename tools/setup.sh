#!/bin/sh
# 准备运行环境：虚拟环境、锁定的依赖、排版所需的系统库、字体。可反复运行；没有变化时立即结束。
#
#   sh tools/setup.sh           what `make report` needs
#   sh tools/setup.sh --dev     and what `make test`, `make lint` and `make types` need
#   sh tools/setup.sh --ci      and the system programs some tests use: poppler, LibreOffice, Chromium, Java,
#                               npm, and the older browsers of --browsers
#   sh tools/setup.sh --browsers   the browsers offices still run, for the tests of the pages
#   sh tools/setup.sh --bench   and the environment of the programs `make bench` compares with
#
# Every step is stamped with the hash of what it depends on, and only once it has succeeded: a step that failed is
# tried again next time, one that succeeded is skipped until something it depends on changes.
# Exit status: 0 ready, also when only fonts or system libraries are missing (Word output works without them);
# 2 the program cannot run.
set -eu
unset PYTHONDONTWRITEBYTECODE PYTHONHOME PYTHONPATH # compiled files make start-up three times faster

cd "$(dirname "$0")/.."
root=$(pwd -P)
venv=.venv
python=$venv/bin/python
stamps=$venv/stamps

LIBRARIES="libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 fontconfig"
PROGRAMS="poppler-utils libreoffice-writer-nogui chromium default-jre-headless"

say() { printf '%s\n' "$*" >&2; }

fail() {
    say "$@"
    exit 2
}

# --- stamps -------------------------------------------------------------------------------------------------

hash_of() {
    if command -v sha256sum >/dev/null 2>&1; then
        cat "$@" | sha256sum
    else
        cat "$@" | shasum -a 256 # macOS
    fi
}

# once NAME FILES -- COMMAND: run COMMAND unless it succeeded before with the same FILES.
once() {
    name=$1
    shift
    files=tools/setup.sh
    while [ "$1" != -- ]; do
        files="$files $1"
        shift
    done
    shift
    # shellcheck disable=SC2086 # our own file names hold no spaces
    now=$(hash_of $files)
    [ "$(cat "$stamps/$name" 2>/dev/null)" = "$now" ] && return 0
    "$@" || return $?
    mkdir -p "$stamps"
    printf '%s\n' "$now" >"$stamps/$name"
}

# --- system packages ----------------------------------------------------------------------------------------

as_root() {
    if [ "$(id -u)" -eq 0 ]; then
        env DEBIAN_FRONTEND=noninteractive "$@"
    elif command -v sudo >/dev/null 2>&1; then
        sudo -n env DEBIAN_FRONTEND=noninteractive "$@" # -n: a set-up must not stop to ask for a password
    else
        return 1
    fi
}

apt_get() { as_root apt-get -q -o Acquire::Retries=1 -o Acquire::http::Timeout=20 "$@" >&2; }

apt_install() {
    command -v apt-get >/dev/null 2>&1 || return 1
    # A fresh machine has no package lists: the first try fails at once, and the lists are fetched.
    apt_get install -y --no-install-recommends "$@" 2>/dev/null && return 0
    apt_get update && apt_get install -y --no-install-recommends "$@"
}

apt_command() { printf '%s' "sudo apt-get update && sudo apt-get install -y --no-install-recommends $*"; }

libraries_present() {
    "$python" - <<'END'
import ctypes.util, sys

def present(name, version):
    try:
        ctypes.CDLL(f"lib{name}.so.{version}")
    except OSError:
        return ctypes.util.find_library(name) is not None  # macOS names them otherwise
    return True

wanted = {"pango-1.0": 0, "pangoft2-1.0": 0, "harfbuzz": 0, "harfbuzz-subset": 0, "fontconfig": 1}
sys.exit(not all(present(*one) for one in wanted.items()))
END
}

# Not libharfbuzz-subset0 alone but all of them: without it WeasyPrint works, ten times slower.
install_libraries() {
    libraries_present && return 0
    say "正在安装 PDF 排版所需的系统库……"
    # shellcheck disable=SC2086 # a list of words
    apt_install $LIBRARIES && libraries_present && return 0
    say "缺少排版所需的系统库，暂时不能生成 PDF（Word 不受影响），请运行：$(apt_command "$LIBRARIES")（macOS：brew install pango）"
    return 1
}

programs_present() {
    command -v pdftotext && command -v soffice && command -v chromium && java -version
} >/dev/null 2>&1

# npm brings a hundred packages along: a machine that has it, from wherever, keeps its own.
install_npm() {
    command -v npm >/dev/null 2>&1 && return 0
    say "正在安装 npm……"
    apt_install npm && return 0
    say "没有 npm，取不到测试用的旧版浏览器，请运行：$(apt_command npm)"
    return 1
}

install_browsers() {
    install_npm || return 1
    say "正在取测试用的旧版浏览器（约一百兆字节）……"
    "$python" tools/browsers.py && return 0
    say "旧版浏览器没有取全，用到它们的测试将跳过；请查看上面的提示，检查网络后运行 make browsers。"
    return 1
}

install_programs() {
    programs_present && return 0
    say "正在安装测试用的系统程序……"
    # shellcheck disable=SC2086 # a list of words
    apt_install $PROGRAMS && programs_present && return 0
    say "缺少测试用的系统程序，用到它们的测试将跳过，请运行：$(apt_command "$PROGRAMS")"
    return 1
}

# --- Python -------------------------------------------------------------------------------------------------

find_python() {
    for candidate in ${PYTHON:-} python3 python3.11 python3.12 python3.13 python3.14; do
        if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then
            printf '%s' "$candidate"
            return 0
        fi
    done
    return 1
}

# Where the project lies and which Python the environment was made with: its scripts hold both.
place_of() { printf '%s %s\n' "$root" "$(readlink -f "$1/bin/python" || true)"; }

# make_environment FOLDER: a virtual environment, made anew when the project was moved or its Python changed.
make_environment() {
    if [ -f "$1/stamps/place" ]; then
        [ -x "$1/bin/python" ] && [ "$(cat "$1/stamps/place")" = "$(place_of "$1")" ] && return 0
        rm -rf "$1"
    fi
    system_python=$(find_python) || fail "需要 Python 3.11 或更高版本，请运行：$(apt_command python3 python3-venv)"
    if ! "$system_python" -c 'import ensurepip, venv' >/dev/null 2>&1; then
        apt_install python3-venv || fail "Python 缺少 venv 组件，请运行：$(apt_command python3-venv)"
    fi
    say "正在创建虚拟环境 $1……"
    "$system_python" -m venv "$1" || fail "虚拟环境 $1 没有建成：请查看上面的提示，检查磁盘空间和写入权限后重新运行 make setup。"
    mkdir -p "$1/stamps"
    place_of "$1" >"$1/stamps/place"
}

pip_install() {
    environment=$1
    shift
    "$environment/bin/python" -m pip install -q --disable-pip-version-check --no-input "$@" >&2
}

install_locked() {
    say "正在安装 $2 中锁定的依赖，约需一分钟……"
    pip_install "$1" --require-hashes -r "$2" ||
        fail "$2 中的依赖没有装上：请查看上面的提示，检查网络或 pip 的镜像设置后重新运行 make setup。"
    # Some packages hold templates that are no Python; a file that cannot be compiled is no failure of ours.
    "$1/bin/python" -m compileall -q "$1/lib" >/dev/null 2>&1 || true
}

install_ourselves() {
    pip_install "$venv" --no-deps --no-build-isolation -e . ||
        fail "本程序没有装上：请查看上面的提示后重新运行 make setup。"
    "$python" -m compileall -q report_builder >&2 || true
}

lay_out_fonts() {
    say "正在准备字体，约需一分钟……"
    "$python" tools/fonts.py || return $?
    # The first document would otherwise wait for fontconfig to read the fonts.
    if command -v fc-cache >/dev/null 2>&1; then
        FONTCONFIG_FILE=$root/$venv/share/report_builder/fonts.conf fc-cache >&2 || true
    fi
}

# --- what was asked for -------------------------------------------------------------------------------------

want_dev='' want_ci='' want_bench='' want_browsers=''
for option in "$@"; do
    case $option in
    --dev) want_dev=1 ;;
    --ci) want_dev=1 want_ci=1 want_browsers=1 ;;
    --browsers) want_dev=1 want_browsers=1 ;;
    --bench) want_bench=1 ;;
    *) fail "不认识的选项 $option；可用：--dev --ci --browsers --bench" ;;
    esac
done

make_environment "$venv"
once runtime requirements.lock -- install_locked "$venv" requirements.lock
once package setup.cfg pyproject.toml -- install_ourselves
once libraries -- install_libraries || true
once fonts tools/fonts.py requirements.lock -- lay_out_fonts || true
if [ -n "$want_dev" ]; then once development requirements-dev.lock -- install_locked "$venv" requirements-dev.lock; fi
if [ -n "$want_ci" ]; then once programs -- install_programs || true; fi
if [ -n "$want_browsers" ]; then once browsers tools/browsers.py -- install_browsers || true; fi
if [ -n "$want_bench" ]; then
    make_environment .venv-bench
    stamps=.venv-bench/stamps
    once rivals bench/requirements-rivals.txt -- install_locked .venv-bench bench/requirements-rivals.txt
fi
