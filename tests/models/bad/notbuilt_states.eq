space x in [0, 1]
complex state a(x)
state b(x) per trajectory
dt(a) = 0
dt(b) = 0
