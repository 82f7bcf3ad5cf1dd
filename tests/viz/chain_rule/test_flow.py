"""viz.flow: the factors multiply to the gradient, and the words say what becomes of it."""

from __future__ import annotations

import math
from xml.etree.ElementTree import Element

import numpy as np
import pytest

import tinygrad_reg as tg
import viz
from tests.viz import examples
from tests.viz.reading import overlaps, parse, texts
from tinygrad_reg import Tensor
from tinygrad_reg.layers import Dense
from viz.chain_rule.chains import Stop, verdict
from viz.ink.text import width


def _chains(picture: viz.Picture) -> list[Element]:
    return [element for element in parse(picture.svg).iter() if element.get("class") == "chain"]


def _factors(chain: Element) -> list[float]:
    return [float(hop.get("data-factor", "")) for hop in chain.iter() if hop.get("class") == "hop"]


@pytest.mark.parametrize("activation", ["sigmoid", "tanh", "relu"])
@pytest.mark.parametrize("length", [4, 10, 30])
def test_the_factors_of_the_lectures_chain_multiply_to_the_gradient(activation: str, length: int) -> None:
    loss, biases = examples.lecture_chain(activation, length=length)
    loss.backward()
    for bias in (biases[0], biases[length // 2]):
        (chain,) = _chains(viz.flow(loss, wrt=bias))
        assert math.prod(_factors(chain)) == pytest.approx(float(bias.grad), rel=1e-12, abs=0)  # type: ignore[arg-type]
        assert float(chain.get("data-gradient", "")) == bias.grad
        assert chain.get("data-exact") == "true"


def test_a_factor_is_w_times_the_slope() -> None:
    loss, biases = examples.lecture_chain()
    (chain,) = _chains(viz.flow(loss, wrt=biases[0]))
    hops = [hop for hop in chain.iter() if hop.get("class") == "hop"]
    for hop in hops[1:]:
        parts = [float(x) for x in hop.get("data-parts", "").split()]
        assert math.prod(parts) == pytest.approx(float(hop.get("data-factor", "")), rel=1e-15)
    slope, weight = map(float, hops[2].get("data-parts", "").split())
    assert weight == pytest.approx(0.9 + 0.03 * 3)
    assert 0 < slope <= 0.25
    assert "factor = w · σ′(z)" in viz.flow(loss).svg


def test_the_printed_factors_are_the_exact_ones_in_three_digits() -> None:
    loss, biases = examples.lecture_chain()
    (chain,) = _chains(viz.flow(loss, wrt=biases[0]))
    for hop in chain.iter():
        if hop.get("class") == "hop":
            printed = next(t.text for t in hop if (t.text or "").startswith("×"))
            assert float((printed or "").strip("×() ").replace("−", "-")) == pytest.approx(
                float(hop.get("data-factor", "")), rel=6e-3
            )


@pytest.mark.parametrize(
    ("activation", "init", "word"), [("sigmoid", "glorot_uniform", "vanish"), ("relu", "he_normal", "flow")]
)
def test_a_sequential_of_dense_layers(activation: str, init: str, word: str) -> None:
    model, loss = examples.dense(activation, init=init)
    picture = viz.flow(loss)
    assert f"Gradients {word}" in repr(picture)
    (chain,) = _chains(picture)
    kernel = next(layer for layer in model if isinstance(layer, Dense)).kernel
    loss.backward()
    assert kernel.grad is not None
    assert math.prod(_factors(chain)) == pytest.approx(float(np.linalg.norm(kernel.grad)), rel=1e-9)
    assert chain.get("data-exact") == "false"


def test_a_model_shows_its_layers_and_a_second_one_beside_it() -> None:
    (sigmoid, first), (relu, second) = examples.dense("sigmoid"), examples.dense("relu", init="he_normal")
    first.backward()
    second.backward()
    picture = viz.flow(sigmoid, compare=relu, names=("sigmoid", "ReLU"))
    assert [chain.get("data-exact") for chain in _chains(picture)] == ["false", "false"]
    assert "sigmoid: Gradients vanish" in repr(picture)
    assert "ReLU: Gradients flow" in repr(picture)
    assert "layer 0" in picture.svg
    assert "‖∂L/∂W‖ of layer 0 is" in repr(picture)
    assert "times that of layer 10" in repr(picture)  # the last layer, of which its model's picture begins


def test_subnormal_gradients_are_drawn_too() -> None:
    x = Tensor(np.array([1e-320]), requires_grad=True)
    h = x * 2
    loss = np.sum(h * h)
    loss.backward()
    assert viz.flow(loss).svg.startswith("<svg")


def test_a_model_before_backward_is_refused() -> None:
    with pytest.raises(ValueError, match=r"call loss\.backward\(\) first"):
        viz.flow(examples.dense()[0])


@pytest.mark.parametrize(
    ("sizes", "words"),
    [
        ([1, 1, 0.5, 0.4], ["Gradients flow: ‖∂a/∂d‖ is 0.4 times what b, next to the loss, receives"]),
        (
            [1, 1, 0.1, 1e-3],
            ["Gradients vanish: ‖∂a/∂d‖ is 0.001 times what b, next to the loss, receives", "by 0.032", "From d on"],
        ),
        (
            [1, 1, 200, 4e4],
            ["Gradients explode: ‖∂a/∂d‖ is 4e4 times what b, next to the loss, receives", "by 200", "From c on back"],
        ),
        (
            [1, 1e4, 5e4, 2e4],
            [
                "Gradients explode: at c they are 5e4, and lr = 0.01 would be a step of 500.",
                "‖∂a/∂d‖ is 2 times what b",
            ],
        ),
        ([1, 1e6, 1e4, 10], ["Gradients vanish: ‖∂a/∂d‖ is 1e−5", "And at b they are 1e6, and lr = 0.01 would be"]),
        ([1, 900, 800, 500], ["Gradients flow: ‖∂a/∂d‖ is 0.56 times"]),
        ([1, 1, 0, 0], ["Gradients vanish: at c they are exactly 0"]),
        ([1, 1, math.inf, math.nan], ["Gradients explode: from c on back they are not finite"]),
    ],
)
def test_the_verdict_in_words(sizes: list[float], words: list[str]) -> None:
    said = verdict([Stop(name, size) for name, size in zip("abcd", sizes, strict=True)], "‖∂a/∂d‖")
    assert said.startswith(words[0])
    assert all(word in said for word in words)


def test_a_first_stop_without_a_name_is_not_called_v_and_a_number() -> None:
    said = verdict([Stop("loss", 1.0), Stop("v17", 0.5), Stop("w", 0.25)], "|∂L/∂w|")
    assert said == "Gradients flow: |∂L/∂w| is 0.5 times what arrives next to the loss; a layer multiplies them by 0.5."


@pytest.mark.parametrize("loss_of", ["binary_crossentropy", "mse", "huber"])
def test_the_inside_of_a_loss_is_no_layer(loss_of: str) -> None:
    tg.seed(0)
    model = tg.Sequential(Dense(2, 3, activation="tanh"), Dense(3, 1, activation="sigmoid"))
    x, y = np.array([[0.0, 1.0], [1.0, 1.0]]), np.array([[0.0], [1.0]])
    cost = getattr(tg.losses, loss_of)(model(x), y)
    (chain,) = _chains(viz.flow(cost))
    assert [s.get("data-name") for s in chain.iter() if s.get("class") == "stop"] == [
        "cost", "layer 1", "layer 0", "0.kernel",
    ]  # fmt: skip
    said = repr(viz.flow(cost))
    assert said.startswith("gradient flow. Tanh network: ") and "what layer 1, next to the loss, receives" in said
    cost.backward()
    kernel = model.parameters()[0].grad
    assert kernel is not None
    assert math.prod(_factors(chain)) == pytest.approx(float(np.linalg.norm(kernel)), rel=1e-9)


def test_a_loss_by_hand_with_a_logarithm_is_that_of_its_network() -> None:
    w, b = (Tensor(v, requires_grad=True, name=n) for v, n in ((0.8, "w"), (-0.2, "b")))
    a1 = np.tanh(w * 1.5 + b)
    a2 = np.tanh(w * a1)  # type: ignore[operator]
    y = 1.0
    cost = -(y * np.log(a2) + (1 - y) * np.log(1 - a2))
    assert repr(viz.flow(cost, wrt=b)).startswith("gradient flow. Tanh chain: ")
    assert "log" not in viz.flow(cost, wrt=b).svg.lower().replace("log scale", "")


def test_a_network_on_one_line_has_layers_all_the_same() -> None:
    w, x = Tensor(0.8, requires_grad=True, name="w"), Tensor(0.5, name="x")
    cost = (w * (w * x).tanh()).tanh() - 1.0
    assert len(_factors(_chains(viz.flow(cost, wrt=w))[0])) >= 2


def test_a_network_without_activations_is_called_by_its_loss() -> None:
    tg.seed(0)
    x, labels = np.ones((2, 3)), np.array([0, 1])
    cost = tg.losses.softmax_crossentropy(Dense(3, 2)(x), labels)
    assert repr(viz.flow(cost)).startswith("gradient flow. Gradients of cost: ")
    one = viz.flow(tg.losses.softmax_crossentropy(Dense(3, 2)(x), labels))
    assert repr(one).startswith("gradient flow. Gradients of loss: ")


def test_two_chains_do_not_carry_one_name() -> None:
    first, second = examples.lecture_chain()[0], examples.lecture_chain(weight=2.0)[0]
    said = repr(viz.flow(first, compare=second))
    assert "Sigmoid chain 1: " in said and "Sigmoid chain 2: " in said
    first.name, second.name = "small", "large"
    said = repr(viz.flow(first, compare=second))
    assert "Sigmoid chain of small: " in said and "Sigmoid chain of large: " in said
    assert "same: " in repr(viz.flow(first, compare=second, names=("same", "same")))


def test_a_number_stays_inside_its_box() -> None:
    loss, biases = examples.lecture_chain(weight=-2.0, length=30)
    root = parse(viz.flow(loss, wrt=biases[0]).svg)
    stops = [stop for stop in root.iter() if stop.get("class") == "stop"]
    assert any("e−1" in (stop[-1].text or "") for stop in stops)
    for stop in stops:
        box, number = stop[1], stop[-1]
        wide = width(number.text or "", float(number.get("font-size", "")), bold=True)
        assert wide <= float(box.get("width", "")) - 10


@pytest.mark.parametrize("length", [1, 4, 12, 13, 40, 90])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_no_text_covers_another(length: int, theme: str) -> None:
    loss, _ = examples.lecture_chain(length=length)
    other, _ = examples.lecture_chain("relu", 1.2, length)
    assert overlaps(parse(viz.flow(loss, compare=other, theme=theme).svg)) == []


def test_a_long_chain_leaves_stops_out_but_no_factor() -> None:
    loss, biases = examples.lecture_chain("relu", 1.0, 90)
    loss.backward()
    (chain,) = _chains(viz.flow(loss, wrt=biases[0]))
    assert len(_factors(chain)) < 40
    assert math.prod(_factors(chain)) == pytest.approx(float(biases[0].grad), rel=1e-12, abs=0)  # type: ignore[arg-type]


def test_what_a_long_chain_leaves_out_is_told_where_it_was() -> None:
    loss, biases = examples.lecture_chain("relu", 1.0, 90)
    (chain,) = _chains(viz.flow(loss, wrt=biases[0]))
    left_out = 92 - sum(element.get("class") == "stop" for element in chain.iter())
    assert [t.text for t in chain.iter() if "more stops" in (t.text or "")] == [f"{left_out} more stops"]


@pytest.mark.parametrize(("length", "rows"), [(4, 1), (13, 2), (40, 3)])
def test_the_factors_of_a_row_stand_on_one_line_clear_of_each_other(length: int, rows: int) -> None:
    root = parse(viz.flow(examples.lecture_chain("tanh", -2.0101, length)[0]).svg)
    assert overlaps(root) == []
    assert max(text.right for text in texts(root)) < 1160 - 18  # inside the frame
    assert min(float(box.get("x", "0")) for box in root.iter() if box.get("width") == "74") >= 18 + 14
    assert len({text.get("y") for text in root.iter() if (text.text or "").startswith("× ")}) == rows


def test_fan_out_is_no_exact_chain() -> None:
    x = Tensor(0.5, requires_grad=True, name="x")
    loss = x.tanh() + x.sigmoid()
    assert _chains(viz.flow(loss))[0].get("data-exact") == "false"


def test_a_weight_of_all_steps_in_time_does_not_hide_that_their_gradients_vanish() -> None:
    rng = np.random.default_rng(0)
    u, w = (Tensor(rng.normal(0, s, (n, 8)), requires_grad=True) for s, n in ((0.5, 1), (0.1, 8)))
    u.name, h, steps = "U", np.zeros((4, 8)), []
    for x in rng.normal(size=(15, 4, 1)):
        h = np.tanh(x @ u + h @ w)
        steps.append(h)
    picture = viz.flow(np.sum(h))
    judged = repr(viz.flow(np.sum(h), wrt=steps[0])).removesuffix(".")
    assert "Gradients vanish" in judged
    said = repr(picture)
    assert said.startswith(judged)
    assert "U adds up the shares of 15 places: " in said
    *_, share = (float(stop.get("data-gradient") or 0) for stop in parse(picture.svg).iter() if stop.get("data-name"))
    assert share < 1e-6 < 0.1 < np.linalg.norm(tg.gradients(np.sum(h), u))


def test_what_only_its_layer_names_is_its_h() -> None:
    tg.seed(0)
    penalty = tg.penalties.l2(0.01)
    model = tg.Sequential(*(Dense(2, 2, activation="tanh", kernel_regularizer=penalty) for _ in range(3)))
    loss = np.sum(model(np.eye(2))) + model.penalty()
    said = repr(viz.flow(loss))
    assert "‖∂loss/∂h of layer 0‖ is" in said
    assert "0.kernel adds up the shares of 2 places: " in said


def test_a_share_that_a_start_of_0_takes_is_not_called_vanishing() -> None:
    w, h = Tensor(0.9, requires_grad=True, name="w"), 0.0
    for _ in range(3):
        h = np.tanh(w * h + 1.0)
    said = repr(viz.flow(h))
    assert "exactly 0" not in said
    assert "w adds up the shares of 3 places: 0 by this way, " in said


def test_what_has_no_gradients_is_refused() -> None:
    with pytest.raises(TypeError, match=r"takes a loss .* or a model, not int"):
        viz.flow(3)
    with pytest.raises(ValueError, match="no graph to go back through"):
        viz.flow(Tensor(1.0))
    with pytest.raises(TypeError, match="wrt must be a Tensor, not 'w1'; wrt= can be w1"):
        viz.flow(examples.neuron(), wrt="w1")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="wrt= goes with a loss"):
        viz.flow(examples.dense()[0], wrt=Tensor(1.0))
    with pytest.raises(ValueError, match="names must be one for x, not 2"):
        viz.flow(examples.neuron(), names=["a", "b"])
    with pytest.raises(KeyError, match="not part of what L was computed from; wrt= can be w1, w2, x2, b"):
        viz.flow(examples.neuron(), wrt=Tensor(1.0, requires_grad=True))


def test_a_long_title_keeps_clear_of_the_legend() -> None:
    loss, _ = examples.lecture_chain()
    assert overlaps(parse(viz.flow(loss, title="A title as long as titles get " * 3).svg)) == []


def test_weights_without_names_are_the_lectures_w() -> None:
    weights = [Tensor(0.5, requires_grad=True) for _ in range(4)]
    a = Tensor(1.0)
    for w in weights:
        a = (a * w).sigmoid()
    assert "factor = w · σ′(z)" in viz.flow((a - 1.0) ** 2, wrt=weights[0]).svg
