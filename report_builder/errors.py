"""The few ways the program itself fails; faults in a unit's data are Findings, not errors."""


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
