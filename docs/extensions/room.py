"""The directive ``room``: every module of a part of the package, from its docstrings."""

import importlib
import pkgutil
from collections.abc import Iterator
from typing import Any

from docutils import nodes
from docutils.statemachine import StringList
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective


def modules(name: str) -> Iterator[str]:
    """Yield the dotted names of a package's modules, in alphabetical order."""
    package = importlib.import_module(name)
    for found in pkgutil.walk_packages(package.__path__, f"{name}."):
        if not found.ispkg:
            yield found.name


class Room(SphinxDirective):
    """Document a room, a package such as ``data``, with a heading for each of its modules."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Return one section a module."""
        text: list[str] = []
        for name in modules(f"ctc_submit.{self.arguments[0]}"):
            short = name.removeprefix("ctc_submit.")
            text += [short, "-" * len(short), "", f".. automodule:: {name}", "   :members:", ""]
        holder = nodes.section()
        holder.document = self.state.document
        self.state.nested_parse(
            StringList(text, source="room"), self.content_offset, holder, match_titles=True
        )
        return holder.children


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the directive."""
    app.add_directive("room", Room)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
