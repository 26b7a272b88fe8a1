"""How a streamed reply is cut up."""


def pieces(text, size=16):
    return [text[at:at + size] for at in range(0, len(text), size)]


def halves(events, breaks):
    """The events, with None for the place where a reply that breaks breaks: its middle."""
    for at, event in enumerate(events):
        if breaks and at == (len(events) + 1) // 2:
            yield None
        yield event
