"""How the model tests run."""

from collections.abc import Sequence

import pytest
from pytest_asyncio import is_async_test


def pytest_collection_modifyitems(items: Sequence[pytest.Item]) -> None:
    """Run the suites over a server in one event loop: a kept connection belongs to the loop that made it."""
    for item in items:
        if item.module.__name__.endswith("test_conformance") and is_async_test(item):  # type: ignore[attr-defined]
            item.add_marker(pytest.mark.asyncio(loop_scope="module"), append=False)
