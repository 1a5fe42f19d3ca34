"""What comes after a data set: is it right, what is in it, what does it look like."""
