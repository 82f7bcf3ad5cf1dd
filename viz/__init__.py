"""Pictures of computation graphs, of the backward pass step by step, and of training, drawn from tinygrad_reg's records."""

from .dot import DotNotFound
from .graph import graph
