"""Every function with every container, dtype and missing policy; kind kept."""

import array
import math

import numpy as np
import pytest

from ml_infra.preprocessing import (
    _elements,
    clip_outliers,
    normalize,
    robust_scale,
    standardize,
)

FUNCTIONS = [normalize, standardize, robust_scale, clip_outliers]
DATA = [4.0, 1.0, 3.0, 2.0, 7.0]
GAPS = [4.0, None, 3.0, 2.0, 7.0]  # None: missing in the container's own way

every_function = pytest.mark.parametrize("function", FUNCTIONS)


class Protocol:
    """An object that offers nothing but one protocol of another."""

    @staticmethod
    def offering(of, *names):
        def forward(name):
            # On the type, as NumPy looks there.
            return lambda self, *args, **kwargs: getattr(of, name)(*args, **kwargs)

        return type("Offer", (), {name: forward(name) for name in names})()


def numpy_of(data, dtype="f8"):
    return np.array([math.nan if x is None else x for x in data], dtype)


def masked_of(data):
    return np.ma.masked_array(
        numpy_of([x or 0 for x in data]), [x is None for x in data]
    )


def pandas_of(dtype):
    def make(data):
        pandas = pytest.importorskip("pandas")
        index = [f"r{i}" for i in range(len(data))]
        return pandas.Series(data, index=index, name="a", dtype=dtype)

    return make


def polars_of(dtype):
    def make(data):
        polars = pytest.importorskip("polars")
        if dtype.startswith("Int"):
            data = [None if x is None else int(x) for x in data]
        return polars.Series("a", data, dtype=getattr(polars, dtype))

    return make


def arrow_of(dtype, *, chunked=False):
    def make(data):
        pyarrow = pytest.importorskip("pyarrow")
        if dtype.startswith("int"):
            data = [None if x is None else int(x) for x in data]
        if chunked:
            parts = [data[:2], [], data[2:]]
            return pyarrow.chunked_array(parts, type=dtype)
        return pyarrow.array(data, type=dtype)

    return make


# name -> (make from floats and None, whether it can hold None, result dtype)
CONTAINERS = {
    "list": (list, False, "float64"),
    "list of int": (lambda data: [int(x) for x in data], False, "float64"),
    "list of numpy": (lambda data: list(numpy_of(data)), True, "float64"),
    "list with nan": (lambda data: numpy_of(data).tolist(), True, "float64"),
    "long list": (lambda data: numpy_of(data).tolist() * 20, True, "float64"),
    "tuple": (tuple, False, "float64"),
    "array.array d": (lambda data: array.array("d", numpy_of(data)), True, "float64"),
    "array.array f": (lambda data: array.array("f", numpy_of(data)), True, "float32"),
    "float64": (numpy_of, True, "float64"),
    "float32": (lambda data: numpy_of(data, "f4"), True, "float32"),
    "float16": (lambda data: numpy_of(data, "f2"), True, "float16"),
    "longdouble": (lambda data: numpy_of(data, "g"), True, "float64"),
    "big-endian": (lambda data: numpy_of(data, ">f8"), True, "float64"),
    "big-endian float32": (lambda data: numpy_of(data, ">f4"), True, "float32"),
    "big-endian int": (lambda data: numpy_of(data, ">i4"), False, "float64"),
    "int8": (lambda data: numpy_of(data, "i1"), False, "float64"),
    "int64": (lambda data: numpy_of(data, "i8"), False, "float64"),
    "uint64": (lambda data: numpy_of(data, "u8"), False, "float64"),
    "object": (lambda data: np.array(data, object), False, "float64"),
    "strided": (lambda data: numpy_of(data).repeat(2)[::2], True, "float64"),
    "reversed": (lambda data: numpy_of(data[::-1])[::-1], True, "float64"),
    "masked": (masked_of, True, "float64"),
    "pandas float64": (pandas_of("float64"), True, "float64"),
    "pandas float32": (pandas_of("float32"), True, "float32"),
    "pandas int64": (pandas_of("int64"), False, "float64"),
    "pandas Int64": (pandas_of("Int64"), True, "Float64"),
    "pandas Float64": (pandas_of("Float64"), True, "Float64"),
    "pandas Float32": (pandas_of("Float32"), True, "Float32"),
    "pandas arrow": (pandas_of("double[pyarrow]"), True, "double[pyarrow]"),
    "pandas object": (pandas_of("object"), False, "float64"),
    "polars Float64": (polars_of("Float64"), True, "Float64"),
    "polars Float32": (polars_of("Float32"), True, "Float32"),
    "polars Int64": (polars_of("Int64"), True, "Float64"),
    "arrow double": (arrow_of("float64"), True, "double"),
    "arrow float": (arrow_of("float32"), True, "float"),
    "arrow int64": (arrow_of("int64"), True, "double"),
    "arrow chunked": (arrow_of("float64", chunked=True), True, "double"),
    "arrow chunked int": (arrow_of("int64", chunked=True), True, "double"),
}

every_container = pytest.mark.parametrize("name", CONTAINERS)


def make(name, data):
    if "arrow" in name and name.startswith("pandas"):
        pytest.importorskip("pyarrow")
    return CONTAINERS[name][0](data)


def values_of(container):
    """Return floats, NaN where missing, of any of the containers."""
    if isinstance(container, np.ma.MaskedArray):
        return container.filled(math.nan).tolist()
    if hasattr(container, "to_pylist"):
        values = container.to_pylist()
    elif hasattr(container, "to_list") and not hasattr(container, "index"):
        values = container.to_list()
    elif hasattr(container, "isna"):
        null = container.isna()
        values = [None if n else float(x) for x, n in zip(container, null, strict=True)]
    else:
        values = list(container)
    return [math.nan if x is None else float(x) for x in values]


def kind_of(container):
    """Return the type; pyarrow has one for each dtype, which does not count."""
    bases = type(container).__mro__
    return bases[-3] if bases[0].__module__ == "pyarrow.lib" else bases[0]


def dtype_of(container):
    if isinstance(container, array.array):
        return {"d": "float64", "f": "float32"}[container.typecode]
    if isinstance(container, (list, tuple)):
        assert {type(x) for x in container} == {float}
        return "float64"
    return str(getattr(container, "dtype", getattr(container, "type", None)))


def tolerance(name):
    return {"float16": 2e-3, "float32": 1e-6, "float": 1e-6, "Float32": 1e-6}.get(
        CONTAINERS[name][2], 1e-15
    )


@every_function
@every_container
def test_the_same_kind_and_the_same_numbers(function, name):
    data = make(name, DATA)
    before = values_of(data)
    made = function(data)
    assert kind_of(made) is kind_of(data)
    assert dtype_of(made) == CONTAINERS[name][2]
    wanted = function(before)
    assert values_of(made) == pytest.approx(wanted, abs=tolerance(name))
    assert values_of(data) == before  # never written to


@every_function
@every_container
def test_missing_values_raise_or_are_kept(function, name):
    if not CONTAINERS[name][1]:
        with pytest.raises((TypeError, ValueError)):  # it cannot hold them at all
            function(make(name, GAPS))
        return
    data = make(name, GAPS)
    repeats = len(data) // 5
    count = f"{repeats} of {5 * repeats} values"
    with pytest.raises(ValueError, match=rf"{function.__name__}: {count}.*position 1"):
        function(data)
    made = function(data, missing="keep")
    assert kind_of(made) is kind_of(data)
    assert dtype_of(made) == CONTAINERS[name][2]
    present = [x for x in values_of(data) if not math.isnan(x)]
    there = values_of(made)
    assert [math.isnan(x) for x in there] == [math.isnan(x) for x in values_of(data)]
    kept = [x for x in there if not math.isnan(x)]
    assert kept == pytest.approx(function(present), abs=tolerance(name))
    if hasattr(data, "null_count") and not name.startswith("pandas"):
        nulls = data.null_count if isinstance(data.null_count, int) else None
        after = made.null_count if nulls is not None else made.null_count()
        assert after == (nulls if nulls is not None else data.null_count()) == 1


@every_function
@pytest.mark.parametrize("dtype", ["f2", "f4", "f8"])
def test_out_takes_the_result_and_is_returned(function, dtype):
    wanted = np.array(function(DATA), dtype)
    out = np.empty(10, dtype)[::2]
    assert function(DATA, out=out) is out
    assert out == pytest.approx(wanted, abs=2e-3)
    kept = function(np.array([math.nan, *DATA]), missing="keep", out=np.empty(6, dtype))
    assert np.isnan(kept[0])
    assert kept[1:] == pytest.approx(wanted, abs=2e-3)
    masked = np.ma.masked_array([9.0, *DATA], [1, 0, 0, 0, 0, 0])
    kept = function(masked, missing="keep", out=np.empty(6, dtype))
    assert np.isnan(kept[0])


@every_function
def test_out_may_be_the_input_or_overlap_with_it(function):
    wanted = function(np.array(DATA)).tolist()
    data = np.array(DATA)
    function(data, out=data)
    assert data.tolist() == wanted
    memory = np.array([*DATA, 0.0, 0.0])
    function(memory[:5], out=memory[2:])
    assert memory[2:].tolist() == wanted
    backwards = np.array(DATA)
    function(backwards, out=backwards[::-1])
    assert backwards[::-1].tolist() == wanted


@every_function
@pytest.mark.parametrize("case", ["wider steps", "wider numbers", "gaps", "later"])
def test_out_that_runs_ahead_of_the_input_in_its_memory(function, case):
    """Written block by block, it could change what is still to be read."""
    n = 150_000
    memory = np.zeros(2 * n)
    if case == "wider steps":
        data, out = memory[:n], memory[::2]
    elif case == "later":
        data, out = memory[:n], memory[1 : n + 1]
    elif case == "gaps":
        data, out = memory.view("f4")[: 2 * n : 2], memory[:n]
    else:
        data, out = memory.view("f4")[:n], memory[:n]
    data[...] = np.random.default_rng(19).normal(size=n)
    wanted = function(data.copy(), out=np.empty(n))
    function(data, out=out)
    assert np.array_equal(out, wanted)


@every_function
def test_equal_integers_are_named_exactly(function):
    if function is not clip_outliers:
        for data in ([2**60 + 1] * 3, np.full(3, 2**60 + 1)):
            with pytest.raises(ValueError, match="got 3 equal to 1152921504606846977"):
                function(data)


@pytest.mark.parametrize("data", [[1.0, 3.0], np.array([1.0, 3.0]), [2**70, 2**71]])
def test_as_many_values_as_ddof_have_no_deviation(data):
    with pytest.raises(ValueError, match="more than 2 values for ddof=2, got 2"):
        standardize(data, ddof=2)


@pytest.mark.parametrize("end", [math.inf, -math.inf])
def test_one_infinite_bound_is_enough_to_refuse(end):
    for data in ([end, 1.0, 2.0, 3.0], np.array([end, 1.0, 2.0, 3.0])):
        with pytest.raises(ValueError, match=r"bounds would be .*inf"):
            clip_outliers(data, *((0, 50) if end < 0 else (50, 100)))


@every_function
def test_out_that_cannot_take_the_result(function):
    locked = np.empty(5)
    locked.flags.writeable = False
    for out in (np.empty(4), np.empty((5, 1)), np.empty(5, int), locked):
        with pytest.raises(ValueError, match=r"out must be a writeable floating array"):
            function(DATA, out=out)
    with pytest.raises(TypeError, match="out must be an ndarray, got list"):
        function(DATA, out=[0.0] * 5)


@every_function
def test_a_bad_policy_is_refused(function):
    for data in (DATA, np.array(DATA)):
        with pytest.raises(ValueError, match="missing must be 'raise' or 'keep'"):
            function(data, missing="drop")


@every_function
@pytest.mark.parametrize("size", [1 << 14, (1 << 14) + 1, 1 << 16, 200_001, 300_000])
def test_blocks_and_selection_join_without_a_seam(function, size):
    """Long arrays are read in blocks and percentiles selected from brackets."""
    data = np.random.default_rng(size).lognormal(3, 2, size)
    ordered = np.sort(data)
    made = function(data)
    if function is clip_outliers:
        low, high = ordered[int(size * 5 / 100)], ordered[int(size * 95 / 100)]
        assert np.array_equal(made, np.clip(data, low, high))
    elif function is normalize:
        assert np.array_equal(made, (data - ordered[0]) / (ordered[-1] - ordered[0]))
    elif function is standardize:
        wanted = (data - math.fsum(data) / size) / data.std(ddof=1)
        np.testing.assert_allclose(made, wanted, rtol=1e-12, atol=1e-12)
    else:
        q25, q50, q75 = np.percentile(data, [25, 50, 75])
        wanted = (data - q50) / (q75 - q25)
        np.testing.assert_allclose(made, wanted, rtol=1e-13, atol=1e-13)


@pytest.mark.parametrize("chunks", [True, False])
def test_the_arrow_c_interface_alone(chunks):
    """Read without an Arrow library: offsets, nulls and booleans included."""
    pyarrow = pytest.importorskip("pyarrow")
    name = "__arrow_c_stream__" if chunks else "__arrow_c_array__"
    for values, dtype in (
        ([9.0, 4.0, None, 3.0, 2.0], "float64"),
        ([9, 4, None, 3, 2], "int16"),
        ([None, True, None, False, True], "bool_"),
    ):
        whole = pyarrow.array(values, type=getattr(pyarrow, dtype)())
        data = whole.slice(1)
        if chunks:
            data = pyarrow.chunked_array([whole.slice(1, 2), whole.slice(3)])
        present = [float(x) for x in values[1:] if x is not None]
        made = normalize(Protocol.offering(data, name), missing="keep")
        assert isinstance(made, np.ndarray)
        assert np.isnan(made[1])
        assert made[~np.isnan(made)].tolist() == normalize(present)
    text = pyarrow.array(["a"])
    if chunks:
        text = pyarrow.chunked_array([text])
    with pytest.raises(TypeError, match="expected numbers, got Arrow data"):
        normalize(Protocol.offering(text, name))


def test_dlpack_and_array_protocols_alone():
    data = np.array(DATA)
    offers = (
        Protocol.offering(data, "__dlpack__", "__dlpack_device__"),
        Protocol.offering(data, "__array__"),
        memoryview(data),
    )
    for offer in offers:
        made = normalize(offer)
        assert isinstance(made, np.ndarray)
        assert made.tolist() == normalize(DATA)


@pytest.mark.torch
@every_function
@pytest.mark.parametrize(
    "dtype", ["float64", "float32", "float16", "bfloat16", "int64"]
)
def test_torch_tensors(function, dtype):
    torch = pytest.importorskip("torch")
    data = torch.tensor(DATA).to(getattr(torch, dtype))
    made = function(data)
    assert made.dtype == (torch.float64 if dtype == "int64" else data.dtype)
    wanted = torch.tensor(function(DATA), dtype=torch.float64)
    assert torch.allclose(made.double(), wanted, atol=1e-2)
    tracked = torch.tensor(DATA, requires_grad=True)
    assert function(tracked).requires_grad is False
    with pytest.raises(ValueError, match="takes one-dimensional data"):
        function(torch.ones(2, 2))


def test_columns_of_text_and_times_are_refused_by_position():
    pandas = pytest.importorskip("pandas")
    polars = pytest.importorskip("polars")
    pyarrow = pytest.importorskip("pyarrow")
    for data in (
        pandas.Series([None, "x"]),
        pandas.Series([None, "x"], dtype="category"),
        polars.Series("a", [None, "x"]),
        pyarrow.array([None, "x"]),
    ):
        with pytest.raises(TypeError, match=r"got (str 'x'|NoneType None) at position"):
            normalize(data)
    for data in (
        pandas.Series(pandas.to_datetime(["2020-01-01", "2021-01-01"])),
        pandas.Series(pandas.to_timedelta([1, 2])),
        polars.Series("a", [1, 2]).cast(polars.Date),
        pyarrow.array([1, 2], type=pyarrow.timestamp("s")),
    ):
        with pytest.raises(TypeError, match=r"expected numbers, got .* at position 0"):
            normalize(data)
    for frame in (pandas.DataFrame({"a": DATA}), polars.DataFrame({"a": DATA})):
        with pytest.raises(ValueError, match="takes frames"):
            normalize(frame)


def test_messages_stay_short():
    with pytest.raises(TypeError, match=r"got str 'a{56}\.\.\. at position 0"):
        normalize(["a" * 500])
    assert _elements.shown(10**5000) == "an integer of about 10**5000"


def test_selection_among_integers_whose_range_needs_64_bits():
    """Read less their minimum they are floats, also where percentiles are bracketed."""
    data = np.random.default_rng(2).integers(-(2**63), 2**63 - 1, 300_000)
    low, middle, high = np.percentile(data.astype(float), [25, 50, 75])
    made = robust_scale(data)
    np.testing.assert_allclose(made, (data - middle) / (high - low), atol=1e-9)
