"""Figures one touches: click, drag and point in the browser, over the same states that the explorers draw."""
