"""The report of a data set: one page that shows what is in it, and compares it with another one."""
