"""The chain rule along ways of a record: written out (viz.derivation), and as the flow of gradients (viz.flow)."""
