"""Types of arrays, for annotations."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

#: Of whatever dtype the user's data has.
Array = Any
IntArray = NDArray[np.int64]
FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]
#: Numbers of rows as int64, or sums of weights as float64.
CountArray = NDArray[Any]
