"""The talk: the slides with which the authors presented the paper, followed slide by slide with our own figures.

``slides.md`` is the master, ``python -m talk`` makes one HTML file and a PDF of it. No number is typed in: each comes
from what the package ships, through :mod:`talk.record`; pictures come from :mod:`mmtutorial.plots`.
"""
