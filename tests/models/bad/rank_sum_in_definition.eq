space x in [0, 1]
state u(x)
vector state w(x)
known a = sin(u + w)
dt(u) = a
dt(w) = lap(w)
