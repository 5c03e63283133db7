"""The few ways the program itself fails; faults in a unit's data are Findings, not errors."""

import errno

_REASONS: dict[str, str] = {
    "ENOSPC": "磁盘空间不足",
    "EDQUOT": "超出磁盘配额",
    "EROFS": "磁盘或文件夹是只读的",
    "EACCES": "没有权限",
    "EPERM": "没有权限",
    "ENOENT": "没有这个文件或文件夹",
    "ENOTDIR": "路径中有一段不是文件夹",
    "EISDIR": "这是文件夹，不是文件",
    "ENAMETOOLONG": "名称太长",
    "EIO": "磁盘读写出错",
    "EMFILE": "打开的文件太多",
    "ENOMEM": "内存不足",
    "EBUSY": "正被别的程序占用",
    "ETXTBSY": "正被别的程序占用",
}


def reason(fault: OSError) -> str:
    """Why the system refused, in a clerk's words; in the system's own where we have none."""
    return _REASONS.get(errno.errorcode.get(fault.errno or 0, "")) or fault.strerror or type(fault).__name__


class ReportBuilderError(Exception):
    """A fault that stops the program: its text is one sentence a clerk can act on."""


class SpecError(ReportBuilderError):
    """A format, rule or settings file is wrong: names the file, the key and the nearest right one."""


class InputError(ReportBuilderError):
    """What the user named cannot be used: a path, a year, a unit."""


class OutputError(ReportBuilderError):
    """Outputs cannot be written: names the path and the reason."""


class UnreadableError(ReportBuilderError):
    """One file cannot be read; ``reason`` says why and ``fix`` what to do, both in Chinese."""

    def __init__(self, reason: str, fix: str, place: str = "") -> None:
        """``place`` is a sheet or cell within the file, empty for the file as a whole."""
        super().__init__(f"{reason}；{fix}")
        self.reason = reason
        self.fix = fix
        self.place = place


class WorkersError(ReportBuilderError):
    """Who should do the work cannot: a worker that does not start, a cluster out of reach or lost on the way."""
