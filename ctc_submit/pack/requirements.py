"""The packages that the software needs, each at the version it was run with."""

from importlib.metadata import PackageNotFoundError, distribution

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from ctc_submit.errors import ToolError

PACKAGE = "ctc-submit"


def pinned_requirements() -> str:
    """Return ``requirements.txt``: everything that the package needs here, pinned, sorted.

    Only what the running interpreter and system need is listed; optional extras are left out, and
    so are local version labels (``+cpu``), which package indexes do not have.

    Raises:
        ToolError: If the package or one of its needs is not installed.
    """
    pins: dict[str, str] = {}
    seen: set[tuple[str, frozenset[str]]] = set()
    wanted = [Requirement(PACKAGE)]
    while wanted:
        requirement = wanted.pop()
        name = canonicalize_name(requirement.name)
        if (name, frozenset(requirement.extras)) in seen:
            continue
        seen.add((name, frozenset(requirement.extras)))
        try:
            found = distribution(requirement.name)
        except PackageNotFoundError:
            raise ToolError(f"{requirement.name}: not installed; install {PACKAGE} whole") from None
        pins[name] = Version(found.version).public
        wanted += _needs(found.requires or [], requirement.extras)
    del pins[PACKAGE]
    lines = [f"{name}=={version}\n" for name, version in sorted(pins.items())]
    return "".join(lines)


def _needs(requires: list[str], extras: set[str]) -> list[Requirement]:
    """Return the requirements that hold here, for these extras."""
    found = []
    for requirement in map(Requirement, requires):
        marker = requirement.marker
        if marker is None or any(marker.evaluate({"extra": extra}) for extra in ("", *extras)):
            found.append(requirement)
    return found
