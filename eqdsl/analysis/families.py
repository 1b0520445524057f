"""What may stand after ``by``: sizes and options of each family, with their defaults."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from difflib import get_close_matches

from eqdsl.analysis.constants import ConstantReader
from eqdsl.core.codes.not_built import FAMILIES_NOT_BUILT
from eqdsl.core.diagnostics import Diagnostic, Label, error
from eqdsl.syntax import nodes

ACTIVATIONS = ("tanh", "relu", "gelu", "silu", "softplus", "sin")
LARGEST_SIZE = 4096
MOST_LAYERS = 16
LARGEST_DEGREE = 8
LARGEST_KERNEL = 15


@dataclass(frozen=True, slots=True)
class Signature:
    """Arguments of a family.

    `sizes` is what the positional integers are called, `default` those taken when there are none; `most` how many
    there may be and `largest` each of them; `options` the named ones with their defaults.
    """

    sizes: str
    default: tuple[int, ...]
    most: int
    largest: int
    usage: str
    options: Mapping[str, int | str] = field(default_factory=dict)


SIGNATURES: dict[str, Signature] = {
    "mlp": Signature(
        "widths of the layers", (64, 64), MOST_LAYERS, LARGEST_SIZE, "mlp(64, 64, act = tanh)", {"act": "silu"}
    ),
    "conv": Signature(
        "channels of the layers",
        (16, 16),
        MOST_LAYERS,
        LARGEST_SIZE,
        "conv(16, 16, kernel = 3)",
        {"act": "silu", "kernel": 3},
    ),
    "unet": Signature("channels of the finest level", (32,), 1, LARGEST_SIZE, "unet(32)", {"act": "silu"}),
    "fno": Signature("", (), 0, 0, "fno(modes = 12, width = 32)", {"act": "gelu", "modes": 12, "width": 32}),
    "poly": Signature("the degree", (3,), 1, LARGEST_DEGREE, "poly(3)"),
    "library": Signature("the degree", (3,), 1, LARGEST_DEGREE, "library(3)"),
}
"""The smooth `silu` is the default: derivatives of a learned term exist, and it does not saturate as `tanh` does."""

DEFAULT_FAMILY = "mlp"

ADAPTABLE = ("mlp", "conv")
"""Families whose weights may follow a context of the environment (``adapts environment``)."""
CONTEXT: dict[str, int | str] = {"context": 2, "adapt": "all"}
"""Their further options then: numbers of the context, and whether all layers follow it or the first one."""
LAYERS = ("all", "first")
MOST_NUMBERS = 16


def default_options(family: str) -> dict[str, object]:
    """The options of a family when nothing is said."""
    signature = SIGNATURES[family]
    return {"sizes": signature.default, **signature.options}


def read_family(
    call: nodes.Call | None, constants: ConstantReader, problems: list[Diagnostic], *, adapts: bool = False
) -> tuple[str, dict[str, object]]:
    """The family and all its options, defaults filled in; `adapts`: its weights follow the environment."""
    if call is None:
        return DEFAULT_FAMILY, default_options(DEFAULT_FAMILY) | (CONTEXT if adapts else {})
    if call.name in FAMILIES_NOT_BUILT:
        problems.append(
            error(
                "E0930",
                f"the family `{call.name}` is not built yet",
                call.span,
                "not built yet",
                help=f"built are {_list(SIGNATURES)}",
            )
        )
        return DEFAULT_FAMILY, default_options(DEFAULT_FAMILY)
    if call.name not in SIGNATURES:
        problems.append(
            error(
                "E0810",
                f"there is no family `{call.name}`",
                call.name_span,
                "unknown family",
                help=f"write one of {_list(SIGNATURES)}, such as `by {_nearest(call.name)}`",
            )
        )
        return DEFAULT_FAMILY, default_options(DEFAULT_FAMILY)
    signature = SIGNATURES[call.name]
    if adapts and call.name in ADAPTABLE:
        signature = replace(signature, options={**signature.options, **CONTEXT})
    options: dict[str, object] = {"sizes": signature.default, **signature.options}
    sizes = tuple(_size(a, call.name, signature, constants, problems) for a in call.arguments if signature.most)
    surplus = call.arguments[signature.most :]
    if surplus:
        few = {0: "no plain argument", 1: f"one plain argument, {signature.sizes}"}
        count = few.get(signature.most, f"at most {signature.most} plain arguments, {signature.sizes}")
        problems.append(
            error(
                "E0811",
                f"`{call.name}` takes {count}",
                surplus[0].span,
                "one too many",
                help=f"write `{signature.usage}`",
            )
        )
    if sizes:
        options["sizes"] = sizes
    first: dict[str, nodes.KeywordArgument] = {}
    for keyword in call.keywords:
        if keyword.name in first:
            problems.append(
                error(
                    "E0811",
                    f"`{keyword.name}` is given twice",
                    keyword.span,
                    "again",
                    second=Label(first[keyword.name].span, "first"),
                    help="keep one",
                )
            )
            continue
        first[keyword.name] = keyword
        options[keyword.name] = _option(keyword, call.name, signature, constants, problems)
    return call.name, options


def _nearest(name: str) -> str:
    """How a family is called that is spelled alike, else a network."""
    return SIGNATURES[next(iter(get_close_matches(name.lower(), SIGNATURES, 1)), DEFAULT_FAMILY)].usage


def _size(
    node: nodes.Expression, family: str, signature: Signature, constants: ConstantReader, problems: list[Diagnostic]
) -> int:
    value = constants.number(node, f"`{family}` takes {signature.sizes}; each")
    if value is not None and (value != int(value) or not 1 <= value <= signature.largest):
        problems.append(
            error(
                "E0811",
                f"{signature.sizes} of `{family}` must be whole numbers from 1 to {signature.largest}",
                node.span,
                "not such a number",
                help=f"write `{signature.usage}`",
            )
        )
        value = None
    return int(value) if value is not None else 1


def _option(
    keyword: nodes.KeywordArgument,
    family: str,
    signature: Signature,
    constants: ConstantReader,
    problems: list[Diagnostic],
) -> int | str:
    if keyword.name not in signature.options:
        known = f"write `{signature.usage}`"
        if family in ADAPTABLE and keyword.name in CONTEXT:
            known = f"`{keyword.name}` is of a term that `adapts environment`: write that before `by`"
        elif signature.options:
            known = f"its options are {_list(signature.options)}: {known}"
        problems.append(
            error("E0811", f"`{family}` has no option `{keyword.name}`", keyword.span, "unknown option", help=known)
        )
        return 0
    if keyword.name == "act":
        name = keyword.value.name if isinstance(keyword.value, nodes.Name) else None
        if name not in ACTIVATIONS:
            problems.append(
                error(
                    "E0811",
                    "there is no such activation",
                    keyword.value.span,
                    "unknown activation",
                    help=f"write one of {_list(ACTIVATIONS)}",
                )
            )
            return "silu"
        return name
    if keyword.name == "adapt":
        name = keyword.value.name if isinstance(keyword.value, nodes.Name) else None
        if name not in LAYERS:
            message, help = "there are no such layers to adapt", f"write one of {_list(LAYERS)}"
            problems.append(error("E0811", message, keyword.value.span, "unknown layers", help=help))
            return "all"
        return name
    value = constants.number(keyword.value, f"`{keyword.name}`")
    if keyword.name == "context":
        if value is not None and (value != int(value) or not 1 <= value <= MOST_NUMBERS):
            message = f"a context has from 1 to {MOST_NUMBERS} numbers"
            problems.append(
                error("E0811", message, keyword.value.span, "not such a number", help="write `context = 2`")
            )
            value = None
        return int(value) if value is not None else 2
    if keyword.name != "kernel":
        if value is not None and (value != int(value) or not 1 <= value <= LARGEST_SIZE):
            problems.append(
                error(
                    "E0811",
                    f"`{keyword.name}` of `{family}` is a whole number from 1 to {LARGEST_SIZE}",
                    keyword.value.span,
                    "not such a number",
                    help=f"write `{signature.usage}`",
                )
            )
            value = None
        return int(value) if value is not None else 1
    if value is not None and (value % 2 != 1 or not 3 <= value <= LARGEST_KERNEL):
        problems.append(
            error(
                "E0811",
                f"a kernel is an odd number from 3 to {LARGEST_KERNEL}",
                keyword.value.span,
                "not such a number",
                note="an even kernel has no centre",
                help="write `kernel = 3`",
            )
        )
        value = None
    return int(value) if value is not None else 3


def _list(names: Mapping[str, object] | tuple[str, ...]) -> str:
    return ", ".join(f"`{n}`" for n in names)
