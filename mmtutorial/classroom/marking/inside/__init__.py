"""What runs beside a learner's code while it is marked. Nothing in here knows a right answer."""
