"""Pictures of figures: a Chart is laid out once and drawn from that layout as SVG here, as PNG by ``charts.dots``.

The latter is imported only where a Word file is written: matplotlib takes a quarter of a second.
"""

from report_builder.charts.drawing import svg

__all__ = ["svg"]
