"""What an experiment may be told: budgets, the presets that hold them, and changes to a preset."""
