space x in [0, 1], y in [0, 1]
vector state w(x, y)
state u(x, y)
dt(w) = -w
dt(u) = w^2
