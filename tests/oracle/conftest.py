"""The comparison with PyTorch is a step of its own, `make oracle`: it is collected only where it is asked for."""


def pytest_ignore_collect(collection_path, config):
    """Leave this folder out of `make test`, where PyTorch need not be installed."""
    return None if any("oracle" in argument for argument in config.args) else True
