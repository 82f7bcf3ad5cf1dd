"""Pictures of computation graphs, of the backward pass step by step, and of training, drawn from tinygrad_reg's records."""
