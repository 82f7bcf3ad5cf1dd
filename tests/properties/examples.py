"""How many examples a property is tried on: the same ones in every run.

EXAMPLES=20 pytest tests/properties tries twenty times as many, drawn anew.
"""

import os

from hypothesis import HealthCheck, settings

TIMES = int(os.environ.get("EXAMPLES", "0"))


def examples(count):
    return settings(
        max_examples=count * (TIMES or 1),
        derandomize=not TIMES,
        deadline=None,
        database=None,
        suppress_health_check=[HealthCheck.too_slow],
        print_blob=bool(TIMES),
    )
