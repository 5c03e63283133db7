"""Builds, checks and compares China's annual government-information-disclosure reports."""

__version__ = "0.1.0"
