"""Makes the notebooks from their masters: ``python -m notebooks.generator``, or ``make notebooks``.

A master, ``notebooks/src/NN_name.py``, holds text, code and solutions. From it come the learner's notebook,
``notebooks/NN_name.ipynb``, with blanks and without outputs, and ``notebooks/solutions/NN_name.ipynb``, executed.
"""
