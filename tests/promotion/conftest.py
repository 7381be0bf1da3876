"""The registry of adapters, from its own tests."""

from tests.adapters.conftest import registry, somebody, three, trained  # noqa: F401 - fixtures
from tests.engine.conftest import model_folder  # noqa: F401 - fixtures
