"""Whether two results are the same rows, whatever system they come from.

Values count, not how a system writes them: 12 is '12', true is 1, a moment is its seconds since 1970 (without a zone it is UTC).
Neither the names nor the order of columns count; the order of rows only where it was asked for.
"""

import datetime
import re

# Systems round sums and averages differently.
TOLERANCE = 1e-6
NUMBER = re.compile(r'[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?')
MOMENT = re.compile(r'\d{4}-\d\d(-\d\d([T ]\d\d:\d\d(:\d\d(\.\d+)?)?( ?(Z|UTC|[+-]\d\d:?\d\d))?)?)?')


def value(cell):
    """A cell as None, a float or a text; lists and objects as their sorted texts."""
    if cell is None or isinstance(cell, float):
        return cell
    if isinstance(cell, (bool, int)):
        return float(cell)
    if isinstance(cell, list):
        return 'list ' + '; '.join(sorted(map(str, map(value, cell))))
    if isinstance(cell, dict):
        return 'object ' + '; '.join(f'{key}: {value(part)}' for key, part in sorted(cell.items()))
    text = str(cell).strip()
    if NUMBER.fullmatch(text):
        return float(text)
    if MOMENT.fullmatch(text):
        try:
            return seconds(text)
        except ValueError:
            return text
    return text


def seconds(text):
    """Seconds since 1970 of a moment, a day or a month."""
    if len(text) == 7:
        text += '-01'
    text = re.sub(r' ?(Z|UTC)$', '+00:00', text)
    text = re.sub(r'([+-]\d\d)(\d\d)$', r'\1:\2', text) if len(text) > 10 else text
    # Python before 3.11 reads fractions of three or six digits only.
    text = re.sub(r'\.(\d+)', lambda found: '.' + found[1].ljust(6, '0')[:6], text)
    moment = datetime.datetime.fromisoformat(text)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=datetime.timezone.utc)
    return moment.timestamp()


def close(left, right):
    """Two values are the same."""
    if isinstance(left, float) and isinstance(right, float):
        return abs(left - right) <= TOLERANCE * max(1.0, abs(left), abs(right))
    return left == right


def rank(cell):
    """A key that brings like values to like places."""
    if cell is None:
        return (0, 0.0, '')
    return (1, cell, '') if isinstance(cell, float) else (2, 0.0, cell)


def same_column(left, right):
    left, right = sorted(left, key=rank), sorted(right, key=rank)
    return all(map(close, left, right))


def same_rows(expected, found, ordered):
    """Rows of like columns, each of `expected` once in `found`."""
    alike = lambda one, other: all(map(close, one, other))
    if ordered:
        return all(map(alike, expected, found))
    # Numbers that are nearly the same may sort differently: rows are looked for among those of the same texts.
    left = {}
    for row in found:
        left.setdefault(tuple(cell if isinstance(cell, str) else None for cell in row), []).append(row)
    for row in expected:
        others = left.get(tuple(cell if isinstance(cell, str) else None for cell in row), [])
        at = next((at for at, other in enumerate(others) if alike(row, other)), None)
        if at is None:
            return False
        others.pop(at)
    return True


def same(expected, found, ordered=False, extra=False):
    """True when `found` are the rows of `expected`; with `extra`, further columns may stand beside them."""
    expected, found = ([[value(cell) for cell in row] for row in rows] for rows in (expected, found))
    if len(expected) != len(found):
        return False
    if not expected:
        return True
    width, wide = len(expected[0]), len(found[0])
    if width > wide or (width < wide and not extra):
        return False
    columns = lambda rows: list(zip(*rows))
    theirs = columns(found)
    fits = [[at for at, other in enumerate(theirs) if same_column(column, other)] for column in columns(expected)]

    def assign(chosen):
        if len(chosen) == width:
            return same_rows(expected, [[row[at] for at in chosen] for row in found], ordered)
        return any(assign(chosen + [at]) for at in fits[len(chosen)] if at not in chosen)

    return assign([])
