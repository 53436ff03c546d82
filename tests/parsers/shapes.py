"""What the made-up input is made of: texts that hurt, numbers that hurt, JSON of any shape."""

from typing import Any

from hypothesis import strategies as st

PERSON = {"id": 1001, "is_bot": False, "first_name": "A", "language_code": "en"}
CHAT = {"id": 1001, "type": "private", "first_name": "A"}
MESSAGE: dict[str, Any] = {"message_id": 7, "date": 1_778_587_200, "chat": CHAT, "from": PERSON}
LONE = "\ud800", "\udfff"
NASTY = (
    *(
        "",
        " ",
        "\0",
        "\ufeff",
        "\u2028",
        "\x85",
        "\x1c",
        "\u202e",
        "\u200b",
        "e\u0301",
        "²",
        "½",
        "７",
        "٣",
        "🔟",
        "👩‍👩‍👧",
    ),
    *("-0", "+7", "7.", "7_0", "1e1", "nan", "inf", "-inf", "1e999", "9" * 5000, "--5", "0x7", "7\n8", "True", "None"),
    *("a:b", "=yes", "=", ":", "1:", "{worker}", "%s", "'; --", "<b>", "../../x", "\\", '"', "=1+1", "x" * 400),
    *LONE,
)
anything = st.text(st.characters(exclude_categories=()), max_size=40)
"""Any letters there are, halves of letters too."""
texts = st.one_of(anything, st.sampled_from(NASTY))
numbers = st.one_of(
    st.integers(-5, 15),
    st.integers(),
    st.sampled_from([2**31, -(2**31) - 1, 2**53 + 1, 2**63 - 1, 2**63, -(2**63) - 1, 10**40, -1, 0, 1e400, -0.0, 0.5]),
    st.floats(),
)
plain_values: st.SearchStrategy[Any] = st.one_of(st.none(), st.booleans(), numbers, texts)
json_values: st.SearchStrategy[Any] = st.recursive(
    plain_values,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(texts, inner, max_size=3)),
    max_leaves=5,
)


def mixed(*words: str) -> st.SearchStrategy[str]:
    """Texts put together from such pieces, from anything, and from what lies between pieces."""
    piece = st.one_of(st.sampled_from(words), st.sampled_from((" ", "  ", "\n", "-", ".", "/", ":", ",")), texts)
    return st.lists(piece, max_size=7).map("".join)


def deep(levels: int) -> dict[str, Any]:
    """A message that answers a message that answers …"""
    message = {**MESSAGE, "text": "x"}
    for _ in range(levels):
        message = {**MESSAGE, "text": "x", "reply_to_message": message}
    return {"message": message}
