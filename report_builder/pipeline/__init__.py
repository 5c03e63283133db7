"""The only package that knows the order of the steps: from a folder of returns to finished reports.

A run is: find the returns, collect them, write the ledger of tasks, see which returns changed, build those (each unit
for itself, in a process of its own where there are several), tell which repeat, write the manifest. A unit that fails
or is held back stops no other.
"""

from report_builder.pipeline.comparing import Compared, Pair, compare_files, compare_units
from report_builder.pipeline.intake import ANSWERED, answers, earlier_sources, past, read_earlier, sources
from report_builder.pipeline.place import FORMATS, Options, Place, open_place, set_up, years
from report_builder.pipeline.planning import Planned, names_of, plan_of, read_plan
from report_builder.pipeline.run import Outcome, blank, build, check, read
from report_builder.pipeline.tasks import plan_ledger
from report_builder.pipeline.unit import UnitResult, build_unit, printed_sections

__all__ = [
    "ANSWERED",
    "FORMATS",
    "Compared",
    "Options",
    "Outcome",
    "Pair",
    "Place",
    "Planned",
    "UnitResult",
    "answers",
    "blank",
    "build",
    "build_unit",
    "check",
    "compare_files",
    "compare_units",
    "earlier_sources",
    "names_of",
    "open_place",
    "past",
    "plan_ledger",
    "plan_of",
    "printed_sections",
    "read",
    "read_earlier",
    "read_plan",
    "set_up",
    "sources",
    "years",
]
