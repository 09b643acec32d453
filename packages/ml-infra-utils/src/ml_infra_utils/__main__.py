"""The command ``ml-utils``, as ``python -m ml_infra_utils``."""

import sys

from ml_infra_utils.cli import main

sys.exit(main())
