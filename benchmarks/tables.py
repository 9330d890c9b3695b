"""Tables between two marks of a page."""

from __future__ import annotations

END = "<!-- end of table -->"


def in_page(page: str, found: str, command: str) -> str:
    """The page with a new table where the mark of a command is.

    Example:
        >>> print(in_page("a <!-- table: make it -->old<!-- end of table --> b", "new", "make it"))
        a <!-- table: make it -->
        new
        <!-- end of table --> b
    """
    begin = f"<!-- table: {command} -->"
    before, rest = page.split(begin)
    return f"{before}{begin}\n{found}\n{END}{rest.split(END, 1)[1]}"
