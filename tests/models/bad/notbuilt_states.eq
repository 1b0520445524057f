space x in [0, 1]
hidden state u(x)
complex state a(x)
state b(x) per trajectory
dt(u) = 0
dt(a) = 0
dt(b) = 0
