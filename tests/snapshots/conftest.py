"""The same collection and services as the checks' tests have."""

from tests.checks.conftest import add, checks, question_sets, snapshots

__all__ = ["add", "checks", "question_sets", "snapshots"]
