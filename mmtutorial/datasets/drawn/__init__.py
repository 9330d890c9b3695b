"""Pictures that the program draws itself, with exact masks: scenes of objects, and streets."""
