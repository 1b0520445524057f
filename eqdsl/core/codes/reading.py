"""Reading a file: encoding, characters, limits (E01xx), and letters that look alike (W1004)."""

from __future__ import annotations

from eqdsl.core.codes.explanation import Explanation

READING: dict[str, Explanation] = {
    "E0101": Explanation(
        "bytes that are not UTF-8 text",
        """A model file is plain text in UTF-8. The message points at the first byte that is not.

Wrong: a file saved as Latin-1 or UTF-16, a word processor's document, or an HDF5 file given in the place of the model.
Right: `iconv -f latin1 -t utf-8 old.eq > new.eq`, or "save as UTF-8" in the editor.""",
    ),
    "E0102": Explanation(
        "a text that is too large",
        """A model file holds equations and has a few kilobytes; the limit is a million characters. Data never stand
in the model: they belong into an HDF5 file that is named on the command line.

Wrong: `param table = 0.1` a hundred thousand times.
Right: `input table(x)`, read from the data file.""",
    ),
    "E0103": Explanation(
        "an invisible character",
        """Control characters, zero-width characters and those that turn the direction of writing are invisible, so
that a reader and the program may see two different models. They may stand nowhere, not even in a comment
or a text. They mostly come with a line that was copied from a web page or a PDF file.

Wrong: `dt(u) = -<U+200B>u`
Right: `dt(u) = -u`, typed anew.""",
    ),
    "E0104": Explanation(
        "a typographic sign in place of a plain one",
        """Names may be made of the letters of any script, so `α` and `ω0` are fine. Operators, spaces, quotes and
digits are the plain ones of the keyboard: raised digits are written as powers, lowered ones as part of
the name.

Wrong: `dt(u) = −k₁·u²`
Right: `dt(u) = -k1*u^2`""",
    ),
    "E0105": Explanation(
        "a name or text that is too long",
        """A name may have 100 characters, a text in quotes 2000. Longer ones are no names that anybody wants to
read in a report.

Wrong: `param the_rate_at_which_...` (more than 100 characters)
Right: `param k "the rate at which ..."`""",
    ),
    "E0106": Explanation(
        "a number that is too long or too large",
        """Numbers are float64: about 17 significant digits, at most 1.8e308. A longer or larger one cannot be kept.
The ends of an interval may be `inf` and `-inf`.

Wrong: `param k = 1e400`
Right: `param k = 1e300`, or `param k = fit 1 in (0, inf)`""",
    ),
    "E0107": Explanation(
        "an expression that is nested too deep",
        """Parentheses may be nested 200 deep, and the tree of an expression may be 200 deep; a sum of n terms is n
deep, since it is added from the left.

Wrong: a sum of 300 terms in one equation
Right: `let first = a + b + ...` and `let second = ...`, then `dt(u) = first + second`""",
    ),
    "E0108": Explanation(
        "a statement or file with too many words",
        """A statement may have 20000 words and signs, a file 30000, and the tree of a statement 10000 nodes. The
bounds keep every answer within two seconds.

Wrong: a polynomial of a thousand terms pasted from a computer algebra system
Right: the same polynomial by Horner's scheme, in parts named with `let`""",
    ),
    "E0109": Explanation(
        "too many problems",
        """After 100 problems reading stops: the rest mostly follows from the first ones, or the file is no model at
all.

Wrong: `eqdsl check program.py`
Right: `eqdsl check model.eq`""",
    ),
    "E0110": Explanation(
        "a file without statements",
        """The file is empty or holds only comments. The smallest model is a state and its equation.

Wrong: `# to do`
Right: `state u` on one line and `dt(u) = -u` on the next; `eqdsl new NAME` writes a commented start.""",
    ),
    "W1004": Explanation(
        "a name that looks like another one",
        """Some Cyrillic and Greek letters cannot be told from Latin ones on the screen, and still make another name.
Where a name would be plain Latin but for such letters, they mostly come from a keyboard in another layout.

Wrong: `param с = 1` (a Cyrillic letter) with `dt(u) = -c*u`
Right: `param c = 1`""",
    ),
}
