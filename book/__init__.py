"""The book: the executed notebooks and the guides as pages to read without an installation, made by ``python -m book``.

Nothing runs again: figures and numbers are those that the notebooks with solutions keep. Sphinx makes the pages.
"""
