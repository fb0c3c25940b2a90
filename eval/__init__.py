"""Is it good? Tasks, metrics and reports."""
