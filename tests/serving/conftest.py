"""The fixtures that come from the engine's own tests: a tiny model and its adapters."""

from tests.engine.conftest import adapters, loaded, model_folder

__all__ = ["adapters", "loaded", "model_folder"]
