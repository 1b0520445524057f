"""The report: one self-contained HTML page. Pictures are embedded, nothing is loaded, all text is escaped."""

from __future__ import annotations

import base64
import math
import struct
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined

from eqdsl.inspection.environments import environment_head, environment_rows
from eqdsl.inspection.inspection import Inspection, Picture
from eqdsl.inspection.parameters import RISES
from eqdsl.inspection.wording import PARTS, edge, log10_text, percent, ranges, short
from eqdsl.inspection.writing import write_text

TEMPLATE = "report.html.j2"

SHOWN_WIDTH = 0.64
"""Width on the page over the width of the PNG (in its header, bytes 16 to 19): sharp on dense screens."""


def report_html(inspection: Inspection) -> str:
    """The page as text."""
    environment = Environment(
        loader=PackageLoader("eqdsl.inspection"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(short=short, edge=edge, ranges=ranges, percent=percent, log10=log10_text, bounded=_bound)
    sections = {
        section: [_embedded(p) for p in inspection.pictures if p.section == section]
        for section in ("parameters", "learned", "ledger", "errors", "training")
    }
    return environment.get_template(TEMPLATE).render(
        i=inspection,
        part=PARTS[inspection.part],
        pictures=sections,
        meanings=_meanings(inspection),
        rises=[f"+{rise:.0%}" for rise in RISES],
        last=_last_row(inspection),
        environments=_environments(inspection),
    )


def write_report(inspection: Inspection, path: str | Path, *, force: bool = True) -> None:
    """Write the page to a file.

    Raises
    ------
    UsageError
        The file cannot be written, or another one is there and `force` is False.
    """
    write_text(Path(path), report_html(inspection), force=force)


def _embedded(picture: Picture) -> dict[str, str]:
    data = base64.b64encode(picture.png).decode("ascii")
    (width,) = struct.unpack(">I", picture.png[16:20])
    return {
        "title": picture.title,
        "caption": picture.caption,
        "source": f"data:image/png;base64,{data}",
        "width": str(round(width * SHOWN_WIDTH)),
    }


def _meanings(inspection: Inspection) -> list[str]:
    return [
        *dict.fromkeys(p.meaning for p in inspection.parameters if p.meaning),
        *(p.bias for p in inspection.parameters if p.bias),
    ]


def _environments(inspection: Inspection) -> dict[str, object]:
    """Head and rows of the table of environments; nothing for fewer than two."""
    reports = inspection.environments
    if len(reports) < 2:
        return {}
    return {"head": environment_head(reports), "rows": environment_rows(reports)}


def _last_row(inspection: Inspection) -> dict[str, object]:
    """The last row of the history, as the numbers under the picture."""
    return dict(inspection.history[-1]) if inspection.history else {}


def _bound(value: float) -> str:
    """A bound of a parameter; infinity as a sign."""
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    return f"{value:.4g}"
