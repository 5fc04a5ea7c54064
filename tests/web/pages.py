"""An answer as a reader sees it: elements by name and attribute, their text, and whether the HTML is whole."""

import json
from html.parser import HTMLParser

from werkzeug.test import TestResponse

VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}


class Element:
    """One element: `tag`, `attrs`, and all `text` inside of it, with single blanks."""

    def __init__(self, tag: str, attrs: dict[str, str], parents: tuple["Element", ...]) -> None:
        self.tag, self.attrs, self.parents = tag, attrs, parents
        self.pieces: list[str] = []

    def __getitem__(self, name: str) -> str:
        return self.attrs[name]

    @property
    def text(self) -> str:
        return " ".join("".join(self.pieces).split())


class Page(HTMLParser):
    """Parsed HTML; an element that is not closed where it should be is a failure."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[Element] = []
        self._open: list[Element] = []
        self.feed(html)
        self.close()
        assert not self._open, f"<{self._open[-1].tag}> is never closed"
        ids = [element["id"] for element in self.elements if "id" in element.attrs]
        assert len(ids) == len(set(ids)), f"ids stand twice: {sorted(one for one in ids if ids.count(one) > 1)}"

    @property
    def roots(self) -> list[Element]:
        """The elements that stand in no other."""
        return [element for element in self.elements if not element.parents]

    @property
    def is_whole(self) -> bool:
        """Whether it is a page, not a piece of one."""
        return any(element.tag == "html" for element in self.elements)

    def all(self, tag: str = "", inside: str = "", **attrs: str) -> list[Element]:
        """The elements with this tag and these attributes (`class_` names one of the classes), within an id."""
        return [
            element
            for element in self.elements
            if tag in ("", element.tag)
            and all(self._has(element, name.rstrip("_").replace("_", "-"), value) for name, value in attrs.items())
            and (not inside or any(parent.attrs.get("id") == inside for parent in element.parents))
        ]

    def one(self, tag: str = "", inside: str = "", **attrs: str) -> Element:
        """The only such element."""
        found = self.all(tag, inside, **attrs)
        assert len(found) == 1, f"{len(found)} elements {tag} {attrs} in {[e.tag for e in self.elements][:60]}"
        return found[0]

    def error(self, field: str) -> str:
        """The message beside the field with this id, which must point to it; '' where there is none."""
        wrong = self.one(id=field)
        if wrong.attrs.get("aria-invalid") != "true":
            return ""
        message = self.one(id=wrong["aria-describedby"], role="alert")
        return message.text

    def value(self, name: str, inside: str = "") -> str:
        """What the form's field of this name holds."""
        element = self.one(inside=inside, name=name)
        if element.tag == "textarea":
            return "".join(element.pieces).removeprefix("\r\n")  # browsers leave out the first line break
        if element.tag != "select":
            return element.attrs.get("value", element.text)
        options = [option for option in self.elements if option.tag == "option" and element in option.parents]
        chosen = next((option for option in options if "selected" in option.attrs), options[0])
        return chosen.attrs.get("value", chosen.text)

    @staticmethod
    def _has(element: Element, name: str, value: str) -> bool:
        if name == "class":
            return value in element.attrs.get("class", "").split()
        return element.attrs.get(name) == value

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, {name: value or "" for name, value in attrs}, tuple(self._open))
        self.elements.append(element)
        if tag not in VOID:
            self._open.append(element)

    def handle_endtag(self, tag: str) -> None:
        assert self._open and self._open[-1].tag == tag, f"</{tag}> closes {self._open[-1:]}"
        self._open.pop()

    def handle_data(self, data: str) -> None:
        for element in self._open:
            element.pieces.append(data)


def page(response: TestResponse) -> Page:
    """The answer as HTML."""
    assert response.mimetype == "text/html", response.mimetype
    return Page(response.text)


def toast(response: TestResponse) -> str:
    """The message that the answer shows by itself."""
    trigger = json.loads(response.headers.get("HX-Trigger", "{}"))
    return str(trigger["toast"]["message"]) if trigger else ""
