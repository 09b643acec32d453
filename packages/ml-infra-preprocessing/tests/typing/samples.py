"""Code that type checkers must accept and understand; it is checked, never run."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from typing_extensions import assert_type

from ml_infra.preprocessing import (
    Change,
    Check,
    Column,
    ColumnDrift,
    Drift,
    DriftTest,
    MinMaxScaler,
    OutlierClipper,
    Profile,
    Report,
    Result,
    RobustScaler,
    Schema,
    StandardScaler,
    Validator,
    check_finite,
    check_in_range,
    check_same_length,
    clip_outliers,
    drift,
    normalize,
    standardize,
)


def scaling(data: list[float], table: NDArray[np.float64]) -> None:
    # The container that comes in is the kind that comes out, which no type can say.
    scaled: list[float] = normalize(data)
    standardize(table, ddof=0, missing="keep", out=table)
    clip_outliers(scaled, 1, 99)
    normalize(data, missing="drop")  # type: ignore[arg-type] # pyright: ignore[reportArgumentType] # no such policy

    scaler = StandardScaler(by="group").fit(table)
    assert_type(scaler, StandardScaler)
    assert_type(StandardScaler.merge(scaler, scaler), StandardScaler)
    assert_type(StandardScaler.from_json(scaler.to_json()), StandardScaler)
    assert_type(RobustScaler().partial_fit(table), RobustScaler)
    assert_type(MinMaxScaler((-1, 1)).fit(table).data_min_, NDArray[np.float64])
    assert_type(OutlierClipper(5, 95).set_output(transform="pandas"), OutlierClipper)
    assert_type(scaler.get_feature_names_out(), NDArray[np.object_])
    assert_type(scaler.to_dict(), dict[str, Any])


def ordered(start: NDArray[Any], end: NDArray[Any]) -> Any:
    return start <= end


def checking(
    data: list[float], array: NDArray[np.float64], table: dict[str, list[float]]
) -> None:
    assert_type(check_finite(data), list[float])
    assert_type(check_in_range(array, 0, 1), NDArray[np.float64])
    check_same_length(data, data, names=("a", "b"))

    check = Check("start<=end", ordered, columns=("start", "end"))
    age = Column("int", min=0, max=130, nullable=False)
    schema = Schema({"age": age}, checks=[check])
    assert_type(schema.validate(table), Report)
    assert_type(schema.validate(table).ok, bool)
    assert_type(schema.validate(table).failures, list[Result])
    assert_type(schema.diff(Schema.infer(table)), list[Change])
    assert_type(schema.columns["age"].to_dict(), dict[str, Any])
    validator = schema.validator(start=0)
    assert_type(validator.update(table).merge(validator), Validator)
    assert_type(validator.report().failures[0].share, float)
    Schema({"age": int})  # type: ignore[dict-item] # pyright: ignore[reportArgumentType] # a rule or the name of a type


def comparing(table: dict[str, list[float]]) -> None:
    profile = Profile.of(table)
    assert_type(profile.merge(profile), Profile)
    assert_type(profile.summary(), list[dict[str, Any]])
    result = drift(profile, table, alpha=0.01)
    assert_type(result, Drift)
    assert_type(result["age"], ColumnDrift)
    assert_type(result["age"].tests["ks"], DriftTest)
    assert_type(result.verdict, str)
