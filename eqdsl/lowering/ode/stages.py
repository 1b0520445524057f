"""C text of one evaluation of an ODE, and of its adjoint: a loop over trajectories for each step of the program."""

from __future__ import annotations

from eqdsl.learned.native.mlp_rows import MlpRows
from eqdsl.lowering.fused.scalars import NAMES, cotangent_text, literal, value_text
from eqdsl.lowering.ode.plan import Plan

_STAGE = """
/* The rates k at x, both [CHANNELS][ROWS]; what the adjoint reads stays in t. */
static void stage(const T *packed, const T *scales, const T *U, const T *time, const T *x, T *k, T *t, long n)
{{
{lines}
}}
/* From the cotangent gk of the rates; those of states, weights and uniform leaves are added up. */
static void stage_back(const T *packed, const T *scales, const T *U, const T *time, const T *x, const T *t, const T *gk,
                       T *gx, T *sums, T *gu, T *g, long n)
{{
  memset(g, 0, {count}*ROWS*sizeof(T));
{back}
}}
"""


class Stages:
    """The text for a plan.

    Attributes
    ----------
    kept, scratch : str
        Rooms for a trajectory, in C: of values that the adjoint reads, and of cotangents.
    packed, sums : str
        Rooms for weights and for sums of their gradients.
    """

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.networks = {name: MlpRows(f"network{i}", w) for i, (name, w) in enumerate(plan.networks.items())}
        made = [n for n in plan.order if plan.steps[n].operation in ("pointwise", "output")]
        self._places = {n: str(i) for i, n in enumerate(made)}
        self.packed, self.sums, scales = "0", "0", 0
        self._packs, self._sums, self._scales = {}, {}, {}
        for name, network in self.networks.items():
            self._packs[name], self._sums[name], self._scales[name] = self.packed, self.sums, scales
            self.packed, self.sums = f"{self.packed} + {network.packed}", f"{self.sums} + {network.sums}"
            scales += 2 * network.widths[0] + network.widths[-1]
        self.kept, self.scratch = str(len(made)), str(len(made))
        self._rooms, self._backs = {}, {}
        # A term that is called twice has two rooms.
        for number in (n for n in plan.order if plan.steps[n].operation == "learned"):
            network = self._network(number)
            self._rooms[number], self._backs[number] = self.kept, self.scratch
            self.kept, self.scratch = f"{self.kept} + {network.kept}", f"{self.scratch} + 2*{network.widest}"

    @property
    def weights(self) -> int:
        """Weights of all networks."""
        return sum(network.weights for network in self.networks.values())

    def text(self) -> str:
        """``pack``, ``stage``, ``stage_back``, ``write_sums``."""
        plan = self.plan
        lines = [f"  const T u{i} = U[{i}];" for i in range(len(plan.uniforms))]
        back = [*lines, *(self._zeros(number) for number in self._backs)]
        for number in plan.order:
            lines += self._forward(number)
        for channel, total in enumerate(plan.totals):
            lines.append(_loop(f"k[{channel}*ROWS + p] = {self._value(total)};"))
            if self._cotangent(total):
                back.append(_loop(f"{self._cotangent(total)} += gk[{channel}*ROWS + p];"))
        for number in reversed(plan.order):
            back += self._backward(number)
        text = "".join(network.text() for network in self.networks.values())
        text += self._over_networks("pack", "const T *flat, T *packed", "flat", "packed", self._packs)
        text += self._over_networks("write_sums", "const T *sums, T *flat", "sums", "flat", self._sums)
        return text + _STAGE.format(lines="\n".join(lines), back="\n".join(back), count=len(self._places))

    def _network(self, number: int) -> MlpRows:
        """Of a learned step."""
        return self.networks[str(self.plan.steps[number].attributes[0])]

    def _zeros(self, number: int) -> str:
        """Nothing has come back to the outputs of a network yet."""
        pitch = _pitch(self._network(number).widths[-1])
        return f"  memset(g + ({self._backs[number]})*ROWS, 0, n*{pitch}*sizeof(T));"

    def _over_networks(self, function: str, arguments: str, source: str, target: str, rooms: dict[str, str]) -> str:
        flat, lines = 0, []
        for name, network in self.networks.items():
            own = {"flat": f"flat + {flat}", "packed": f"packed + {rooms[name]}", "sums": f"sums + {rooms[name]}"}
            verb = "pack" if function == "pack" else "write"
            lines.append(f"  {network.name}_{verb}({own[source]}, {own[target]});\n")
            flat += network.weights
        return f"static void {function}({arguments})\n{{\n{''.join(lines)}}}\n"

    def _value(self, number: int) -> str:
        """The value of a step for trajectory p."""
        plan = self.plan
        if number in plan.literals:
            return literal(plan.literals[number])
        if number in plan.uniforms:
            return f"u{plan.uniforms.index(number)}"
        step = plan.steps[number]
        if step.operation in ("channel", "uniform_channel"):
            return f"x[{step.attributes[0]}*ROWS + p]"
        return "time[p]" if step.operation == "time" else f"t[{self._places[number]}*ROWS + p]"

    def _cotangent(self, number: int) -> str | None:
        """Where a step's cotangent is summed; None where nobody asks for it."""
        plan, step = self.plan, self.plan.steps[number]
        if number in plan.literals or step.operation == "time":
            return None
        if number in plan.uniforms:
            return f"gu[{plan.uniforms.index(number)}]"
        if step.operation in ("channel", "uniform_channel"):
            return f"gx[{step.attributes[0]}*ROWS + p]"
        return f"g[{self._places[number]}*ROWS + p]"

    def _forward(self, number: int) -> list[str]:
        step = self.plan.steps[number]
        if step.operation == "pointwise":
            value = value_text(str(step.attributes[0]), [self._value(i) for i in step.inputs], self._exponent(number))
            return [_loop(f"{self._value(number)} = {value};")]
        if step.operation == "output":
            return [
                _loop(f"{self._value(number)} = {self._output(number)}*{self._scale(number, 2, step.attributes[1])};")
            ]
        if step.operation != "learned":
            return []
        network, room = self._network(number), self._rooms[number]
        gathered = [
            _loop(
                f"t[({room})*ROWS + p*{_pitch(network.widths[0])} + {i}] = "
                f"({self._value(n)} - {self._scale(number, 0, i)})/{self._scale(number, 1, i)};"
            )
            for i, n in enumerate(step.inputs)
        ]
        name = str(step.attributes[0])
        return [*gathered, f"  {network.name}_layers(packed + {self._packs[name]}, t + ({room})*ROWS, n);"]

    def _backward(self, number: int) -> list[str]:
        step = self.plan.steps[number]
        if step.operation == "learned":
            return self._network_back(number)
        own = self._cotangent(number)
        if step.operation == "output":
            pitch, output = _pitch(self._network(number).widths[-1]), step.attributes[1]
            value = f"(g + ({self._backs[step.inputs[0]]})*ROWS)[p*{pitch} + {output}]"
            return [_loop(f"{value} += {own}*{self._scale(number, 2, output)};")]
        if step.operation != "pointwise":
            return []
        assert own is not None
        texts = {"g": own, "v": self._value(number)}
        for place, read in enumerate(step.inputs):
            texts[str(place)] = self._value(read)
            texts |= {n: self._value(read) for n in NAMES[place : place + 1]}
        lines = []
        for place, read in enumerate(step.inputs):
            target = self._cotangent(read)
            back = cotangent_text(str(step.attributes[0]), place, len(step.inputs), texts, self._exponent(number))
            if target is not None and back is not None:
                lines.append(_loop(f"{target} += {back};"))
        return lines

    def _network_back(self, number: int) -> list[str]:
        network, name = self._network(number), str(self.plan.steps[number].attributes[0])
        back = f"back{number}"
        first, second = (f"g + ({self._backs[number]}{more})*ROWS" for more in ("", f" + {network.widest}"))
        lines = [
            f"  const T *const {back} = {network.name}_back(packed + {self._packs[name]},"
            f" t + ({self._rooms[number]})*ROWS, {first}, {second}, sums + {self._sums[name]}, n);"
        ]
        for i, read in enumerate(self.plan.steps[number].inputs):
            target = self._cotangent(read)
            if target is not None:
                value = f"{back}[p*{_pitch(network.widths[0])} + {i}]/{self._scale(number, 1, i)}"
                lines.append(_loop(f"{target} += {value};"))
        return lines

    def _output(self, number: int) -> str:
        """The network's own value of an output."""
        step = self.plan.steps[number]
        network = self._network(number)
        place = f"({self._rooms[step.inputs[0]]} + {network.outputs})*ROWS"
        return f"t[{place} + p*{_pitch(network.widths[-1])} + {step.attributes[1]}]"

    def _scale(self, number: int, kind: int, place: object) -> str:
        """A centre (0) or a scale (1) of the inputs, or a scale of the outputs (2); of a learned step or its output."""
        first = self._scales[str(self.plan.steps[number].attributes[0])]
        return f"scales[{first + kind * self._network(number).widths[0]} + {place}]"

    def _exponent(self, number: int) -> float | None:
        inputs = self.plan.steps[number].inputs
        return self.plan.literals.get(inputs[1]) if len(inputs) == 2 else None


def _loop(statement: str) -> str:
    return f"  for (long p = 0; p < n; ++p) {statement}"


def _pitch(n: int) -> str:
    return f"UP({n}, LANES)"
