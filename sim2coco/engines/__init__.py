"""Where scenes are made: in this process, or in supervised local ones."""
