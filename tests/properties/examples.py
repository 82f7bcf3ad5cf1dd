"""How many examples a property is tried on: the same ones in every run."""

from hypothesis import HealthCheck, settings


def examples(count):
    return settings(
        max_examples=count,
        derandomize=True,
        deadline=None,
        database=None,
        suppress_health_check=[HealthCheck.too_slow],
    )
