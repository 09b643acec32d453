"""Scalers inside scikit-learn, which they never import."""

import subprocess
import sys

import numpy as np
import pytest

from ml_infra.preprocessing import (
    MinMaxScaler,
    OutlierClipper,
    RobustScaler,
    StandardScaler,
)

sklearn = pytest.importorskip("sklearn", minversion="1.6")
from sklearn.base import clone  # noqa: E402 -- after the check that it is there
from sklearn.compose import ColumnTransformer, make_column_transformer  # noqa: E402
from sklearn.linear_model import Ridge  # noqa: E402
from sklearn.model_selection import GridSearchCV  # noqa: E402
from sklearn.pipeline import make_pipeline  # noqa: E402
from sklearn.utils.estimator_checks import check_estimator  # noqa: E402

SCALERS = [MinMaxScaler, OutlierClipper, RobustScaler, StandardScaler]
every_scaler = pytest.mark.parametrize("kind", SCALERS)

# check -> why it does not apply; docs/preprocessing.md has the same list
EXCEPTIONS = {
    "check_dtype_object": "wants a fixed text for a dict in an object array; ours "
    "names column, value and position",
    "check_transformer_data_not_an_array": "a list of rows gives a list of rows, "
    "which has no shape",
}
OWN_EXCEPTIONS = {
    "OutlierClipper": {
        "check_estimators_nan_inf": "clipping takes infinities for the extreme "
        "values they are",
    },
    "StandardScaler": {
        "check_estimator_sparse_array": "sets with_mean=False on whatever is called "
        "StandardScaler",
        "check_estimator_sparse_matrix": "the same",
    },
}


@every_scaler
@pytest.mark.parametrize("settings", [{}, {"constant": "zero", "missing": "keep"}])
@pytest.mark.filterwarnings("ignore::UserWarning", "ignore::FutureWarning")
def test_estimator_checks(kind, settings):
    """Every check that applies passes, and every listed exception still fails."""
    expected = {**EXCEPTIONS, **OWN_EXCEPTIONS.get(kind.__name__, {})}
    if settings:
        expected.pop("check_estimators_nan_inf", None)  # not asked of allow_nan
    results = check_estimator(
        kind(**settings),
        expected_failed_checks=expected,
        on_fail=None,
        on_skip=None,
    )
    failed = [r for r in results if r["status"] == "failed"]
    assert not failed, failed[0]["exception"]
    assert sum(r["status"] == "passed" for r in results) >= 40
    assert {r["check_name"] for r in results if r["status"] == "xfail"} == set(expected)


@every_scaler
def test_pipeline_clone_and_grid_search(kind):
    rng = np.random.default_rng(1)
    X, y = rng.normal(size=(60, 3)), rng.normal(size=60)
    search = GridSearchCV(
        make_pipeline(kind(), Ridge()),
        {f"{kind.__name__.lower()}__constant": ["raise", "zero"]},
        cv=3,
    ).fit(X, y)
    assert search.predict(X).shape == (60,)
    copied = clone(kind(missing="keep"))
    assert copied.get_params() == kind(missing="keep").get_params()
    assert not hasattr(copied, "columns_")
    assert repr(copied) == f"{kind.__name__}(missing='keep')"
    with pytest.raises(ValueError, match="Invalid parameter 'a' for estimator"):
        kind().set_params(a=1)


@every_scaler
def test_column_transformer_and_set_output(kind):
    pandas = pytest.importorskip("pandas")
    rng = np.random.default_rng(2)
    frame = pandas.DataFrame(rng.normal(size=(30, 3)), columns=list("abc"))
    wanted = kind().fit_transform(frame[["a", "b"]])
    transformer = ColumnTransformer(
        [("scaled", kind(), ["a", "b"])],
        remainder="passthrough",
        verbose_feature_names_out=False,
    )
    plain = transformer.fit_transform(frame)
    np.testing.assert_array_equal(plain[:, :2], wanted)
    made = transformer.set_output(transform="pandas").fit_transform(frame)
    assert made.columns.tolist() == ["a", "b", "c"]
    pandas.testing.assert_frame_equal(made[["a", "b"]], wanted)
    named = make_column_transformer((kind(), ["c"])).fit(frame)
    assert named.get_feature_names_out().tolist() == [f"{kind.__name__.lower()}__c"]


@every_scaler
def test_output_containers(kind):
    pandas = pytest.importorskip("pandas")
    polars = pytest.importorskip("polars")
    X = np.random.default_rng(3).normal(size=(20, 2))
    wanted = kind().fit_transform(X)
    scaler = kind().set_output(transform="pandas").fit(X)
    made = clone(scaler).fit(X).transform(X)
    assert isinstance(made, pandas.DataFrame)
    assert made.columns.tolist() == ["x0", "x1"]
    np.testing.assert_array_equal(made.to_numpy(), wanted)
    made = scaler.set_output(transform="polars").transform(X)
    assert isinstance(made, polars.DataFrame)
    np.testing.assert_array_equal(made.to_numpy(), wanted)
    frame = pandas.DataFrame(X, columns=["a", "b"], index=range(5, 25))
    made = kind().fit(frame).set_output(transform="polars").transform(frame)
    assert made.columns == ["a", "b"]
    made = kind().fit(made).set_output(transform="pandas").transform(made)
    assert made.columns.tolist() == ["a", "b"]
    with sklearn.config_context(transform_output="pandas"):
        assert isinstance(kind().fit_transform(X), pandas.DataFrame)
    assert isinstance(scaler.set_output(transform="default").transform(X), np.ndarray)
    with pytest.raises(ValueError, match="transform must be 'default'"):
        scaler.set_output(transform="arrow")


@every_scaler
def test_names_out(kind):
    scaler = kind().fit(np.arange(8.0).reshape(4, 2) ** 2)
    assert scaler.get_feature_names_out().tolist() == ["x0", "x1"]
    assert scaler.get_feature_names_out(["a", "b"]).tolist() == ["a", "b"]
    with pytest.raises(ValueError, match="should have length equal"):
        scaler.get_feature_names_out(["a"])
    named = kind().fit({"a": [1, 2, 4, 9], "b": [1, 3, 5, 9]})
    assert named.get_feature_names_out().tolist() == ["a", "b"]
    with pytest.raises(ValueError, match="not equal to feature_names_in_"):
        named.get_feature_names_out(["a", "c"])


def test_the_same_numbers_as_scikit_learn():
    """Where scikit-learn is right, the same to rounding."""
    from sklearn import preprocessing as peer

    X = np.random.default_rng(4).lognormal(size=(500, 6)) * 10.0 ** np.arange(-3, 3)
    for ours, theirs in (
        (MinMaxScaler(), peer.MinMaxScaler()),
        (StandardScaler(ddof=0), peer.StandardScaler()),
        (RobustScaler(), peer.RobustScaler()),
        (RobustScaler((10, 80)), peer.RobustScaler(quantile_range=(10, 80))),
    ):
        for table in (X, np.asfortranarray(X), X.astype("f4")):
            tolerance = 1e-5 if table.dtype == "f4" else 1e-13
            np.testing.assert_allclose(
                ours.fit_transform(table),
                theirs.fit_transform(table),
                rtol=tolerance,
                atol=tolerance,
            )


def test_scikit_learn_is_not_imported():
    program = (
        "import sys, numpy as np; from ml_infra.preprocessing import StandardScaler;"
        "s = StandardScaler().fit(np.eye(3)); s.transform(np.eye(3)); repr(s);"
        "s.get_params(); s.set_output(transform='default'); s.get_feature_names_out();"
        "assert not {'sklearn', 'pandas', 'scipy'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
