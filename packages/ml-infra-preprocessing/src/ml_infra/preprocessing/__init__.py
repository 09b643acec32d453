"""
Scaling, clipping, validation and drift detection for ML data.

Exact, mergeable, on any container. Every public name is importable from here and
loaded when it is first used; importing this package does not import NumPy.
"""

TYPE_CHECKING = False  # type checkers take it for True; saves importing typing
if TYPE_CHECKING:
    from ml_infra.preprocessing.normalization import clip_outliers as clip_outliers
    from ml_infra.preprocessing.normalization import normalize as normalize
    from ml_infra.preprocessing.normalization import standardize as standardize
    from ml_infra.preprocessing.profiles import ColumnProfile as ColumnProfile
    from ml_infra.preprocessing.profiles import Profile as Profile
    from ml_infra.preprocessing.validation import Change as Change
    from ml_infra.preprocessing.validation import Check as Check
    from ml_infra.preprocessing.validation import Column as Column
    from ml_infra.preprocessing.validation import Report as Report
    from ml_infra.preprocessing.validation import Result as Result
    from ml_infra.preprocessing.validation import Schema as Schema
    from ml_infra.preprocessing.validation import ValidationError as ValidationError
    from ml_infra.preprocessing.validation import Validator as Validator
    from ml_infra.preprocessing.validation import check_finite as check_finite
    from ml_infra.preprocessing.validation import check_same_length as check_same_length

    __version__: str

__all__ = [
    "Change",
    "Check",
    "Column",
    "ColumnProfile",
    "Profile",
    "Report",
    "Result",
    "Schema",
    "ValidationError",
    "Validator",
    "check_finite",
    "check_same_length",
    "clip_outliers",
    "normalize",
    "standardize",
]

# public name -> module that defines it
_HOME = {
    "Change": "validation",
    "Check": "validation",
    "Column": "validation",
    "ColumnProfile": "profiles",
    "Profile": "profiles",
    "Report": "validation",
    "Result": "validation",
    "Schema": "validation",
    "ValidationError": "validation",
    "Validator": "validation",
    "check_finite": "validation",
    "check_same_length": "validation",
    "clip_outliers": "normalization",
    "normalize": "normalization",
    "standardize": "normalization",
}

if not TYPE_CHECKING:

    def __getattr__(name: str) -> object:
        if name == "__version__":
            from importlib.metadata import version

            return version("ml-infra-preprocessing")
        if name not in _HOME:
            msg = f"module {__name__!r} has no attribute {name!r}"
            raise AttributeError(msg)
        from importlib import import_module

        value = getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
        globals()[name] = value
        return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__, "__version__"})
