"""
All of ml-infra under one name.

The everyday functions stand here, everything else under the paths
``ml_infra_utils.preprocessing``, ``.metrics``, ``.decorators`` and ``.logging``. A
name is loaded when it is first used; importing this package loads none of them.

>>> from ml_infra_utils import accuracy, normalize
>>> normalize([1, 2, 3, 4, 5])
[0.0, 0.25, 0.5, 0.75, 1.0]
>>> accuracy([1, 0, 1, 1, 0], [1, 0, 1, 0, 0])
0.8
"""

TYPE_CHECKING = False  # type checkers take it for True; saves importing typing
if TYPE_CHECKING:
    from ml_infra.decorators import retry as retry
    from ml_infra.decorators import timer as timer
    from ml_infra.logging import get_logger as get_logger
    from ml_infra.metrics import accuracy as accuracy
    from ml_infra.metrics import f1_score as f1_score
    from ml_infra.metrics import precision as precision
    from ml_infra.metrics import recall as recall
    from ml_infra.preprocessing import clip_outliers as clip_outliers
    from ml_infra.preprocessing import normalize as normalize
    from ml_infra.preprocessing import standardize as standardize
    from ml_infra_utils import decorators as decorators
    from ml_infra_utils import logging as logging
    from ml_infra_utils import metrics as metrics
    from ml_infra_utils import preprocessing as preprocessing

    __version__: str

__all__ = [
    "accuracy",
    "clip_outliers",
    "decorators",
    "f1_score",
    "get_logger",
    "logging",
    "metrics",
    "normalize",
    "precision",
    "preprocessing",
    "recall",
    "retry",
    "standardize",
    "timer",
]

# Where each function comes from; what is missing here is a submodule.
_HOME = {
    "accuracy": "metrics",
    "clip_outliers": "preprocessing",
    "f1_score": "metrics",
    "get_logger": "logging",
    "normalize": "preprocessing",
    "precision": "metrics",
    "recall": "metrics",
    "retry": "decorators",
    "standardize": "preprocessing",
    "timer": "decorators",
}

if not TYPE_CHECKING:

    def __getattr__(name: str) -> object:
        from importlib import import_module, metadata

        if name == "__version__":
            return metadata.version("ml-infra-utils")
        if name not in __all__:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        if name not in _HOME:
            return import_module(f"{__name__}.{name}")
        value = getattr(import_module(f"ml_infra.{_HOME[name]}"), name)
        globals()[name] = value
        return value


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__"])
