# The rate of change is read from the last four values.
state u
learned f(history(u, 4))
dt(u) = f
