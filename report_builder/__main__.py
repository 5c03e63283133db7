"""python -m report_builder."""

import sys

from report_builder.cli import run

if __name__ == "__main__":
    sys.exit(run())
