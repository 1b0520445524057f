space x in [0, 1] periodic, y in [0, 1]
state u(x, y)
learned w(u, y) -> vector with div(w) = 0
dt(u) = -dot(w(0, y), grad(u)) - dot(w(u, 0), grad(u))
