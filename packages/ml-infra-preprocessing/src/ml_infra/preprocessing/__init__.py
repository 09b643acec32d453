"""
Scaling, clipping, validation and drift detection for ML data.

Exact, mergeable, on any container. Every public name is importable from here and
loaded when it is first used; importing this package does not import NumPy.
"""

# A map for those who change the code; each module says in its first line what it is.
#
# In, three doors: _vectors (one column of numbers, with _libraries, _arrow, _elements)
#           for functions; _frames (a table, kind kept) for scalers; _tables (_series,
#           _cells, _labels: columns of anything) for validation, profiles and drift
# Functions: _lists (short ones, no NumPy), _vector_functions over _passes (blocks),
#           _ranks (order statistics), written by _threads
# Scalers:  _estimator -> _transformer -> _scaler (the verbs) -> _affine_scalers,
#           _quantile_scalers; learned by _learning, _groups, _quantiles into _states,
#           applied by _plans, to one row by _rows; _naming, _settings, _saving
# Checks:   _checks; _schema of _column, _bounds, _limits, _check and by _inference;
#           _validator -> _judge (_views, _null_like, _ordering, _uniqueness) ->
#           _column_state of _tally -> _findings -> _report
# Profiles: _column_profile (_profile_state) of _moments, _hyperloglog and _histogram,
#           whose _keys sort like numbers; scalers of streams use the same one
# Drift:    _drift_column over _contingency: _p_values, _divergences
# For all:  _state (reading JSON), _html

TYPE_CHECKING = False  # type checkers take it for True; saves importing typing
if TYPE_CHECKING:
    from ml_infra.preprocessing._state import StateError as StateError
    from ml_infra.preprocessing.drift import ColumnDrift as ColumnDrift
    from ml_infra.preprocessing.drift import Drift as Drift
    from ml_infra.preprocessing.drift import DriftTest as DriftTest
    from ml_infra.preprocessing.drift import drift as drift
    from ml_infra.preprocessing.normalization import clip_outliers as clip_outliers
    from ml_infra.preprocessing.normalization import normalize as normalize
    from ml_infra.preprocessing.normalization import robust_scale as robust_scale
    from ml_infra.preprocessing.normalization import standardize as standardize
    from ml_infra.preprocessing.plots import plot_column as plot_column
    from ml_infra.preprocessing.plots import plot_drift as plot_drift
    from ml_infra.preprocessing.profiles import ColumnProfile as ColumnProfile
    from ml_infra.preprocessing.profiles import Profile as Profile
    from ml_infra.preprocessing.scalers import MinMaxScaler as MinMaxScaler
    from ml_infra.preprocessing.scalers import OutlierClipper as OutlierClipper
    from ml_infra.preprocessing.scalers import RobustScaler as RobustScaler
    from ml_infra.preprocessing.scalers import StandardScaler as StandardScaler
    from ml_infra.preprocessing.validation import Change as Change
    from ml_infra.preprocessing.validation import Check as Check
    from ml_infra.preprocessing.validation import Column as Column
    from ml_infra.preprocessing.validation import Report as Report
    from ml_infra.preprocessing.validation import Result as Result
    from ml_infra.preprocessing.validation import Schema as Schema
    from ml_infra.preprocessing.validation import ValidationError as ValidationError
    from ml_infra.preprocessing.validation import Validator as Validator
    from ml_infra.preprocessing.validation import check_binary as check_binary
    from ml_infra.preprocessing.validation import check_columns as check_columns
    from ml_infra.preprocessing.validation import check_finite as check_finite
    from ml_infra.preprocessing.validation import check_in_range as check_in_range
    from ml_infra.preprocessing.validation import check_no_nulls as check_no_nulls
    from ml_infra.preprocessing.validation import check_same_length as check_same_length
    from ml_infra.preprocessing.validation import check_sorted as check_sorted
    from ml_infra.preprocessing.validation import check_unique as check_unique

    __version__: str

__all__ = [
    "Change",
    "Check",
    "Column",
    "ColumnDrift",
    "ColumnProfile",
    "Drift",
    "DriftTest",
    "MinMaxScaler",
    "OutlierClipper",
    "Profile",
    "Report",
    "Result",
    "RobustScaler",
    "Schema",
    "StandardScaler",
    "StateError",
    "ValidationError",
    "Validator",
    "check_binary",
    "check_columns",
    "check_finite",
    "check_in_range",
    "check_no_nulls",
    "check_same_length",
    "check_sorted",
    "check_unique",
    "clip_outliers",
    "drift",
    "normalize",
    "plot_column",
    "plot_drift",
    "robust_scale",
    "standardize",
]

# public name -> module that defines it
_HOME = {
    "Change": "validation",
    "Check": "validation",
    "Column": "validation",
    "ColumnDrift": "drift",
    "ColumnProfile": "profiles",
    "Drift": "drift",
    "DriftTest": "drift",
    "MinMaxScaler": "scalers",
    "OutlierClipper": "scalers",
    "Profile": "profiles",
    "Report": "validation",
    "Result": "validation",
    "RobustScaler": "scalers",
    "Schema": "validation",
    "StandardScaler": "scalers",
    "StateError": "_state",
    "ValidationError": "validation",
    "Validator": "validation",
    "check_binary": "validation",
    "check_columns": "validation",
    "check_finite": "validation",
    "check_in_range": "validation",
    "check_no_nulls": "validation",
    "check_same_length": "validation",
    "check_sorted": "validation",
    "check_unique": "validation",
    "clip_outliers": "normalization",
    "drift": "drift",
    "normalize": "normalization",
    "plot_column": "plots",
    "plot_drift": "plots",
    "robust_scale": "normalization",
    "standardize": "normalization",
}

if not TYPE_CHECKING:
    import sys

    class _Package(type(sys)):
        """Puts the function `drift` where the import system puts its module."""

        def __setattr__(self, name: str, value: object) -> None:
            if name in _HOME and isinstance(value, type(sys)):
                value = getattr(value, name)
            super().__setattr__(name, value)

    sys.modules[__name__].__class__ = _Package

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
