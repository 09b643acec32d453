"""
Scalers that learn in training, add up over partitions, travel as JSON and serve rows.

All share the verbs `fit`, `partial_fit`, `merge`, `transform`, `inverse_transform`,
`to_dict`, `from_dict`, `to_json` and `from_json`, and these settings:

- `columns`: names (or positions in an array) of the columns to scale; None for all
  numeric ones. Columns are found by name in any order; others pass through untouched.
- `by`: name of a column that groups the rows; each group is scaled by its own state.
- `missing`: "raise", or "keep" to learn from the other values and leave NaN and null.
- `constant`: "raise", or "zero" to map a column without spread to the start of the
  range (0). Constant means that the least equals the greatest value, never that a
  deviation is small.

Scalers duck-type as scikit-learn transformers: pipelines, `clone`, `ColumnTransformer`
and `set_output` work, and scikit-learn is never imported. `transform` may run in
several threads at once.
"""

from ._affine_scalers import MinMaxScaler, StandardScaler
from ._quantile_scalers import OutlierClipper, RobustScaler

__all__ = ["MinMaxScaler", "OutlierClipper", "RobustScaler", "StandardScaler"]
