"""Hidden states, histories and encoders (E0620 to E0626)."""

from __future__ import annotations

from eqdsl.core.codes.explanation import Explanation

HIDDEN: dict[str, Explanation] = {
    "E0620": Explanation(
        "a hidden state without a start",
        """The data never hold a hidden state, so the model must say where it starts: at a formula, at a value that is
fitted for each trajectory, or at what a learned term makes of past frames of observed states.

Wrong: `hidden state v` alone
Right: `hidden state v` and `init v = fit`""",
    ),
    "E0621": Explanation(
        "a state that is hidden and not hidden",
        """A hidden state is neither observed nor solved for.

Wrong: `hidden state v` and `observe v`
Right: `state v` and `observe v`""",
    ),
    "E0622": Explanation(
        "a history outside a learned term",
        """Past frames are inputs of learned terms. A law with a lag is written with a state that follows.

Wrong: `dt(u) = -history(u, 4)`
Right: `learned f(history(u, 4))` and `dt(u) = f`""",
    ),
    "E0623": Explanation(
        "a history of what, and of how many frames",
        """`history(u, n)` stands for the last n frames of a state u, the newest included; n is a plain number.

Wrong: `history(u + v, k)`
Right: `history(u, 4), history(v, 4)`""",
    ),
    "E0624": Explanation(
        "a history of a state that is not in the data",
        """Past frames come from the data: there are none of hidden states and of states that are solved for.

Wrong: `hidden state v` and `learned f(history(v, 4))`
Right: `learned f(history(u, 4))` with an observed state u""",
    ),
    "E0625": Explanation(
        "a start by an encoder that is not declared",
        """`init v = encode` starts v at the learned term `encode`.

Wrong: `init v = encode` alone
Right: `learned encode(history(u, 4)) by mlp(64, 64)` and `init v = encode`""",
    ),
    "E0626": Explanation(
        "an encoder that sees more than past frames",
        """A start is made before any state is known: its learned term sees past frames, positions, parameters and
inputs, not states.

Wrong: `learned encode(u)` and `init v = encode`
Right: `learned encode(history(u, 4))` and `init v = encode`""",
    ),
}
