"""Whatever happens between two calls: random sequences of what students do, with the step and with its program."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

import tinygrad_reg as tg

from ..properties.examples import examples
from .steps import numbers, same_bits


class World:
    """A network, two optimizers, and settings of all kinds that its step reads."""

    def __init__(self, form: str) -> None:
        tg.seed(0)
        self.model = tg.Sequential(
            tg.Dense(3, 4, kernel_regularizer=tg.penalties.l2(0.01)), tg.BatchNorm(4), tg.LeakyReLU(0.1),
            tg.Dropout(0.3), tg.Dense(4, 2),
        )  # fmt: skip
        params = list(self.model.parameters())
        self.first = tg.optim.Adam(params[:2], lr=tg.optim.schedules.inverse_time(0.1, 0.5))
        self.second = tg.optim.SGD(params[2:], lr=0.1, momentum=0.9, form=form)
        self.saved = self.model.state_dict(), self.first.state_dict(), self.second.state_dict()
        self.factors, self.scale, self.table = np.array([1.0, 2.0]), 1.0, {"clip": 0.5, "steps": True}
        self.extra = tg.Tensor(np.ones(2), requires_grad=True)
        self.batch = 4
        self.call = self.step

    def step(self, x, labels, weights=None):
        logits = self.model(x) * (self.factors / self.factors.sum()) + self.extra * self.scale
        loss = tg.losses.softmax_crossentropy(logits, labels, weights=weights) + self.model.penalty()
        if self.table["steps"]:
            self.first.zero_grad()
        loss.backward()
        norm = tg.optim.clip_by_global_norm(self.model.parameters(), self.table["clip"])
        if self.table["steps"]:
            self.first.step()
            self.second.step()
            self.second.zero_grad()
        return {"loss": loss, "norm": norm, "right": np.argmax(logits.data, axis=1) == labels}

    def state(self):
        tensors = [t for _, t in self.model.named_state()] + [self.extra]
        arrays = [x for t in tensors for x in (t.data.copy(), None if t.grad is None else t.grad.copy())]
        for optimizer in (self.first, self.second):
            arrays += optimizer.state_dict().values()
        return arrays

    # ---- what may happen

    def go(self, i):
        rng = np.random.default_rng(i)
        tg.seed(i)
        return numbers(self.call(rng.normal(size=(self.batch, 3)), rng.integers(0, 2, self.batch)))

    def go_with_weights(self, i):
        rng = np.random.default_rng(i)
        tg.seed(i)
        weights = {"weights": rng.uniform(size=self.batch)}
        return numbers(self.call(rng.normal(size=(self.batch, 3)), rng.integers(0, 2, self.batch), **weights))

    def go_wrong(self, i):
        try:
            self.call(np.ones((self.batch, 3)), np.full(self.batch, 2 + i % 3))
        except ValueError as error:
            self.load(0)  # batch norm's statistics had moved in the step before it raised
            return str(error)
        return "passed"

    def go_eagerly(self, i):
        before, self.call = self.call, self.step
        self.go(i)
        self.call = before

    def change_the_rate(self, i):
        self.second.lr = 0.1 / (1 + i)

    def change_the_mode(self, i):
        (self.model.eval if i % 2 else self.model.train)()

    def freeze(self, i):
        self.model[0].kernel.requires_grad = bool(i % 2)

    def drop_other_units(self, i):
        self.model[3].rate = i / 20

    def change_factors(self, i):
        self.factors[0] = 1.0 + i

    def other_factors(self, i):
        self.factors = np.array([2.0, 1.0 + i])

    def change_the_scale(self, i):
        self.scale = [1.0, -0.0, 0.0, 2][i % 4]

    def clip_elsewhere(self, i):
        self.table["clip"] = 0.1 * (1 + i)

    def only_gradients(self, i):
        self.table["steps"] = bool(i % 2)

    def gradient_by_hand(self, i):
        self.model[4].bias.grad = np.array([0.1 * i, 1.0])

    def no_gradients(self, i):
        self.model.zero_grad()

    def values_by_hand(self, i):
        self.model[4].kernel.data = self.model[4].kernel.data * 0.5

    def other_extra(self, i):
        self.extra = tg.Tensor(np.full(2, 0.1 * i), requires_grad=bool(i % 2))

    def smaller_batch(self, i):
        self.batch = 2 + i % 3

    def load(self, i):
        model, first, second = self.saved
        self.model.load_state_dict(model)
        self.first.load_state_dict(first)
        self.second.load_state_dict(second)

    def save(self, i):
        self.saved = self.model.state_dict(), self.first.state_dict(), self.second.state_dict()

    def without_graph(self, i):
        with tg.no_grad():
            self.model(np.ones((2, 3)))


GO = ["go", "go_with_weights", "go_eagerly"]
EVENTS = [name for name in vars(World) if not name.startswith("__") and name not in ("step", "state", "go")]
events = st.lists(st.tuples(st.sampled_from(EVENTS), st.integers(0, 7)), min_size=1, max_size=12)


@examples(12)
@given(events, st.sampled_from(["torch", "averaged", "accumulated"]))
def test_a_program_follows_whatever_happens_between_calls(happened, form):
    check_sequence(happened, form)


def check_sequence(happened, form):
    eager, captured = World(form), World(form)
    captured.call = tg.compile(captured.step)
    for i, (name, n) in enumerate([("go", 0), *happened]):
        for event, number in ((name, n), ("go", i)):
            wanted, found = (getattr(world, event)(number) for world in (eager, captured))
            told = f"call {i} after {event}({number}) in {happened}"
            assert found == wanted if isinstance(wanted, str) else same_bits(found, wanted), told
            assert same_bits(captured.state(), eager.state()), told
