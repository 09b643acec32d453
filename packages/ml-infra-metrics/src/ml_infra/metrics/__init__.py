"""
Evaluation metrics that are right or refused, from one pass.

Every name below is loaded when it is first asked for, so that the import itself
costs neither NumPy nor time.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ._undefined import Undefined as Undefined
    from ._undefined import UndefinedMetricError as UndefinedMetricError
    from .classification import accuracy as accuracy
    from .classification import f1_score as f1_score
    from .classification import precision as precision
    from .classification import recall as recall
    from .intervals import Interval as Interval
    from .intervals import wilson_interval as wilson_interval

    __version__: str

# One line per public name: where it lives.
_MODULES = {
    "Interval": "intervals",
    "Undefined": "_undefined",
    "UndefinedMetricError": "_undefined",
    "accuracy": "classification",
    "f1_score": "classification",
    "precision": "classification",
    "recall": "classification",
    "wilson_interval": "intervals",
}

__all__ = [
    "Interval",
    "Undefined",
    "UndefinedMetricError",
    "accuracy",
    "f1_score",
    "precision",
    "recall",
    "wilson_interval",
]


def __getattr__(name: str) -> object:
    if name == "__version__":
        from importlib.metadata import version

        value: object = version("ml-infra-metrics")
    elif name in _MODULES:
        from importlib import import_module

        value = getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
    else:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*__all__, "__version__"})
