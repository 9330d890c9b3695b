"""What every explorer is made of: canvas, charts, controls, frame, player and the live shell."""
