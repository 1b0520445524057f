# The time is no axis of space.
space x in [0, 1], t in [0, 10]
state u(x, t)
dt(u) = lap(u)
