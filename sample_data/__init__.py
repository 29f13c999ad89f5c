"""Sample rows, for `flask seed`, benchmarks and tests. Only a checkout has this package.

`rows` has the columns of valid rows. `tests.factories` stores them one by one, `database` in any
number.
"""
