"""One lesson a file, each a short script to read from top to bottom: python -m demos lists and runs them."""

# The main demo, and then as in a course: from one neuron to networks, data, and what else gradients are good for.
ORDER = (
    "digits", "backprop", "losses", "activations", "initialization", "vanishing", "optimizers", "penalties",
    "overfitting", "random_labels", "ensembles", "balancing", "autoencoders", "convnet", "keras", "program",
    "gradient_penalty",
)  # fmt: skip
