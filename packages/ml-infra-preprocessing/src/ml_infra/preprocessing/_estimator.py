"""
What scikit-learn expects of a transformer besides fit and transform.

Nothing here imports scikit-learn: it is looked up where only it can be the caller, or
where the user has loaded it already.
"""

from __future__ import annotations

import inspect
import sys
from functools import cache
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from typing_extensions import Self


class Estimator:
    """Parameters, names and output containers of a transformer."""

    n_features_in_: int
    feature_names_in_: NDArray[np.object_]

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Return the settings by name, as given."""
        del deep  # no setting is an estimator
        return {name: getattr(self, name) for name in settings_of(_class(self))}

    def set_params(self, **params: Any) -> Self:
        """
        Change settings and return self; the next `fit` checks their values.

        Raises:
            ValueError: If a name is no setting.
        """
        known = settings_of(_class(self))
        for name in params:
            if name not in known:
                raise ValueError(
                    f"Invalid parameter {name!r} for estimator {self!r}. "
                    f"Valid parameters are: {list(known)}"
                )
        for name, value in params.items():
            setattr(self, name, value)
        return self

    def set_output(
        self, *, transform: Literal["default", "pandas", "polars"] | None = None
    ) -> Self:
        """
        Choose the container of transformed tables.

        Args:
            transform: "pandas" or "polars"; "default" for the kind that came in;
                None changes nothing.
        """
        if transform not in ("default", "pandas", "polars", None):
            raise ValueError(
                "transform must be 'default', 'pandas', 'polars' or None, "
                f"got {transform!r}"
            )
        if transform is not None:
            # The attribute that scikit-learn's clone copies.
            self._sklearn_output_config = {"transform": transform}
        return self

    def get_feature_names_out(self, input_features: Any = None) -> NDArray[np.object_]:
        """
        Return the names of the columns of a transformed table.

        Args:
            input_features: Names of the columns that come in; None for those of
                `fit`, or x0, x1, ... if they had none.

        Raises:
            ValueError: If the names differ from those of `fit`.
        """
        self._check_fitted()
        fitted = getattr(self, "feature_names_in_", None)
        if input_features is None:
            if fitted is not None:
                names_in: NDArray[np.object_] = fitted
                return names_in
            count = self.n_features_in_
            return np.array([f"x{i}" for i in range(count)], dtype=object)
        names = np.asarray(input_features, dtype=object)
        if fitted is not None and not np.array_equal(names, fitted):
            raise ValueError("input_features is not equal to feature_names_in_")
        if len(names) != self.n_features_in_:
            raise ValueError(
                "input_features should have length equal to number of features "
                f"({self.n_features_in_}), got {len(names)}"
            )
        return names

    def _chosen_container(self) -> str | None:
        """Return "pandas" or "polars", or None for the kind that comes in."""
        chosen = getattr(self, "_sklearn_output_config", {}).get("transform")
        sklearn = sys.modules.get("sklearn")
        if chosen is None and sklearn is not None:
            chosen = sklearn.get_config()["transform_output"]
        return None if chosen == "default" else chosen

    def _in_chosen_container(self, result: Any, X: Any, names: list[Any]) -> Any:
        """Convert a transformed table to what `set_output` asked for."""
        chosen = self._chosen_container()
        if chosen is None:
            return result
        import importlib

        library = importlib.import_module(str(chosen))  # the user asked for it
        if isinstance(result, library.DataFrame):
            return result
        if hasattr(result, "columns") and hasattr(result, "to_dict"):
            columns = {name: np.asarray(result[name]) for name in names}
        else:
            columns = dict(zip(names, np.asarray(result).T, strict=True))
        if chosen == "pandas":
            return library.DataFrame(columns, index=getattr(X, "index", None))
        return library.DataFrame({str(name): one for name, one in columns.items()})

    def _check_fitted(self) -> None:
        if not self.__sklearn_is_fitted__():
            raise NotFittedError(
                f"This {type(self).__name__} instance is not fitted yet; "
                "call fit, partial_fit or from_dict first"
            )

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "n_features_in_")

    def __sklearn_tags__(self) -> Any:
        tags = sys.modules["sklearn.utils"]  # only scikit-learn calls this
        return tags.Tags(
            estimator_type=None,
            target_tags=tags.TargetTags(required=False),
            transformer_tags=tags.TransformerTags(
                preserves_dtype=["float64", "float32"]
            ),
            input_tags=tags.InputTags(
                allow_nan=getattr(self, "missing", "raise") == "keep"
            ),
        )

    def __repr__(self) -> str:
        defaults = settings_of(_class(self))
        given = [
            f"{name}={value!r}"
            for name, value in self.get_params().items()
            if not _same(value, defaults[name])
        ]
        return f"{type(self).__name__}({', '.join(given)})"


class NotFittedError(ValueError, AttributeError):
    """A scaler was used before it learned from data."""


def _class(estimator: Any) -> Any:
    return type(estimator)


@cache
def settings_of(cls: Any) -> dict[str, Any]:
    """Return the names and defaults of the constructor's parameters."""
    parameters = inspect.signature(cls).parameters
    return {name: one.default for name, one in parameters.items()}


def _same(value: Any, default: Any) -> bool:
    return type(value) is type(default) and bool(value == default)
